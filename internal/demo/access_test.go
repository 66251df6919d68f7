package demo

import "testing"

// Grants are about units that there are: one clinic with children, and another unit. The open case
// has a purpose, an end and somebody else's approval.
func TestAccessGrants(t *testing.T) {
	dir, truth := small(t, 1)
	units, children := map[string]bool{}, map[string]int{}
	for _, u := range wholeTable(t, dir, &truth, "units") {
		units[u["unit_id"]] = true
		children[u["parent_id"]]++
	}
	roles, managed := map[string]int{}, map[string]bool{}
	for _, g := range wholeTable(t, dir, &truth, "access_grants") {
		roles[g["role"]]++
		if g["unit"] != "" && !units[g["unit"]] {
			t.Errorf("a grant is about unit %s, which is none", g["unit"])
		}
		switch g["role"] {
		case "unit_manager":
			managed[g["who"]+" "+g["unit"]] = true
		case "person_level":
			if g["purpose"] == "" || g["approver"] == "" || g["approver"] == g["who"] || g["valid_to"] == "" || children[g["unit"]] == 0 || !managed[g["who"]+" "+g["unit"]] {
				t.Errorf("the open case is %v, of a unit with %d children", g, children[g["unit"]])
			}
		}
	}
	if roles["unit_manager"] != 2 || len(managed) != 2 || roles["finance"] != 2 || roles["data_protection_officer"] != 1 || roles["admin"] != 1 || roles["person_level"] != 1 {
		t.Errorf("roles %v", roles)
	}
}
