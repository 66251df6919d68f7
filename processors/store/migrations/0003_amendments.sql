-- rebuild: rows of usage can be dead, statements have a rank; both are part of a table's engine and cannot be added to a table that is there
SELECT 1
