package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"linesman/internal/node"
	"linesman/internal/words"
)

func statusCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "How the running linesman is, hop by hop",
		Example: `  linesman status
  linesman status --json --data /var/lib/linesman`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := o.load()
			if err != nil {
				return err
			}
			client, err := node.Dial(cmd.Context(), cfg.Data)
			if err != nil {
				return fmt.Errorf("%w: start it with linesman up --data %s", err, cfg.Data)
			}
			s, err := client.Status(cmd.Context())
			if err != nil {
				return err
			}
			if o.json {
				return printJSON(s)
			}
			fmt.Printf("linesman %s since %s: %s usage rows, %s, %s done, %d failed\n", s.Version, s.Started.Format("2006-01-02 15:04:05Z"), words.Thousands(s.Rows), words.Count(int(s.Violations), "violation"), words.Count(int(s.FilesDone), "file"), s.FilesFailed)
			for _, h := range s.Hops {
				mark := "ok  "
				if !h.OK {
					mark = "FAIL"
				}
				fmt.Printf("%s %-9s %s\n", mark, h.Name, h.Detail)
			}
			return nil
		},
	}
}

func versionCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Version of the program",
		Example: `  linesman version
  linesman version --json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := struct {
				Version  string `json:"version"`
				Revision string `json:"revision,omitempty"`
				Go       string `json:"go"`
				Platform string `json:"platform"`
			}{node.Version, "", runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						v.Revision = s.Value
					}
				}
			}
			if o.json {
				return printJSON(v)
			}
			_, err := fmt.Fprintf(os.Stdout, "linesman %s (%s, %s)\n", v.Version, v.Go, v.Platform)
			return err
		},
	}
}
