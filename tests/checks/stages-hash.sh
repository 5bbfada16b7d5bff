#!/bin/sh
# The hashes of the pipelines' stages: those of sha256sum, with and without openssl; a large file is
# read once, and again when it was changed in place or replaced.
set -u
cd "$RECPIPE_TMP" || exit 1
command -v openssl > /dev/null && command -v sha256sum > /dev/null || {
	echo 'no openssl, or no sha256sum'
	exit 77
}
here=$RECPIPE_ROOT/pipelines
# shellcheck source=../../pipelines/lib/stages.sh
. "$here/lib/stages.sh"
mkdir shims || exit 1
printf '#!/bin/sh\necho >> "%s/calls"\nexec %s "$@"\n' "$PWD" "$(command -v openssl)" > shims/openssl
chmod +x shims/openssl
PATH=$PWD/shims:$PATH
bad=0
# is NAME FILE CALLS: hash_file gives what sha256sum does, and openssl has run so often so far
is()
{
	hash_file "$2"
	[ "$hash" = "$(sha256sum < "$2" | cut -d ' ' -f 1)" ] || { echo "$1: $hash"; bad=1; }
	[ "$(cat calls 2> /dev/null | wc -l)" = "$3" ] || { echo "$1: openssl ran $(wc -l < calls) times"; bad=1; }
}
head -c 100000 /dev/zero | tr '\000' x > file
is 'small' file 0
LARGE=1000
is 'large' file 1
is 'again' file 1
sleep 0.02 # a tick of the time
printf y | dd of=file bs=1 seek=50000 conv=notrunc 2> /dev/null
is 'changed in place' file 2
is 'and again' file 2
tr y z < file > other && mv other file
is 'replaced' file 3
cp file copy
is 'a copy' copy 4
is 'the first' file 4
printf '#!/bin/sh\nexit 1\n' > shims/openssl
echo >> file
hash_file file
[ "$hash" = "$(sha256sum < file | cut -d ' ' -f 1)" ] || { echo "openssl fails: $hash"; bad=1; }
exit $bad
