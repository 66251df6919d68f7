package archive

import (
	"context"
	_ "embed"
	"errors"

	"linesman/schema"
)

//go:embed README.md
var readme string

// describe puts a description of the files beside them: who reads them in ten years may have
// nothing else. Each version of the records' declaration is kept.
func (w *writer) describe(ctx context.Context) error {
	proto := schema.Proto()
	for name, text := range map[string]string{"README.md": readme, "linesman-" + sum([]byte(proto))[:8] + ".proto": proto} {
		if err := w.store.Create(ctx, name, []byte(text)); err != nil && !errors.Is(err, ErrExists) {
			return err
		}
	}
	return nil
}
