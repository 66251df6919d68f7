package cases

import (
	"slices"
	"strings"

	"linesman/schema"
)

// Roles that a step can be taken in. Who the person is stays out of the log, or stands there
// as a pseudonym.
const (
	RoleHolder     = "holder"     // of the line
	RoleManager    = "manager"    // of the unit
	RoleFinance    = "finance"    //
	RoleAuditor    = "auditor"    //
	RoleDPO        = "dpo"        // data protection officer
	RoleOperations = "operations" // who runs telephony and this program
)

// Roles lists the roles.
func Roles() []string {
	return []string{RoleHolder, RoleManager, RoleFinance, RoleAuditor, RoleDPO, RoleOperations}
}

// pseudonymLength is that of a person's pseudonym: P and 13 characters.
const pseudonymLength = 14

// knownBy tells whether a text is a role or looks like a pseudonym of a person.
func knownBy(by string) bool {
	if slices.Contains(Roles(), by) {
		return true
	}
	if len(by) != pseudonymLength || by[0] != 'P' {
		return false
	}
	_, ok := schema.LineHash("L" + by[1:])
	return ok
}

// Steps lists the steps.
func Steps() []string {
	return []string{schema.StepOpen, schema.StepAcknowledged, schema.StepExplained, schema.StepApproved, schema.StepClosed}
}

// States lists the states that a violation can be in.
func States() []string {
	return append([]string{schema.StateCandidate}, append(Steps(), schema.StateRetracted)...)
}

// reason is why a step is taken, and from which states it makes sense; nil: from all from
// which the step is allowed.
type reason struct {
	code string
	from []string
}

// reasons is the vocabulary. Words are added, never given another meaning: they stand in the log.
func reasons(step string) []reason {
	switch step {
	case schema.StepOpen:
		return []reason{
			{"confirmed", []string{schema.StateCandidate}},
			{"not_accepted", []string{schema.StepExplained}},
			{"approval_withdrawn", []string{schema.StepApproved, schema.StateRetracted}},
			{"new_facts", []string{schema.StepExplained, schema.StepApproved, schema.StepClosed}},
			{"by_mistake", []string{schema.StepExplained, schema.StepApproved, schema.StepClosed, schema.StateRetracted}},
		}
	case schema.StepAcknowledged:
		return []reason{{"seen", []string{schema.StepOpen}}, {"asked_holder", nil}, {"more_time", nil}}
	case schema.StepExplained:
		return []reason{{"work", nil}, {"private", nil}, {"private_repaid", nil}, {"forgotten_setting", nil}, {"technical_fault", nil}, {"other_user", nil}, {"other", nil}}
	case schema.StepApproved:
		return []reason{{"approved_before", nil}, {"approved_after", nil}, {"standing_agreement", nil}, {"exception", nil}}
	case schema.StepClosed:
		return []reason{{"resolved", nil}, {"measure_taken", nil}, {"repaid", nil}, {"no_action", nil}, {"not_a_violation", nil}}
	}
	return nil
}

// allowed lists the steps that can be taken from a state. A retracted violation takes none but
// the withdrawal of the approval that retracted it.
func allowed(state string, approved bool) []string {
	switch state {
	case schema.StateCandidate:
		return []string{schema.StepOpen, schema.StepExplained, schema.StepApproved, schema.StepClosed}
	case schema.StepOpen:
		return []string{schema.StepAcknowledged, schema.StepExplained, schema.StepApproved, schema.StepClosed}
	case schema.StepAcknowledged:
		return []string{schema.StepAcknowledged, schema.StepExplained, schema.StepApproved, schema.StepClosed}
	case schema.StepExplained:
		return []string{schema.StepOpen, schema.StepExplained, schema.StepApproved, schema.StepClosed}
	case schema.StepApproved:
		return []string{schema.StepOpen, schema.StepClosed}
	case schema.StepClosed:
		return []string{schema.StepOpen}
	case schema.StateRetracted:
		if approved {
			return []string{schema.StepOpen}
		}
	}
	return nil
}

// may tells whether a role may take a step: who holds the line explains, and others decide. An
// approval is the manager's or, where it is about money alone, finance's to give; auditors look
// and take up again, but settle nothing that they will look at later. A pseudonym may all.
func may(by, step string) bool {
	switch by {
	case RoleHolder:
		return step == schema.StepExplained
	case RoleAuditor:
		return step == schema.StepOpen || step == schema.StepAcknowledged
	case RoleDPO, RoleOperations:
		return step != schema.StepApproved
	}
	return true
}

// rolesFor lists the roles that may take a step.
func rolesFor(step string) []string {
	return slices.DeleteFunc(Roles(), func(r string) bool { return !may(r, step) })
}

// Choice is a step that can be taken now, with the reasons and roles that fit.
type Choice struct {
	Step    string   `json:"step"`
	Reasons []string `json:"reasons"`
	Roles   []string `json:"roles"`
	Until   bool     `json:"until"` // it can last until a day
}

// Choices lists what can be done about a violation in a state. approved says that an approval
// of its case is in force.
func Choices(state string, approved bool) []Choice {
	out := []Choice{}
	for _, step := range allowed(state, approved) {
		out = append(out, Choice{Step: step, Reasons: codes(step, state), Roles: rolesFor(step)})
	}
	return out
}

func codes(step, state string) []string {
	var out []string
	for _, r := range reasons(step) {
		if state == "" || r.from == nil || slices.Contains(r.from, state) {
			out = append(out, r.code)
		}
	}
	return out
}

// Reasons lists the reasons of a step, from whatever state.
func Reasons(step string) []string { return codes(step, "") }

func list(words []string) string { return strings.Join(words, ", ") }
