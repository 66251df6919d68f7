#!/bin/sh
# House rules that no linter knows: file and function length, no registry hosts, generated pages up to date.
set -eu
status=0
echo "lint: files of at most 400 lines"
for f in $(git ls-files '*.go'); do
    n=$(wc -l <"$f")
    case $f in *_test.go) most=800 ;; *) most=400 ;; esac
    if [ "$n" -gt "$most" ]; then echo "$f: $n lines"; status=1; fi
done
echo "lint: no registry hosts"
# The pattern is in pieces so that this file does not match itself.
if git grep -nE "registry\.npmjs\.""org|proxy\.golang\.""org|repo1?\.maven\.""(org|apache)|pypi\.""org" -- . ':!scripts/lint-house.sh'; then status=1; fi
echo "lint: imports point down"
# Dashboards meet processors and ingest in plain types of schema only; the plugin knows nothing of the store.
if git grep -nE '"linesman/(processors|ingest|internal/node|cmd)' -- 'dashboards/*.go' ':!*_test.go' ':!dashboards/query/querytest/*'; then status=1; fi
if git grep -nE '"linesman/' -- 'dashboards/plugin/*.go' 'dashboards/plugin/cmd/*.go' ':!*_test.go' | grep -v '"linesman/dashboards/plugin"'; then status=1; fi
echo "lint: generated pages are up to date"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
go run ./cmd/linesman docs "$tmp"
for f in "$tmp"/*; do
    if ! diff -u "docs/$(basename "$f")" "$f"; then
        echo "docs/$(basename "$f") is stale: make docs"
        status=1
    fi
done
exit $status
