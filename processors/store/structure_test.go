package store

import "testing"

// structure is what the store is made of, by name.
func structure(t *testing.T, s *Store) map[string]string {
	t.Helper()
	rows, err := s.Conn().Query(t.Context(), "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase()")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]string{}
	var name, stmt string
	for rows.Next() {
		if err := rows.Scan(&name, &stmt); err != nil {
			t.Fatal(err)
		}
		out[name] = stmt
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// A store from before invoices, allocation rules and richer price books keeps its rows and gets
// what a new one has.
func TestAStoreOfBeforeMoneyIsTheSame(t *testing.T) {
	s, e := open(t)
	ctx := t.Context()
	want := structure(t, s)
	stmts := []string{"INSERT INTO prices (price_id, rank) VALUES ('P1', 1)", "ALTER TABLE goals DROP COLUMN amount SETTINGS mutations_sync = 2",
		"ALTER TABLE schema_migrations DELETE WHERE number >= 11 SETTINGS mutations_sync = 2"}
	for _, table := range []string{"invoices", "invoice_lines", "publications", "allocation_rules", "exchange_rates"} {
		stmts = append(stmts, "DROP TABLE "+table+" SYNC")
	}
	for _, column := range []string{"weekdays", "hours", "visited", "bundle", "included", "pool", "prorated"} {
		stmts = append(stmts, "ALTER TABLE prices DROP COLUMN "+column+" SETTINGS mutations_sync = 2")
	}
	for _, stmt := range stmts {
		if err := s.Conn().Exec(ctx, stmt); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := New(ctx, e, s.log); err != nil {
		t.Fatal(err)
	}
	got := structure(t, s)
	for name, stmt := range want {
		if got[name] != stmt {
			t.Errorf("%s is\n%s\nwant\n%s", name, got[name], stmt)
		}
	}
	var prices uint64
	if err := s.Conn().QueryRow(ctx, "SELECT count() FROM prices").Scan(&prices); err != nil || prices != 1 {
		t.Errorf("%d prices are left, %v: the store was made anew", prices, err)
	}
}

// A store from before grants of access and the access log gets them, and keeps its rows.
func TestAStoreOfBeforeAccessIsTheSame(t *testing.T) {
	s, e := open(t)
	ctx := t.Context()
	want := structure(t, s)
	for _, stmt := range []string{"DROP TABLE access_grants SYNC", "DROP TABLE access_log SYNC", "INSERT INTO units (unit_id, rank) VALUES ('U1', 1)",
		"ALTER TABLE schema_migrations DELETE WHERE number >= 12 SETTINGS mutations_sync = 2"} {
		if err := s.Conn().Exec(ctx, stmt); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := New(ctx, e, s.log); err != nil {
		t.Fatal(err)
	}
	got := structure(t, s)
	for name, stmt := range want {
		if got[name] != stmt {
			t.Errorf("%s is\n%s\nwant\n%s", name, got[name], stmt)
		}
	}
	var units uint64
	if err := s.Conn().QueryRow(ctx, "SELECT count() FROM units").Scan(&units); err != nil || units != 1 {
		t.Errorf("%d units are left, %v: the store was made anew", units, err)
	}
}

// A store from before contact-centre statistics and inventories gets what a new one has. It
// comes to a step that makes it anew, so it gets it from the log.
func TestAStoreOfBeforeTheInventoryIsTheSame(t *testing.T) {
	s, e := open(t)
	ctx := t.Context()
	want := structure(t, s)
	for _, stmt := range []string{
		"DROP TABLE contacts SYNC", "DROP TABLE contacts_known SYNC", "DROP TABLE equipment SYNC", "DROP TABLE employments SYNC", "DROP TABLE telephone_hours SYNC",
		"ALTER TABLE approvals COMMENT COLUMN kind 'trip, premium or forwarding; withdrawn: no longer in force.'",
		"INSERT INTO units (unit_id, rank) VALUES ('U1', 1)",
		"ALTER TABLE schema_migrations DELETE WHERE number >= 6 SETTINGS mutations_sync = 2",
	} {
		if err := s.Conn().Exec(ctx, stmt); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := New(ctx, e, s.log); err != nil {
		t.Fatal(err)
	}
	got := structure(t, s)
	for name, stmt := range want {
		if got[name] != stmt {
			t.Errorf("%s is\n%s\nwant\n%s", name, got[name], stmt)
		}
	}
	var units uint64
	if err := s.Conn().QueryRow(ctx, "SELECT count() FROM units").Scan(&units); err != nil || units != 0 {
		t.Errorf("%d units are left, %v: the store was not made anew", units, err)
	}
}
