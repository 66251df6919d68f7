package main

import (
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"linesman/internal/node"
	"linesman/internal/words"
	"linesman/processors/policy"
)

// packInfo is a policy pack in JSON.
type packInfo struct {
	Name         string            `json:"name"`
	BuiltIn      bool              `json:"built_in"`
	InForce      bool              `json:"in_force"`
	Title        map[string]string `json:"title,omitempty"`
	Organisation string            `json:"organisation,omitempty"`
	Rules        int               `json:"rules"`
	Parameters   []parameterInfo   `json:"parameters"`
}

// parameterInfo is a parameter of a pack in JSON.
type parameterInfo struct {
	Name    string            `json:"name"`
	Says    map[string]string `json:"says"`
	Default string            `json:"default"`
	Value   string            `json:"value"`
}

func policyPacksCommand(o *options) *cobra.Command {
	var lang string
	cmd := &cobra.Command{
		Use:   "packs",
		Short: "List the policy packs: those that are in force, and those that can be",
		Long: "List the policy packs that come with the program, and those of policy.dir. The settings policy.packs and policy.values\n" +
			"choose among them and set their parameters.",
		Example: `  linesman policy packs
  LINESMAN_POLICY_PACKS=core,laholm linesman policy packs --json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := ruleLanguage(lang); err != nil {
				return err
			}
			out, err := o.packs()
			if err != nil {
				return err
			}
			if o.json {
				return printJSON(out)
			}
			for _, p := range out {
				showPack(os.Stdout, p, lang)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&lang, "lang", "en", "language of the texts: en, sv or da")
	return cmd
}

// packs lists the packs in force, then the built-in ones that are not.
func (o *options) packs() ([]packInfo, error) {
	cfg, err := o.load()
	if err != nil {
		return nil, err
	}
	set, err := node.LoadRules(cfg.Policy)
	if err != nil {
		return nil, err
	}
	names, err := policy.PackNames()
	if err != nil {
		return nil, err
	}
	all, err := policy.Builtin(names, cfg.Policy.Values)
	if err != nil {
		return nil, err
	}
	out := []packInfo{}
	for _, p := range set.Packs() {
		out = append(out, packOf(p, true))
	}
	for _, p := range all.Packs() {
		if !slices.Contains(cfg.Policy.Packs, p.Name) {
			out = append(out, packOf(p, false))
		}
	}
	return out, nil
}

func packOf(p policy.Pack, inForce bool) packInfo {
	info := packInfo{Name: p.Name, BuiltIn: p.BuiltIn, InForce: inForce, Organisation: p.Organisation, Rules: p.Rules, Parameters: []parameterInfo{}}
	if p.Title.EN != "" {
		info.Title = texts(p.Title)
	}
	for _, q := range p.Parameters {
		info.Parameters = append(info.Parameters, parameterInfo{Name: q.Name, Says: texts(q.Says), Default: q.Default, Value: q.Value})
	}
	return info
}

func showPack(w io.Writer, p packInfo, lang string) {
	state := "in force"
	if !p.InForce {
		state = "not in force"
	}
	if !p.BuiltIn {
		state += ", your own"
	}
	fmt.Fprintf(w, "%s  %s\n", p.Name, in(p.Title, lang))
	if p.Organisation != "" {
		fmt.Fprintf(w, "    %s\n", p.Organisation)
	}
	fmt.Fprintf(w, "    %s, %s\n", words.Count(p.Rules, "rule"), state)
	for _, q := range p.Parameters {
		fmt.Fprintf(w, "    %s = %q", q.Name, q.Value)
		if q.Value != q.Default {
			fmt.Fprintf(w, " (%q where it is not set)", q.Default)
		}
		fmt.Fprintf(w, ": %s\n", in(q.Says, lang))
	}
	fmt.Fprintln(w)
}
