#!/bin/sh
# make static-arm64: its archive in an empty root, by qemu.
emulator=$(command -v qemu-aarch64-static) && command -v aarch64-linux-gnu-gcc > /dev/null || {
	echo 'qemu-aarch64-static or aarch64-linux-gnu-gcc is missing (make arm64 installs the compiler, qemu-user-static the other)'
	exit 77
}
set -- static-arm64 "$emulator"
. "$RECPIPE_ROOT/tests/static-root.sh"
