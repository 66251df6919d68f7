-- rebuild: the order of usage begins with a column that tells the few uncommon rows from the others; what a table is ordered by cannot be changed in one that is there
SELECT 1
