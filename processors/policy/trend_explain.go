package policy

import (
	"fmt"
	"strings"

	"linesman/schema"
)

// tested says what a statistical trend found: how fast it rises and how surely, over what,
// against what.
func (w wording) tested(v schema.Violation, r *Rule, d map[string]string) string {
	title := v.Rule
	if r != nil {
		title = r.Title.In(w.lang)
	}
	per := map[string]string{WindowWeek: w.say("week", "vecka", "uge"), WindowMonth: w.say("month", "månad", "måned")}[d["per"]]
	text := fmt.Sprintf(w.say("%s: %s a %s (90 %% interval %s to %s), %s over the %s counts up to %s, limit %s",
		"%s: %s per %s (90 %% intervall %s till %s), %s över de %s räkningarna till och med %s, gräns %s",
		"%s: %s pr. %s (90 %% interval %s til %s), %s over de %s optællinger til og med %s, grænse %s"),
		title, w.short(d["slope"]), per, w.short(d["slope_low"]), w.short(d["slope_high"]), w.short(number(v.Value)), d["counts"], w.date(d["to"]), w.short(number(v.Limit)))
	text += "; " + w.unitOf(d)
	if d["baseline"] != "" {
		text += fmt.Sprintf(w.say("; median of the latest counts %s, of the baseline %s", "; median för de senaste räkningarna %s, för jämförelseperioden %s", "; median af de seneste optællinger %s, af sammenligningsperioden %s"), w.short(d["recent"]), w.short(d["baseline"]))
	} else {
		text += fmt.Sprintf(w.say("; median of the latest counts %s, of all %s", "; median för de senaste räkningarna %s, för alla %s", "; median af de seneste optællinger %s, af alle %s"), w.short(d["recent"]), w.short(d["median"]))
	}
	if d["target"] != "" {
		text += fmt.Sprintf(w.say(" (counted %s, goal %s)", " (antal %s, mål %s)", " (antal %s, mål %s)"), w.short(d["recent_count"]), w.short(d["target"]))
	}
	return text + "; " + w.certainty(d)
}

// unitOf says what is counted, and per what: "calls per 100 employees (42 at the last count)".
func (w wording) unitOf(d map[string]string) string {
	text := d["unit"]
	for _, t := range []Text{{"watches", "bevakningar", "opfølgninger"}, {"calls", "samtal", "opkald"}, {"messages", "meddelanden", "beskeder"}, {"SEK", "kronor", "kroner"}} {
		if text == t.EN {
			text = t.In(w.lang)
			break
		}
	}
	if per := map[string]string{ExposureEmployees: w.say("employees", "anställda", "ansatte"), ExposureLines: w.say("lines", "abonnemang", "abonnementer")}[d["exposure"]]; per != "" {
		text += fmt.Sprintf(w.say(" per 100 %s (%s at the last count)", " per 100 %s (%s vid den sista räkningen)", " pr. 100 %s (%s ved den sidste optælling)"), per, swedish(d["exposed"]))
		if n := d["without_exposure"]; n != "0" {
			text += fmt.Sprintf(w.say(", %s counts left out because it is not known how many", ", %s räkningar utelämnade därför att antalet är okänt", ", %s optællinger udeladt, fordi antallet er ukendt"), n)
		}
	}
	return text
}

// certainty says which test was used, and how many units were judged with this one.
func (w wording) certainty(d map[string]string) string {
	p := "p = " + swedish(d["p"])
	if d["p"] == "0" {
		p = "p < " + swedish("0.000000001")
	}
	text := "Mann–Kendall, " + p
	switch {
	case d["test"] == TestSeasonal:
		text = fmt.Sprintf(w.say("Mann–Kendall by season (%s a year), ", "Mann–Kendall per säsong (%s om året), ", "Mann–Kendall pr. sæson (%s om året), "), d["season"]) + p
	case d["season"] != "":
		text += w.say("; seasons not taken into account: less than two years of counts", "; säsonger har inte beaktats: mindre än två års räkningar", "; sæsoner er ikke taget i betragtning: mindre end to års optællinger")
	}
	if d["judged"] != "" {
		share := strings.TrimSuffix(number(round6(100*parseNumber(d["false_discovery"]))), ".0")
		text += fmt.Sprintf(w.say("; %s of %s units stand out, at most %s %% of them expected by chance", "; %s av %s enheter sticker ut, väntat högst %s %% av dem av en slump", "; %s af %s enheder skiller sig ud, højst %s %% af dem ventes at gøre det tilfældigt"), d["found"], d["judged"], swedish(share))
	}
	return text
}

func parseNumber(s string) float64 {
	var f float64
	fmt.Sscan(s, &f)
	return f
}

// short rounds a number for reading: one decimal, or three digits below one.
func (w wording) short(s string) string {
	f := parseNumber(s)
	if f != 0 && f < 1 && f > -1 {
		return swedish(strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.3f", f), "0"), "."))
	}
	return swedish(oneDecimal(s))
}
