package failpoint

// Names lists every fail point.
func Names() []Point {
	return []Point{
		{Name: "range.begin.before", Meaning: "records are read from the log, their range is not noted as begun", Engine: true, When: WhenStored},
		{Name: "range.begin.after", Meaning: "the range is noted as begun, none of its rows is inserted", Engine: true, When: WhenStored},
		{Name: "range.insert.after", Meaning: "the rows of the range are inserted, nothing says so", Engine: true, Err: true, When: WhenStored},
		{Name: "range.amends.before", Meaning: "usage is inserted, with rows that corrections and cancellations killed; the amendments themselves are not", Engine: true, When: WhenStored},
		{Name: "range.files.after", Meaning: "what became of the range's files is noted, the range is not noted as done", Engine: true, When: WhenStored},
		{Name: "range.done.after", Meaning: "the range is noted as done, the process does not know it yet", Engine: true, When: WhenStored},
		{Name: "insert.before", Meaning: "a block of rows is encoded, the engine has not seen it", Engine: true, When: WhenStored},
		{Name: "insert.during", Meaning: "the engine is being sent a block of rows, half of it is out", Engine: true, When: WhenStored},
		{Name: "insert.after", Meaning: "the engine has acknowledged a block of rows", Engine: true, When: WhenStored},

		{Name: "reference.stored", Meaning: "statements are inserted, the usage they concern is not moved yet", Engine: true, When: WhenReference},
		{Name: "reference.restate.block", Meaning: "the usage that statements concern is being moved: a block of it is inserted", Engine: true, When: WhenReference},
		{Name: "reference.rerate.swap", Meaning: "a month of usage is rated by changed prices beside the living one", Engine: true, When: WhenPriced},
		{Name: "reference.restated", Meaning: "the usage is moved, the range of the statements is not done", Engine: true, When: WhenReference},

		{Name: "follow.judge.before", Meaning: "usage is stored, its windows are not judged", Engine: true, When: WhenFollowed},
		{Name: "follow.judge.after", Meaning: "windows are judged, what came of it is in no log", Engine: true, When: WhenFollowed},
		{Name: "follow.publish.after", Meaning: "events of violations are in log and store, roll-ups are behind", Engine: true, When: WhenViolated},
		{Name: "follow.restate.before", Meaning: "figures of past months have moved, the restatements about it are in no log", Engine: true, When: WhenRestated},
		{Name: "follow.restate.after", Meaning: "restatements are in the log, the roll-ups they tell of are not swapped in", Engine: true, When: WhenRestated},
		{Name: "follow.rollups.after", Meaning: "roll-ups are swapped in, nothing says so", Engine: true, When: WhenFollowed},
		{Name: "rollup.between", Meaning: "one roll-up of a month is swapped in, the other is not", Engine: true, When: WhenFollowed},
		{Name: "rollup.swap.before", Meaning: "a month of a roll-up is built beside the living one", Engine: true, When: WhenFollowed},

		{Name: "migrate.statement.before", Meaning: "a statement of a migration is about to run", Engine: true, When: WhenRebuilt},
		{Name: "migrate.statement.after", Meaning: "a statement of a migration has run, others have not", Engine: true, When: WhenRebuilt},
		{Name: "migrate.note.before", Meaning: "all statements of a migration have run, it is not noted", Engine: true, When: WhenRebuilt},
		{Name: "migrate.note.after", Meaning: "a migration is noted", Engine: true, When: WhenRebuilt},
		{Name: "drop.note.before", Meaning: "the store is about to be dropped, nothing says so", Engine: true, When: WhenRebuilt},
		{Name: "drop.note.after", Meaning: "it is noted that the store is dropped, every table is there", Engine: true, When: WhenRebuilt},
		{Name: "drop.table.after", Meaning: "a table is dropped, others are there", Engine: true, When: WhenRebuilt},
		{Name: "drop.all.after", Meaning: "every table is dropped, the note about it too; nothing is made anew", Engine: true, When: WhenRebuilt},

		{Name: "folder.report.before", Meaning: "a file is collected, nothing of it is in the folder", When: WhenFolder},
		{Name: "folder.move.before", Meaning: "the report stands under its passing name, the file is in the inbox", When: WhenFolder},
		{Name: "folder.move.after", Meaning: "the file is moved, its report stands under the passing name", When: WhenFolder},
		{Name: "folder.report.after", Meaning: "file and report are in place, the folder is not flushed to disk", When: WhenFolder},
		{Name: "collect.batch.before", Meaning: "a batch of a file is about to be appended to the log", When: WhenCollected},
		{Name: "collect.batch.after", Meaning: "a batch of a file is in the log, others are not", When: WhenCollected},
		{Name: "collect.report.before", Meaning: "every record of a file is in the log, its report is not", When: WhenCollected},
		{Name: "collect.report.after", Meaning: "the report of a file is in the log, nobody knows", When: WhenCollected},

		{Name: "log.append.before", Meaning: "records are about to be appended to the log", When: WhenCollected},
		{Name: "log.append.after", Meaning: "the log has acknowledged records, their writer does not know", When: WhenCollected},
		{Name: "seal.append.before", Meaning: "seals are computed, the log has none of them", When: WhenSealed},
		{Name: "seal.append.after", Meaning: "the log has seals, neither the sealer nor the anchor file knows", When: WhenSealed},
		{Name: "log.recover.snapshot", Meaning: "the log is being recovered after a crash: a partition's length is found, not noted", When: WhenRecovered},
	}
}
