#!/bin/sh
# The tree builds for aarch64 with Debian's cross compiler, as README says, without a
# warning; its programs give the expected bytes under qemu's emulation.
set -u
root=$RECPIPE_ROOT
command -v qemu-aarch64 > /dev/null && command -v aarch64-linux-gnu-gcc > /dev/null || {
	echo 'qemu-aarch64 or aarch64-linux-gnu-gcc is missing (make arm64 installs the compiler, qemu-user the other)'
	exit 77
}
make -C "$root" arm64 > log 2>&1 || { tail -n 20 log; exit 1; }
grep 'warning:' log && exit 1
usr=$root/build/arm64/sysroot/usr
mkdir bin
for program in "$root"/build/arm64/bin/*; do
	name=$(basename -- "$program")
	printf '#!/bin/sh\nexec qemu-aarch64 -E LD_LIBRARY_PATH=%s/lib:%s/lib/aarch64-linux-gnu "%s" "$@"\n' \
		"$usr" "$usr" "$program" > "bin/$name"
	chmod +x "bin/$name"
done
BIN=$PWD/bin TEST_TIMEOUT=60 exec "$root/tests/run" filter-interactions import-logs build-dataset train-mf export-topk \
	fold-in evaluate-topk keep-header join-columns
