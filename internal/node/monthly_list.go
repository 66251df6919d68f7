package node

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/dashboards/report"
	"linesman/schema"
)

// PublishedReport is a monthly report or a correction note that was published.
type PublishedReport struct {
	Month       string       `json:"month"` // yyyy-mm
	Scope       report.Scope `json:"scope"`
	Language    string       `json:"language"`
	Kind        string       `json:"kind"` // report or correction
	Revision    uint32       `json:"revision"`
	Name        string       `json:"name"` // of its files, without ending
	PublishedAt time.Time    `json:"published_at"`
	Reason      string       `json:"reason"`
	Figures     int          `json:"figures"`
	Changes     int          `json:"changes,omitempty"` // of a correction note
	Mailed      int          `json:"mailed"`            // to how many addresses
	Files       string       `json:"files,omitempty"`   // what is wrong with its files; empty: nothing
	SHA256      string       `json:"sha256"`            // of the HTML
	PDFSHA256   string       `json:"pdf_sha256"`
}

// PublishedFilter narrows which publications are listed.
type PublishedFilter struct {
	Month schema.Day // a day of the month; 0: every month
	Name  string     // of the files, without ending; empty: every one
}

// publishedBy reads the reports and correction notes of a filter, in order.
func (n *Node) publishedBy(ctx context.Context, f PublishedFilter) ([]publication, error) {
	where := "kind IN ('report', 'correction')"
	if f.Month != 0 {
		where += fmt.Sprintf(" AND month = '%s'", f.Month.Month())
	}
	if f.Name != "" {
		where += " AND name = " + sqlText(f.Name+".html")
	}
	all, err := n.publications(ctx, where)
	return firstOfEach(all), err
}

// PublishedReports lists what was published, the newest month first. Of each its files are read.
func (n *Node) PublishedReports(ctx context.Context, f PublishedFilter) ([]PublishedReport, error) {
	if n.engine == nil {
		return nil, ErrOnlyCollects
	}
	all, err := n.publishedBy(ctx, f)
	if err != nil {
		return nil, err
	}
	mailed := map[schema.ID]map[uint32]int{}
	rows, err := n.store.Conn().Query(ctx, "SELECT toString(publication_id), revision, toUInt64(uniqExact(event_id)) FROM publications WHERE kind = '"+schema.PublicationMailed+"' GROUP BY publication_id, revision SETTINGS final = 1")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id string
		var revision uint32
		var count uint64
		if err := rows.Scan(&id, &revision, &count); err != nil {
			return nil, err
		}
		key := schema.ID([]byte(id))
		if mailed[key] == nil {
			mailed[key] = map[uint32]int{}
		}
		mailed[key][revision] = int(count)
	}
	out := make([]PublishedReport, 0, len(all))
	for i := range all {
		p := &all[i]
		one := PublishedReport{Month: p.Month.String()[:len("2006-01")], Scope: p.Report.Scope, Language: p.Language, Kind: p.Kind, Revision: p.Revision, PublishedAt: p.PublishedAt.UTC(), Reason: p.Reason,
			Figures: len(p.Report.Figures), Mailed: mailed[p.PublicationID][p.Revision], SHA256: p.HTML, PDFSHA256: p.PDF}
		one.Name, _ = strings.CutSuffix(p.Name, ".html")
		if p.Note != nil {
			one.Changes = len(p.Note.Changes)
		}
		if one.Files, err = n.keepFiles(ctx, p, false); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, rows.Err()
}

// publishedScopes lists what reports of the month were published about.
func (b *monthlyBase) publishedScopes(ctx context.Context) ([]report.Scope, error) {
	if b.scoped != nil {
		return b.scoped, nil
	}
	list := []report.Scope{}
	err := b.each(ctx, fmt.Sprintf("SELECT DISTINCT toString(scope_kind) AS scope, scope_id FROM publications WHERE kind = '%s' AND month = '%s' ORDER BY scope, scope_id", schema.PublicationReport, b.month), func(rows driver.Rows) error {
		var s report.Scope
		err := rows.Scan(&s.Kind, &s.ID)
		list = append(list, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading what was published about %s: %w", b.month, err)
	}
	b.scoped = list
	return list, nil
}

// firstOfEach puts publications in order and leaves out all but the first in the log of each revision: two instances may
// have published the same at once.
func firstOfEach(all []publication) []publication {
	inOrder(all)
	return slices.CompactFunc(all, func(a, b publication) bool { return a.PublicationID == b.PublicationID && a.Revision == b.Revision })
}

// inOrder puts the newest month first, and a report before its notes.
func inOrder(all []publication) {
	slices.SortFunc(all, func(a, b publication) int {
		return cmp.Or(-cmp.Compare(a.Month, b.Month), strings.Compare(a.ScopeKind, b.ScopeKind), strings.Compare(a.ScopeID, b.ScopeID), strings.Compare(a.Language, b.Language), cmp.Compare(a.Revision, b.Revision), cmp.Compare(a.Offset, b.Offset))
	})
}
