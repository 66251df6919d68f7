package node

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

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

// PublishedReports lists what was published, the newest month first.
func (n *Node) PublishedReports(ctx context.Context) ([]PublishedReport, error) {
	if n.engine == nil {
		return nil, ErrOnlyCollects
	}
	all, err := n.publications(ctx, "kind IN ('report', 'correction')")
	if err != nil {
		return nil, err
	}
	inOrder(all)
	all = slices.CompactFunc(all, func(a, b publication) bool { return a.PublicationID == b.PublicationID && a.Revision == b.Revision })
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
		if one.Files, err = n.keepFiles(p, false); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, rows.Err()
}

// inOrder puts the newest month first, and a report before its notes.
func inOrder(all []publication) {
	slices.SortFunc(all, func(a, b publication) int {
		return cmp.Or(-cmp.Compare(a.Month, b.Month), strings.Compare(a.ScopeKind, b.ScopeKind), strings.Compare(a.ScopeID, b.ScopeID), strings.Compare(a.Language, b.Language), cmp.Compare(a.Revision, b.Revision), cmp.Compare(a.Offset, b.Offset))
	})
}
