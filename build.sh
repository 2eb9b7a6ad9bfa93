#!/usr/bin/env bash
# One entry for everything: ./build.sh help. Every verb does what it depends on, may be repeated, and asks nothing.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly ROOT
readonly ARTIFACTS=$ROOT/artifacts
readonly HUGEPAGES_WANTED=512 # 2 MiB pages that should be free: 1 GiB, enough for every lab and test
readonly PACKAGES=(
    dpdk libdpdk-dev libxdp1 pkg-config gcc make libc6-dev                            # build
    iproute2 ethtool nftables procps                                                  # network namespaces
    curl iperf3 traceroute iputils-ping dnsmasq-base bind9-dnsutils tcpdump python3   # hosts of the lab
    clang-format                                                                      # format
)
readonly PEER_PACKAGES=(openvswitch-switch-dpdk gnuplot-nox) # bench compare, bench latency
readonly FLOOD_PACKAGES=(netsniff-ng)                        # bench synflood-trafgen only

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
export PATH=$PATH:/usr/sbin:/sbin

note() { printf 'build.sh: %s\n' "$*" >&2; }

die() {
    note "$*"
    exit 1
}

is_root() { [[ $(id -u) -eq 0 ]]; }

# Runs a step quietly: its output is shown only when it fails. step NAME COMMAND…
step() {
    local name=$1 began=$SECONDS log
    shift
    log=$(mktemp)
    if "$@" >"$log" 2>&1; then
        printf '  %-34s %4d s\n' "$name" $((SECONDS - began))
        rm -f "$log"
        return 0
    fi
    cat "$log" >&2
    rm -f "$log"
    note "$name failed"
    return 1
}

# ---------------------------------------------------------------- setup

# missing_packages PACKAGE…
missing_packages() {
    local package
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || printf '%s\n' "$package"
    done
}

apt_install() {
    DEBIAN_FRONTEND=noninteractive apt-get -q update &&
        DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "$@"
}

# setup_packages PACKAGE…
setup_packages() {
    local missing
    if ! command -v dpkg-query >/dev/null; then
        note "not a Debian system: install these or their equivalents yourself: $*"
        return 0
    fi
    mapfile -t missing < <(missing_packages "$@")
    [[ ${#missing[@]} -gt 0 ]] || return 0
    if ! is_root; then
        note "not root: cannot install ${missing[*]}; what needs them will fail"
        return 0
    fi
    step "packages (${#missing[@]})" apt_install "${missing[@]}" ||
        note "could not install ${missing[*]}; what needs them will fail"
}

# Raises the number of 2 MiB pages until enough are free. An existing number is never lowered.
setup_hugepages() {
    local pool=/sys/kernel/mm/hugepages/hugepages-2048kB free total
    if [[ ! -r $pool/free_hugepages ]]; then
        note "this kernel has no 2 MiB hugepages: the router runs on ordinary pages, slower"
        return 0
    fi
    free=$(<"$pool/free_hugepages")
    total=$(<"$pool/nr_hugepages")
    [[ $free -lt $HUGEPAGES_WANTED ]] || return 0
    { echo $((total + HUGEPAGES_WANTED - free)) >"$pool/nr_hugepages"; } 2>/dev/null || true
    free=$(<"$pool/free_hugepages")
    [[ $free -ge $HUGEPAGES_WANTED ]] ||
        note "only $free of $HUGEPAGES_WANTED hugepages of 2 MiB are free: what does not fit runs on ordinary pages, slower"
}

verb_setup() {
    command -v dotnet >/dev/null || die "the .NET 10 SDK is not on PATH"
    setup_packages "${PACKAGES[@]}"
    setup_hugepages
}

# ---------------------------------------------------------------- build

verb_build() {
    verb_setup
    step "native" make -s -C "$ROOT/native" OUT="$ARTIFACTS/native"
    step "restore" dotnet restore "$ROOT/Dataplane.sln" -v q
    step "build" dotnet build "$ROOT/Dataplane.sln" -c Release --no-restore -v q
}

# ---------------------------------------------------------------- test

passed=0
failed=0
skipped=0

# report NAME PASSED FAILED SKIPPED SECONDS: one line of the summary, and the totals. Nothing ran, nothing is said.
report() {
    [[ $(($2 + $3 + $4)) -gt 0 ]] || return 0
    printf '  %-34s %5d passed %4d failed %4d skipped %4d s\n' "$@"
    passed=$((passed + $2))
    failed=$((failed + $3))
    skipped=$((skipped + $4))
}

# test_make NAME DIRECTORY: C tests and scripts, each of which ends with the line "N passed, N failed". No such line means a crash.
test_make() {
    local log=$ARTIFACTS/test/$1.log began=$SECONDS code=0 good=0 bad=0 line
    make -s -C "$ROOT/$2" OUT="$ARTIFACTS/$1" test >"$log" 2>&1 || code=$?
    while read -r line; do
        [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]] || continue
        good=$((good + BASH_REMATCH[1])) bad=$((bad + BASH_REMATCH[2]))
    done <"$log"
    [[ ($code -eq 0 && $good -gt 0) || $bad -gt 0 ]] || bad=1
    [[ $bad -eq 0 ]] || cat "$log"
    report "$1" "$good" "$bad" 0 $((SECONDS - began))
}

# The generator needs driver headers that only Debian's source package has.
test_generator() {
    if bash "$ROOT/native/generator/fetch-headers.sh" "$ARTIFACTS/generator/include" >"$ARTIFACTS/test/headers.log" 2>&1; then
        test_make generator native/generator
    else
        note "no driver headers of DPDK, the generator's tests are skipped: $(tail -n 1 "$ARTIFACTS/test/headers.log")"
    fi
}

# trx_count FILE ATTRIBUTE: a number of the <Counters …> element; 0 when it is not there.
trx_count() {
    local value
    value=$(grep -o '<Counters [^>]*>' "$1" | grep -o " $2=\"[0-9]*\"" | grep -o '[0-9]\+') || true
    echo "${value:-0}"
}

# One xunit project. A test host that crashes leaves no result file, or one that does not say how many ran: one failure.
test_project() {
    local project=$1 name log trx began=$SECONDS code=0 total good bad
    shift
    name=$(basename "$project" .csproj)
    log=$ARTIFACTS/test/$name.log
    trx=$ARTIFACTS/test/$name.trx
    dotnet test "$project" -c Release --no-build --nologo -v q --blame-hang-timeout 5m \
        --results-directory "$ARTIFACTS/test" --logger "trx;LogFileName=$name.trx" --logger "console;verbosity=minimal" \
        "$@" >"$log" 2>&1 || code=$?
    if [[ ! -s $trx ]]; then
        if [[ $code -eq 0 ]] && grep -q 'No test matches' "$log"; then
            return 0
        fi
        cat "$log"
        report "$name" 0 1 0 $((SECONDS - began))
        return 0
    fi
    total=$(trx_count "$trx" total)
    good=$(trx_count "$trx" passed)
    bad=$((total - good - $(skipped_of "$trx")))
    [[ $code -eq 0 || $bad -gt 0 ]] || bad=1
    [[ $bad -eq 0 ]] || cat "$log"
    report "$name" "$good" "$bad" "$(skipped_of "$trx")" $((SECONDS - began))
}

skipped_of() { echo $(($(trx_count "$1" total) - $(trx_count "$1" executed))); }

# What needs namespaces is last: a fault in a unit should be read before what it breaks.
readonly IN_NAMESPACES='Dataplane\.(Lab|Oracle)\.Tests\.csproj$'
test_projects() {
    find "$ROOT/tests" -name '*.Tests.csproj' | grep -Ev "$IN_NAMESPACES" | sort
    find "$ROOT/tests" -name '*.Tests.csproj' | grep -E "$IN_NAMESPACES" | sort
}

# The filter is a part of a test's full name, or an expression of `dotnet test --filter`.
verb_test() {
    local filter=() projects project
    verb_build
    rm -rf "$ARTIFACTS/test"
    mkdir -p "$ARTIFACTS/test"
    if [[ $# -gt 0 ]]; then
        filter=(--filter "$*")
    else
        test_make native native
        test_generator
        test_make peers perf/peers
    fi
    mapfile -t projects < <(test_projects)
    for project in "${projects[@]}"; do
        if [[ $project =~ $IN_NAMESPACES ]] && ! is_root; then
            note "not root: network namespaces cannot be made, $(basename "$project" .csproj) is skipped"
            continue
        fi
        test_project "$project" "${filter[@]}"
    done
    if [[ $skipped -gt 0 ]]; then
        printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    else
        printf '%d passed, %d failed\n' "$passed" "$failed"
    fi
    [[ $failed -eq 0 && $passed -gt 0 ]]
}

# The long form of the comparison with netfilter: generated, forged and recorded conversations, new seeds each time.
verb_soak() {
    is_root || die "the comparison makes network namespaces, which needs root"
    [[ ${1:-60} =~ ^[0-9]+$ ]] || die "soak takes a number of seconds"
    verb_build
    ORACLE_SECONDS=${1:-60} exec dotnet test "$ROOT/tests/Dataplane.Oracle.Tests" -c Release --no-build --nologo \
        --logger "console;verbosity=normal"
}

# ---------------------------------------------------------------- demo, run, bench

assembly() { printf '%s/bin/%s/release/%s.dll' "$ARTIFACTS" "$1" "${2:-$1}"; }

verb_demo() {
    is_root || die "the demo makes network namespaces, which needs root"
    verb_build
    exec dotnet "$(assembly Dataplane.Demo)" demo "$@"
}

# Without a file: the lab's configuration, between hosts in network namespaces. With one: on this machine's own ports.
verb_run() {
    is_root || die "the router opens network devices, which needs root"
    verb_build
    case ${1:-} in
        "") exec dotnet "$(assembly Dataplane.Demo)" run ;;
        --lab) exec dotnet "$(assembly Dataplane.Demo)" run "${2:?--lab needs a configuration file}" ;;
        *) exec dotnet "$(assembly Dataplane.App dataplane)" run -c "$@" ;;
    esac
}

# What the comparison needs besides: the generator, the programs that it is compared with, gnuplot.
prepare_compare() {
    is_root || die "the comparison opens devices and makes network namespaces, which needs root"
    setup_packages "${PEER_PACKAGES[@]}"
    step "generator" make -s -C "$ROOT/native/generator" OUT="$ARTIFACTS/generator"
    step "peers" make -s -C "$ROOT/perf/peers" OUT="$ARTIFACTS/peers" ||
        note "netfilter will be skipped"
}

# The floods need trafgen besides.
prepare_floods() {
    is_root || die "the floods go through network namespaces, which needs root"
    setup_packages "${FLOOD_PACKAGES[@]}"
}

verb_bench() {
    [[ $# -gt 0 ]] || die "bench NAME …; for example: ./build.sh bench nat44-established"
    verb_build
    [[ $1 != compare && $1 != latency ]] || prepare_compare
    [[ $1 != synflood-trafgen ]] || prepare_floods
    [[ $1 != variants ]] || exec dotnet "$(assembly Dataplane.Variants)" "${@:2}"
    exec dotnet "$(assembly Dataplane.Bench)" "$@"
}

# ---------------------------------------------------------------- format

verb_format() {
    local dotnet_options=() clang_options=(-i) sources
    if [[ ${1:-} == --check ]]; then
        dotnet_options=(--verify-no-changes)
        clang_options=(--dry-run --Werror)
    elif [[ $# -gt 0 ]]; then
        die "format takes --check or nothing"
    fi
    verb_setup
    step "restore" dotnet restore "$ROOT/Dataplane.sln" -v q
    step "whitespace" dotnet format whitespace "$ROOT/Dataplane.sln" --no-restore "${dotnet_options[@]}"
    step "style" dotnet format style "$ROOT/Dataplane.sln" --no-restore "${dotnet_options[@]}"
    mapfile -t sources < <(find "$ROOT/native" "$ROOT/perf/peers" -name '*.c' -o -name '*.h' | sort)
    step "clang-format" clang-format --style="file:$ROOT/native/.clang-format" "${clang_options[@]}" "${sources[@]}"
}

verb_help() {
    cat <<'TEXT'
usage: ./build.sh VERB

  setup             install what is missing of Debian's packages, reserve hugepages
  build             native shim and all assemblies, release, warnings are errors
  test [FILTER]     every test; FILTER is a part of a test's name. Last line: N passed, N failed
  demo              a client, an internet and a server in network namespaces, through the router
  run               the router in that lab until Ctrl-C, to play with
  run CONFIG        the router on this machine's ports until Ctrl-C
  run --lab CONFIG  the lab with your configuration (interfaces lan0, dmz0, wan0)
  soak [SECONDS]    tracking compared with netfilter for so long in each test (60), and honest traffic never refused
  bench NAME …      a benchmark: nat44-established, nat44-opening, stages, memory-limit, table-lookup, …; --help lists all
  bench variants    what the packet path does in a few instructions beside what was rejected for it (BenchmarkDotNet)
  bench compare     this router, Open vSwitch, netfilter and testpmd under the same traffic; --quick: three minutes
  bench latency     delay at 1, 50 and 90 % of the maximum, beside Open vSwitch and testpmd
  bench synflood-trafgen
                    SYN, SYN+ACK and ACK floods by trafgen against this router and netfilter; two minutes
  format [--check]  bring the sources into shape, or only look
TEXT
}

main() {
    local verb=${1:-help}
    [[ $# -eq 0 ]] || shift
    case $verb in
        setup | build | test | soak | demo | run | bench | format | help) "verb_$verb" "$@" ;;
        -h | --help) verb_help ;;
        *)
            note "unknown verb '$verb'"
            verb_help >&2
            exit 2
            ;;
    esac
}

main "$@"
