#!/bin/sh
# Installs what the tests of the archive compare with: an S3 server (versitygw, serves a folder as buckets) and two
# readers of Parquet that are not ours (pyarrow, DuckDB), into <cache>/archive-tools/<version>/, with
# <cache> = $LINESMAN_CACHE or linesman in the user's cache folder. internal/archive looks for them there and leaves
# the tests that need them out where they are missing.
#
# Options: --print-path  print the folder and install nothing
# Needs:   go, and python3 with pip and venv.
set -eu

VERSITYGW=v1.8.0
PYARROW=26.0.1
DUCKDB=2.0.0
# Keep in step with toolsVersion in internal/archive/tools_test.go.
VERSION=1

say() { printf 'install-archive-tools: %s\n' "$*" >&2; }

case "$(uname -s)" in
    Darwin) user_cache=$HOME/Library/Caches ;;
    *)      user_cache=${XDG_CACHE_HOME:-$HOME/.cache} ;;
esac
target=${LINESMAN_CACHE:-$user_cache/linesman}/archive-tools/$VERSION
if [ "${1:-}" = --print-path ]; then
    printf '%s\n' "$target"
    exit 0
fi
mkdir -p "$target"
if [ ! -x "$target/bin/versitygw" ]; then
    say "building versitygw $VERSITYGW (some minutes, once)"
    GOFLAGS='' GOBIN=$target/bin CGO_ENABLED=0 go install github.com/versity/versitygw/cmd/versitygw@$VERSITYGW
fi
if ! "$target/venv/bin/python" -c 'import duckdb, pyarrow' 2>/dev/null; then
    say "installing pyarrow $PYARROW and DuckDB $DUCKDB"
    rm -rf "$target/venv"
    python3 -m venv "$target/venv"
    "$target/venv/bin/pip" install --quiet --disable-pip-version-check pyarrow==$PYARROW duckdb==$DUCKDB
fi
say "the tools are in $target"
