#!/bin/sh
# A Chromium for the tests of pages and passkeys, if the machine has none and this user may install one.
# Without it those tests fail, and say so.
set -eu
for each in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$each" >/dev/null; then
        exit 0
    fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "gongjian: the tests of pages want Chromium: apt-get install chromium" >&2
    if apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; then
        exit 0
    fi
fi
echo "gongjian: no Chromium here: the tests of pages and passkeys will fail" >&2
