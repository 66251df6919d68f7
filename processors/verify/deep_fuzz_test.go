package verify

import (
	"bytes"
	"encoding/json"
	"testing"

	"linesman/processors/seal"
	"linesman/schema"
)

// Whatever stands in the file of seals, it is read to its end, and what is taken is a seal.
func FuzzAnchors(f *testing.F) {
	s := schema.Seal{Topic: calls, First: 1, Next: 3, Before: seal.Chain{}.String(), Chain: seal.Chain{1}.String(), Leaves: "AAAAAAAAAAA="}
	s.EventID = seal.EventID(&s)
	line, err := json.Marshal(seal.NewAnchor(&s))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(append(line, '\n'), line[:40]...))
	f.Add([]byte("\n\n{}\nnull\n[1]"))
	f.Add(bytes.Replace(line, []byte(`"next":3`), []byte(`"next":1`), 1))
	f.Fuzz(func(t *testing.T, text []byte) {
		d := &deep{index: newSealIndex(), anchors: bytes.NewReader(text)}
		if err := d.anchorSeals(t.Context()); (err != nil) != (d.rep.InAnchors == 0) {
			t.Fatalf("%d seals, %v", d.rep.InAnchors, err)
		}
		refs := 0
		for at, p := range d.index.parts {
			for i := range p.refs {
				refs++
				if p.refs[i].next <= p.refs[i].first {
					t.Errorf("%+v is no seal", p.refs[i])
				}
				_, _ = d.leaves(t.Context(), at, &p.refs[i], inAnchors) // may be wrong in number, must not fail otherwise
			}
			p.bounds()
		}
		if refs > d.rep.InAnchors {
			t.Errorf("%d seals of %d lines", refs, d.rep.InAnchors)
		}
	})
}

// Whatever the leaves are, what align says leads from the one to the other.
func FuzzAlign(f *testing.F) {
	f.Add([]byte("abcdefgh"), []byte("abXdefgh"))
	f.Add([]byte("aaaaaaab"), []byte("aaab"))
	f.Add([]byte("abc"), []byte(""))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if len(a) > 200 || len(b) > 200 {
			return
		}
		want, have := make([]uint32, len(a)), make([]uint32, len(b))
		for i, c := range a {
			want[i] = uint32(c)
		}
		for i, c := range b {
			have[i] = uint32(c)
		}
		diff, differs := align(want, have)
		if !differs {
			if !bytes.HasPrefix(b, a) {
				t.Fatalf("%q and %q: no difference", a, b)
			}
			return
		}
		if !bytes.Equal(a[:diff.at], b[:diff.at]) || diff.at+diff.removed > len(a) || diff.at+diff.inserted > len(b) {
			t.Fatalf("%q and %q: %+v", a, b, diff)
		}
		if rest := a[diff.at+diff.removed:]; diff.sure && diff.at < len(b) && len(rest) > 0 && run(want[diff.at+diff.removed:], have[diff.at+diff.inserted:]) == 0 {
			t.Fatalf("%q and %q: %+v does not fit again", a, b, diff)
		}
	})
}
