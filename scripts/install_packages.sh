#!/usr/bin/env bash
# Installs packages from the distribution's archive when they are missing and that is possible.
# Usage: install_packages.sh PACKAGE...
# Ends with 0 when all are there, with 1 when they are not and cannot be installed from here.
set -euo pipefail

is_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null || exit 1

missing=()
for package in "$@"; do
    is_installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=(env)
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n env)
else
    exit 1
fi

echo "Installing from the distribution's archive: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
    "${as_root[@]}" DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "$@" </dev/null >"$log" 2>&1
}
install "${missing[@]}" && exit 0

# The lists of packages on a fresh machine are empty or old, and a release may lack a package.
"${as_root[@]}" apt-get update -q </dev/null >"$log" 2>&1 || true
available=()
for package in "${missing[@]}"; do
    if apt-cache show "$package" >/dev/null 2>&1; then
        available+=("$package")
    else
        echo "The archive has no package $package" >&2
    fi
done
[ ${#available[@]} -gt 0 ] || exit 1
if ! install "${available[@]}"; then
    tail -n 15 "$log" >&2
    exit 1
fi
[ ${#available[@]} -eq ${#missing[@]} ]
