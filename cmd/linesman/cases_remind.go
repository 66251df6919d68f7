package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"linesman/internal/node"
	"linesman/internal/words"
)

// reminds makes and sends reminders: a node that is opened, or the running one.
type reminds interface {
	Remind(ctx context.Context, req node.RemindRequest) (node.Reminders, error)
}

func casesRemindCommand(o *options) *cobra.Command {
	var req node.RemindRequest
	cmd := &cobra.Command{
		Use:   "remind",
		Short: "Show the reminders to the managers as mails, or send them",
		Long: `Remind shows the mails that tell the managers what is still to be settled: what is overdue, what is due before the next
reminder, and what nobody was told of yet. With --send they are sent now, at most once a day to each unit; by the clock
linesman sends them itself (mail.weekday, mail.hour). Each case that a mail told of has that in its history.

A mail holds counts, titles of rules, units, days and a link: nothing about a line or a person. It goes to the address of
the unit in mail.recipients, or to mail.default.`,
		Example: `  linesman cases remind
  linesman cases remind --unit SE2321000115-E000000000201
  linesman cases remind --send`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := o.load()
			if err != nil {
				return err
			}
			return withData(cmd.Context(), cfg, func(api node.API, _ *node.Node) error {
				r, ok := api.(reminds)
				if !ok {
					return errors.New("reminders cannot be made here")
				}
				got, err := r.Remind(cmd.Context(), req)
				if err != nil {
					return err
				}
				if o.json {
					err = printJSON(got)
				} else {
					showReminders(got, req.Send)
				}
				return errors.Join(err, notSent(got))
			})
		},
	}
	cmd.Flags().BoolVar(&req.Send, "send", false, "send them; else they are only shown")
	cmd.Flags().StringVar(&req.Unit, "unit", "", "only this unit (its id)")
	return cmd
}

func showReminders(got node.Reminders, send bool) {
	if len(got.Mails) == 0 {
		fmt.Println("nobody has to be reminded of anything")
	}
	for _, m := range got.Mails {
		to := m.To
		if to == "" {
			to = "nobody (mail.recipients and mail.default name no address)"
		}
		if len(m.Before) > 0 {
			fmt.Printf("to %s: %s told before today\n", to, words.Count(len(m.Before), "unit"))
		}
		if len(m.Units) == 0 {
			continue
		}
		state := "not sent: this only shows it"
		switch {
		case m.Sent:
			state = "sent"
		case m.Error != "":
			state = "not sent: " + m.Error
		case send:
			state = "not sent"
		}
		fmt.Printf("to %s (%s)\n  %s\n\n  %s\n", to, state, m.Subject, strings.ReplaceAll(strings.TrimRight(m.Body, "\n"), "\n", "\n  "))
	}
	if !got.Next.IsZero() {
		fmt.Printf("by the clock they are sent next on %s\n", got.Next.Format("2006-01-02 15:04 MST"))
	}
}

// notSent is an error when a mail failed.
func notSent(got node.Reminders) error {
	n := 0
	for _, m := range got.Mails {
		if m.Error != "" {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%s could not be sent", words.Count(n, "reminder"))
}
