#!/bin/sh
# Installs the store's engine (libchdb, the ClickHouse engine as a shared library) into the cache folder:
#   <cache>/engine/<version>/libchdb.so, with <cache> = $LINESMAN_CACHE or linesman in the user's cache folder.
# internal/engine.LibraryPath() looks for it there. The library is about 560 MB on disk, is installed once for all
# working copies of one user, and is never changed afterwards: a folder that exists is complete.
#
# Options: --print-path  print where the library is (to be) and install nothing
# Needs:   npm. Tested on Linux x86-64 with glibc; the other platforms below are untested.
set -eu

# Keep in step with Version in internal/engine/config.go (a test compares them).
VERSION=26.7.3-stable.1

say() { printf 'install-engine: %s\n' "$*" >&2; }

system=$(uname -s)
machine=$(uname -m)
case "$system/$machine" in
    Linux/x86_64)            package=@chdb/lib-linux-x64-gnu ;;
    Linux/aarch64)           package=@chdb/lib-linux-arm64-gnu ;; # untested
    Darwin/x86_64)           package=@chdb/lib-darwin-x64 ;;      # untested
    Darwin/arm64)            package=@chdb/lib-darwin-arm64 ;;    # untested
    *) say "no engine library is known for $system on $machine; use a cluster (store mode \"cluster\") instead"; exit 1 ;;
esac

case "$system" in
    Darwin) user_cache=$HOME/Library/Caches ;;
    *)      user_cache=${XDG_CACHE_HOME:-$HOME/.cache} ;;
esac
# LINESMAN_CACHE names the folder itself. All of this is what LibraryPath() does.
cache=${LINESMAN_CACHE:-$user_cache/linesman}
root=$cache/engine
target=$root/$VERSION
if [ "${1:-}" = --print-path ]; then
    printf '%s\n' "$target/libchdb.so"
    exit 0
fi
if [ -s "$target/libchdb.so" ]; then
    say "engine $VERSION is already at $target"
    exit 0
fi
command -v npm >/dev/null 2>&1 || { say "npm is needed to fetch $package $VERSION; install Node.js and run this again"; exit 1; }

mkdir -p "$root"
# One installer at a time: a second one waits here, then finds the work done. Where flock is missing (macOS), the final
# rename is still atomic and the loser's copy is thrown away.
if command -v flock >/dev/null 2>&1; then
    exec 9>"$root/.lock"
    flock -n 9 || { say "another installation is under way; waiting for it"; flock 9; }
    if [ -s "$target/libchdb.so" ]; then
        say "engine $VERSION was installed meanwhile at $target"
        exit 0
    fi
    # We hold the lock, so folders left by an installer that was killed belong to nobody.
    rm -rf "$root"/.tmp.*
fi

free_kb=$(df -Pk "$root" | awk 'NR == 2 { print $4 }')
if [ "${free_kb:-0}" -lt 1200000 ]; then
    say "needs about 1.2 GB free in $root while unpacking, but only $((free_kb / 1024)) MB are free"
    exit 1
fi

tmp=$(mktemp -d "$root/.tmp.XXXXXX")
progress=
cleanup() {
    [ -z "$progress" ] || kill "$progress" 2>/dev/null || true
    rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

say "installing $package $VERSION (about 560 MB on disk) into $target"
# A private package.json and .npmrc keep npm from looking for a project above the temporary folder.
printf '{"name":"linesman-engine","version":"0.0.0","private":true}\n' >"$tmp/package.json"
printf 'omit-lockfile-registry-resolved=true\naudit=false\nfund=false\nupdate-notifier=false\n' >"$tmp/.npmrc"
(
    while sleep 3; do
        say "  unpacked $(du -sm "$tmp" 2>/dev/null | cut -f1) MB of about 560 MB"
    done
) 9>&- &
progress=$!
# --ignore-scripts: the package is a bare library; nothing in it needs to run here.
(cd "$tmp" && npm install --save-exact --ignore-scripts --no-audit --no-fund --loglevel=error --cache "$tmp/.npm" "$package@$VERSION") >&2
kill "$progress" 2>/dev/null || true
progress=

found=$(find "$tmp/node_modules/$package" -name 'libchdb.*' -type f | head -n 1)
if [ -z "$found" ]; then
    say "the package $package $VERSION holds no libchdb library"
    exit 1
fi
mkdir "$tmp/out"
mv "$found" "$tmp/out/libchdb.so"
find "$tmp/node_modules/$package" -maxdepth 1 -iname '*licen*' -type f -exec cp {} "$tmp/out/" \;
chmod 0755 "$tmp/out" "$tmp/out/libchdb.so"
if ! mv -T "$tmp/out" "$target" 2>/dev/null; then
    [ -e "$target" ] && [ -s "$target/libchdb.so" ] || mv "$tmp/out" "$target"
fi
say "engine $VERSION is ready at $target/libchdb.so"
