#!/bin/sh
# deps.sh PACKAGE.. - installs the Debian packages that are missing, and those
# of the libraries whose headers the sources include. Does nothing, and needs no
# root, when all are there.
set -u
cd "$(dirname -- "$0")/.." || exit 1

# with HEADER PACKAGE: wanted when a source includes the header
with()
{
	if grep -rqs "^#include [<\"]$1" common tools --include='*.[ch]'; then
		wanted="$wanted $2"
	fi
}
wanted="$*"
with Rmath.h r-mathlib
with yyjson.h libyyjson-dev
with libstemmer.h libstemmer-dev
with utf8proc.h libutf8proc-dev
with 'uni\(case\|norm\|str\|ctype\|wbrk\)\.h' libunistring-dev

if ! command -v dpkg-query > /dev/null; then
	echo "deps: this is no Debian; the packages' names there: $wanted" >&2
	exit 0
fi
missing=
# A package may be there for another machine as well: only this one's counts.
native=$(dpkg --print-architecture)
for package in $wanted; do
	dpkg-query -W -f '${Architecture} ${db:Status-Status}\n' "$package" 2> /dev/null |
		grep -Eqx "($native|all) installed" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "deps: installing$missing"
as_root=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo > /dev/null; then
		echo "deps: neither root nor sudo here; install them yourself: apt-get install$missing" >&2
		exit 1
	fi
	as_root=sudo
fi
# The lists of a fresh machine are empty or old.
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update &&
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing > /dev/null
