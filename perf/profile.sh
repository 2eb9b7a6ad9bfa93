#!/usr/bin/env bash
# Where a benchmark's processor time goes, by method: a sampled profile with the compiled methods' names.
# usage: profile.sh SCENARIO [OPTION…], for example: profile.sh nat44-opening --flows 4000000
# After ./build.sh build. Needs perf (Debian: linux-perf). Samples by the clock: where there are hardware counters, set EVENT=cycles.
set -euo pipefail

bench=$(dirname "${BASH_SOURCE[0]}")/../artifacts/bin/Dataplane.Bench/release/Dataplane.Bench.dll
[[ $# -gt 0 ]] || { sed -n '2,4s/^# //p' "${BASH_SOURCE[0]}" >&2; exit 1; }
[[ -r $bench ]] || { echo "profile.sh: build first: ./build.sh build" >&2; exit 1; }
command -v perf >/dev/null || { echo "profile.sh: perf is not installed (Debian: linux-perf)" >&2; exit 1; }
work=$(mktemp -d)
cleanup() {
    rm -rf "$work"
    [[ -z ${process:-} ]] || rm -f "/tmp/perf-$process.map" "/tmp/perfinfo-$process.map"
}
trap cleanup EXIT

# The runtime writes the names to /tmp/perf-PID.map, where perf looks for them.
export DOTNET_PerfMapEnabled=1 DOTNET_EnableWriteXorExecute=0
# shellcheck disable=SC2016 # the inner shell's own number, which is the program's after exec
perf record -q -e "${EVENT:-cpu-clock}" -F 4000 -o "$work/data" -- \
    bash -c 'echo $$ >"$0"; exec dotnet "$@"' "$work/process" "$bench" "$@" >"$work/said" 2>&1 ||
    { cat "$work/said" >&2; exit 1; }
process=$(<"$work/process")
cat "$work/said"
echo
perf report -i "$work/data" --no-children --sort symbol --percent-limit 0.5 --stdio 2>/dev/null |
    grep -E '^ +[0-9]' | sed -E 's/ \[\.\] / /; s/\[(Optimized|PreJIT|Tier0|OptimizedTier[^]]*)\]//' | cut -c1-150
