package schema

import "strings"

// ColumnUncommon is the computed column of usage that comes first in its sorting key: rules
// that ask for what is rare read the rows that have it, and nothing of the others.
const ColumnUncommon = "uncommon"

// Sign is something about a row of usage that makes it uncommon. It is about a column that is
// recorded: a row that is restated, cancelled or corrected keeps it, so that all versions of a
// row have the same sorting key. A column that reference data give must never become a sign.
type Sign struct {
	Column string
	Is     []string // the column holds one of these; of a bool there is neither list: it is true
	IsNot  []string // or: it holds none of these
}

// SQL writes the sign as a condition.
func (s Sign) SQL() string {
	switch {
	case s.Is != nil:
		return s.Column + " IN (" + quoted(s.Is) + ")"
	case s.IsNot != nil:
		return s.Column + " NOT IN (" + quoted(s.IsNot) + ")"
	}
	return s.Column
}

// UncommonSigns lists what makes a row of usage uncommon: any one of them. All together they
// hold for a few rows in a hundred at an organisation in Sweden. Another list is another order
// of the table: it takes a migration that makes the store anew.
func UncommonSigns() []Sign {
	home := []string{"", "SE"}
	return []Sign{
		{Column: "forwarded"},
		{Column: "private"},
		{Column: "visited_country", IsNot: home},
		{Column: "other_country", IsNot: home},
		{Column: "recorded_class", Is: []string{"premium", "directory", "shared_cost", "satellite", "international", "emergency"}},
		{Column: "service", Is: []string{ServicePremium, ServiceVoiceForward, ServiceVoiceInRoaming}},
	}
}

func uncommonColumn() Computed {
	signs := UncommonSigns()
	conditions := make([]string, len(signs))
	for i, s := range signs {
		conditions[i] = s.SQL()
	}
	return Computed{Name: ColumnUncommon, Type: TypeBool, SQL: "(" + strings.Join(conditions, " OR ") + ")",
		Meaning: "Forwarded, private, abroad, to or from abroad, or with a service number: the few rows that come first in the order of the table. It follows from recorded columns only."}
}

func quoted(values []string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = quote(v)
	}
	return strings.Join(out, ", ")
}
