#!/usr/bin/env bash
# What the just-in-time compiler's settings are worth: nat44-established under each of them, alternating.
# usage: compiler-settings.sh [FLOWS] [REPEATS]; after ./build.sh build, on a machine at rest.
# The best second of each run counts, and the best run is shown first: what else goes on in the machine, or in its host, only takes.
set -euo pipefail

bench=$(dirname "${BASH_SOURCE[0]}")/../artifacts/bin/Dataplane.Bench/release/Dataplane.Bench.dll
flows=${1:-1000} repeats=${2:-5}
[[ -r $bench ]] || { echo "compiler-settings.sh: build first: ./build.sh build" >&2; exit 1; }

# Name, then the settings that differ from the router's, which are: every method compiled once and fully, before it runs.
settings=(
    "as the router"
    "tiered, profile-guided   DOTNET_TieredCompilation=1 DOTNET_TieredPGO=1"
    "tiered, without profile  DOTNET_TieredCompilation=1 DOTNET_TieredPGO=0"
    "without AVX-512          DOTNET_EnableAVX512=0 DOTNET_EnableAVX512F=0"
    "without AVX2             DOTNET_EnableAVX2=0"
)
declare -A runs
for ((repeat = 0; repeat < repeats; repeat++)); do
    for setting in "${settings[@]}"; do
        read -r -a variables <<<"$(grep -o 'DOTNET_.*' <<<"$setting" || true)"
        rate=$(env "${variables[@]}" dotnet "$bench" nat44-established --flows "$flows" --repeats 3 --seconds 1 |
            sed -n 's/.*Mpps, median (range).* - \([0-9.]*\)).*/\1/p')
        runs[$setting]+="$rate "
    done
done
printf 'nat44-established, %s flows, Mpps: best and median of %s runs\n' "$flows" "$repeats"
for setting in "${settings[@]}"; do
    sorted=$(tr ' ' '\n' <<<"${runs[$setting]}" | grep . | sort -n)
    best=$(tail -n 1 <<<"$sorted") median=$(sed -n "$(((repeats + 1) / 2))p" <<<"$sorted")
    printf '  %-25s %6s %6s  (%s)\n' "${setting%%DOTNET_*}" "$best" "$median" "${runs[$setting]% }"
done
