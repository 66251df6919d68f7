package console

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"linesman/dashboards/access"
	"linesman/dashboards/query"
)

// subjectLine is the kind of subject that is a person's: a line.
const subjectLine = "line"

// maySettle tells whether the caller may take steps about a case. A case of another unit is one
// that there is not.
func maySettle(r *http.Request, got CaseDetail) error {
	c, _ := access.Of(r.Context())
	if !c.MaySee(got.Unit) {
		return ErrCaseUnknown
	}
	if !c.MaySettle(got.Unit) {
		return fmt.Errorf("%w: steps are taken by who manages the unit", query.ErrScope)
	}
	return nil
}

// caseFor leaves of a case what the caller may see.
func (s *Server) caseFor(ctx context.Context, got *CaseDetail) error {
	c, _ := access.Of(ctx)
	if !c.MaySee(got.Unit) {
		return ErrCaseUnknown
	}
	if !c.MaySettle(got.Unit) {
		got.Choices = []CaseChoice{}
	}
	if hide(c, &got.Case) {
		return s.audit(ctx, query.Read{Metric: "case", Subject: got.ID, Unit: got.Unit, Rows: 1})
	}
	return nil
}

// listFor leaves of a list what the caller may see. The list was already asked for within their
// units; what is of another one all the same is an error of ours, and is not handed out.
func (s *Server) listFor(ctx context.Context, c access.Caller, got *CaseList) error {
	got.Units = slices.DeleteFunc(got.Units, func(u Unit) bool { return !c.MaySee(u.ID) })
	read := query.Read{Metric: "cases"}
	for i := range got.Cases {
		one := &got.Cases[i]
		if !c.MaySee(one.Unit) {
			return fmt.Errorf("%w: the list of cases has one of another unit", query.ErrScope)
		}
		if !hide(c, one) {
			continue
		}
		if read.Rows == 0 {
			read.Unit = one.Unit
		} else if read.Unit != one.Unit {
			read.Unit = ""
		}
		read.Rows++
	}
	if read.Rows == 0 {
		return nil
	}
	return s.audit(ctx, read)
}

// hide takes the line away that the caller may not see, and tells whether there is one that they see.
func hide(c access.Caller, one *Case) (shown bool) {
	if one.SubjectKind != subjectLine {
		return false
	}
	if !c.MaySeePersons(one.Unit) {
		one.Subject = ""
		return false
	}
	return one.Subject != ""
}
