#!/usr/bin/env bash
# Stops the store's engine for some minutes while files arrive at full speed, and prints what that
# costs: memory of all processes, growth of the log, and how long catching up takes.
#
#   scripts/outage.sh [SECONDS without the engine; default 600] [folder for the data; default a new one]
#
# It needs bin/linesman (make), a few GB of disk for ten minutes, and nothing else on the machine.
# Every call is collected once and must be in the store once in the end; the script fails otherwise.
set -euo pipefail
seconds=${1:-600}
data=${2:-$(mktemp -d)}/outage
bin=${BIN:-bin/linesman}
rows=${ROWS:-50000} # calls of a file
sample=cmd/linesman/testdata/cdr_StandAloneCluster_01_202603140845_1
pool=$(mktemp -d "${TMPDIR:-/dev/shm}/outage.XXXXXX" 2>/dev/null || mktemp -d)
log=$data.log
mkdir -p "$data"

"$bin" up --data "$data" --listen 127.0.0.1:0 >"$log.out" 2>"$log" &
main=$!
cleanup() { pkill -CONT -P $main 2>/dev/null || true; kill $main 2>/dev/null || true; wait $main 2>/dev/null || true; rm -rf "$pool"; }
trap cleanup EXIT
for _ in $(seq 900); do kill -0 $main 2>/dev/null || break; grep -q ready "$log.out" && break; sleep 0.2; done
grep -q ready "$log.out" || { echo "linesman did not start, see $log"; exit 1; }

# One file of calls; every delivery is the same with other call ids.
awk -v n="$rows" -v OFS=, -F, '
	NR == 1 { for (i = 1; i <= NF; i++) { c = $i; gsub(/"/, "", c); col[c] = i }; print }
	NR == 3 { for (k = 0; k < n; k++) { at = 1773475200 + k % 86400
		$col["pkid"] = sprintf("\"DELIVERY-%07d\"", k); $col["callingPartyNumber"] = sprintf("\"%d\"", 62000 + k % 900)
		$col["dateTimeOrigination"] = at; $col["dateTimeConnect"] = at + 5; $col["dateTimeDisconnect"] = at + 65; $col["duration"] = 60; print } }
' "$sample" >"$pool/file"

resident() { awk '/VmRSS/ { print int($2 / 1024) }' "/proc/$1/status" 2>/dev/null || echo 0; }
logsize() { du -sm "$data/log" | cut -f1; }
collected() { grep -c 'msg=collected' "$log" || true; }
sent=0
feed() { # keeps a few files waiting; what is collected is in the log and needs no second copy here
	find "$data/done/cucm" -maxdepth 1 -type f -name 'f*' ! -name '*.json' -delete 2>/dev/null || true
	while (($(find "$data/inbox/cucm" -maxdepth 1 -type f | wc -l) < 3)); do
		sent=$((sent + 1))
		sed "s/DELIVERY/d$sent/" "$pool/file" >"$data/inbox/cucm/.f$sent.tmp"
		mv "$data/inbox/cucm/.f$sent.tmp" "$data/inbox/cucm/f$sent"
	done
}
most_main=0 most_engine=0
look() {
	local r
	r=$(resident $main); ((r > most_main)) && most_main=$r
	for p in $(pgrep -P $main || true); do r=$(resident "$p"); ((r > most_engine)) && most_engine=$r; done
	return 0
}

began=$(date +%s)
while (($(date +%s) - began < 10)); do feed; look; sleep 0.05; done
echo "warm: $(collected) files; program $most_main MB, engine $most_engine MB, log $(logsize) MB"
size=$(logsize) files=$(collected) most_main=0
stopped=$(date +%s) next=$stopped
while (($(date +%s) - stopped < seconds)); do
	pkill -STOP -P $main || true # whichever process it is now: one that hangs is killed and started again
	feed
	look
	if (($(date +%s) >= next)); then
		next=$((next + 30))
		echo "$(($(date +%s) - stopped)) s without the engine: $(collected) files collected, program $(resident $main) MB (at most $most_main), log $(logsize) MB"
	fi
	sleep 0.05
done
kill -0 $main || { echo "FAIL: linesman ended, see $log"; exit 1; }
echo "outage over: $(($(collected) - files)) files of $rows calls collected meanwhile, log grew by $(($(logsize) - size)) MB, program at most $most_main MB"
pkill -CONT -P $main || true
back=$(date +%s) want=$((sent * rows))
while :; do
	look
	# The bookkeeping is asked while it goes on: counting the rows would hold up what is measured.
	got=$("$bin" query --data "$data" --format TabSeparated "SELECT sum(accepted) FROM ranges WHERE topic = 'linesman.calls' AND state = 1" 2>/dev/null || echo 0)
	((got == want)) && break
	(($(date +%s) - back > 4 * seconds + 600)) && { echo "FAIL: $got of $want calls in the store"; exit 1; }
	sleep 1
done
took=$(($(date +%s) - back))
got=$("$bin" query --data "$data" --format TabSeparated 'SELECT count() FROM usage')
((got == want)) || { echo "FAIL: $got of $want calls in the store"; exit 1; }
echo "caught up with $want calls in $took s; at most: program $most_main MB, engine $most_engine MB"
"$bin" verify --data "$data" | tail -4
