#!/bin/sh
# The virtual environment of this house, and the Python that it is made with. The Makefile calls it.
#
#   tools/venv.sh find  [PYTHON]   print the interpreter: PYTHON, or the first of CANDIDATES that will do
#   tools/venv.sh make  [PYTHON]   make .venv with it, unless the .venv that is there will do
#   tools/venv.sh stale [PYTHON]   print "stale" if the .venv that is there will not do
#
# An interpreter is run, not only looked up: a pyenv shim is on the PATH although it starts nothing.
set -eu
CANDIDATES="python3 python3.14 python3.13 python3.12 python3.11 python"
VENV=.venv
NEW_ENOUGH='import sys; sys.exit(sys.version_info < (3, 11))'
MAKES_VENVS='import ensurepip, venv'  # Debian has them in a package of their own
VERSION='import sys; print("%d.%d.%d" % sys.version_info[:3])'
PLACE='import sys; print(sys.executable)'

runs() { # runs PYTHON CODE: whether this interpreter gets through the code; isolated and quiet
    "$1" -I -c "$2" >/dev/null 2>&1
}

say() {
    echo "gongjian: $*" >&2
}

why_not() { # why_not PYTHON: say why it will not do, nothing if it will
    if ! "$1" -c '' >/dev/null 2>&1; then
        echo "'$1' does not run"
    elif ! runs "$1" "$NEW_ENOUGH"; then
        echo "'$1' is Python $("$1" -c "$VERSION" 2>/dev/null || echo 'of an unknown version')"
    elif ! runs "$1" "$MAKES_VENVS"; then
        echo "'$1' cannot make a virtual environment (on Debian: apt install python3-venv)"
    fi
}

find_python() {
    if [ -n "$1" ]; then
        reason=$(why_not "$1")
        [ -z "$reason" ] || { say "Python 3.11 or newer is needed, and PYTHON=$1 was given: $reason"; exit 1; }
        "$1" -I -c "$PLACE"
        return
    fi
    reasons=
    for name in $CANDIDATES; do
        command -v "$name" >/dev/null || continue
        reason=$(why_not "$name")
        if [ -z "$reason" ]; then
            "$name" -I -c "$PLACE"
            return
        fi
        reasons="$reasons; $reason"
    done
    say "Python 3.11 or newer is needed, and none was found${reasons:+ ($(echo "$reasons" | cut -c3-))}." \
        "Install one, or name it: make PYTHON=/path/to/python3"
    exit 1
}

fits() { # fits PYTHON: whether .venv runs, is new enough, and is of the version that was asked for
    runs "$VENV/bin/python" "$NEW_ENOUGH" || return 1
    [ -z "$1" ] || [ "$("$1" -I -c "$VERSION" 2>/dev/null)" = "$("$VENV/bin/python" -I -c "$VERSION")" ]
}

make_venv() {
    if fits "$1" && runs "$VENV/bin/python" 'import pip'; then
        return
    fi
    python=$(find_python "$1")
    if [ -e "$VENV" ] || [ -L "$VENV" ]; then
        say "the Python of $VENV is gone or will not do; it is made anew"
        rm -rf "$VENV"
    fi
    "$python" -m venv "$VENV" || { rm -rf "$VENV"; exit 1; }
    say "$VENV is of Python $("$VENV/bin/python" -I -c "$VERSION") ($python)"
}

case "${1:-}" in
    find) find_python "${2:-}" ;;
    make) make_venv "${2:-}" ;;
    stale) [ ! -e "$VENV" ] || fits "${2:-}" || echo stale ;;
    *) say "usage: tools/venv.sh find|make|stale [PYTHON]"; exit 2 ;;
esac
