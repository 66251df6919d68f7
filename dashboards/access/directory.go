package access

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Store is what the directory needs of the store: clickhouse-go's connection has it.
type Store interface {
	Query(ctx context.Context, query string, args ...any) (driver.Rows, error)
}

// How long what was read of the store holds: a grant that is withdrawn works for so long at most.
// With a store that does not answer it holds somewhat longer, then nobody is let in.
const (
	freshFor = 3 * time.Second
	staleFor = time.Minute
	loadTime = 10 * time.Second
)

// Directory knows the rights of everybody: the grants and the tree of units, as the store has
// them. Validity is looked at for each request, and by the second.
type Directory struct {
	store Store
	log   *slog.Logger
	now   func() time.Time

	mu     sync.Mutex
	loaded time.Time
	have   *register
}

// register is what was read at one time.
type register struct {
	grants map[string][]grant // by who
	units  []unitRow
}

// NewDirectory prepares a directory over a store.
func NewDirectory(store Store, log *slog.Logger) (*Directory, error) {
	if store == nil || log == nil {
		return nil, errors.New("a directory of rights needs a store and a log")
	}
	return &Directory{store: store, log: log, now: time.Now}, nil
}

// Rights returns what somebody may do at a time. The error is [ErrNoRights] when nothing was
// granted, and wraps [ErrUnavailable] when the store does not answer.
func (d *Directory) Rights(ctx context.Context, who string, at time.Time) (Caller, error) {
	reg, err := d.register(ctx)
	if err != nil {
		return Caller{}, err
	}
	var hold []grant
	for _, g := range reg.grants[who] {
		if g.holds(at) {
			hold = append(hold, g)
		}
	}
	if len(hold) == 0 {
		return Caller{}, ErrNoRights
	}
	c, err := rightsOf(hold, treeAt(reg.units, at))
	c.Who = who
	return c, err
}

// register returns what was read last, or reads it. One caller reads; the others wait for it.
func (d *Directory) register(ctx context.Context) (*register, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	age := d.now().Sub(d.loaded)
	if d.have != nil && age >= 0 && age < freshFor {
		return d.have, nil
	}
	// Who gives up must not make the others wait for another round.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTime)
	defer cancel()
	started := d.now()
	reg, err := d.load(ctx)
	if err == nil {
		d.have, d.loaded = reg, started
		return reg, nil
	}
	d.log.Warn("who may read what could not be read", "error", err)
	if d.have != nil && age >= 0 && age < staleFor {
		return d.have, nil
	}
	return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// The latest statement of each grant and unit is chosen by [register.add] and [treeAt]; the rows
// of both tables are few.
const (
	grantsSQL = "SELECT grant_id, who, toString(role), toString(unit_id), purpose, approver, toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to) FROM access_grants ORDER BY grant_id, valid_from SETTINGS final = 1"
	unitsSQL  = "SELECT toString(unit_id), toString(parent_id), toUnixTimestamp64Milli(valid_from), toUnixTimestamp64Milli(valid_to) FROM units ORDER BY unit_id, valid_from SETTINGS final = 1"
)

func (d *Directory) load(ctx context.Context) (*register, error) {
	reg := &register{grants: map[string][]grant{}}
	rows, err := d.store.Query(ctx, grantsSQL)
	if err != nil {
		return nil, fmt.Errorf("reading access grants: %w", err)
	}
	var last *grant
	err = each(rows, func() error {
		var g grant
		var from, to int64
		if err := rows.Scan(&g.id, &g.who, &g.role, &g.unit, &g.purpose, &g.approver, &from, &to); err != nil {
			return err
		}
		g.from, g.to = moment(from), moment(to)
		last = reg.add(g, last)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading access grants: %w", err)
	}
	if rows, err = d.store.Query(ctx, unitsSQL); err != nil {
		return nil, fmt.Errorf("reading units: %w", err)
	}
	err = each(rows, func() error {
		var u unitRow
		var from, to int64
		if err := rows.Scan(&u.id, &u.parent, &from, &to); err != nil {
			return err
		}
		u.from, u.to = moment(from), moment(to)
		reg.units = append(reg.units, u)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading units: %w", err)
	}
	return reg, nil
}

// add keeps a statement. It ends the one before about the same grant, where that would last longer.
func (r *register) add(g grant, last *grant) *grant {
	if last != nil && last.id == g.id && (last.to.IsZero() || last.to.After(g.from)) {
		last.to = g.from
	}
	r.grants[g.who] = append(r.grants[g.who], g)
	return &r.grants[g.who][len(r.grants[g.who])-1]
}

func each(rows driver.Rows, scan func() error) error {
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(); err != nil {
			return err
		}
	}
	return rows.Err()
}

// moment reads a column of time; 0 means that there is none.
func moment(milli int64) time.Time {
	if milli == 0 {
		return time.Time{}
	}
	return time.UnixMilli(milli).UTC()
}
