#!/usr/bin/env bash
# Driver headers of the installed DPDK, which Debian's libdpdk-dev leaves out: fetch-headers.sh DIRECTORY
#
# They are taken from Debian's source package of exactly the installed version, and only these four files. apt runs
# with a sources list, a state and a cache of its own in a temporary directory: the machine's configuration is read,
# never changed. Nothing is fetched when DIRECTORY holds the right version already, or when DPDK was installed with its
# driver headers (meson's enable_driver_sdk). DIRECTORY/version tells what was built against, and is written only when
# that changes: make compiles anew then.
set -euo pipefail

readonly MEMBERS=(
    lib/eal/include/dev_driver.h
    lib/ethdev/ethdev_driver.h
    lib/ethdev/ethdev_vdev.h
    drivers/bus/vdev/bus_vdev_driver.h
)

die() {
    printf 'fetch-headers.sh: %s\n' "$*" >&2
    exit 1
}

[[ $# -eq 1 ]] || die "usage: fetch-headers.sh DIRECTORY"
readonly TARGET=$1

installed=$(pkg-config --variable=includedir libdpdk 2>/dev/null) ||
    die "libdpdk not found: apt-get install libdpdk-dev pkg-config"
if [[ -r $installed/ethdev_driver.h && -r $installed/bus_vdev_driver.h ]]; then
    version="installed $(pkg-config --modversion libdpdk)"
    if [[ ! -r $TARGET/version || $(<"$TARGET/version") != "$version" ]]; then
        mkdir -p "$TARGET"
        rm -f "${MEMBERS[@]/#*\//$TARGET/}" # of an earlier version: they would be found first
        printf '%s\n' "$version" >"$TARGET/version"
    fi
    exit 0
fi

command -v apt-get >/dev/null || die "not a Debian system: install DPDK with -Denable_driver_sdk=true"
version=$(dpkg-query -W -f '${Version}' libdpdk-dev 2>/dev/null) ||
    die "libdpdk-dev is not a package: install DPDK with -Denable_driver_sdk=true"
[[ -r $TARGET/version && $(<"$TARGET/version") == "$version" ]] && exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/source"

# The same servers and releases as the machine's own lists, for sources instead of packages.
readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
trust=
[[ ! -r $KEYRING ]] || trust="[signed-by=$KEYRING] "
apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Identifier: Packages' 'Origin: Debian' | sort -u |
    while read -r uri release component; do
        printf 'deb-src %s%s %s %s\n' "$trust" "$uri" "$release" "$component"
    done >"$work/sources.list"
[[ -s $work/sources.list ]] || die "no Debian archive among apt's sources (run apt-get update once)"

options=(
    -q=2
    -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o Dir::State="$work" -o Dir::State::lists="$work/lists" -o Dir::State::status=/var/lib/dpkg/status
    -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root -o APT::Get::List-Cleanup=false
)
apt-get "${options[@]}" update || die "cannot read the source lists"
(cd "$work/source" && apt-get "${options[@]}" source --download-only "dpdk=$version") >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    die "the archive has no source of dpdk $version: bring dpdk and libdpdk-dev up to date with the archive"
}

archive=$(find "$work/source" -name 'dpdk_*.orig.tar.*' -not -name '*.asc')
[[ -r $archive ]] || die "the source package of dpdk $version has no archive"
tar -C "$work/source" -xf "$archive" --strip-components=1 --wildcards "${MEMBERS[@]/#/*/}"

mkdir -p "$TARGET"
rm -f "$TARGET/version" # half of them would be neither version
for member in "${MEMBERS[@]}"; do
    install -m 644 "$work/source/$member" "$TARGET/"
done
printf '%s\n' "$version" >"$TARGET/version"
