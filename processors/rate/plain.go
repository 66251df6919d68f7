package rate

import (
	"slices"

	"linesman/schema"
)

// Segments returns the moments at which a price of records begins or ends, ascending. Between
// two of them the same prices hold.
func (b *Book) Segments() []schema.Time { return slices.Clone(b.edges) }

// Plain returns the price by which every record of the same kind, operator, plan, service, class,
// countries and zone is rated that began in the same segment, whatever else it is: nil where
// none holds. Not plain are prices of hours and of other currencies: what such a record costs
// depends on more.
func (b *Book) Plain(u *schema.Usage) (p *schema.Price, plain bool) {
	c := b.choose(u)
	switch {
	case len(c.rows) == 0:
		return nil, true
	case !c.always:
		return nil, false
	}
	p = &c.rows[0].Price
	return p, p.Currency == "" || p.Currency == HomeCurrency
}

// Named is the values by which the prices of a book tell records apart. No price tells two values
// of a column apart that it does not hold.
type Named struct {
	Operators, Plans, Services, Classes, Countries, Zones, Visited map[string]bool
}

// Named lists the values that a book names, and those that it treats apart from all others
// without naming them: no operator of its own, and at home.
func (b *Book) Named() Named {
	n := Named{map[string]bool{"": true}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{"": true, "SE": true}, map[string]bool{}, map[string]bool{}}
	for i := range b.rows {
		r := &b.rows[i]
		for _, of := range [...]struct {
			in     map[string]bool
			values []string
		}{{n.Operators, []string{r.Operator}}, {n.Plans, []string{r.Plan}}, {n.Services, []string{r.Service}}, {n.Classes, []string{r.OtherClass}},
			{n.Countries, r.countries}, {n.Zones, []string{r.Zone}}, {n.Visited, r.visited}} {
			for _, v := range of.values {
				of.in[v] = true
			}
		}
	}
	return n
}
