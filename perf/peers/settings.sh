# Settings of the kernel that belong to the whole machine. Sourced.
#
# A run that is killed puts nothing back. So what a setting was, and what it was set to, is kept in a file below /run, as the
# settings themselves until a restart; Trafgen/KernelSetting.cs keeps it in the same files.
#
# shellcheck shell=bash
readonly KEPT=/run/dataplane-bench

kept_file() {
    local name=${1#/}
    echo "$KEPT/${name//\//.}"
}

# original_of SETTING: the machine's own number: the present one, or where that is a dead run's, the one from before.
original_of() {
    local kept before='' set='' now
    kept=$(kept_file "$1") now=$(<"$1")
    [[ ! -r $kept ]] || read -r before set <"$kept" || true
    if [[ $before =~ ^[0-9]+$ && $set == "$now" ]]; then echo "$before"; else echo "$now"; fi
}

# keep SETTING ORIGINAL VALUE: by renaming, so that there is never half a file.
keep() {
    local kept
    kept=$(kept_file "$1")
    mkdir -p "$KEPT"
    echo "$2 $3" >"$kept.new"
    mv "$kept.new" "$kept"
}

# change SETTING ORIGINAL VALUE, unless it is so already. The kernel may round the value up.
change() {
    [[ $(<"$1") != "$3" ]] || return 0
    keep "$1" "$2" "$3"
    echo "$3" >"$1"
    [[ $(<"$1") == "$3" ]] || keep "$1" "$2" "$(<"$1")"
}

# put_back SETTING ORIGINAL
put_back() {
    [[ $(<"$1") == "$2" ]] || echo "$2" >"$1"
    rm -f "$(kept_file "$1")"
}
