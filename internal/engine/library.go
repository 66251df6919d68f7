package engine

// CheckLibrary tells whether the engine's library is where an embedded store will look for it
// (empty: [LibraryPath]) without loading it. The error says what to do; it is ErrNoLibrary
// when there is none.
func CheckLibrary(path string) (string, error) {
	if path == "" {
		path = LibraryPath()
	}
	return path, checkLibrary(path)
}
