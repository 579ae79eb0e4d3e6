#!/usr/bin/env bash
# Makes the virtual environment .venv with the pinned packages. Run from the project's folder.
set -euo pipefail

is_new_enough='import sys; sys.exit(sys.version_info < (3, 11))'

find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null && "$name" -c "$is_new_enough" 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    echo "No Python of version 3.11 or later was found; install one: sudo apt-get install python3" >&2
    return 1
}

if [ ! -x .venv/bin/python ]; then
    python=$(find_python)
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        if ! scripts/install_packages.sh "python$version-venv"; then
            echo "Python $version lacks the module venv; install it:" >&2
            echo "    sudo apt-get install python$version-venv" >&2
            exit 1
        fi
    fi
    echo "Making .venv with Python $version"
    "$python" -m venv .venv
fi

echo "Installing the pinned packages; the first time takes some minutes"
.venv/bin/python -m pip install --quiet --disable-pip-version-check \
    --constraint constraints.txt --editable '.[dev]' </dev/null
