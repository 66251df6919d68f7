#!/bin/sh
# Measures this machine. LINESMAN tests nothing here: figures go to docs/performance.md together with how they were got.
set -eu
echo "bench: micro-benchmarks (median of 5)"
go test -run '^$' -bench . -benchtime 1s -count 5 ./schema/... ./processors/rate/ ./processors/enrich/ ./internal/broker/ 2>/dev/null | grep -E '^(Benchmark|pkg:)' || true
echo
echo "bench: the whole program on the demo region"
go run ./internal/bench "$@"
