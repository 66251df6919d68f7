package when

import (
	"strconv"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
)

// Join says how the parts of a tree are joined.
type Join uint8

// The joins of a tree.
const (
	Leaf Join = iota // it has no parts
	All              // all parts hold
	Any              // one part holds, or several
)

// Tree is a condition as what it is made of, with negations at the leaves. It is for those who
// ask what follows from a condition.
type Tree struct {
	Join  Join
	Parts []Tree

	// Of a leaf that compares a column of text, or of true and false, with constants: the
	// column is one of the values, or with Not none of them. Column is empty for every other
	// leaf: nothing is known of when it holds.
	Column string
	Not    bool
	Values []string // of true and false "true" or "false"
}

// Tree returns what the condition is made of.
func (e *Expr) Tree() Tree { return e.tree }

// tree takes apart a condition that was compiled without a problem.
func (c *compiler) tree(e ast.Expr, not bool) Tree {
	switch e.Kind() {
	case ast.IdentKind:
		return Tree{Column: e.AsIdent(), Not: not, Values: []string{"true"}}
	case ast.CallKind:
		args := e.AsCall().Args()
		switch name := e.AsCall().FunctionName(); name {
		case operators.LogicalNot:
			return c.tree(args[0], !not)
		case operators.LogicalAnd, operators.LogicalOr:
			out := Tree{Join: All}
			if (name == operators.LogicalOr) != not {
				out.Join = Any
			}
			for _, part := range c.flat(e, name) {
				out.Parts = append(out.Parts, c.tree(part, not))
			}
			return out
		case operators.Equals, operators.NotEquals:
			column, constant := args[0], args[1]
			if column.Kind() != ast.IdentKind {
				column, constant = constant, column
			}
			return c.leaf(column, []ast.Expr{constant}, not != (name == operators.NotEquals))
		case operators.In:
			return c.leaf(args[0], args[1].AsList().Elements(), not)
		}
	}
	return Tree{}
}

// leaf says of which constants a column is one, where it is a column and constants.
func (c *compiler) leaf(column ast.Expr, constants []ast.Expr, not bool) Tree {
	if column.Kind() != ast.IdentKind {
		return Tree{}
	}
	out := Tree{Column: column.AsIdent(), Not: not}
	for _, e := range constants {
		if e.Kind() == ast.IdentKind { // another column
			return Tree{}
		}
		o, ok := c.operand(e)
		switch v := o.value.(type) {
		case string:
			out.Values = append(out.Values, v)
		case bool:
			out.Values = append(out.Values, strconv.FormatBool(v))
		default:
			ok = false
		}
		if !ok {
			return Tree{}
		}
	}
	return out
}
