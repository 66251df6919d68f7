package invoice

import (
	"strings"
)

// subscriptionOf looks for the subscription of a line, in this order: the line's own reference
// of code 130, a property of the item by name, the one telephone number in note, description
// or name. own: the line tells one.
func (r *reading) subscriptionOf(n, item *node) (line, mask string, own bool) {
	for _, ref := range n.all("DocumentReference") {
		if code := ref.str("DocumentTypeCode"); code != objectCode && code != "" {
			continue
		}
		if line, mask = r.subscription(r.f.sweden, ref.str("ID")); line != "" {
			return line, mask, true
		}
	}
	for _, p := range item.all("AdditionalItemProperty") {
		if !namesSubscription(p.str("Name")) {
			continue
		}
		if line, mask = r.subscription(r.f.sweden, p.str("Value")); line != "" {
			return line, mask, true
		}
	}
	for _, at := range []*node{n, item, item} {
		names := []string{"Note"}
		if at == item {
			names = []string{"Description", "Name"}
		}
		for _, name := range names {
			if line, mask = r.inText(at.all(name)); line != "" {
				return line, mask, true
			}
		}
	}
	return "", "", false
}

// namesSubscription tells whether a property of an item is the number of a subscription.
func namesSubscription(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"abonnemang", "abonnement", "telefonn", "mobiln", "anknytning", "subscription", "subscriber", "msisdn", "phone", "nummer"} {
		if strings.Contains(name, word) {
			return !strings.Contains(name, "serie") && !strings.Contains(name, "imei") && !strings.Contains(name, "kundnummer")
		}
	}
	return name == "a-nr" || name == "anr"
}

// inText finds the one telephone number in texts; nothing where there are several.
func (r *reading) inText(texts []*node) (line, mask string) {
	for _, t := range texts {
		for _, raw := range candidates(t.text) {
			l, m := r.longest(raw)
			switch {
			case l == "" || l == line:
			case line != "":
				return "", ""
			default:
				line, mask = l, m
			}
		}
	}
	return line, mask
}

// longest reduces a number that other digits may follow: 070-123 45 67 12 min.
func (r *reading) longest(raw string) (line, mask string) {
	for raw != "" {
		if line, mask = r.subscription(r.f.sweden, raw); line != "" {
			return line, mask
		}
		raw = raw[:max(0, strings.LastIndexAny(raw, " -()/"))]
	}
	return "", ""
}

// candidates lists what begins like a telephone number that is written out (0, 46 or +), and
// is neither a date nor a part of a longer word.
func candidates(text string) []string {
	var out []string
	for i := 0; i < len(text); {
		c := text[i]
		if !isDigit(c) && c != '+' {
			i++
			continue
		}
		end, digits := i, 0
		for k := i; k < len(text) && (isDigit(text[k]) || k == i || strings.IndexByte(" -()/", text[k]) >= 0); k++ {
			if isDigit(text[k]) {
				digits++
				end = k + 1
			} else if k > i && !isDigit(text[k-1]) && (text[k] == '-' || text[k-1] == '-') {
				break // " - " stands between two things
			}
		}
		raw := text[i:max(end, i+1)]
		before := i > 0 && (letterOrDigit(text[i-1]) || text[i-1] == '.' || text[i-1] == ',')
		after := end < len(text) && letterOrDigit(text[end])
		begins := c == '+' || c == '0' || strings.HasPrefix(raw, "46")
		if begins && !before && !after && digits >= 8 && digits <= 15 && !dateLike(raw) {
			out = append(out, raw)
		}
		i = max(end, i+1)
	}
	return out
}

func letterOrDigit(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// dateLike tells dd-mm-yyyy and dd/mm/yyyy, alone or as the beginning of a period.
func dateLike(s string) bool {
	const form = "00-00-0000"
	if len(s) < len(form) {
		return false
	}
	for i := range form {
		if form[i] == '0' != isDigit(s[i]) || form[i] == '-' && s[i] != '-' && s[i] != '/' {
			return false
		}
	}
	return s[6:8] == "19" || s[6:8] == "20"
}
