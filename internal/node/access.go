package node

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"

	"linesman/internal/broker"
	"linesman/processors/store"
	"linesman/schema"
)

// person is what a pseudonym of a person looks like. Nothing else enters the access log as
// somebody, and no condition on the store.
var person = regexp.MustCompile(`^P[0-9A-HJKMNP-TV-Z]{13}$`)

// ErrNoPseudonym says that something names a person and is no pseudonym. It does not repeat it.
var ErrNoPseudonym = errors.New("that is no pseudonym of a person; linesman access who LOGIN tells somebody's")

// recordPatience is how long a read waits for the log before it is refused.
const recordPatience = 15 * time.Second

// Pseudonym returns the pseudonym of a login name, whatever case it is written in.
func (n *Node) Pseudonym(login string) string { return n.key.Person(schema.Login(login)) }

// RecordRead appends a read to the log and returns when it is there for good: rows of single
// persons are not handed out before. An event without id or moment gets one.
func (n *Node) RecordRead(ctx context.Context, r schema.AccessRead) error {
	if err := checkRead(&r); err != nil {
		return fmt.Errorf("recording a read in the access log: %w", err)
	}
	if r.EventID.IsZero() {
		if _, err := rand.Read(r.EventID[:]); err != nil {
			return fmt.Errorf("recording a read in the access log: %w", err)
		}
	}
	if r.At == 0 {
		r.At = schema.TimeOf(time.Now())
	}
	ctx, cancel := context.WithTimeout(ctx, recordPatience)
	defer cancel()
	rec := broker.Record{Key: []byte(cmp.Or(r.Who, "-")), Value: schema.NewEncoder(schema.AccessReadTable()).Append(nil, &r), Time: r.At.UTC(),
		Headers: []broker.Header{{Key: schema.HeaderVersion, Value: []byte(schema.Version)}, {Key: schema.HeaderType, Value: []byte(schema.AccessReadTable().Record)}}}
	if _, err := n.broker.Produce(ctx, schema.TopicAccess, 0, []broker.Record{rec}); err != nil {
		return fmt.Errorf("recording a read in the access log: %w", err)
	}
	return nil
}

// longest is how long a text of a read may be, in bytes.
const longest = 1000

// checkRead refuses what would be no use in the log, or too much: a login instead of a pseudonym.
func checkRead(r *schema.AccessRead) error {
	switch {
	case r.Who != "" && !person.MatchString(r.Who):
		return ErrNoPseudonym
	case r.What == "":
		return errors.New("it does not say what was read")
	case r.Outcome != schema.AccessAllowed && r.Outcome != schema.AccessDenied:
		return errors.New("its outcome is neither allowed nor denied")
	case r.Way != schema.WayConsole && r.Way != schema.WayGrafana && r.Way != schema.WayAlert:
		return errors.New("it does not say which way it was read")
	case max(len(r.Roles), len(r.What), len(r.Subject), len(r.UnitID), len(r.GrantID), len(r.Purpose)) > longest:
		return fmt.Errorf("one of its texts is longer than %d bytes", longest)
	}
	return nil
}

// GrantsRequest says which grants of access are asked for.
type GrantsRequest struct {
	At  schema.Day // those that hold at some time of this day; 0: those that hold now
	All bool       // whenever they hold
	Who string     // of this person only (a pseudonym); empty: everybody
}

// Grant is a grant of access as commands show it.
type Grant struct {
	ID        string    `json:"id"`
	Who       string    `json:"who"`
	Role      string    `json:"role"`
	Unit      string    `json:"unit,omitempty"` // empty: the whole organisation
	UnitName  string    `json:"unit_name,omitempty"`
	Purpose   string    `json:"purpose,omitempty"`
	Approver  string    `json:"approver,omitempty"`
	ValidFrom time.Time `json:"valid_from"`
	ValidTo   time.Time `json:"valid_to,omitzero"` // zero: until further notice
}

// Grants lists who may read what, by person, role and unit.
func (n *Node) Grants(ctx context.Context, req GrantsRequest) ([]Grant, error) {
	if n.engine == nil {
		return nil, ErrOnlyCollects
	}
	where, err := n.grantsWhere(req)
	if err != nil {
		return nil, err
	}
	names, err := n.unitNames(ctx)
	if err != nil {
		return nil, err
	}
	out := []Grant{}
	err = store.Scan(ctx, n.store, schema.AccessGrantTable(), where, func(g *schema.AccessGrant) error {
		one := Grant{ID: g.GrantID, Who: g.Who, Role: g.Role, Unit: g.UnitID, UnitName: names[g.UnitID], Purpose: g.Purpose, Approver: g.Approver, ValidFrom: g.ValidFrom.UTC()}
		if g.ValidTo != 0 {
			one.ValidTo = g.ValidTo.UTC()
		}
		out = append(out, one)
		return nil
	})
	slices.SortFunc(out, func(a, b Grant) int {
		return cmp.Or(cmp.Compare(a.Who, b.Who), cmp.Compare(a.Role, b.Role), cmp.Compare(a.Unit, b.Unit), a.ValidFrom.Compare(b.ValidFrom), cmp.Compare(a.ID, b.ID))
	})
	return out, err
}

// grantsWhere is the condition of the grants that are asked for.
func (n *Node) grantsWhere(req GrantsRequest) (string, error) {
	where := "1"
	if req.Who != "" {
		if !person.MatchString(req.Who) {
			return "", ErrNoPseudonym
		}
		where += " AND who = '" + req.Who + "'"
	}
	if req.All {
		return where, nil
	}
	from := schema.TimeOf(time.Now())
	until := from + 1
	if req.At != 0 {
		zone, err := time.LoadLocation(n.cfg.Zone)
		if err != nil {
			return "", err
		}
		from, until = req.At.Start(zone), (req.At + 1).Start(zone)
	}
	return fmt.Sprintf("%s AND valid_from < fromUnixTimestamp64Milli(%d, 'UTC') AND (valid_to <= fromUnixTimestamp64Milli(0, 'UTC') OR valid_to > fromUnixTimestamp64Milli(%d, 'UTC'))", where, until, from), nil
}

// unitNames returns the names that units have now.
func (n *Node) unitNames(ctx context.Context) (map[string]string, error) {
	rows, err := n.store.Conn().Query(store.Exact(ctx), "SELECT toString(unit_id), toString(name) FROM units_now")
	if err != nil {
		return nil, fmt.Errorf("reading the names of units: %w", err)
	}
	defer rows.Close()
	names := map[string]string{}
	var id, name string
	for rows.Next() {
		if err := rows.Scan(&id, &name); err != nil {
			return nil, fmt.Errorf("reading the names of units: %w", err)
		}
		names[id] = name
	}
	return names, rows.Err()
}

// AccessLogRequest says which reads are asked for.
type AccessLogRequest struct {
	Who   string     // of this person only (a pseudonym); empty: everybody
	Since schema.Day // from this day on; 0: all
	Limit int        // most reads; 0: DefaultReads
}

// DefaultReads is how many reads are listed unless asked otherwise, MostReads how many at most.
const (
	DefaultReads = 100
	MostReads    = 100_000
)

// Read is one read of the access log as commands show it.
type Read struct {
	At      time.Time `json:"at"`
	Who     string    `json:"who,omitempty"` // empty: nobody known
	Way     string    `json:"way"`
	Roles   string    `json:"roles,omitempty"`
	What    string    `json:"what"`
	Subject string    `json:"subject,omitempty"`
	Unit    string    `json:"unit,omitempty"`
	Grant   string    `json:"grant,omitempty"`
	Purpose string    `json:"purpose,omitempty"`
	Outcome string    `json:"outcome"`
	Rows    uint64    `json:"rows"`
}

// AccessLog is a part of the access log.
type AccessLog struct {
	Reads []Read `json:"reads"` // the latest first
	More  bool   `json:"more"`  // there are earlier ones that were asked for, too
}

// AccessLog lists who read rows of single persons, the latest first. It shows every read that
// was in the log when it was asked.
func (n *Node) AccessLog(ctx context.Context, req AccessLogRequest) (AccessLog, error) {
	out := AccessLog{Reads: []Read{}}
	if n.engine == nil {
		return out, ErrOnlyCollects
	}
	where, limit := "1", min(cmp.Or(req.Limit, DefaultReads), MostReads)
	if limit < 1 {
		return out, errors.New("a list of reads has at least one")
	}
	if req.Who != "" {
		if !person.MatchString(req.Who) {
			return out, ErrNoPseudonym
		}
		where += " AND who = '" + req.Who + "'"
	}
	if req.Since != 0 {
		zone, err := time.LoadLocation(n.cfg.Zone)
		if err != nil {
			return out, err
		}
		where += fmt.Sprintf(" AND at >= fromUnixTimestamp64Milli(%d, 'UTC')", req.Since.Start(zone))
	}
	_, next, err := n.broker.Offsets(ctx, schema.TopicAccess, 0)
	if err != nil {
		return out, err
	}
	if err := (caseWaiter{n}).WaitStored(ctx, schema.TopicAccess, 0, uint64(next)); err != nil {
		return out, fmt.Errorf("waiting until the access log is stored: %w", err)
	}
	err = store.Scan(ctx, n.store, schema.AccessReadTable(), fmt.Sprintf("%s ORDER BY at DESC, log_offset DESC LIMIT %d", where, limit+1), func(a *schema.AccessRead) error {
		out.Reads = append(out.Reads, Read{At: a.At.UTC(), Who: a.Who, Way: a.Way, Roles: a.Roles, What: a.What, Subject: a.Subject, Unit: a.UnitID, Grant: a.GrantID, Purpose: a.Purpose, Outcome: a.Outcome, Rows: a.Rows})
		return nil
	})
	if len(out.Reads) > limit {
		out.Reads, out.More = out.Reads[:limit], true
	}
	return out, err
}

// loginBody carries a login name in the body of a request: it stands in no address and no log.
type loginBody struct {
	Login string `json:"login"`
}

// WhoIs returns the pseudonym of a login name.
func (n *Node) WhoIs(_ context.Context, login string) (string, error) {
	if schema.Login(login) == "" {
		return "", errors.New("a login name is missing")
	}
	return n.Pseudonym(login), nil
}

func (n *Node) handleAccess(mux *http.ServeMux) {
	mux.HandleFunc("GET /v1/access/grants", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func(func(Progress)) (any, error) {
			q := r.URL.Query()
			at, err := askedDay(q.Get("at"))
			if err != nil {
				return nil, err
			}
			return n.Grants(r.Context(), GrantsRequest{At: at, All: q.Get("all") == "true", Who: q.Get("who")})
		})
	})
	mux.HandleFunc("GET /v1/access/log", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func(func(Progress)) (any, error) {
			q := r.URL.Query()
			since, err := askedDay(q.Get("since"))
			if err != nil {
				return nil, err
			}
			limit, err := strconv.Atoi(q.Get("limit"))
			if err != nil {
				return nil, fmt.Errorf("limit: %w", err)
			}
			return n.AccessLog(r.Context(), AccessLogRequest{Who: q.Get("who"), Since: since, Limit: limit})
		})
	})
	mux.HandleFunc("POST /v1/access/who", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func(func(Progress)) (any, error) {
			var in loginBody
			if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&in); err != nil {
				return nil, errors.New("a login name is missing")
			}
			return n.WhoIs(r.Context(), in.Login)
		})
	})
}

// Grants asks the running node who may read what.
func (c *Client) Grants(ctx context.Context, req GrantsRequest) (out []Grant, err error) {
	q := url.Values{"who": {req.Who}, "all": {strconv.FormatBool(req.All)}}
	if req.At != 0 {
		q.Set("at", req.At.String())
	}
	return out, c.call(ctx, http.MethodGet, "/v1/access/grants?"+q.Encode(), nil, nil, &out)
}

// AccessLog asks the running node who read rows of single persons.
func (c *Client) AccessLog(ctx context.Context, req AccessLogRequest) (out AccessLog, err error) {
	q := url.Values{"who": {req.Who}, "limit": {strconv.Itoa(req.Limit)}}
	if req.Since != 0 {
		q.Set("since", req.Since.String())
	}
	return out, c.call(ctx, http.MethodGet, "/v1/access/log?"+q.Encode(), nil, nil, &out)
}

// WhoIs asks the running node for the pseudonym of a login name.
func (c *Client) WhoIs(ctx context.Context, login string) (out string, err error) {
	body, err := json.Marshal(loginBody{login})
	if err != nil {
		return "", err
	}
	return out, c.call(ctx, http.MethodPost, "/v1/access/who", bytes.NewReader(body), nil, &out)
}
