package itemised

import "testing"

func TestGolden(t *testing.T) {
	f := format(t, Config{})
	for _, name := range []string{"norrtele", "fjordtel"} {
		t.Run(name, func(t *testing.T) {
			c, sum, err := read(t, f, name+".csv", testfile(t, name+".csv"))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".golden", dump(c, sum))
		})
	}
}
