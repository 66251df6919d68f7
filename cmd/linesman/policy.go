package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"linesman/internal/node"
	"linesman/internal/words"
	"linesman/processors/policy"
)

func policyCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{Use: "policy", Short: "The rules: list them, check and compare files of your own, try a draft on the past",
		Example: `  linesman policy packs
  linesman policy list --lang sv
  linesman policy check our-rules.yaml
  linesman policy diff our-rules.yaml draft.yaml
  linesman policy backtest --policy draft.yaml`}
	cmd.AddCommand(policyPacksCommand(o), policyListCommand(o), policyCheckCommand(o), policyDiffCommand(o), policyBacktestCommand(o))
	return cmd
}

// ruleInfo is a rule in JSON.
type ruleInfo struct {
	ID          string            `json:"id"`
	Version     uint32            `json:"version"`
	Pack        string            `json:"pack"`
	Title       map[string]string `json:"title"`
	Description map[string]string `json:"description"`
	Severity    string            `json:"severity"`
	Subject     string            `json:"subject"`
	Window      string            `json:"window"`
	ValidFrom   string            `json:"valid_from"`
	ValidTo     string            `json:"valid_to,omitempty"`
	InformedAt  string            `json:"informed_at"`
	Negotiated  string            `json:"negotiated_at,omitempty"`
	Starts      string            `json:"starts"` // the first day that is ever flagged
	Zone        string            `json:"zone"`
	Kind        string            `json:"kind"`
	Source      string            `json:"source,omitempty"`
	Exempt      string            `json:"exempt,omitempty"` // kind of approval
	NoEvidence  bool              `json:"no_evidence,omitempty"`
	Candidate   bool              `json:"candidate,omitempty"`
	Policy      []policy.Source   `json:"policy"`
	SQL         string            `json:"sql,omitempty"`
}

func policyListCommand(o *options) *cobra.Command {
	var sql bool
	var lang string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the rules with the paragraphs they rest on",
		Example: `  linesman policy list
  linesman policy list --lang sv --sql`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := ruleLanguage(lang); err != nil {
				return err
			}
			cfg, err := o.load()
			if err != nil {
				return err
			}
			set, err := node.LoadRules(cfg.Policy)
			if err != nil {
				return err
			}
			var out []ruleInfo
			for _, r := range set.Rules() {
				info := infoOf(r)
				if sql {
					q, err := r.Compile()
					if err != nil {
						return err
					}
					info.SQL = q.Within(nil)
				}
				out = append(out, info)
			}
			if o.json {
				return printJSON(out)
			}
			for _, r := range out {
				showRule(r, lang)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&sql, "sql", false, "show the query each rule compiles to")
	cmd.Flags().StringVar(&lang, "lang", "en", "language of the texts: en, sv or da")
	return cmd
}

func infoOf(r *policy.Rule) ruleInfo {
	info := ruleInfo{ID: r.ID, Version: r.Version, Pack: r.Pack, Severity: r.Severity, Subject: r.Subject, Window: r.Window, Kind: r.Kind, Candidate: r.Candidate,
		Title: texts(r.Title), Description: texts(r.Description), ValidFrom: r.ValidFrom.String(), InformedAt: r.InformedAt.String(), Starts: r.Starts().String(),
		Zone: r.Zone, Source: r.From, Exempt: r.Exempt.Approval, NoEvidence: r.NoEvidence, Policy: r.Policy}
	if r.ValidTo != 0 {
		info.ValidTo = r.ValidTo.String()
	}
	if r.NegotiatedAt != 0 {
		info.Negotiated = r.NegotiatedAt.String()
	}
	return info
}

// ruleLanguage checks that rules have texts in a language; a text that is missing in Danish
// stands in English.
func ruleLanguage(lang string) error {
	if lang != "en" && lang != "sv" && lang != "da" {
		return fmt.Errorf("language %q: want en, sv or da", lang)
	}
	return nil
}

func texts(t policy.Text) map[string]string {
	out := map[string]string{"en": t.EN, "sv": t.SV}
	if t.DA != "" {
		out["da"] = t.DA
	}
	return out
}

// in returns the text in a language, or in English where it has none.
func in(texts map[string]string, lang string) string { return cmp.Or(texts[lang], texts["en"]) }

func showRule(r ruleInfo, lang string) {
	fmt.Printf("%s/%d  %s\n", r.ID, r.Version, in(r.Title, lang))
	fmt.Printf("    %s\n", in(r.Description, lang))
	fmt.Printf("    %s per %s and %s, severity %s, flags nothing before %s", r.Kind, r.Subject, r.Window, r.Severity, r.Starts)
	if r.ValidTo != "" {
		fmt.Printf(" and nothing from %s on", r.ValidTo)
	}
	fmt.Println()
	fmt.Printf("    holds from %s, staff informed %s", r.ValidFrom, r.InformedAt)
	if r.Negotiated != "" {
		fmt.Printf(", negotiated %s", r.Negotiated)
	}
	fmt.Println()
	if r.Exempt != "" {
		fmt.Printf("    not where there is an approval of kind %s\n", r.Exempt)
	}
	if r.NoEvidence {
		fmt.Println("    what it finds is a total: no events are named")
	}
	if r.Candidate {
		fmt.Println("    what it finds is a candidate: it needs an answer before it is a violation")
	}
	for _, p := range r.Policy {
		fmt.Printf("    %s, %s: “%s”\n", p.Document, p.Section, p.Quote)
	}
	if r.SQL != "" {
		fmt.Println("\n    " + strings.ReplaceAll(r.SQL, "\n", "\n    "))
	}
	fmt.Println()
}

func policyCheckCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE...",
		Short: "Check rule files and say what is wrong, with line and column",
		Long: "Check rule files and say what is wrong, with line and column: each by itself and beside the rules in force, whose packs may\n" +
			"protect what a rule asks for. A file takes the place of the pack of its name.",
		Example: `  linesman policy check our-rules.yaml
  linesman policy check --json rules/*.yaml`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, files []string) error {
			cfg, err := o.load()
			if err != nil {
				return err
			}
			set, err := node.LoadRules(cfg.Policy)
			if err != nil { // that is told where they are used
				set = &policy.Set{}
			}
			all := []policy.Problem{}
			for _, f := range files {
				all = append(all, set.Check(f)...)
			}
			if o.json {
				if err := printJSON(all); err != nil {
					return err
				}
			} else {
				for _, p := range all {
					fmt.Println(p)
				}
			}
			if len(all) > 0 {
				return &quietError{errors.New(words.Count(len(all), "problem"))}
			}
			if !o.json {
				fmt.Printf("%s without faults\n", words.Count(len(files), "file"))
			}
			return nil
		},
	}
}
