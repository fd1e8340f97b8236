#!/bin/sh
# The programs that tests want and Python does not bring: a Chromium for pages and passkeys, nginx for the proxy of
# deploy/, hledger for the ledger's export. What the machine has not is installed where this user may (root; in CI whoever may use sudo). Without
# the last two their tests are skipped and say so, where CI is set they fail; without Chromium tests fail (tests/support/processes/programs.py).
set -eu
PATH="$PATH:/usr/sbin:/usr/local/sbin"

as=none
if command -v apt-get >/dev/null; then
    if [ "$(id -u)" = 0 ]; then as=; elif [ -n "${CI:-}" ] && sudo -n true 2>/dev/null; then as="sudo -n"; fi
fi

# want WHAT FOR PACKAGE COMMAND…: one of the commands, else the package.
want() {
    what=$1 for=$2 package=$3
    shift 3
    for each in "$@"; do
        if command -v "$each" >/dev/null; then
            return
        fi
    done
    if [ "$as" != none ]; then
        echo "gongjian: the tests of $for want $what: apt-get install $package" >&2
        if $as apt-get update -qq && $as apt-get install -y -qq --no-install-recommends "$package" >/dev/null; then
            installed="${installed:-} $package"
            return
        fi
    fi
    echo "gongjian: no $what here: the tests of $for are skipped or fail" >&2
}

want Chromium "pages and passkeys" chromium chromium chromium-browser google-chrome google-chrome-stable
want nginx "the proxy" nginx-light nginx
want hledger "the ledger's export" hledger hledger
case "${installed:-}" in
*nginx*)
    # The tests start their own; the package would have one listen on port 80 from now on.
    if [ -d /run/systemd/system ]; then $as systemctl disable -q --now nginx; fi
    ;;
esac
