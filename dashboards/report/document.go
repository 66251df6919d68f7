package report

// document is a report in words, before it takes a form. What the forms show is the same.
type document struct {
	lang     string
	title    string
	subtitle string
	subject  string // one sentence for who looks at the file's properties
	author   string
	made     string // day that the file says it was made on, yyyy-mm-dd
	draft    string // empty: it is none
	facts    [][2]string
	sections []section
	refs     []ref // figures with their queries
	words    docWords
}

// docWords are words that the forms need.
type docWords struct {
	page, of, to, contents string
}

type section struct {
	id, title string
	onNewPage bool
	blocks    []block
}

// block is a paragraph, a list, cards, a table or a chart.
type block struct {
	text  string
	warn  bool
	small bool
	list  []rich
	cards []card
	table *table
	chart *chart
}

// rich is a text with references behind it.
type rich struct {
	text string
	refs []int
}

// card is one number that is read first.
type card struct {
	label, value, note string
	ref                int
	bad                bool
}

type table struct {
	caption string
	head    []string
	rows    []row
	wide    int // which column takes the room that is left
}

type row struct {
	cells []cell
	total bool
}

type cell struct {
	text   string
	ref    int
	number bool
}

// ref is a figure as the appendix shows it.
type ref struct {
	n     int
	label string
	value string // as printed
	exact string // as its query gives it
	how   string // SQL or a command
	sql   bool
}

func text(s string) cell { return cell{text: s} }
