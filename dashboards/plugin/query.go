package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"golang.org/x/sync/errgroup"
)

const (
	atOnce  = 4  // requests of one dashboard under way
	maxEach = 26 // queries that the server takes at once
)

// batch is what can be asked in one request: queries with the same time range.
type batch struct {
	span    backend.TimeRange
	refs    []string
	queries []json.RawMessage
}

// QueryData hands the queries to the server on behalf of who asks. Each has its own result or
// its own error, in the server's words; notices and the statement that was run come along.
func (d *Datasource) QueryData(ctx context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	out := backend.NewQueryDataResponse()
	who, err := callerOf(req.PluginContext.User, single(req.Headers))
	if err != nil {
		err = failed(http.StatusForbidden, "%s", err.Error())
	}
	if d.fault != nil {
		err = failed(http.StatusBadRequest, "%s", d.fault.Error())
	}
	if err != nil {
		for _, q := range req.Queries {
			out.Responses[q.RefID] = refused(err)
		}
		return out, nil
	}
	batches := d.batches(req.Queries, out.Responses)
	answers := make([]backend.Responses, len(batches))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, b := range batches {
		group.Go(func() error {
			answers[i] = d.ask(ctx, who, b)
			return nil
		})
	}
	_ = group.Wait() // answers carry their own errors
	for i, b := range batches {
		for _, ref := range b.refs {
			out.Responses[ref] = answers[i][ref]
		}
	}
	return out, nil
}

// batches groups queries by time range. What cannot be read gets its error at once.
func (d *Datasource) batches(queries []backend.DataQuery, bad backend.Responses) []*batch {
	var out []*batch
	open := map[[2]int64]*batch{}
	for _, q := range queries {
		raw, err := d.complete(q)
		if err != nil {
			bad[q.RefID] = refused(failed(http.StatusBadRequest, "the query cannot be read: %s", err.Error()))
			continue
		}
		span := [2]int64{q.TimeRange.From.UnixMilli(), q.TimeRange.To.UnixMilli()}
		b := open[span]
		if b == nil || len(b.refs) == maxEach {
			b = &batch{span: q.TimeRange}
			open[span] = b
			out = append(out, b)
		}
		b.refs, b.queries = append(b.refs, q.RefID), append(b.queries, raw)
	}
	return out
}

// complete gives a query the id that Grafana knows it by, and a language if it has none.
func (d *Datasource) complete(q backend.DataQuery) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(q.JSON, &fields); err != nil {
		return nil, err
	}
	if fields == nil {
		fields = map[string]json.RawMessage{}
	}
	ref, err := json.Marshal(q.RefID)
	if err != nil {
		return nil, err
	}
	fields["refId"] = ref
	if _, ok := fields["lang"]; !ok && d.lang != "" {
		if fields["lang"], err = json.Marshal(d.lang); err != nil {
			return nil, err
		}
	}
	return json.Marshal(fields)
}

// ask sends one batch and says of each of its queries what became of it.
func (d *Datasource) ask(ctx context.Context, who caller, b *batch) backend.Responses {
	out := backend.Responses{}
	got, err := d.answer(ctx, who, b)
	for _, ref := range b.refs {
		switch r, ok := got[ref]; {
		case err != nil:
			out[ref] = refused(err)
		case !ok:
			out[ref] = refused(failed(http.StatusBadGateway, "Linesman did not answer this query"))
		default:
			out[ref] = checked(r)
		}
	}
	return out
}

func (d *Datasource) answer(ctx context.Context, who caller, b *batch) (backend.Responses, error) {
	body, err := json.Marshal(map[string]any{
		"from": strconv.FormatInt(b.span.From.UnixMilli(), 10), "to": strconv.FormatInt(b.span.To.UnixMilli(), 10), "queries": b.queries,
	})
	if err != nil {
		return nil, fmt.Errorf("writing the queries: %w", err)
	}
	raw, err := d.client.ask(ctx, who, http.MethodPost, []string{"api", "ds", "query"}, nil, body, maxAnswer)
	if err != nil {
		return nil, err
	}
	var got backend.QueryDataResponse
	if err := json.Unmarshal(raw, &got); err != nil || got.Responses == nil {
		return nil, failed(http.StatusBadGateway, "the address answers, but not as Linesman does")
	}
	return got.Responses, nil
}

// checked makes sure that an answer can be sent on: one frame with columns of unequal lengths
// would take the answers of all other panels with it.
func checked(r backend.DataResponse) backend.DataResponse {
	if r.Error != nil {
		status := int(r.Status)
		if status < 400 || status > 599 {
			status = http.StatusBadGateway
		}
		return refused(&failure{status, cut(r.Error.Error())})
	}
	for _, f := range r.Frames {
		if f == nil {
			return refused(failed(http.StatusBadGateway, "the answer holds no table"))
		}
		if _, err := f.RowLen(); err != nil {
			return refused(failed(http.StatusBadGateway, "the answer holds columns of unequal lengths"))
		}
		lead(f)
	}
	return r
}

// lead turns links to pages of the console into links to the dashboards that show the same here.
func lead(f *data.Frame) {
	for _, field := range f.Fields {
		if field.Config == nil {
			continue
		}
		for i, l := range field.Config.Links {
			if id, ok := strings.CutPrefix(l.URL, "/violations/"); ok {
				field.Config.Links[i].URL = "/d/violation-evidence?var-violation=" + id
			}
		}
	}
}

func refused(err error) backend.DataResponse {
	f := failureOf(err)
	return backend.ErrDataResponseWithSource(backend.Status(f.status), backend.ErrorSourceDownstream, f.words)
}
