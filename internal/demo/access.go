package demo

// The clinic whose manager has an open case, and a unit with another manager, in both sizes.
const (
	clinicWithChildren = 10
	otherUnit          = 103
)

// casesUntil is when the demo's open case ends: whenever somebody looks at the demo, it is open.
const casesUntil = "2040-01-01"

// accessTable says who may read what: two managers of units, finance, the data protection
// officer, who runs it, the alert rules of Grafana, and an open case.
func (g *generator) accessTable() *table {
	const (
		anna  = "anna.lind@region.example"
		per   = "per.berg@region.example"
		dpo   = "dpo@region.example"
		admin = "admin@region.example"
	)
	t := newTable("who;role;unit;purpose;approver;valid_from;valid_to;grant_id")
	t.add(anna, "unit_manager", hsa(clinicWithChildren), "", "", holdsFrom, "", "")
	t.add(per, "unit_manager", hsa(otherUnit), "", "", holdsFrom, "", "")
	t.add("finance@region.example", "finance", "", "", "", holdsFrom, "", "")
	t.add(dpo, "data_protection_officer", "", "", "", holdsFrom, "", "")
	t.add(admin, "admin", "", "", "", holdsFrom, "", "")
	t.add("grafana_scheduler", "finance", "", "larmregler", admin, holdsFrom, "", "")
	t.add(anna, "person_level", hsa(clinicWithChildren), "granskning av betalsamtal, dnr 14/26", dpo, "2026-01-01", casesUntil, "CASE-1")
	return t
}
