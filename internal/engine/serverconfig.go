package engine

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Cache sizes in bytes. The defaults of the engine are those of a large server.
const (
	markCache  = 256 << 20
	indexCache = 64 << 20
)

// grants is what a statement may do, whoever sends it: there is one user. Reaching files, other machines, other
// programs, and the process itself is not among it.
var grants = []string{
	"GRANT SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, CREATE DICTIONARY, CREATE TEMPORARY TABLE, CREATE FUNCTION, " +
		"DROP, TRUNCATE, OPTIMIZE, SHOW, UNDROP TABLE, KILL QUERY, dictGet, " +
		"SYSTEM RELOAD, SYSTEM FLUSH, SYSTEM MERGES, SYSTEM TTL MERGES, SYSTEM VIEWS, SYSTEM DROP CACHE ON *.*",
}

// tableEngines may be used in CREATE TABLE. The embedded engine itself enforces this only for engines that reach outside;
// httpd refuses the others.
var tableEngines = []string{"MergeTree", "ReplacingMergeTree", "AggregatingMergeTree", "SummingMergeTree", "CollapsingMergeTree",
	"VersionedCollapsingMergeTree", "CoalescingMergeTree", "Memory", "Null", "Dictionary", "View", "MaterializedView"}

// element is an XML element; the engine's configuration has no attributes.
type element struct {
	name string
	text string
	sub  []element
}

func leaf(name string, value any) element { return element{name: name, text: fmt.Sprint(value)} }

func (e element) write(b *bytes.Buffer, indent string) {
	fmt.Fprintf(b, "%s<%s>", indent, e.name)
	if len(e.sub) == 0 {
		_ = xml.EscapeText(b, []byte(e.text)) // a bytes.Buffer does not fail
		fmt.Fprintf(b, "</%s>\n", e.name)
		return
	}
	b.WriteByte('\n')
	for _, s := range e.sub {
		s.write(b, indent+"  ")
	}
	fmt.Fprintf(b, "%s</%s>\n", indent, e.name)
}

// serverConfig is the engine's config.xml. Background pools are small: an idle engine should cost nothing, and here
// merges compete with the program's own work for the same cores.
func serverConfig(cfg Config, usersFile string) element {
	c := []element{
		{name: "user_directories", sub: []element{{name: "users_xml", sub: []element{leaf("path", usersFile)}}}},
		leaf("timezone", "UTC"),
		leaf("max_server_memory_usage", cfg.MemoryLimit),
		leaf("mark_cache_size", markCache),
		leaf("index_mark_cache_size", indexCache),
		leaf("primary_index_cache_size", indexCache),
		leaf("uncompressed_cache_size", 0),
		leaf("index_uncompressed_cache_size", 0),
		leaf("query_condition_cache_size", 16<<20),
		leaf("compiled_expression_cache_size", 32<<20),
		leaf("background_pool_size", 2),
		leaf("background_move_pool_size", 1),
		leaf("background_fetches_pool_size", 1),
		leaf("background_common_pool_size", 2),
		leaf("background_buffer_flush_schedule_pool_size", 1),
		leaf("background_schedule_pool_size", 4),
		leaf("background_message_broker_schedule_pool_size", 1),
		leaf("background_distributed_schedule_pool_size", 1),
		// no addresses: dictionaries and functions cannot reach other machines
		{name: "remote_url_allow_hosts"},
		leaf("custom_settings_prefixes", "SQL_"),
		{name: "merge_tree", sub: []element{
			leaf("number_of_free_entries_in_pool_to_execute_mutation", 1),
			leaf("number_of_free_entries_in_pool_to_lower_max_size_of_merge", 1),
			leaf("number_of_free_entries_in_pool_to_execute_optimize_entire_partition", 1),
		}},
	}
	return element{name: "clickhouse", sub: c}
}

// usersConfig is the engine's users.xml: one user, limits and grants.
func usersConfig(cfg Config) element {
	perQuery := cfg.MemoryLimit / 4 * 3
	profile := []element{
		leaf("max_memory_usage", perQuery),
		// Large sorts and aggregations go to disk rather than fail.
		leaf("max_bytes_before_external_group_by", perQuery/2),
		leaf("max_bytes_before_external_sort", perQuery/2),
		leaf("async_insert", 0),
		leaf("session_timezone", "UTC"),
	}
	if cfg.Threads > 0 {
		profile = append(profile, leaf("max_threads", cfg.Threads))
	}
	var queries []element
	for _, g := range grants {
		queries = append(queries, leaf("query", g))
	}
	queries = append(queries, leaf("query", "GRANT TABLE ENGINE ON "+strings.Join(tableEngines, ", TABLE ENGINE ON ")))
	return element{name: "clickhouse", sub: []element{
		{name: "profiles", sub: []element{{name: "default", sub: profile}}},
		{name: "users", sub: []element{{name: "default", sub: []element{
			leaf("password", ""),
			{name: "networks", sub: []element{leaf("ip", "::/0")}},
			leaf("profile", "default"),
			leaf("quota", "default"),
			{name: "grants", sub: queries},
		}}}},
		{name: "quotas", sub: []element{{name: "default"}}},
	}}
}

// writeServerConfig writes both files into dir and gives the path of config.xml.
func writeServerConfig(dir string, cfg Config) (string, error) {
	users := filepath.Join(dir, "users.xml")
	config := filepath.Join(dir, "config.xml")
	for path, root := range map[string]element{users: usersConfig(cfg), config: serverConfig(cfg, users)} {
		var b bytes.Buffer
		b.WriteString("<!-- Written at every start. Changes are lost. -->\n")
		root.write(&b, "")
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			return "", fmt.Errorf("writing the engine's configuration: %w", err)
		}
	}
	return config, nil
}
