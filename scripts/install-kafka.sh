#!/bin/sh
# Installs an Apache Kafka broker for `make test-kafka` into the cache folder:
#   <cache>/kafka/<version>/*.jar, with <cache> = $LINESMAN_CACHE or linesman in the user's cache folder.
# internal/kafkatest looks for it there. It is about 45 MB on disk, is installed once for all working copies of one user,
# and is never changed afterwards: a folder that exists is complete. Linesman itself does not need it.
#
# Options: --print-path  print where the jars are (to be) and install nothing
# Needs:   Java 17 or newer and Maven.
set -eu

# Keep in step with Version in internal/kafkatest (a test compares them).
VERSION=4.2.1

say() { printf 'install-kafka: %s\n' "$*" >&2; }

case "$(uname -s)" in
    Darwin) user_cache=$HOME/Library/Caches ;;
    *)      user_cache=${XDG_CACHE_HOME:-$HOME/.cache} ;;
esac
# LINESMAN_CACHE names the folder itself. All of this is what kafkatest.Jars does.
cache=${LINESMAN_CACHE:-$user_cache/linesman}
root=$cache/kafka
target=$root/$VERSION
if [ "${1:-}" = --print-path ]; then
    printf '%s\n' "$target"
    exit 0
fi
if [ -d "$target" ]; then
    say "Kafka $VERSION is already at $target"
    exit 0
fi
for tool in java mvn; do
    command -v "$tool" >/dev/null 2>&1 || { say "$tool is needed; install Java 17 or newer and Maven, and run this again"; exit 1; }
done

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
mkdir -p "$root"
# One installer at a time: a second one waits here, then finds the work done. Where flock is missing (macOS), the final
# rename is still atomic and the loser's copy is thrown away.
if command -v flock >/dev/null 2>&1; then
    exec 9>"$root/.lock"
    flock -n 9 || { say "another installation is under way; waiting for it"; flock 9; }
    if [ -d "$target" ]; then
        say "Kafka $VERSION was installed meanwhile at $target"
        exit 0
    fi
    # We hold the lock, so folders left by an installer that was killed belong to nobody.
    rm -rf "$root"/.tmp.*
fi

tmp=$(mktemp -d "$root/.tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

say "installing org.apache.kafka:kafka_2.13 $VERSION with what it needs (about 45 MB) into $target"
# Maven writes beside the pom, so it gets a copy.
cp "$here/kafka/pom.xml" "$tmp/pom.xml"
mvn -q -B -f "$tmp/pom.xml" "-Dkafka.version=$VERSION" \
    dependency:copy-dependencies -DincludeScope=runtime "-DoutputDirectory=$tmp/out" >&2
if [ ! -s "$tmp/out/kafka_2.13-$VERSION.jar" ]; then
    say "Maven brought no kafka_2.13-$VERSION.jar"
    exit 1
fi
chmod 0755 "$tmp/out"
if ! mv -T "$tmp/out" "$target" 2>/dev/null; then
    [ -d "$target" ] || mv "$tmp/out" "$target"
fi
say "Kafka $VERSION is ready at $target"
