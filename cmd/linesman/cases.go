package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"linesman/dashboards/console"
	"linesman/internal/node"
	"linesman/internal/words"
	"linesman/processors/cases"
)

func casesCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cases",
		Short: "What is done about violations: list them, see who did what, take a step, reminders",
		Long: `Every violation is a case: it is a candidate or open, somebody acknowledges it, explains it, approves or closes it,
and the data may retract it at any time. Each step is an event in the log with who, when and why; nothing is edited.

  candidate     the rule only suspects, somebody must confirm or settle it
  open          found, and nobody has done anything yet, or its value has changed since it was settled
  acknowledged  somebody looks into it
  explained     the holder or manager has said how it came about
  approved      it was permitted; where the rule knows approvals, the next judgement retracts it by itself
  closed        it is dealt with
  retracted     the data withdrew it

docs/cases.md tells more.`,
		Example: `  linesman cases due --unit SE2321000115-E000000000201
  linesman cases list --state open,acknowledged
  linesman cases show 0a1b2c3d4e5f60718293a4b5c6d7e8f9
  linesman cases step 0a1b2c3d4e5f60718293a4b5c6d7e8f9 acknowledged --by manager --reason seen`,
	}
	cmd.AddCommand(casesListCommand(o), casesDueCommand(o), casesShowCommand(o), casesStepCommand(o), casesRemindCommand(o))
	return cmd
}

// withCases calls do with the running node, or with one that has caught up with the log.
func withCases(ctx context.Context, o *options, do func(api console.Cases) error) error {
	cfg, err := o.load()
	if err != nil {
		return err
	}
	return withCaughtUp(ctx, cfg, func(api node.API) error { return do(api) })
}

func casesListCommand(o *options) *cobra.Command {
	var f console.CaseFilter
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List violations with the state they are in; what is to be settled first, by deadline",
		Example: `  linesman cases list
  linesman cases list --state open,explained --unit SE2321000115-E000000000201
  linesman cases list --json | jq '.cases[] | select(.overdue)'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withCases(cmd.Context(), o, func(api console.Cases) error { return listCases(cmd.Context(), o, api, f) })
		},
	}
	cmd.Flags().StringSliceVar(&f.States, "state", nil, "only these states: "+strings.Join(cases.States(), ", "))
	cmd.Flags().StringVar(&f.Unit, "unit", "", "only this unit (its id)")
	cmd.Flags().IntVar(&f.Limit, "limit", 1000, "most violations listed")
	return cmd
}

func casesDueCommand(o *options) *cobra.Command {
	f := console.CaseFilter{Due: true, Limit: 10_000}
	days := -1
	cmd := &cobra.Command{
		Use:   "due",
		Short: "Reminders: violations whose deadline has passed or is near, unit by unit",
		Long: `Due lists what somebody has still to settle: overdue, and with a deadline in the next days (cases.remind of the
configuration, or --days). A violation is to be settled so many days after it was opened (cases.days), or by the day that
a step set. The same as mails to the managers: linesman cases remind.`,
		Example: `  linesman cases due
  linesman cases due --unit SE2321000115-E000000000201 --days 7
  linesman cases due --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := o.load()
			if err != nil {
				return err
			}
			if f.Days = days; days < 0 {
				f.Days = cfg.Cases.Remind
			}
			return withCases(cmd.Context(), o, func(api console.Cases) error { return listCases(cmd.Context(), o, api, f) })
		},
	}
	cmd.Flags().StringVar(&f.Unit, "unit", "", "only this unit (its id)")
	cmd.Flags().IntVar(&days, "days", -1, "how many days ahead; default: cases.remind of the configuration")
	return cmd
}

func listCases(ctx context.Context, o *options, api console.Cases, f console.CaseFilter) error {
	got, err := api.Cases(ctx, f)
	if err != nil {
		return err
	}
	if o.json {
		return printJSON(got)
	}
	showCases(got, f)
	return nil
}

// showCases prints cases, those of each unit together when they are reminders.
func showCases(l console.CaseList, f console.CaseFilter) {
	if len(l.Cases) == 0 {
		if f.Due {
			fmt.Printf("nothing is overdue or due in the next %s\n", words.Count(f.Days, "day"))
		} else {
			fmt.Println("no violations")
		}
		return
	}
	if !f.Due {
		tableOfCases(l.Cases, true)
		if l.Total > uint64(len(l.Cases)) {
			fmt.Printf("and %s more; --limit shows more of them\n", words.Thousands(l.Total-uint64(len(l.Cases))))
		}
		return
	}
	byUnit := map[string][]console.Case{}
	var order []string
	for _, c := range l.Cases {
		if byUnit[c.Unit] == nil {
			order = append(order, c.Unit)
		}
		byUnit[c.Unit] = append(byUnit[c.Unit], c)
	}
	for _, unit := range order { // the unit with the oldest deadline first
		list := byUnit[unit]
		late := 0
		for _, c := range list {
			if c.Overdue {
				late++
			}
		}
		fmt.Printf("%s: %d overdue, %d due soon\n", unitOf(list[0]), late, len(list)-late)
		tableOfCases(list, false)
	}
}

func unitOf(c console.Case) string {
	switch {
	case c.Unit == "":
		return "lines without a unit"
	case c.UnitName == "":
		return c.Unit
	}
	return c.UnitName + " (" + c.Unit + ")"
}

func tableOfCases(list []console.Case, unit bool) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, c := range list {
		deadline := ""
		switch {
		case c.Overdue:
			deadline = "overdue since " + c.Deadline
		case c.Due:
			deadline = "by " + c.Deadline
		}
		state := c.State
		if c.Reopened {
			state += " again"
		}
		row := []string{"  " + c.ID, state, deadline, c.Rule, c.Subject, c.WindowFrom, fmt.Sprintf("%g %s", c.Value, c.ValueUnit), c.Cost + " kr"}
		if unit {
			row = append(row, unitOf(c))
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	_ = w.Flush() // to standard output
}

func casesShowCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "show VIOLATION",
		Short: "The history of one violation, and what can be done about it now",
		Example: `  linesman cases show 0a1b2c3d4e5f60718293a4b5c6d7e8f9
  linesman cases show --json 0a1b2c3d4e5f60718293a4b5c6d7e8f9`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withCases(cmd.Context(), o, func(api console.Cases) error {
				d, err := api.Case(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return showCase(o, d)
			})
		},
	}
}

func showCase(o *options, d console.CaseDetail) error {
	if o.json {
		return printJSON(d)
	}
	fmt.Printf("%s %s, %s %s, from %s to %s: %g %s, limit %g, %s kr\n", d.Rule, d.State, d.SubjectKind, d.Subject, d.WindowFrom, d.WindowTo, d.Value, d.ValueUnit, d.Limit, d.Cost)
	if d.Due {
		late := ""
		if d.Overdue {
			late = ", which has passed"
		}
		fmt.Printf("to be settled by %s%s; %s\n", d.Deadline, late, unitOf(d.Case))
	}
	for _, e := range d.History {
		text := e.What
		switch e.Kind {
		case cases.EntryData:
			text = fmt.Sprintf("%s: %g, limit %g", e.What, e.Value, e.Limit)
		case cases.EntryReopened:
			text = fmt.Sprintf("open again: %g is another value than the one that was settled", e.Value)
		case cases.EntryLost:
			text = e.What + " came second and does not hold"
		}
		if e.By != "" {
			text += ", by " + e.By
		}
		if e.Reason != "" {
			text += " (" + e.Reason + ")"
		}
		if e.Deadline != "" {
			text += ", deadline " + e.Deadline
		}
		if e.Until != "" {
			text += ", until " + e.Until
		}
		if e.Note != "" {
			text += ": " + strings.Join(strings.Fields(e.Note), " ")
		}
		fmt.Printf("  %s  %s\n", e.At.Format("2006-01-02 15:04Z"), text)
	}
	for _, c := range d.Choices {
		fmt.Printf("possible: %s, because of %s\n", c.Step, strings.Join(c.Reasons, ", "))
	}
	return nil
}

func casesStepCommand(o *options) *cobra.Command {
	var s console.CaseStep
	var help strings.Builder
	for _, step := range cases.Steps() {
		fmt.Fprintf(&help, "  %-13s %s\n", step, strings.Join(cases.Reasons(step), ", "))
	}
	cmd := &cobra.Command{
		Use:   "step VIOLATION STEP --by ROLE --reason CODE",
		Short: "Take a step about a violation: open, acknowledged, explained, approved or closed",
		Long: `Step appends one event to the log: what was decided about a violation, in which role, and why. It cannot be undone,
but another step can follow. Which steps are possible now, 'linesman cases show' tells.

Steps and their reasons:
` + help.String() + `
Roles: ` + strings.Join(cases.Roles(), ", ") + `; or the pseudonym of a person, P and 13 characters, never a name. The holder of a line
can explain; what becomes of it is for others to say. An approval is for manager or finance to give.

A note must not name anybody. One with a personnummer, an address or six digits in a row is refused.

An approved step states an approval for the subject and the window of the violation (or until a later day, with --until),
where the rule knows one (trip, premium, forwarding and so on): the next judgement then retracts the violation by itself. The step open with the reason
approval_withdrawn takes the approval back.`,
		Example: `  linesman cases step 0a1b2c3d4e5f60718293a4b5c6d7e8f9 acknowledged --by manager --reason asked_holder --deadline 2026-04-30
  linesman cases step 0a1b2c3d4e5f60718293a4b5c6d7e8f9 explained --by holder --reason forgotten_setting --note "Vidarekopplingen är borttagen"
  linesman cases step 0a1b2c3d4e5f60718293a4b5c6d7e8f9 approved --by manager --reason standing_agreement --until 2026-12-31`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return errors.New("want the id of a violation and a step: linesman cases step 0a1b… acknowledged --by manager --reason seen")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			s.Step = args[1]
			return withCases(cmd.Context(), o, func(api console.Cases) error {
				d, err := api.TakeCase(cmd.Context(), args[0], s)
				if err != nil {
					return err
				}
				return showCase(o, d)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.By, "by", "", "role in which the step is taken, or a person's pseudonym (needed)")
	f.StringVar(&s.Reason, "reason", "", "why: a code of the step (needed)")
	f.StringVar(&s.Note, "note", "", "a remark of at most 500 characters, without personal data")
	f.StringVar(&s.Deadline, "deadline", "", "day by which it is to be settled (yyyy-mm-dd); default: as before")
	f.StringVar(&s.Until, "until", "", "last day on which what is approved is permitted (yyyy-mm-dd); default: the end of the violation's window")
	f.StringVar(&s.Previous, "previous", "", "refuse the step when this is not the last one (lastStep of cases show --json)")
	f.StringVar(&s.Seen, "seen", "", "refuse the step when the value has changed since this event of the violation (event of cases show --json)")
	_ = cmd.MarkFlagRequired("by")
	_ = cmd.MarkFlagRequired("reason")
	return cmd
}
