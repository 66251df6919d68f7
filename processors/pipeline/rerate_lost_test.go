package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"linesman/processors/store"
	"linesman/schema"
)

// wire is the engine behind a connection on which statements are seen, and lost: what see gives
// is asked in the statement's stead, an error is what the program gets of it.
type wire struct {
	store.Engine
	see func(stmt string) (string, error)
}

func (w wire) Conn() driver.Conn { return wireConn{w.Engine.Conn(), w.see} }

type wireConn struct {
	driver.Conn
	see func(stmt string) (string, error)
}

func (c wireConn) Exec(ctx context.Context, stmt string, args ...any) error {
	stmt, err := c.see(stmt)
	if err != nil {
		return err
	}
	return c.Conn.Exec(ctx, stmt, args...)
}

func (c wireConn) Query(ctx context.Context, stmt string, args ...any) (driver.Rows, error) {
	stmt, err := c.see(stmt)
	if err != nil {
		return nil, err
	}
	return c.Conn.Query(ctx, stmt, args...)
}

// through lets the pipelines that are opened from now on reach the engine over such a connection.
func (w *world) through(see func(stmt string) (string, error)) {
	w.t.Helper()
	st, err := store.Attach(w.t.Context(), wire{w.w.Engine, see}, w.out)
	if err != nil {
		w.t.Fatal(err)
	}
	w.st = st
}

// rowByRow wants that every row costs so much, as it was rated one by one.
func (w *world) rowByRow(p *Pipeline, rows, kronor int) {
	w.t.Helper()
	w.want(ratedSQL, fmt.Sprintf("%d %d %[2]d", rows, rows*kronor))
	w.want(fmt.Sprintf("SELECT toString(countIf(revision = %d)) FROM usage", p.state.Revision()), fmt.Sprint(rows))
	w.want(besideSQL, "0")
	if p.reference.rowByRow {
		w.t.Error("the next range is not rated by the engine either")
	}
}

const besideSQL = "SELECT toString(count()) FROM system.tables WHERE database = currentDatabase() AND name = '" + beside + "'"

// The engine falls silent when it is to rate: the next try goes row by row, and the range after
// that one is the engine's again.
func TestSilentRatingIsDoneRowByRow(t *testing.T) {
	w := newWorld(t)
	callsOfDays(w, 70)
	w.catchUp().Close()
	tried := 0
	w.through(func(stmt string) (string, error) {
		if strings.HasPrefix(stmt, "ALTER TABLE "+beside+" UPDATE") {
			if tried++; tried == 1 {
				return "", io.ErrUnexpectedEOF
			}
		}
		return stmt, nil
	})
	p := w.openTo(1)
	priceOf(w, 1, schema.Kronor(7))
	p.cfg.Retry = time.Millisecond
	err := p.CatchUp(t.Context(), nil)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("the first try gave %v", err)
	}
	if err := p.reference.again(t.Context(), err); err != nil {
		t.Fatal(err)
	}
	if err := p.CatchUp(t.Context(), nil); err != nil || tried != 1 {
		t.Fatalf("the engine was asked %d times: %v", tried, err)
	}
	w.rowByRow(p, 70, 7)
	if d := p.TakeDirty(); len(d.Days) != 70 || len(d.Moved) == 0 {
		t.Errorf("%d days are marked, %d cells", len(d.Days), len(d.Moved))
	}
	priceOf(w, 2, schema.Kronor(8))
	if err := p.CatchUp(t.Context(), nil); err != nil || tried != 2 {
		t.Fatalf("the engine was asked %d times: %v", tried, err)
	}
	w.want(ratedSQL, "70 560 560")
	w.want(fmt.Sprintf("SELECT toString(countIf(revision = %d)) FROM usage", p.state.Revision()), "0")
}

// What the engine refuses already when it is asked what there is to rate is done row by row too.
func TestRefusedQuestionsAreDoneRowByRow(t *testing.T) {
	w := newWorld(t)
	callsOfDays(w, 70)
	w.catchUp().Close()
	var question string
	refused := 0
	w.through(func(stmt string) (string, error) {
		if question != "" && strings.Contains(stmt, question) {
			refused++
			return "SELECT throwIf(number = 0, 'too much') FROM numbers(1)", nil
		}
		return stmt, nil
	})
	p := w.openTo(1)
	for i, q := range []string{"AS v FROM usage", "AS k, max(", "AS m FROM usage", "GROUPING SETS"} {
		question, refused = q, 0
		priceOf(w, i, schema.Kronor(int64(i)+3))
		if err := p.CatchUp(t.Context(), nil); err != nil || refused != 1 {
			t.Fatalf("%q was refused %d times: %v", q, refused, err)
		}
		w.rowByRow(p, 70, i+3)
	}
}

// The connection breaks while a month is to be swapped in, and again while the copy is dropped: the
// range does not go on before the drop is done, and what the engine does of the swap after that
// changes nothing.
func TestSwapOfALostConnectionIsNotDoneLater(t *testing.T) {
	w := newWorld(t)
	callsOfDays(w, 70)
	w.catchUp().Close()
	var late []string
	drops := 0
	w.through(func(stmt string) (string, error) {
		switch {
		case strings.Contains(stmt, "REPLACE PARTITION"):
			late = append(late, stmt)
			return "", io.ErrUnexpectedEOF
		case strings.HasPrefix(stmt, "DROP TABLE") && len(late) > 0:
			if drops++; drops < 3 {
				return "", io.ErrUnexpectedEOF
			}
		}
		return stmt, nil
	})
	p := w.openTo(1)
	p.cfg.Retry = time.Millisecond
	priceOf(w, 1, schema.Kronor(7))
	err := p.CatchUp(t.Context(), nil)
	if !errors.Is(err, io.ErrUnexpectedEOF) || drops != 3 {
		t.Fatalf("the copy was dropped with %d statements: %v", drops, err)
	}
	if err := p.reference.again(t.Context(), err); err != nil {
		t.Fatal(err)
	}
	w.want(besideSQL, "0")
	callsOfDays(w, 75) // five that are new, of the last month
	if err := p.CatchUp(t.Context(), nil); err != nil || len(late) != 1 {
		t.Fatalf("%d swaps: %v", len(late), err)
	}
	if err := w.w.Engine.Conn().Exec(t.Context(), late[0]); err == nil {
		t.Error("the engine could still do the swap")
	}
	w.want(ratedSQL, "75 525 525")
	w.want(besideSQL, "0")
}

// Where nothing was left behind, nothing is dropped.
func TestOpeningDropsNothing(t *testing.T) {
	w := newWorld(t)
	var drops []string
	w.through(func(stmt string) (string, error) {
		if strings.HasPrefix(stmt, "DROP") {
			drops = append(drops, stmt)
		}
		return stmt, nil
	})
	w.openTo(1).Close()
	if len(drops) > 0 {
		t.Errorf("opening dropped: %q", drops)
	}
	w.exec("CREATE TABLE " + beside + " AS usage")
	drops = nil
	w.openTo(1).Close()
	if len(drops) != 1 {
		t.Errorf("opening dropped %q", drops)
	}
	w.want(besideSQL, "0")
}

// A month after those that 16 bits of days reach is rated as every other one.
func TestRatingOfLateMonths(t *testing.T) {
	w := newWorld(t)
	var usage []schema.Usage
	for i, day := range []schema.Day{schema.Date(2026, 3, 1), schema.Date(2149, 6, 6), schema.Date(2149, 7, 1), schema.Date(2205, 8, 31)} {
		u := call(i)
		u.OccurredAt, u.DurationS = day.Start(time.UTC)+12*3_600_000, 30
		usage = append(usage, u)
	}
	produce(w, schema.TopicCalls, "Usage", schema.UsageTable(), usage...)
	w.catchUp().Close()
	priceOf(w, 1, schema.Kronor(7))
	p := w.openTo(1)
	if err := p.CatchUp(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	w.want(ratedSQL, "4 28 28")
	w.want(fmt.Sprintf("SELECT toString(countIf(revision = %d)) FROM usage", p.state.Revision()), "0")
	for _, u := range usage {
		if d := p.TakeDirty(); !d.Days[schema.DayOf(u.OccurredAt, time.UTC)] {
			t.Errorf("%s is not marked", schema.DayOf(u.OccurredAt, time.UTC))
		} else {
			p.markDirty(d)
		}
	}
}

// A table that is dropped and still held has no name any more, and is not gone.
func TestDroppedCopyIsNotGoneWhileHeld(t *testing.T) {
	w := newWorld(t)
	p := w.open()
	if err := p.goneBeside(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.exec("CREATE TABLE " + beside + " AS usage")
	w.exec("DROP TABLE " + beside) // the engine keeps it for some minutes
	if err := p.goneBeside(t.Context()); err == nil {
		t.Error("it is said to be gone")
	}
}
