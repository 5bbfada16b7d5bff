#!/bin/sh
# What zstd and xz write is read, what is written as .zst is read by zstd.
set -u
for program in zstd xz; do
	command -v "$program" > /dev/null || { echo "no $program here"; exit 77; }
done
cd "$RECPIPE_TMP" || exit 1
# shellcheck source=../complain.sh
. "$RECPIPE_ROOT/tests/complain.sh"
filter() { filter-interactions -q --above 0.5 --time time "$@"; }

awk 'BEGIN { print "user\titem\ttime"
	for (i = 0; i < 100000; i++) print i % 997 "\t" (i * 7919) % 4001 "\t." i % 10 }' > in.tsv
filter in.tsv > plain.tsv
filter in.tsv -o out.zst && zstd -qdc out.zst | cmp - plain.tsv || complain 'zstd reads it otherwise'
zstd -qt out.zst || complain 'zstd -t refuses it'
for program in zstd 'zstd -19 --no-check' 'zstd --long=27' xz 'xz -9e' 'xz --check=none'; do
	$program -qc < in.tsv > packed
	filter packed | cmp - plain.tsv || complain "$program: read otherwise"
	{ $program -qc < in.tsv; tail -n +2 in.tsv | $program -qc; } | filter > twice || complain "$program: two members"
	[ "$(wc -l < twice)" -eq $((2 * $(wc -l < plain.tsv) - 1)) ] || complain "$program: two members are not one stream"
	head -c 3000 packed > cut
	filter cut > again 2> err
	[ $? -eq 3 ] && grep -q 'bad .* data: unexpected end of file' err || complain "$program, cut: $(cat err)"
done
head -c 200000000 /dev/zero | zstd -q --ultra -20 --long=28 -c > long.zst
filter long.zst > again 2> err
[ $? -eq 3 ] && grep -q 'above 128 MB: unpack with zstd -dc' err || complain "long: $(cat err)"
exit $bad
