package when

import (
	"fmt"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"

	"linesman/schema"
)

// Vocabulary lists the values of columns that hold one of a few fixed words, by the name of
// the table; nil when a column is open. It catches a misspelt word, which would select
// nothing and say nothing.
func Vocabulary(table, column string) []string {
	switch table {
	case "usage":
		return usageWords(column)
	case "contacts":
		if column == "origin" {
			return []string{schema.OriginInternal, schema.OriginExternal, schema.OriginUnknown}
		}
	case "approvals":
		if column == "kind" {
			return []string{"trip", "premium", "forwarding", "private", "review", "hours", "return", "sms"}
		}
	case "returns", "losses":
		switch column {
		case "item":
			return []string{schema.EquipmentDeskPhone, schema.EquipmentMobile, schema.EquipmentTablet, schema.EquipmentComputer, schema.EquipmentSIM}
		case "reason":
			return []string{"employment_ended", "assignment_ended", "leave"}
		}
	case "lines":
		switch column {
		case "kind":
			return []string{"mobile", "fixed", "softphone", "data", ""}
		case "role":
			return usageWords(column)
		}
	}
	return nil
}

func usageWords(column string) []string {
	switch column {
	case "kind":
		return []string{schema.KindCall, schema.KindData, schema.KindSMS, schema.KindFee}
	case "service":
		return []string{schema.ServiceVoiceOut, schema.ServiceVoiceIn, schema.ServiceVoiceInternal, schema.ServiceVoiceForward,
			schema.ServiceVoiceInRoaming, schema.ServiceSMS, schema.ServiceMMS, schema.ServiceData, schema.ServicePremium,
			schema.ServiceSubscription, schema.ServiceOneTime, schema.ServiceCredit}
	case "direction":
		return []string{schema.DirectionOut, schema.DirectionIn, schema.DirectionInternal, ""}
	case "other_class", "recorded_class":
		return []string{"internal", "mobile", "fixed", "corporate", "premium", "directory", "shared_cost", "toll_free", "emergency",
			"satellite", "short_code", "international", "masked", "unknown", "none", ""}
	case "roaming_zone":
		return []string{"home", "eea", "world", ""}
	case "role":
		return []string{"personal", "shared", "on_call", "loan", "m2m", ""}
	case "outcome":
		return []string{"answered", "no_answer", "busy", "rejected", "failed", ""}
	}
	return nil
}

// DidYouMean names the nearest of the right words, or all of them when none is near.
func DidYouMean(word string, right []string) string {
	best, least := "", 1+max(2, len(word)/3)
	for _, w := range right {
		if d := levenshtein.ComputeDistance(strings.ToLower(word), w); d < least {
			best, least = w, d
		}
	}
	if best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return "; known are " + strings.Join(right, ", ")
}

// Quote writes a ClickHouse string literal. It holds no NUL, whatever the text.
func Quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", `\0`).Replace(s) + "'"
}

// Moment writes a moment as a DateTime64(3, 'UTC') literal.
func Moment(t schema.Time) string {
	return "toDateTime64('" + time.UnixMilli(int64(t)).UTC().Format("2006-01-02 15:04:05.000") + "', 3, 'UTC')"
}
