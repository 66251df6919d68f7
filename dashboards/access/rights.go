package access

import (
	"maps"
	"slices"
	"time"

	"linesman/dashboards/query"
	"linesman/schema"
)

// units are some units, or all of them.
type units struct {
	all bool
	ids map[string]bool
}

func (u *units) add(more units) {
	if u.ids == nil {
		u.ids = map[string]bool{}
	}
	u.all = u.all || more.all
	maps.Copy(u.ids, more.ids)
}

func (u units) has(id string) bool { return u.all || id != "" && u.ids[id] }

func (u units) list() []string { return slices.Sorted(maps.Keys(u.ids)) }

// grant is a row of access_grants.
type grant struct {
	id, who, role, unit, purpose, approver string
	from, to                               time.Time // to zero: until further notice
}

func (g *grant) holds(at time.Time) bool {
	return !at.Before(g.from) && (g.to.IsZero() || at.Before(g.to))
}

// complete tells whether a grant says what its role demands. The collector refuses others; this
// is the second lock on the same door.
func (g *grant) complete() bool {
	switch g.role {
	case schema.RoleUnitManager, schema.RoleFinance:
		return true
	case schema.RolePersonLevel:
		return g.purpose != "" && g.approver != "" && g.approver != g.who && !g.to.IsZero()
	case schema.RoleDataProtectionOfficer, schema.RoleAdmin:
		return g.unit == "" // what they do has no units: who was meant to have less must not get all
	}
	return false
}

// unitRow is a row of units.
type unitRow struct {
	id, parent string
	from, to   time.Time
}

// tree answers which units are below one. Units that end, begin or move do so at their time.
type tree map[string][]string // rows of a unit's children by the parent's id

// treeAt is the tree as it stands at a time: of each unit the row that began last counts, and
// only while it lasts.
func treeAt(rows []unitRow, at time.Time) tree {
	last := map[string]unitRow{}
	for _, r := range rows {
		if old, ok := last[r.id]; !r.from.After(at) && (!ok || r.from.After(old.from)) {
			last[r.id] = r
		}
	}
	t := tree{}
	for id, r := range last {
		if id != "" && r.parent != "" && (r.to.IsZero() || at.Before(r.to)) {
			t[r.parent] = append(t[r.parent], id)
		}
	}
	return t
}

// below returns a unit and all below it. A tree that goes in circles is walked once.
func (t tree) below(unit string) map[string]bool {
	seen := map[string]bool{unit: true}
	for todo := []string{unit}; len(todo) > 0; {
		next := todo[0]
		todo = todo[1:]
		for _, child := range t[next] {
			if !seen[child] {
				seen[child] = true
				todo = append(todo, child)
			}
		}
	}
	return seen
}

// rightsOf adds the grants of one person up. The error is [ErrNoRights] when none of them holds.
func rightsOf(grants []grant, t tree) (Caller, error) {
	r := rights{has: map[Right]bool{}, roles: map[string]bool{}}
	for _, g := range grants {
		if g.complete() {
			r.add(g, t)
		}
	}
	if len(r.roles) == 0 {
		return Caller{}, ErrNoRights
	}
	return r.caller(), nil
}

// rights are being added up.
type rights struct {
	see, persons, steps units
	has                 map[Right]bool
	roles               map[string]bool
	opened              []Case
}

func (r *rights) add(g grant, t tree) {
	r.roles[g.role] = true
	of := units{all: g.unit == ""}
	if !of.all {
		of.ids = t.below(g.unit)
	}
	switch g.role {
	case schema.RoleUnitManager:
		r.see.add(of)
		r.steps.add(of)
		r.give(Figures)
	case schema.RoleFinance:
		r.see.add(of)
		r.give(Figures)
		if of.all {
			r.give(Money, Backtest)
		}
	case schema.RoleAdmin:
		r.see.add(of)
		r.steps.add(of)
		r.give(Figures, Money, Backtest, Operations, AccessLog)
	case schema.RoleDataProtectionOfficer:
		r.give(AccessLog)
	case schema.RolePersonLevel:
		r.see.add(of)
		r.persons.add(of)
		r.give(Figures)
		open := Case{GrantID: g.id, Purpose: g.purpose}
		if !of.all {
			open.Units = of.list()
		}
		r.opened = append(r.opened, open)
	}
}

func (r *rights) give(all ...Right) {
	for _, one := range all {
		r.has[one] = true
	}
}

func (r *rights) caller() Caller {
	c := Caller{Roles: slices.Sorted(maps.Keys(r.roles)), rights: slices.Sorted(maps.Keys(r.has)), steps: r.steps, opened: r.opened,
		Scope: query.Scope{All: r.see.all, Figures: r.has[Figures], AccessLog: r.has[AccessLog], Persons: query.Persons{All: r.persons.all}}}
	if !r.see.all {
		c.Scope.Units = r.see.list()
	}
	if !r.persons.all {
		c.Scope.Persons.Units = r.persons.list()
	}
	return c
}

// withoutPersons takes rows of single persons away: who is no person reads none, whatever was granted.
func (c Caller) withoutPersons() Caller {
	c.Scope.Persons, c.opened = query.Persons{}, nil
	c.Roles = slices.DeleteFunc(slices.Clone(c.Roles), func(r string) bool { return r == schema.RolePersonLevel })
	c.steps = units{}
	return c
}
