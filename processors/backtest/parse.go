package backtest

import (
	"fmt"
	"io/fs"

	"linesman/processors/policy"
)

// File is the text of a rule file.
type File struct {
	Name string `json:"name"` // as problems name it
	Text string `json:"text"`
}

// Parse reads the rules of some files into a set. The error is [policy.Problems] when anything is
// wrong: all of it, with file, line and column.
func Parse(files ...File) (*policy.Set, error) { return ParseWith(nil, files...) }

// ParseWith is [Parse] with values for the parameters of the texts; those that no file has are
// passed over.
func ParseWith(values map[string]string, files ...File) (*policy.Set, error) {
	folder := texts{}
	var names []string
	for _, f := range files {
		if _, ok := folder[f.Name]; ok {
			return nil, fmt.Errorf("the file %s is named twice", f.Name)
		}
		folder[f.Name] = f.Text
		names = append(names, f.Name)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("there is no draft: %w", fs.ErrNotExist)
	}
	return policy.LoadWith(values, folder, names...)
}

// texts is a folder of files in memory, by the names that people know them by.
type texts map[string]string

// Open implements [fs.FS]; files are only read whole.
func (t texts) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
}

// ReadFile implements [fs.ReadFileFS].
func (t texts) ReadFile(name string) ([]byte, error) {
	text, ok := t[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}
