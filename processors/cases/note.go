package cases

import "linesman/schema/remark"

// maxNote is the length of a note in characters.
const maxNote = 500

// checkNote refuses a note that could name somebody.
func checkNote(note string) error { return remark.Check(note, maxNote) }
