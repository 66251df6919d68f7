package reference

import (
	"strings"
	"testing"

	"linesman/ingest"
	"linesman/ingest/ingesttest"
	"linesman/schema"
)

// stated is a sink that keeps when statements were made.
type stated struct {
	ingesttest.Recorder
	at []schema.Time
}

func (s *stated) keep(at schema.Time, err error) error {
	s.at = append(s.at, at)
	return err
}

func (s *stated) Unit(u *schema.Unit) error { return s.keep(u.StatedAt, s.Recorder.Unit(u)) }

func (s *stated) CostCentre(c *schema.CostCentre) error {
	return s.keep(c.StatedAt, s.Recorder.CostCentre(c))
}
func (s *stated) Line(l *schema.Line) error { return s.keep(l.StatedAt, s.Recorder.Line(l)) }

func (s *stated) NumberRange(n *schema.NumberRange) error {
	return s.keep(n.StatedAt, s.Recorder.NumberRange(n))
}

func (s *stated) Approval(a *schema.Approval) error {
	return s.keep(a.StatedAt, s.Recorder.Approval(a))
}
func (s *stated) Price(p *schema.Price) error { return s.keep(p.StatedAt, s.Recorder.Price(p)) }
func (s *stated) Goal(g *schema.Goal) error   { return s.keep(g.StatedAt, s.Recorder.Goal(g)) }

func (s *stated) Equipment(e *schema.Equipment) error {
	return s.keep(e.StatedAt, s.Recorder.Equipment(e))
}
func (s *stated) Employment(e *schema.Employment) error {
	return s.keep(e.StatedAt, s.Recorder.Employment(e))
}
func (s *stated) TelephoneHours(h *schema.TelephoneHours) error {
	return s.keep(h.StatedAt, s.Recorder.TelephoneHours(h))
}

// oneOfEach is a header and a good row of every kind, and the event id that the row had before
// there was a column stated_at.
func oneOfEach() map[string][3]string {
	return map[string][3]string{
		"units":           {"unit_id;name;parent_id;cost_centre;employees;valid_from;valid_to", "SE2321000016-B2;Akuten;;0110;140;2020-01-01;", "2b015b77fa978daf1e9aa834a6e88ef8"},
		"cost_centres":    {"cost_centre;name;valid_from;valid_to", "0110;Akuten;2020-01-01;", "02d4738eb60174dcc5d7f0fe4cf15018"},
		"lines":           {"number;extension;kind;role;holder;unit_id;cost_centre;operator;plan;sim_status;valid_from;valid_to", "+46104761234;61234;fixed;personal;;SE2321000016-B2;0110;;;;2025-01-01;", "102f9c8892c1567b3157eb8cdf1d7f5d"},
		"number_ranges":   {"first;last;name;valid_from;valid_to", "+46104760000;+46104769999;Serie;2020-01-01;", "3869df644045aae255c15a600debb15a"},
		"approvals":       {"approval_id;kind;number;unit_id;countries;approved_by;decided_at;valid_from;valid_to", "R-1;trip;;SE2321000016-B2;NO;chef1;2026-01-01;2026-02-01;", "b4277386298220af1fba8350b672cdfa"},
		"prices":          {"book;version;row;operator;plan;service;other_class;other_country;zone;per;price;opening;first_s;next_s;currency;valid_from;valid_to", "N;2026;1;;;sms;;;home;SMS;0,30;0;;;SEK;2026-01-01;", "37bbb6c37f6c300feb64c254129962b0"},
		"equipment":       {"item_id;kind;number;holder;unit_id;handed_out;returned;lost_at;blocked_at", "INV-1;mobile;+46701234567;anst4711;SE2321000016-B2;2025-03-01;;;", "c1b045a2451e5e1fa73a3b1e8ecd2e70"},
		"employments":     {"holder;state;unit_id;valid_from;valid_to", "anst4711;leave;SE2321000016-B2;2026-01-01;", "035524a10c55d467d49149c01476b1db"},
		"telephone_hours": {"number;unit_id;weekday;opens;closes;valid_from;valid_to", "+46104761234;;1;08:00;10:30;2026-01-01;", "630fa88c6550f3b671b98a065f517557"},
		"goals":           {"goal_id;metric;unit_id;cost_centre;baseline;target;target_date;owner;valid_from;valid_to", "G-1;watches_open;SE2321000016-B2;;160;120;2026-12-31;Chef;2026-01-01;", "42dc140f737df4af4573b6602c0366e8"},
	}
}

// When a statement was made is part of it: A, B, and A again later are three. Without it the
// ids are those that logs hold already.
func TestStatedAt(t *testing.T) {
	for kind, c := range oneOfEach() {
		t.Run(kind, func(t *testing.T) {
			var old stated
			if _, err := read(t, c[0]+"\n"+c[1]+"\n", &old); err != nil || len(old.IDs) != 1 || len(old.Rejects) > 0 {
				t.Fatalf("%d records, %v, error %v", len(old.IDs), old.Rejects, err)
			}
			if old.IDs[0].String() != c[2] {
				t.Errorf("id %s, it was %s", old.IDs[0], c[2])
			}
			var s stated
			times := []string{"", "2026-03-01", "2026-03-01 08:00:00", "2026-03-01T08:00:00+01:00", "2026-03-01T08:00:00Z", "2026-03-01"}
			sum, err := read(t, c[0]+";stated_at\n"+c[1]+";"+strings.Join(times, "\n"+c[1]+";")+"\n", &s)
			if err != nil || len(s.Rejects) > 0 || sum.Profile != kind || len(sum.Notices) > 0 {
				t.Fatalf("%s, notices %v, rejects %v, error %v", sum.Profile, sum.Notices, s.Rejects, err)
			}
			want := []string{"-", "2026-02-28T23:00:00.000Z", "2026-03-01T07:00:00.000Z", "2026-03-01T07:00:00.000Z", "2026-03-01T08:00:00.000Z", "2026-02-28T23:00:00.000Z"}
			for i, at := range s.at {
				if at.String() != want[i] {
					t.Errorf("stated at %s, want %s", at, want[i])
				}
			}
			id := s.IDs
			if id[0] != old.IDs[0] || id[1] == id[0] || id[2] == id[1] || id[3] != id[2] || id[4] == id[3] || id[5] != id[1] {
				t.Errorf("ids %v: each moment is a statement, none is the old one", id)
			}
			if last := sum.Columns[len(sum.Columns)-1]; last.Field != "stated_at" {
				t.Errorf("column %q feeds %q", last.Column, last.Field)
			}
		})
	}
}

func TestStatedAtRefused(t *testing.T) {
	c := oneOfEach()["units"]
	for _, x := range []struct{ at, code string }{{"yesterday", ingest.CodeTime}, {"1970-01-01", ingest.CodeRange}, {"2026-03-21 13:00:01", ingest.CodeRange}, {"2062-03-01", ingest.CodeRange}, {"2026-02-30", ingest.CodeTime}} {
		var s stated
		if _, err := read(t, c[0]+";stated_at\n"+c[1]+";"+x.at+"\n"+c[1]+";2026-03-21 12:59:59\n", &s); err != nil || len(s.Rejects) != 1 || len(s.at) != 1 {
			t.Fatalf("%s: %d records, rejects %v, error %v", x.at, len(s.at), s.Rejects, err)
		}
		if j := s.Rejects[0]; j.Row != 2 || j.Column != "stated_at" || j.Code != x.code || strings.Contains(j.Reason, x.at) {
			t.Errorf("%s: %+v", x.at, j)
		}
	}
}
