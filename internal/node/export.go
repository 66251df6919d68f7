package node

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/dashboards/messages"
	"linesman/dashboards/sheets"
	"linesman/processors/allocate"
	"linesman/processors/covered"
	"linesman/schema"
)

// Formats of exports.
const (
	ExportSIE     = "sie"
	ExportXLSX    = "xlsx"
	ExportCSV     = "csv"
	ExportParquet = "parquet"
	ExportArrow   = "arrow"
)

// ExportFormats lists the formats of exports.
func ExportFormats() []string {
	return []string{ExportSIE, ExportXLSX, ExportCSV, ExportParquet, ExportArrow}
}

// ExportRequest says what is to be exported.
type ExportRequest struct {
	Format string     `json:"format"`
	Month  schema.Day `json:"month"` // a day of the month; 0: the newest whole month that the data cover
	Lang   string     `json:"lang"`  // of words in it: sv or en

	Publish  bool    `json:"publish"`  // SIE: publish what is to be posted
	Revision *uint32 `json:"revision"` // SIE: of the voucher; nil: the first, or what was published now

	By           string `json:"by"`            // XLSX: a sheet for each unit or cost_centre
	DecimalComma bool   `json:"decimal_comma"` // CSV
	BOM          bool   `json:"bom"`           // CSV
}

// Exported is an export with its content.
type Exported struct {
	Format    string           `json:"format"`
	Month     string           `json:"month"` // its first day
	Name      string           `json:"name"`  // that a file of it would have
	MediaType string           `json:"media_type"`
	Rows      int              `json:"rows"`  // postings; of a voucher its transactions, of a workbook its sheets' rows
	Cost      schema.Money     `json:"cost"`  // of the month now, exact, without VAT
	VAT       schema.Money     `json:"vat"`   // exact
	Repay     schema.Money     `json:"repay"` // the part of cost that holders repay, exact
	Total     schema.Money     `json:"total"` // cost in whole öre; of a voucher what it posts
	SHA256    string           `json:"sha256"`
	Notices   []string         `json:"notices"`
	Voucher   *ExportedVoucher `json:"voucher,omitempty"`
	Content   []byte           `json:"content,omitempty"`
}

// Errors of Export.
var (
	ErrNothingToPost = errors.New("the month costs nothing: there is nothing to post")
	ErrNoRevision    = errors.New("there is no such voucher")
	ErrNoCompany     = errors.New("vouchers name the organisation: set ledger.company or organisation")
	errFormat        = fmt.Errorf("format: want one of %s", strings.Join(ExportFormats(), ", "))
)

// Export writes who bears the costs of a month in a format; a voucher is published if that is asked for.
func (n *Node) Export(ctx context.Context, req ExportRequest) (Exported, error) {
	if n.engine == nil {
		return Exported{}, ErrOnlyCollects
	}
	if !req.Publish {
		return n.export(ctx, req)
	}
	if req.Format != ExportSIE {
		return Exported{}, errors.New("publish: only vouchers (sie) are published")
	}
	n.posting.Lock()
	defer n.posting.Unlock()
	n.mu.Lock()
	serving := n.serving
	n.mu.Unlock()
	if serving {
		return n.export(ctx, req)
	}
	var out Exported
	err := n.exclusive(ctx, func(ctx context.Context) (err error) {
		if err = n.openPipeline(ctx); err != nil {
			return err
		}
		if err = n.catchUp(ctx, nil); err != nil {
			return err
		}
		if out, err = n.export(ctx, req); err != nil {
			return err
		}
		return n.catchUp(ctx, nil)
	})
	return out, err
}

// exporting is one export at work.
type exporting struct {
	n     *Node
	req   ExportRequest
	month allocate.Result
	texts messages.Texts
	zone  *time.Location
	units map[string]string // names
	cost  map[string]string // names of cost centres
	out   Exported
}

func (n *Node) export(ctx context.Context, req ExportRequest) (Exported, error) {
	e := &exporting{n: n, req: req}
	if err := e.prepare(ctx); err != nil {
		return Exported{}, err
	}
	var content bytes.Buffer
	var err error
	list := e.month.Postings
	switch req.Format {
	case ExportSIE:
		e.out.MediaType = "application/x-sie"
		err = e.voucher(ctx, &content)
	case ExportXLSX:
		e.out.MediaType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
		by := req.By
		if by == "" {
			by = sheets.ByUnit
		}
		if by != sheets.ByUnit && by != sheets.ByCostCentre {
			return Exported{}, fmt.Errorf("by: want %s or %s", sheets.ByUnit, sheets.ByCostCentre)
		}
		b := sheets.Workbook{Texts: e.texts, Organisation: n.cfg.Organisation, By: by, Month: e.month.Month, Units: e.units, Centres: e.cost}
		err = b.Write(&content, list)
	case ExportCSV:
		e.out.MediaType = "text/csv; charset=utf-8"
		err = sheets.CSV(&content, list, sheets.CSVOptions{DecimalComma: req.DecimalComma, BOM: req.BOM})
	case ExportParquet:
		e.out.MediaType = "application/vnd.apache.parquet"
		err = sheets.Parquet(&content, list)
	case ExportArrow:
		e.out.MediaType = "application/vnd.apache.arrow.file"
		err = sheets.Arrow(&content, list)
	default:
		err = errFormat
	}
	if err != nil {
		return Exported{}, err
	}
	sum := sha256.Sum256(content.Bytes())
	e.out.Content, e.out.SHA256 = content.Bytes(), hex.EncodeToString(sum[:])
	return e.out, nil
}

// prepare reads what every format needs.
func (e *exporting) prepare(ctx context.Context) (err error) {
	if e.texts, err = textsIn(e.req.Lang); err != nil {
		return err
	}
	if e.zone, err = time.LoadLocation(e.n.cfg.Zone); err != nil {
		return err
	}
	if e.req.Publish { // figures of what is in the log now
		if err = e.n.publicationsStored(ctx); err != nil {
			return err
		}
	}
	if e.month, err = e.n.Allocate(ctx, AllocateRequest{Month: e.req.Month}); err != nil {
		return err
	}
	e.month.Postings = repaidByAll(e.month.Postings)
	at := covered.Next(e.month.Month).Start(e.zone) - 1
	if e.units, err = e.names(ctx, "units", "unit_id", at); err != nil {
		return err
	}
	if e.cost, err = e.names(ctx, "cost_centres", "cost_centre", at); err != nil {
		return err
	}
	month := e.month.Month.String()
	e.out = Exported{Format: e.req.Format, Month: month, Name: "linesman-" + month[:7] + "." + e.req.Format, Rows: len(e.month.Postings), Cost: e.month.Cost, VAT: e.month.VAT, Total: e.month.Cost.RoundOre(), Notices: []string{}}
	for i := range e.month.Postings {
		if p := &e.month.Postings[i]; p.Repay {
			e.out.Repay += p.Cost
		}
	}
	for _, x := range e.month.Notices {
		e.out.Notices = append(e.out.Notices, e.texts.T("allocate.notice."+x.Code, "rule", x.Rule, "currency", x.Currency, "n", strconv.FormatUint(x.Records, 10), "records", strconv.FormatUint(x.Records, 10), "cost", x.Cost.String()))
	}
	return nil
}

// names reads what units or cost centres were called at a moment; of those that had ended, what they were
// called last.
// repaidByAll tells what holders repay for the organisation as a whole: by unit or cost centre it
// would tell in many a month what one person called. Who repays what stands in the list of
// repayments alone.
func repaidByAll(postings []schema.Posting) []schema.Posting {
	var out []schema.Posting
	at := map[schema.Posting]int{} // without amounts
	for _, p := range postings {
		if !p.Repay {
			out = append(out, p)
			continue
		}
		of := schema.Posting{Month: p.Month, Kind: p.Kind, Service: p.Service, Operator: p.Operator, Repay: true}
		i, ok := at[of]
		if !ok {
			i = len(out)
			at[of] = i
			out = append(out, of)
		}
		out[i].Records, out[i].Cost, out[i].VAT = out[i].Records+p.Records, out[i].Cost+p.Cost, out[i].VAT+p.VAT
	}
	return out
}

func (e *exporting) names(ctx context.Context, table, code string, at schema.Time) (map[string]string, error) {
	sql := fmt.Sprintf("SELECT toString(%s), argMax(toString(name), valid_from) FROM %s WHERE toUnixTimestamp64Milli(valid_from) <= %d GROUP BY 1 SETTINGS final = 1", code, table, int64(at))
	out := map[string]string{}
	rows, err := e.n.store.Conn().Query(ctx, sql)
	if err != nil {
		return nil, fmt.Errorf("reading names of %s: %w", table, err)
	}
	defer func(rows driver.Rows) { _ = rows.Close() }(rows)
	for rows.Next() {
		var id, name string
		if err := rows.Scan(&id, &name); err != nil {
			return nil, fmt.Errorf("reading names of %s: %w", table, err)
		}
		out[id] = name
	}
	return out, rows.Err()
}

func (n *Node) serveExport(w http.ResponseWriter, r *http.Request) {
	answer(w, func(func(Progress)) (any, error) {
		var req ExportRequest
		if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
			return nil, fmt.Errorf("reading what is asked for: %w", err)
		}
		return n.Export(r.Context(), req)
	})
}

// Export asks the running node for an export.
func (c *Client) Export(ctx context.Context, req ExportRequest) (out Exported, err error) {
	raw, err := json.Marshal(req)
	if err != nil {
		return out, err
	}
	return out, c.call(ctx, http.MethodPost, "/v1/export", bytes.NewReader(raw), nil, &out)
}
