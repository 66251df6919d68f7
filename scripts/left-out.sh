#!/bin/sh
# Says which tests `make test` leaves out on this machine, and why: go test does not. With "shell" it
# prints the variables that make a test fail where it could run and does not, for continuous integration.
set -eu
shell=${1:-}
can() { # variable or nothing, what is tried, what it needs
    if [ "$shell" = shell ] && [ -n "$1" ]; then
        echo "export $1=1"
    fi
}
cannot() {
    echo "left out: $2 ($3)" >&2
}
disk=$(mktemp -d)
trap 'rmdir "$disk"' EXIT
if mount -t tmpfs -o size=1m tmpfs "$disk" 2>/dev/null; then
    umount "$disk"
    verdict=can
else
    verdict=cannot
fi
$verdict REQUIRE_SMALL_DISK "tests that fill the disk of log and store" "only root may mount a small file system"
verdict=cannot
if command -v python3 >/dev/null; then verdict=can; fi
$verdict REQUIRE_PYTHON "docs/check-seals.py against linesman verify --deep" "python3 is not here"
verdict=cannot
tools=${LINESMAN_CACHE:-${XDG_CACHE_HOME:-${HOME:-}/.cache}/linesman}/archive-tools
if [ -d "$tools" ]; then verdict=can; fi
$verdict "" "archives read with DuckDB and pyarrow and kept in S3" "scripts/install-archive-tools.sh"
