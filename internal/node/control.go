package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"linesman/dashboards/console"
	"linesman/internal/archive"
	"linesman/processors/allocate"
	"linesman/processors/backtest"
	"linesman/processors/budgets"
	"linesman/processors/charges"
	"linesman/processors/reconcile"
	"linesman/processors/savings"
	"linesman/processors/subscriptions"
	"linesman/processors/verify"
	"linesman/schema"
)

// API is what commands ask of a node: of one they open themselves, or of the running one.
type API interface {
	Collect(ctx context.Context, req CollectRequest, body io.Reader) (CollectResult, error)
	Query(ctx context.Context, req QueryRequest, w io.Writer) error
	Rebuild(ctx context.Context, say func(Progress)) (Rebuilt, error)
	Verify(ctx context.Context, say func(Progress)) (verify.Report, error)
	Gaps(ctx context.Context, since schema.Day) (verify.GapReport, error)
	DeepVerify(ctx context.Context, anchors *os.File, say func(Progress)) (verify.Deep, error)
	Archive(ctx context.Context, req ArchiveRequest, say func(Progress)) (archive.Result, error)
	Backtest(ctx context.Context, req BacktestRequest, say func(Progress)) (backtest.Report, error)
	Goals(ctx context.Context, req GoalsRequest) ([]Goal, error)
	Budgets(ctx context.Context, req BudgetsRequest) (budgets.Report, error)
	Subscriptions(ctx context.Context, req SubscriptionsRequest) (subscriptions.Report, error)
	Charges(ctx context.Context, req ChargesRequest) (charges.Result, error)
	Savings(ctx context.Context, req SavingsRequest) (savings.Report, error)
	RateExplain(ctx context.Context, event schema.ID) (RateExplanation, error)
	RateBook(ctx context.Context, req RateBookRequest) (RateBook, error)
	Allocate(ctx context.Context, req AllocateRequest) (allocate.Result, error)
	Repayments(ctx context.Context, req RepaymentsRequest) (allocate.Repayments, error)
	Payroll(ctx context.Context, req RepaymentsRequest, employees io.Reader) (PayrollResult, error)
	Invoices(ctx context.Context, req InvoicesRequest) ([]reconcile.Document, error)
	ReconcileInvoices(ctx context.Context, req InvoicesRequest) (reconcile.Report, error)
	Monthly(ctx context.Context, req MonthlyRequest) (Monthly, error)
	PublishedReports(ctx context.Context, f PublishedFilter) ([]PublishedReport, error)
	Export(ctx context.Context, req ExportRequest) (Exported, error)
	Grants(ctx context.Context, req GrantsRequest) ([]Grant, error)
	AccessLog(ctx context.Context, req AccessLogRequest) (AccessLog, error)
	WhoIs(ctx context.Context, login string) (string, error)
	Status(ctx context.Context) (Status, error)
	console.Cases
}

// SocketPath is where the running node listens for commands: a unix socket that only its
// owner can open. Paths of sockets are short, so a long data directory gets one in the
// folder for temporary files, named after the directory.
func SocketPath(data string) (string, error) {
	abs, err := filepath.Abs(data)
	if err != nil {
		return "", fmt.Errorf("data directory %s: %w", data, err)
	}
	if path := filepath.Join(abs, "control.sock"); len(path) < 100 {
		return path, nil
	}
	sum := sha256.Sum256([]byte(abs))
	return filepath.Join(os.TempDir(), "linesman-"+strconv.Itoa(os.Getuid())+"-"+hex.EncodeToString(sum[:6]), "control.sock"), nil
}

// line is one line of an answer that takes long: progress, and last a result or an error.
type line struct {
	Progress *Progress       `json:"progress,omitempty"`
	Result   json.RawMessage `json:"result,omitempty"`
	Error    string          `json:"error,omitempty"`
}

// serveControl answers commands until ctx ends.
func (n *Node) serveControl(ctx context.Context) error {
	path, err := SocketPath(n.cfg.Data)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("making the folder of the control socket: %w", err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) { // left by a crash; the directory is locked by us
		return fmt.Errorf("removing the old control socket: %w", err)
	}
	ln, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("listening for commands: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(fmt.Errorf("protecting the control socket: %w", err), ln.Close())
	}
	srv := &http.Server{Handler: n.onlyCollects(n.controlHandler()), ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("answering commands: %w", err)
	}
	return nil
}

func (n *Node) controlHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/query", func(w http.ResponseWriter, r *http.Request) {
		var req QueryRequest
		if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		cw := &countingWriter{w: w}
		if err := n.Query(r.Context(), req, cw); err != nil {
			if cw.n == 0 {
				http.Error(w, err.Error(), http.StatusUnprocessableEntity)
				return
			}
			panic(http.ErrAbortHandler) // the answer is cut: the client must not take it for whole
		}
	})
	mux.HandleFunc("POST /v1/collect", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		size, _ := strconv.ParseInt(q.Get("size"), 10, 64)
		show, _ := strconv.Atoi(q.Get("show"))
		req := CollectRequest{Collector: q.Get("collector"), Name: q.Get("name"), Size: size, Profile: q.Get("profile"), DryRun: q.Get("dry_run") == "true", Show: show}
		answer(w, func(func(Progress)) (any, error) {
			res, err := n.Collect(r.Context(), req, r.Body)
			if err == nil && !req.DryRun {
				err = n.WaitLogged(r.Context()) // who collects wants to ask next
			}
			return res, err
		})
	})
	mux.HandleFunc("POST /v1/rebuild", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func(say func(Progress)) (any, error) { return n.Rebuild(r.Context(), say) })
	})
	mux.HandleFunc("POST /v1/verify", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func(say func(Progress)) (any, error) { return n.Verify(r.Context(), say) })
	})
	mux.HandleFunc("GET /v1/doctor", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func(func(Progress)) (any, error) { return n.Doctor(r.Context()) })
	})
	mux.HandleFunc("POST /v1/verify/deep", n.serveDeep)
	mux.HandleFunc("GET /v1/gaps", n.serveGaps)
	mux.HandleFunc("GET /v1/goals", n.serveGoals)
	mux.HandleFunc("GET /v1/budgets", n.serveBudgets)
	mux.HandleFunc("GET /v1/subscriptions", n.serveSubscriptions)
	mux.HandleFunc("GET /v1/charges", n.serveCharges)
	mux.HandleFunc("GET /v1/savings", n.serveSavings)
	n.handleRate(mux)
	mux.HandleFunc("GET /v1/allocate", n.serveAllocate)
	mux.HandleFunc("GET /v1/repayments", n.serveRepayments)
	mux.HandleFunc("POST /v1/repayments/payroll", n.servePayroll)
	mux.HandleFunc("POST /v1/archive", n.serveArchive)
	mux.HandleFunc("POST /v1/policy/backtest", n.serveBacktest)
	mux.HandleFunc("POST /v1/export", n.serveExport)
	n.handleCases(mux)
	n.handleAccess(mux)
	n.handleMonthly(mux)
	n.handleInvoices(mux)
	mux.HandleFunc("GET /v1/status", func(w http.ResponseWriter, r *http.Request) {
		answer(w, func(func(Progress)) (any, error) { return n.Status(r.Context()) })
	})
	return mux
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// answer runs do and writes its progress and its end as lines of JSON.
func answer(w http.ResponseWriter, do func(say func(Progress)) (any, error)) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	enc := json.NewEncoder(w)
	send := func(l line) {
		_ = enc.Encode(l) // a client that is gone cancels the request's context
		_ = http.NewResponseController(w).Flush()
	}
	res, err := do(func(p Progress) { send(line{Progress: &p}) })
	if err != nil {
		send(line{Error: err.Error()})
		return
	}
	raw, err := json.Marshal(res)
	if err != nil {
		send(line{Error: err.Error()})
		return
	}
	send(line{Result: raw})
}

// Client talks to the node that runs on a data directory.
type Client struct{ http *http.Client }

// ErrNotRunning says that no node runs on the data directory.
var ErrNotRunning = errors.New("linesman is not running on this data directory")

// Dial returns a client of the running node, or ErrNotRunning.
func Dial(ctx context.Context, data string) (*Client, error) {
	path, err := SocketPath(data)
	if err != nil {
		return nil, err
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}
	conn, err := dial(ctx, "", "")
	if err != nil {
		return nil, ErrNotRunning
	}
	_ = conn.Close()
	return &Client{http: &http.Client{Transport: &http.Transport{DialContext: dial}}}, nil
}

func (c *Client) call(ctx context.Context, method, path string, body io.Reader, say func(Progress), out any) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://linesman"+path, body)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return wentAway(err)
	}
	defer func() { _ = resp.Body.Close() }()
	dec := json.NewDecoder(resp.Body)
	for {
		var l line
		if err := dec.Decode(&l); err != nil {
			return wentAway(err)
		}
		switch {
		case l.Error != "":
			return errors.New(l.Error)
		case l.Result != nil:
			return json.Unmarshal(l.Result, out)
		case l.Progress != nil && say != nil:
			say(*l.Progress)
		}
	}
}

// wentAway words an answer that did not come.
func wentAway(err error) error {
	var u *url.Error // names an address that is none
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("the running linesman went away before it had answered: %w", err)
}

// Collect sends the file to the running node.
func (c *Client) Collect(ctx context.Context, req CollectRequest, body io.Reader) (out CollectResult, err error) {
	q := url.Values{"collector": {req.Collector}, "name": {req.Name}, "size": {strconv.FormatInt(req.Size, 10)}, "profile": {req.Profile},
		"dry_run": {strconv.FormatBool(req.DryRun)}, "show": {strconv.Itoa(req.Show)}}
	// The request would close a body that can be closed; the file is its opener's.
	return out, c.call(ctx, http.MethodPost, "/v1/collect?"+q.Encode(), io.NopCloser(body), nil, &out)
}

// Query runs SQL in the running node.
func (c *Client) Query(ctx context.Context, req QueryRequest, w io.Writer) error {
	raw, err := json.Marshal(req)
	if err != nil {
		return err
	}
	hr, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://linesman/v1/query", strings.NewReader(string(raw)))
	if err != nil {
		return err
	}
	resp, err := c.http.Do(hr)
	if err != nil {
		return fmt.Errorf("asking the running linesman: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
		return errors.New(strings.TrimSpace(string(text)))
	}
	if _, err = io.Copy(w, resp.Body); err != nil {
		return fmt.Errorf("the answer broke off, do not use what came of it: %w", err)
	}
	return nil
}

// Rebuild rebuilds the running node's store.
func (c *Client) Rebuild(ctx context.Context, say func(Progress)) (out Rebuilt, err error) {
	return out, c.call(ctx, http.MethodPost, "/v1/rebuild", nil, say, &out)
}

// Verify verifies the running node.
func (c *Client) Verify(ctx context.Context, say func(Progress)) (out verify.Report, err error) {
	return out, c.call(ctx, http.MethodPost, "/v1/verify", nil, say, &out)
}

// Status asks the running node how it is.
func (c *Client) Status(ctx context.Context) (out Status, err error) {
	return out, c.call(ctx, http.MethodGet, "/v1/status", nil, nil, &out)
}
