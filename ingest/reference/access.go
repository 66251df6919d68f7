package reference

import (
	"errors"
	"strings"

	"linesman/ingest"
	"linesman/ingest/table"
	"linesman/schema"
	"linesman/schema/remark"
)

// maxPurpose is the length of a purpose in characters.
const maxPurpose = 200

// accessKind reads who may read what. Login names become pseudonyms, whatever case they are
// written in.
func accessKind() kind {
	const who, role, unit, purpose, approver, from, to, id = 0, 1, 2, 3, 4, 5, 6, 7
	return kind{
		name: "access_grants", marks: []string{"who", "role"}, text: []int{who, unit, purpose, approver, id},
		columns: []table.Column{{Name: "who", Field: "who", Needed: true}, {Name: "role", Field: "role", Needed: true}, {Name: "unit", Field: "unit_id", Needed: true},
			{Name: "purpose", Field: "purpose", Needed: true}, {Name: "approver", Field: "approver", Needed: true},
			{Name: "valid_from", Field: "valid_from", Needed: true}, {Name: "valid_to", Field: "valid_to", Needed: true}, {Name: "grant_id", Field: "grant_id"}},
		read: func(w *row, out ingest.Sink) (*ingest.Reject, error) {
			g := schema.AccessGrant{Who: w.login(who), Role: w.oneOf(role, schema.Roles()...), UnitID: w.text(unit), Purpose: w.purpose(purpose),
				Approver: w.login(approver), GrantID: w.grantID(id), FileRow: w.line.Number}
			g.ValidFrom, g.ValidTo = w.valid(from, to)
			g.StatedAt = w.stated()
			openCase := g.Role == schema.RolePersonLevel
			switch {
			case w.bad != nil:
			case g.Who == "":
				w.fail(who, table.ErrMissing)
			case openCase && g.Purpose == "":
				w.refuse(purpose, ingest.CodeMissing, "rows of single persons are read for a purpose")
			case openCase && g.Approver == "":
				w.refuse(approver, ingest.CodeMissing, "somebody has to approve that rows of single persons are read")
			case openCase && g.ValidTo == 0:
				w.refuse(to, ingest.CodeMissing, "that rows of single persons may be read ends on a day")
			case g.Approver == g.Who:
				w.refuse(approver, ingest.CodeRange, "nobody approves what they may read themselves")
			}
			if w.bad != nil {
				return w.bad, nil
			}
			if g.GrantID == "" {
				g.GrantID = schema.NewID("access-grant", g.Who, g.Role, g.UnitID).String()
			}
			g.EventID = eventID(w, schema.AccessGrantTable(), &g)
			return nil, out.AccessGrant(&g)
		},
	}
}

// login turns a login name into a pseudonym; empty stays empty.
func (w *row) login(col int) string {
	name := schema.Login(w.text(col))
	if name == "" || w.bad != nil {
		return ""
	}
	return w.f.key.Person(name)
}

// grantID reads the organisation's own identity of a grant; it is shown, so it names nobody.
func (w *row) grantID(col int) string {
	id := w.text(col)
	if strings.ContainsAny(id, "@＠") {
		w.refuse(col, ingest.CodeRange, "it holds an address; leave it out")
	}
	return id
}

// purpose reads what rows of single persons are wanted for. It names nobody.
func (w *row) purpose(col int) string {
	text := string(w.line.Get(col))
	switch err := remark.Check(text, maxPurpose); {
	case errors.Is(err, remark.ErrPersonnummer):
		w.refuse(col, ingest.CodePersonnummer, err.Error())
	case err != nil:
		w.refuse(col, ingest.CodeRange, err.Error())
	}
	return text
}
