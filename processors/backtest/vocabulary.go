package backtest

import "strings"

// fieldNames are the words for the fields of a rule, by their path in [policy.Rule].
func fieldNames() map[string]Text {
	return map[string]Text{
		"ID": {"id", "id"}, "Version": {"version", "version"}, "Pack": {"pack", "paket"}, "Title": {"title", "rubrik"},
		"Description": {"description", "beskrivning"}, "Severity": {"severity", "allvarlighetsgrad"}, "Policy": {"quoted paragraphs", "citerade stycken"},
		"Policy.Document": {"document", "dokument"}, "Policy.Section": {"section", "avsnitt"}, "Policy.Quote": {"quotation", "citat"}, "Policy.Date": {"decided", "beslutat"},
		"ValidFrom": {"holds from", "gäller från"}, "ValidTo": {"holds until", "gäller till"}, "InformedAt": {"staff informed", "personalen informerad"},
		"NegotiatedAt": {"negotiated", "förhandlad"}, "Zone": {"time zone", "tidszon"}, "Subject": {"judged per", "bedöms per"},
		"Window": {"window", "fönster"}, "Days": {"length of the window in days", "fönstrets längd i dagar"},
		"From": {"reads", "läser"}, "Kind": {"kind of rule", "sorts regel"}, "Where": {"conditions", "villkor"},
		"Candidate": {"a candidate until somebody answers", "kandidat tills någon har svarat"}, "ExemptNumbers": {"exempt numbers", "undantagna nummer"},
		"NoEvidence": {"names no events, only how many", "nämner inga händelser, bara hur många"}, "guards": {"protected uses", "skyddad användning"},
		"Exempt": {"exemption", "undantag"}, "Exempt.Approval": {"exempt with an approval of the kind", "undantag vid medgivande av sorten"},
		"Exempt.CountryColumn": {"country an approval must cover", "land som medgivandet ska omfatta"},
		"Text.EN":              {"English", "engelska"}, "Text.SV": {"Swedish", "svenska"}, "Text.DA": {"Danish", "danska"},

		"Limits": {"limits", "gränser"}, "Limits.Measure": {"measure", "mått"}, "Limits.How": {"measured as", "mäts som"}, "Limits.Column": {"column measured", "kolumn som mäts"},
		"Limits.Scale": {"divided by", "delas med"}, "Limits.Unit": {"unit", "enhet"}, "Limits.Says": {"words", "ord"},
		"Limits.Share": {"share of", "andel av"}, "Limits.AtLeast": {"events needed", "händelser som krävs"}, "Limits.Except": {"exceptions", "undantag"},
		"Limits.Except.Line": {"line", "anknytning"}, "Limits.Except.Unit": {"unit", "enhet"}, "Limits.Except.Role": {"role", "roll"},
		"Limits.above": {"limit", "gräns"}, "Limits.aboveUnit": {"limit as written", "gräns som den är skriven"}, "Limits.high": {"limit of high severity", "gräns för hög allvarlighetsgrad"},

		"Trend": {"trend", "trend"}, "Trend.Column": {"counted column", "kolumn som räknas"}, "Trend.Lookback": {"lookback", "tillbakablick"},
		"Trend.AtLeast": {"counts needed", "räkningar som krävs"}, "Trend.Z": {"certainty (z)", "säkerhet (z)"}, "Trend.RiseShare": {"rise of the median", "ökning av medianen"},
		"Trend.Recent": {"latest counts compared with the goal", "senaste räkningar som jämförs med målet"}, "Trend.Goal": {"goal", "mål"},
		"Trend.Test": {"test", "test"}, "Trend.Season": {"seasons of a year", "årstider på ett år"}, "Trend.Per": {"counted per", "räknas per"},
		"Trend.Exposure": {"in relation to the number of", "i förhållande till antalet"}, "Trend.FalseDiscovery": {"share of false alarms at most", "andel falska larm som mest"},
		"Trend.Baseline": {"period compared with", "period som jämförs med"}, "Trend.Baseline.From": {"period compared with begins", "period som jämförs med börjar"},
		"Trend.Baseline.To": {"period compared with ends before", "period som jämförs med slutar före"}, "Span.From": {"from", "från"}, "Span.To": {"to before", "till före"},
		"Trend.How": {"measured as", "mäts som"}, "Trend.Scale": {"divided by", "delas med"}, "Trend.Unit": {"unit", "enhet"},

		"Absence": {"absence of use", "utebliven användning"}, "Absence.Days": {"days without use", "dagar utan användning"}, "Absence.Lines": {"lines looked at", "anknytningar som granskas"},
		"Schedule": {"telephone hours asked for", "telefontider som krävs"}, "Schedule.Weekly": {"hours a week", "timmar i veckan"}, "Schedule.Shortest": {"shortest occasion in hours", "kortaste tillfälle i timmar"},
		"Budget": {"budget", "budget"}, "Budget.Metric": {"metric of the budget", "budgetens mått"}, "Budget.Above": {"limit in per cent of the budget", "gräns i procent av budgeten"},
		"Budget.HighAbove": {"limit of high severity in per cent of the budget", "gräns för hög allvarlighetsgrad i procent av budgeten"},
		"GoalRule":         {"goal", "mål"}, "GoalRule.Metric": {"metric of the goal", "målets mått"}, "GoalRule.Status": {"states of the goal", "målets lägen"},
		"Protection": {"protected use", "skyddad användning"}, "Protection.Columns": {"columns", "kolumner"}, "Protection.When": {"selects", "väljer"}, "Protection.Policy": {"quoted paragraphs", "citerade stycken"},
		"Protection.MinLines": {"lines needed", "anknytningar som krävs"}, "Protection.Says": {"words", "ord"},
	}
}

// nameOf names a field; one without words of its own is named as in a rule file.
func nameOf(path string) Text {
	if t, ok := fieldNames()[path]; ok {
		return t
	}
	parts := strings.Split(path, ".")
	for i, p := range parts {
		parts[i] = keyOf(p)
	}
	key := strings.Join(parts, " ")
	return Text{key, key}
}

// itemOf names one item of a list.
func itemOf(path string) Text {
	switch path {
	case "Where":
		return Text{"a condition", "ett villkor"}
	case "Policy":
		return Text{"a quoted paragraph", "ett citerat stycke"}
	case "Limits":
		return Text{"a limit", "en gräns"}
	case "Limits.Except":
		return Text{"another limit", "en annan gräns"}
	case "guards":
		return Text{"a protected use", "en skyddad användning"}
	case "GoalRule.Status":
		return Text{"a state of the goal", "ett läge för målet"}
	}
	n := nameOf(path)
	return Text{"a value of " + n.EN, "ett värde i " + n.SV}
}

// word writes a text; one of the fixed words of rule files is told as people say it.
func word(s string) Text {
	if s == "" {
		return Text{"nothing", "inget"}
	}
	if t, ok := vocabulary()[s]; ok {
		return t
	}
	return same(s)
}

func vocabulary() map[string]Text {
	return map[string]Text{
		"day": {"day", "dygn"}, "week": {"week", "vecka"}, "month": {"month", "månad"}, "year": {"year", "år"}, "rolling": {"rolling days", "rullande dagar"},
		"line": {"line", "anknytning"}, "unit": {"unit", "enhet"}, "cost_centre": {"cost centre", "kostnadsställe"},
		"usage": {"usage", "användning"}, "watches": {"watches", "bevakningar"}, "contacts": {"contact-centre statistics", "kontaktcenterstatistik"}, "hours": {"telephone hours", "telefontider"},
		"returns": {"equipment due back", "utrustning att lämna tillbaka"}, "losses": {"lost equipment", "förlorad utrustning"}, "approvals": {"approvals", "medgivanden"},
		"low": {"low", "låg"}, "medium": {"medium", "medel"}, "high": {"high", "hög"},
		"count": {"count", "antal"}, "sum": {"sum", "summa"}, "cost": {"cost", "kostnad"}, "share": {"share", "andel"}, "most": {"most of one value", "flest av ett värde"},
		"trip": {"trip", "resa"}, "premium": {"premium", "betaltjänst"}, "forwarding": {"forwarding", "medflyttning"}, "private": {"private calls", "privata samtal"},
		"review": {"review", "granskning"}, "return": {"keeping equipment", "behålla utrustning"}, "sms": {"messages", "meddelanden"},
		"match": {"match", "träff"}, "threshold": {"threshold", "gräns"}, "trend": {"trend", "trend"}, "absence": {"absence of use", "utebliven användning"},
		"schedule": {"telephone hours asked for", "telefontider som krävs"}, "budget": {"budget", "budget"}, "goal": {"goal", "mål"},
		"mann-kendall": {"Mann–Kendall", "Mann–Kendall"}, "seasonal-mann-kendall": {"Mann–Kendall by season", "Mann–Kendall per årstid"},
		"employees": {"employees", "anställda"}, "lines": {"lines", "anknytningar"},
		"missed": {"missed", "missat"}, "off_track": {"off track", "på väg att missas"}, "too_little_data": {"too little data", "för lite data"}, "on_track": {"on track", "på väg att nås"}, "reached": {"reached", "nått"},
	}
}
