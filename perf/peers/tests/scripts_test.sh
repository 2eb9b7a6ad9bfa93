#!/usr/bin/env bash
# What the scripts say to the programs that they start, and how they end: with programs that only write down what they
# were told. Needs root, as the scripts do. Prints "N passed, N failed".
#
# ROUTER=…/dataplane.dll: the router's configuration is also checked by the router; by the one of this checkout where it is built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[[ $(id -u) -eq 0 ]] || {
    printf 'skipped: needs root\n0 passed, 0 failed\n'
    exit 0
}
passed=0 failed=0
built=$PWD/../../artifacts/bin/Dataplane.App/release/dataplane.dll
[[ -n ${ROUTER:-} || ! -r $built ]] || ROUTER=$built
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# check WHAT COMMAND…
check() {
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'not ok: %s\n' "$what"
        sed 's/^/    /' "$work/said"
    fi
}

said() { grep -q -- "$1" "$work/said"; }
told() { grep -q -x -- "$1" "$work/told"; }
not() { ! "$@"; }

# run SECONDS SCRIPT…: with the programs of this test, until its standard input closes. Its exit code is in `code`.
run() {
    local seconds=$1
    shift
    code=0
    rm -f "$work/told"
    touch "$work/told"
    sleep "$seconds" | env PATH="$work/bin:$PATH" TOLD="$work/told" PREFIX=peers-test "$@" >"$work/said" 2>&1 || code=$?
}

# Writes its arguments down, one a line, and the configuration if there is one; stays until it is ended.
mkdir "$work/bin"
cat >"$work/bin/dpdk-testpmd" <<'PROGRAM'
#!/bin/bash
printf '%s\n' "$@" >"$TOLD"
[[ ${4:-} != *.json ]] || cp "$4" "$TOLD.json"
[[ -z ${ENDS:-} ]] || exit 3
exec sleep 60
PROGRAM
chmod 755 "$work/bin/dpdk-testpmd"
cp "$work/bin/dpdk-testpmd" "$work/bin/dotnet"
touch "$work/driver.so"
generators=(GENERATOR="$work/driver.so" INSIDE=flows=16 OUTSIDE=cross=1)
nics=(INSIDE_PCI=0000:3b:00.0 OUTSIDE_PCI=0000:af:1f.1)

# ---- ends ----

run 1 "${generators[@]}" bash testpmd.sh
check "a closed standard input is the end: $code" test "$code" -eq 0
run 3 "${generators[@]}" LIMIT_SECONDS=1 bash testpmd.sh
check "the time that is up has a code of its own: $code" test "$code" -eq 124
check "and is said" said '^ended after LIMIT_SECONDS (1)$'
run 3 "${generators[@]}" ENDS=1 bash testpmd.sh
check "a program that ends by itself has failed: $code" test "$code" -eq 1
check "nothing is left" test ! -e /var/run/dpdk/peers-test

# ---- devices ----

run 1 "${generators[@]}" WORKER_CPU=0,1 bash testpmd.sh
for argument in --no-pci net_generator0,flows=16 net_generator1,peer=net_generator0,cross=1 --rxd=1024 --txd=1024 --rxq=2; do
    check "generators: testpmd is told $argument" told "$argument"
done
run 1 "${nics[@]}" bash testpmd.sh
if ((code == 77)); then
    check "NICs are not given ordinary pages" said 'free hugepages'
else
    for argument in -a 0000:3b:00.0 0000:af:1f.1 --rxd=1024; do check "NICs: testpmd is told $argument" told "$argument"; done
    for argument in --no-pci --no-huge --vdev -d; do check "NICs: not $argument" not told "$argument"; done
fi
for wrong in INSIDE_PCI=3b:00.0 INSIDE_PCI=0000:af:1f.1 INSIDE_PCI= INSIDE_PCI=0000:3b:00.8 INSIDE=flows=1 OUTSIDE_PCI= WORKER_CPU=08 \
    "WORKER_CPU=1," WORKER_CPU=99999 CONTROL_CPU=0-1 LIMIT_SECONDS=0; do
    run 1 "${nics[@]}" "$wrong" bash testpmd.sh
    check "$wrong is refused: $code" test "$code" -eq 1
    check "$wrong: the message names it" said "${wrong%%=*}"
done

# ---- the router ----

for ports in generators nics; do
    declare -n variables=$ports
    run 1 "${variables[@]}" ROUTER="${ROUTER:-$work/driver.so}" bash dataplane.sh
    check "$ports: the router starts: $code" test "$code" -eq 0
    if [[ -n ${ROUTER:-} ]] && command -v dotnet >/dev/null; then
        check "$ports: the router accepts its configuration" dotnet "$ROUTER" check "$work/told.json" >"$work/said" 2>&1
    fi
done
check "NICs: their addresses are the devices" grep -q '"inside": { "Device": "0000:3b:00.0"' "$work/told.json"
check "NICs: and no driver is loaded" grep -q '"Drivers": \[\]' "$work/told.json"

# ---- netfilter ----

run 1 "${generators[@]}" OUTSIDE= FEED=/bin/true INSIDE=mode=new bash netfilter.sh forward
check "the floor is of established traffic: $code" test "$code" -eq 77
run 1 "${nics[@]}" FEED=/bin/true bash netfilter.sh
check "the kernel's traffic has no NICs: $code" test "$code" -eq 77
run 1 "${generators[@]}" FEED=/bin/true bash netfilter.sh backward
check "a wrong variant is refused: $code" test "$code" -eq 1

# ---- masks ----

# shellcheck source=/dev/null
source <(sed -n '/^mask() {/,/^}/p' openvswitch.sh)
for pair in 0:0x1 1,3:0xa 2,5,4:0x34 63:0x8000000000000000 64:0x10000000000000000 0,127:0x80000000000000000000000000000001; do
    check "mask ${pair%:*}: $(mask "${pair%:*}")" test "$(mask "${pair%:*}")" = "${pair#*:}"
done

printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))
