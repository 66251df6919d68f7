package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"linesman/dashboards/messages"
	"linesman/internal/node"
)

func accessCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "access",
		Short: "Who may read what, and who has read rows of single persons",
		Long: `Who may read what is stated in a reference file, access_grants.csv: a role, of which unit, until when. Rows of single
persons are read in an open case only, with a purpose, somebody who approved it, and an end. Each such read is an event
in the log before its answer is given. Log and store know people by pseudonyms only; whoever has the data directory can
make the pseudonym of a login name, and look for somebody. docs/access-log.md tells more.`,
		Example: `  linesman access grants
  linesman access log --since 2026-03-01
  linesman access log --who anna.lind@region.example --json`,
	}
	cmd.AddCommand(accessGrantsCommand(o), accessLogCommand(o), accessWhoCommand(o))
	return cmd
}

// pseudonym is what the pseudonym of a person looks like; anything else is a login name.
var pseudonym = regexp.MustCompile(`^P[0-9A-HJKMNP-TV-Z]{13}$`)

// pseudonymOf returns the pseudonym of somebody who is named by it or by a login name; empty stays empty.
func pseudonymOf(ctx context.Context, api node.API, who string) (string, error) {
	if who == "" || pseudonym.MatchString(who) {
		return who, nil
	}
	return api.WhoIs(ctx, who)
}

func accessGrantsCommand(o *options) *cobra.Command {
	var req node.GrantsRequest
	var at, who, lang string
	cmd := &cobra.Command{
		Use:   "grants",
		Short: "Who may read what: now, on a day, or ever",
		Example: `  linesman access grants
  linesman access grants --at 2026-03-15 --who anna.lind@region.example
  linesman access grants --all --json | jq '.[] | select(.role == "person_level")'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := knownLanguage(lang); err != nil {
				return err
			}
			var err error
			if req.At, err = dayFlag("at", at); err != nil {
				return err
			}
			if req.All && at != "" {
				return errors.New("--all and --at exclude each other")
			}
			return o.withAccess(cmd.Context(), lang, func(api node.API, t accessWords) error {
				if req.Who, err = pseudonymOf(cmd.Context(), api, who); err != nil {
					return err
				}
				list, err := api.Grants(cmd.Context(), req)
				if err != nil {
					return err
				}
				if o.json {
					return printJSON(list)
				}
				return t.grants(os.Stdout, list)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&at, "at", "", "grants that hold at some time of this day (yyyy-mm-dd)")
	f.BoolVar(&req.All, "all", false, "also those that do not hold any more, or not yet")
	f.StringVar(&who, "who", "", "of this person only: a login name, or a pseudonym")
	f.StringVar(&lang, "lang", "en", "language of the words: en or sv")
	return cmd
}

func accessLogCommand(o *options) *cobra.Command {
	var req node.AccessLogRequest
	var since, who, lang string
	cmd := &cobra.Command{
		Use:   "log",
		Short: "Who read rows of single persons, for what, and what was refused; the latest first",
		Example: `  linesman access log --since 2026-03-01
  linesman access log --who P0123456789ABC --limit 20 --lang sv
  linesman access log --json | jq '.reads[] | select(.outcome == "denied")'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := knownLanguage(lang); err != nil {
				return err
			}
			if req.Limit < 1 || req.Limit > node.MostReads {
				return fmt.Errorf("--limit: want 1 to %d", node.MostReads)
			}
			var err error
			if req.Since, err = dayFlag("since", since); err != nil {
				return err
			}
			return o.withAccess(cmd.Context(), lang, func(api node.API, t accessWords) error {
				if req.Who, err = pseudonymOf(cmd.Context(), api, who); err != nil {
					return err
				}
				list, err := api.AccessLog(cmd.Context(), req)
				if err != nil {
					return err
				}
				if o.json {
					return printJSON(list)
				}
				return t.reads(os.Stdout, list)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&since, "since", "", "reads from this day on (yyyy-mm-dd)")
	f.StringVar(&who, "who", "", "of this person only: a login name, or a pseudonym")
	f.IntVar(&req.Limit, "limit", node.DefaultReads, "most reads listed")
	f.StringVar(&lang, "lang", "en", "language of the words: en or sv")
	return cmd
}

func accessWhoCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "who LOGIN",
		Short: "The pseudonym of a login name, to look for somebody in grants and the access log",
		Long: `Who prints the pseudonym that a login name has in this data directory, whatever case it is written in. Given - it reads
the name from standard input, which leaves it out of the shell's history.`,
		Example: `  linesman access who anna.lind@region.example
  linesman query "SELECT * FROM access_log WHERE who = '$(linesman access who -)'"`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			login := args[0]
			if login == "-" {
				line, err := bufio.NewReader(io.LimitReader(cmd.InOrStdin(), 1<<16)).ReadString('\n')
				if err != nil && !errors.Is(err, io.EOF) {
					return fmt.Errorf("reading the login name: %w", err)
				}
				login = line
			}
			cfg, err := o.load()
			if err != nil {
				return err
			}
			return withData(cmd.Context(), cfg, func(api node.API, _ *node.Node) error {
				who, err := api.WhoIs(cmd.Context(), login)
				if err != nil {
					return err
				}
				if o.json {
					return printJSON(map[string]string{"who": who})
				}
				_, err = fmt.Println(who)
				return err
			})
		},
	}
}

// withAccess calls do with a node that has caught up, and with words and times for people.
func (o *options) withAccess(ctx context.Context, lang string, do func(node.API, accessWords) error) error {
	cfg, err := o.load()
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(cfg.Zone)
	if err != nil {
		return fmt.Errorf("zone: %w", err)
	}
	texts, err := messages.Load()
	if err != nil {
		return err
	}
	return withCaughtUp(ctx, cfg, func(api node.API) error { return do(api, accessWords{texts.In(lang), zone}) })
}

// accessWords writes grants and reads in one language, times in the judging zone.
type accessWords struct {
	messages.Texts
	zone *time.Location
}

// head writes a row of headings.
func (t accessWords) head(w io.Writer, names ...string) {
	said := make([]string, len(names))
	for i, n := range names {
		said[i] = t.T("accesslog." + n)
	}
	fmt.Fprintln(w, strings.Join(said, "\t"))
}

// moment writes when something begins or ends: a day where it is midnight; nothing for none.
func (t accessWords) moment(at time.Time) string {
	at = at.In(t.zone)
	switch {
	case at.IsZero():
		return ""
	case at.Equal(time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, t.zone)):
		return at.Format(time.DateOnly)
	}
	return at.Format("2006-01-02 15:04")
}

func (t accessWords) roles(list string) string {
	names := strings.Split(list, ",")
	for i, role := range names {
		names[i] = t.Value("accesslog.role", role)
	}
	return strings.Join(names, ", ")
}

func (t accessWords) grants(w io.Writer, list []node.Grant) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, t.T("accesslog.no_grants"))
		return err
	}
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	t.head(tab, "who", "role", "unit", "from", "to", "grant", "purpose", "approver")
	for i := range list {
		g := &list[i]
		unit := strings.TrimSpace(g.UnitName + " " + g.Unit)
		fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", g.Who, t.roles(g.Role), cmp.Or(unit, t.T("accesslog.everything")), t.moment(g.ValidFrom), t.moment(g.ValidTo), g.ID, g.Purpose, g.Approver)
	}
	return tab.Flush()
}

func (t accessWords) reads(w io.Writer, log node.AccessLog) error {
	if len(log.Reads) == 0 {
		_, err := fmt.Fprintln(w, t.T("accesslog.no_reads"))
		return err
	}
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	t.head(tab, "at", "who", "way", "outcome", "what", "subject", "unit", "rows", "roles", "grant", "purpose")
	for i := range log.Reads {
		r := &log.Reads[i]
		fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", r.At.In(t.zone).Format(time.DateTime), cmp.Or(r.Who, t.T("accesslog.nobody")), t.Value("accesslog.way", r.Way),
			t.Value("accesslog.outcome", r.Outcome), r.What, r.Subject, r.Unit, r.Rows, t.roles(r.Roles), r.Grant, r.Purpose)
	}
	if err := tab.Flush(); err != nil || !log.More {
		return err
	}
	_, err := fmt.Fprintln(w, "\n"+t.T("accesslog.more", "n", strconv.Itoa(len(log.Reads))))
	return err
}
