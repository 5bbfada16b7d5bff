#!/bin/sh
# deps-arm64.sh FOLDER - what a build for aarch64 needs on a Debian machine of another
# kind: the cross compiler and the libraries as Debian builds them for arm64. Those whose
# packages cannot lie beside this machine's own (r-mathlib, ISA-L: apt would remove that one,
# and every program here with it) are unpacked below FOLDER.
set -u
root=$1
installed() { dpkg-query -W -f '${Architecture} ${db:Status-Status}\n' "$1" 2> /dev/null | grep -q "$2 installed"; }
missing=
for package in gcc-aarch64-linux-gnu libc6-dev-arm64-cross; do
	installed "$package" '' || missing="$missing $package"
done
for package in zlib1g-dev libzstd-dev liblzma-dev libcsv-dev libhiredis-dev libmicrohttpd-dev libstemmer-dev libutf8proc-dev; do
	installed "$package" arm64 || missing="$missing $package:arm64"
done
as_root=
[ "$(id -u)" = 0 ] || as_root=sudo
if [ -n "$missing" ]; then
	echo "deps: installing$missing"
	$as_root dpkg --add-architecture arm64 && $as_root apt-get update -q > /dev/null || exit 1
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -q --no-remove --no-install-recommends $missing > /dev/null || exit 1
fi
# unpacked FILE PACKAGE...: the packages' files are below $root, if FILE is not yet
unpacked()
{
	[ ! -e "$root/usr/$1" ] || return 0
	shift
	mkdir -p "$root" && (cd "$root" && for package; do
		apt-get download -q "$package:arm64" > /dev/null && dpkg -x "$package"_*_arm64.deb . || exit 1
	done) || {
		echo "deps: cannot get $* for arm64" >&2
		exit 1
	}
}
unpacked lib/libRmath.so r-mathlib
unpacked lib/aarch64-linux-gnu/libisal.so libisal2 libisal-dev
