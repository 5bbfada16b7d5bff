#!/bin/sh
# Compressed files that are small and grow to 768 MB: they are refused or read in bounded memory. An
# address space of 500 MB would end a run that holds what it decompressed.
set -u
cd "$RECPIPE_TMP" || exit 1
[ "$RECPIPE_MODE" != asan ] && [ "$RECPIPE_MODE" != tsan ] || {
	echo 'a sanitizer needs more address space than a bomb may take'
	exit 77
}
bad=0

# many N FILE...: the files' bytes, N times over
many()
{
	n=$1
	shift
	for i in $(seq "$n"); do cat "$@"; done
}

head -c 32M /dev/zero | gzip -n > zeros.gz
{ echo time; head -c 32M /dev/zero; } | keep-header -o zeros.zst -- cat
{ printf 'user\ttime\n' | gzip -n; yes 'a	0.7' | head -n 5000000 | gzip -n > rows.gz; many 24 rows.gz; } > rows.bomb
many 24 zeros.gz > zeros.bomb
{ printf 'user,time\n"' | gzip -n; many 24 zeros.gz; } > quote.bomb
{ printf '[{"user":"' | gzip -n; many 24 zeros.gz; } > string.bomb
{ printf '\211RPK\r\n\032\n' | gzip -n; many 24 zeros.gz; } > packed.bomb
many 24 zeros.zst > zst.bomb

# try STATUS SAYS COMMAND...: what it says last
try()
{
	want=$1 says=$2
	shift 2
	(ulimit -v 500000; exec "$@") > out 2> err
	rc=$?
	[ $rc = "$want" ] && tail -n 1 err | grep -q -- "$says" && return
	echo "$*: exit status $rc, wanted $want; $(tail -n 1 err | cut -c 1-200)"
	bad=1
}
try 0 '' filter-interactions -v --above 0.9 rows.bomb
try 3 'a line is longer than' filter-interactions zeros.bomb
try 3 '' filter-interactions zst.bomb
try 3 '' filter-interactions --csv quote.bomb
try 3 '' import-table zeros.bomb
try 3 '' import-table --separator , --quoting rfc4180 --encoding utf-8 --line-end lf --header first quote.bomb
try 3 '' import-logs zeros.bomb
try 3 '' import-logs string.bomb
try 3 'a line is longer than' keep-header zeros.bomb -- cat
for command in 'export-topk' 'unpack' 'next-track --recs packed.bomb --items packed.bomb'; do
	try 3 'a packed file that grows to more than 100 times its size' $command packed.bomb
done
exit $bad
