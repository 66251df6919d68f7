"""Reads an archive with pyarrow and DuckDB, without Linesman, and prints what it finds as JSON."""
import glob
import hashlib
import json
import struct
import sys

import duckdb
import pyarrow.parquet as pq

root = sys.argv[1]
out = {"digests": {}, "duckdb": {}}


def part(h, v):
    h.update(struct.pack(">Q", 2**64 - 1 if v is None else len(v)))
    h.update(v or b"")


for path in sorted(glob.glob(root + "/linesman.*/p*/*/*.parquet")):
    columns = ["topic", "partition", "offset", "recorded_at", "key", "value", "headers"]
    table = pq.read_table(path)  # every column must be readable
    recorded = table.column("recorded_at").cast("int64").to_pylist()
    for i, row in enumerate(table.select(columns).to_pylist()):
        h = hashlib.sha256()
        h.update(struct.pack(">qq", row["offset"], recorded[i]))
        part(h, row["key"])
        part(h, row["value"])
        for x in row["headers"]:
            part(h, x["name"].encode())
            part(h, x["value"])
        name = "%s/%d" % (row["topic"], row["partition"])
        out["digests"].setdefault(name, []).append(h.hexdigest())


def ask(name, sql):
    out["duckdb"][name] = str(duckdb.sql(sql).fetchall()[0][0])


calls = "'" + root + "/linesman.calls/*/*/*.parquet'"
ask("rows", "SELECT count(*) FROM " + calls)
ask("decoded", "SELECT count(*) FROM " + calls + " WHERE usage IS NOT NULL")
ask("charged", "SELECT sum(usage.charged) FROM " + calls)
ask("ids", "SELECT count(DISTINCT usage.event_id) FROM " + calls)
ask("first", "SELECT epoch_ms(min(usage.occurred_at)) FROM " + calls)
ask("evidence", "SELECT sum(len(violations.evidence)) FROM '" + root + "/linesman.violations/*/*/*.parquet'")
ask("version", "SELECT count(*) FROM " + calls + " WHERE list_contains(headers, {'name': 't', 'value': 'Usage'::BLOB})")
json.dump(out, sys.stdout)
