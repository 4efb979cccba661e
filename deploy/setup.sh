#!/usr/bin/env bash
# What the product and its tests need from the operating system. On Debian (and its children), as root, what is missing is
# installed; otherwise it is named. Nothing is done, and nothing printed, when all is there.
#
#   deploy/setup.sh python    prints a Python that can make the virtual environment
#   deploy/setup.sh runtime   what WeasyPrint needs to set documents in French and Arabic; fails where it stays missing
#   deploy/setup.sh test      what the tests start or read with; names what stays missing, and the tests that need it will fail
#   deploy/setup.sh machines  what the virtual workshop boots: an emulator, and the tools that run in its machines
set -euo pipefail

# Pango shapes the text, harfbuzz-subset embeds only the letters used (https://doc.courtbouillon.org/weasyprint/stable/first_steps.html);
# fonts-noto-core holds Arabic.
RUNTIME=(libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core fonts-noto-core)
TEST=(postgresql redis-server chromium nwipe poppler-utils softhsm2)
MACHINES=(qemu-system-x86 seabios busybox-static kmod nwipe lshw dmidecode smartmontools nvme-cli hdparm)
POLICY=/usr/sbin/policy-rc.d

say() { printf '%s\n' "$*" >&2; }

# The packages among the arguments that are not installed.
missing() {
    local package
    for package in "$@"; do
        [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
    done
}

# Debian starts a daemon as soon as it is installed; a policy that says 101 ("not allowed", invoke-rc.d(8)) keeps it
# stopped. A machine that has a policy of its own keeps it, and ours goes when we end.
without_daemons() {
    if [ ! -e "$POLICY" ]; then
        trap 'rm -f "$POLICY"' EXIT
        trap 'exit 130' INT TERM HUP
        printf '#!/bin/sh\nexit 101\n' >"$POLICY"
        chmod 755 "$POLICY"
    fi
    "$@"
}

run_apt() {
    DEBIAN_FRONTEND=noninteractive apt-get --quiet=2 -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" >&2
}

# Installs the packages named; those that this release does not know are left for the last word.
add_packages() {
    local known=() package
    say "Installing: $*"
    run_apt update || say "apt-get update failed; going on with the lists at hand."
    for package in "$@"; do
        if apt-cache show "$package" >/dev/null 2>&1; then known+=("$package"); fi
    done
    if [ "${#known[@]}" -gt 0 ]; then
        without_daemons run_apt install --no-install-recommends "${known[@]}" || say "apt-get install failed."
    fi
}

# Makes the packages named be there; says which are not, and why they are wanted, and then fails.
need() {
    local why=$1 lacking
    shift
    if ! command -v dpkg-query >/dev/null; then
        [ -e .venv/.told-not-debian ] || say "This is not Debian: please see that it has what these Debian packages hold: $*"
        [ ! -d .venv ] || touch .venv/.told-not-debian
        return 0
    fi
    mapfile -t lacking < <(missing "$@")
    [ "${#lacking[@]}" -gt 0 ] || return 0
    if [ "$(id -u)" -eq 0 ]; then
        add_packages "${lacking[@]}"
        mapfile -t lacking < <(missing "${lacking[@]}")
        [ "${#lacking[@]}" -gt 0 ] || return 0
    fi
    say "Missing, $why: ${lacking[*]}"
    say "As root, \`make setup\` installs them; or: apt-get install ${lacking[*]}"
    return 1
}

# A Python of 3.11 or newer that can make virtual environments with pip in them.
find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11 python3.14 /usr/bin/python3; do
        if "$name" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

print_python() {
    find_python && return 0
    if command -v dpkg-query >/dev/null && [ "$(id -u)" -eq 0 ]; then
        add_packages python3 python3-venv
        find_python && return 0
    fi
    say "Filière needs Python 3.11 or newer with its venv module, and found none under the names python3 and python3.11 to python3.14."
    say "On Debian 12 or newer: apt-get install python3 python3-venv"
    return 1
}

case ${1:-} in
python) print_python ;;
runtime) need "and without it no document can be printed" "${RUNTIME[@]}" ;;
test) need "and the tests that use it will fail" "${TEST[@]}" || true ;;
machines) need "and the virtual workshop cannot boot its machines" "${MACHINES[@]}" ;;
*)
    say "usage: deploy/setup.sh python|runtime|test|machines"
    exit 2
    ;;
esac
