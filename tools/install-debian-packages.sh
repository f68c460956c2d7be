#!/bin/sh
# Installs the Debian packages that the tests need and that no Python package brings. Run as root; safe to repeat.
#
#   chromium   opens the HTML report in tests/browser: a page made of hostile strings has to be judged by a real browser
set -eu

packages="chromium"

missing=""
for package in $packages; do
    dpkg-query --show --showformat='${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing="$missing $package"
done
if [ -z "$missing" ]; then
    echo "all installed: $packages"
    exit 0
fi
echo "installing:$missing"
apt-get update --quiet
# One word a package, on purpose.
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends $missing
