#!/bin/sh
# The console with a demo region in headless Chromium; values on the page against SQL.
#   CHROMIUM                  the browser to use; else one is looked for in PATH
#   LINESMAN_REQUIRE_BROWSER  1: a missing browser is a failure, not a skipped test
#   LINESMAN_DEMO             size of the demo region, small (the default) or full
set -eu
cd "$(dirname "$0")/.."

if [ -z "${CHROMIUM:-}" ]; then
	for name in chromium chromium-browser google-chrome; do
		if CHROMIUM=$(command -v "$name"); then
			break
		fi
	done
fi
if [ -z "${CHROMIUM:-}" ]; then
	if [ "${LINESMAN_REQUIRE_BROWSER:-}" = 1 ]; then
		echo "no Chromium: install the package chromium (Debian, Ubuntu: apt-get install chromium), or name one with CHROMIUM=/path" >&2
		exit 1
	fi
	echo "skipped: no Chromium (install one, or name it with CHROMIUM=/path; LINESMAN_REQUIRE_BROWSER=1 makes this a failure)"
	exit 0
fi
if ! [ -x "$CHROMIUM" ] && ! command -v "$CHROMIUM" >/dev/null; then
	echo "CHROMIUM names $CHROMIUM, which cannot be run" >&2
	exit 1
fi
if ! [ -x "${LINESMAN_BIN:-bin/linesman}" ]; then
	echo "bin/linesman is missing; run: make build" >&2
	exit 1
fi
export CHROMIUM
cd dashboards/console/web
exec node --test --test-reporter=spec e2e/*.test.mjs
