#!/bin/sh
# Compressed files: an output whose name ends in .gz or .zst is compressed, the same bytes each
# time, whole or not at all, and read again as it was (checks/compressed-peers: other programs).
set -u
cd "$RECPIPE_TMP" || exit 1
# shellcheck source=../complain.sh
. "$RECPIPE_ROOT/tests/complain.sh"
# same NAME FILE: is it the plain output?
same()
{
	cmp "$2" plain.tsv || complain "$1: not the same"
}

awk 'BEGIN { print "user\titem\ttime"
	for (i = 0; i < 150000; i++) print i % 997 "\t" (i * 7919) % 4001 "\t." i % 10 }' > in.tsv
filter() { filter-interactions -q --above 0.5 --time time "$@"; }
filter in.tsv > plain.tsv

for end in gz zst; do
	filter in.tsv -o "out.$end" && filter < "out.$end" > again || complain "$end: failed"
	same "$end, read again" again
	filter in.tsv -o "other.$end" && cmp "out.$end" "other.$end" || complain "$end: not the same bytes again"
	[ "$(wc -c < "out.$end")" -lt "$(($(wc -c < plain.tsv) / 2))" ] || complain "$end: not compressed"
	filter in.tsv --line-buffered -o "lines.$end" && filter "lines.$end" > again
	same "$end by lines" again
	filter "out.$end" "other.$end" | wc -l > count
	[ "$(cat count)" -eq $((2 * $(wc -l < plain.tsv) - 1)) ] || complain "$end: two files are not one stream"
	cat "out.$end" "other.$end" > joined # members follow one another: the header comes twice
	filter joined > again 2> err && complain "$end: a second header inside the stream was taken"
done
gzip -dc out.gz > again && same 'gzip -dc' again
gzip -t out.gz || complain 'gzip -t refuses out.gz'
# A header that asks for a window of 4 GB, and what is no frame after one.
printf '\050\265\057\375\004\260\000\000' | filter > again 2> err
[ $? -eq 3 ] && grep -q 'above 128 MB: unpack with zstd -dc' err || complain "window: $(cat err)"
# pzstd puts a frame to skip before each of the others.
{ printf '\120\052\115\030\004\000\000\000abcd' && cat out.zst; } | filter > again
same 'a skippable frame first' again
{ cat out.zst; echo; } | filter > again 2> err
[ $? -eq 3 ] && grep -q 'bad zstd data: trailing garbage' err || complain "garbage: $(cat err)"

# Threads that decompress: files of many members, several files, and what is wrong with them.
items() { train-items -q --method knn --k 3 "$@"; }
for end in gz zst xz; do
	case $end in
	gz) pack='gzip -c' ;;
	zst) pack='zstd -q -c' ;;
	xz) pack='xz -0 -c' ;;
	esac
	${pack%% *} --version > version 2>&1 || continue
	rm -f part.*
	split -l 9000 in.tsv part.
	for part in part.*; do
		$pack "$part"
	done > "members.$end"
	head -n 1 in.tsv | cat - "part.ab" "part.ac" "part.ad" "part.ae" "part.af" "part.ag" > other.tsv
	$pack other.tsv > "second.$end"
	items in.tsv other.tsv in.tsv > want
	items -j 4 "members.$end" "second.$end" "members.$end" > again
	cmp want again || complain "$end, threads: not the same"
	items -j 4 - < "members.$end" > again && items in.tsv | cmp - again || complain "$end, threads, standard input"
	cat "members.$end" | items -j 4 > again && items in.tsv | cmp - again || complain "$end, threads, a pipe"
	size=$(wc -c < "members.$end")
	head -c $((size * 9 / 10)) "members.$end" > "torn.$end"
	{ cat "members.$end"; echo; } > "garbage.$end"
	{ head -c $((size / 3)) "members.$end"; echo xxxxxxxxxxxxxxxxxxxxx; cat "members.$end"; } > "wrong.$end"
	for file in "torn.$end" "garbage.$end" "wrong.$end"; do
		items "members.$end" "$file" > again 2> want
		[ $? -eq 3 ] && grep -q "^train-items: $file:" want || complain "$file: $(cat want)"
		items -j 4 "members.$end" "$file" > again 2> err
		[ $? -eq 3 ] && cmp want err || complain "$file, threads: $(cat err)"
	done
done

# Logs, one after the other, the third of which is torn.
for k in 1 2 3; do
	awk -v k=$k 'BEGIN { for (i = 0; i < 20000; i++)
		print "{\"message\":\"next\",\"timestamp\":" 1700000000000 + i * k ",\"user\":" i * 7919 % 9973 ",\"track\":" \
			i * k % 4001 ",\"time\":0." i * 31 % 1009 ",\"experiments\":{\"A\":\"" (i % 2 ? "C" : "T") "\"}}" }' > log$k
	gzip -c log$k > log$k.gz
done
[ "$(wc -c < log3.gz)" -gt 70000 ] || complain 'the logs are too small to be opened ahead'
import-logs -q log1 log2 log3 > want
for threads in 1 2 3; do
	import-logs -q -j $threads log1.gz log2.gz log3.gz > again && cmp want again || complain "logs, -j $threads"
	import-logs -q -j $threads log1.gz log2 log3.gz > again && cmp want again || complain "a plain log, -j $threads"
	head -c 90000 log3.gz > log4.gz
	import-logs -q -j $threads log1.gz log4.gz log3.gz log5.gz > again 2> err
	[ $? -eq 1 ] && grep -qx 'import-logs: cannot open log5.gz: No such file or directory' err ||
		complain "log5, -j $threads: $(cat err)"
	import-logs -q -j $threads log1.gz log4.gz log3.gz > again 2> err
	[ $? -eq 3 ] && grep -qx 'import-logs: log4.gz: bad gzip data: unexpected end of file' err ||
		complain "log4, -j $threads: $(cat err)"
done

# Names that are no order, and one that cannot be carried out.
filter in.tsv -o gz && same 'a file called gz' gz
mkdir folder && filter in.tsv -o folder/.gz && same 'a file called .gz' folder/.gz
for kind in xz bz2 lz4 lzma zip 7z; do
	filter in.tsv -o out.$kind 2> err
	[ $? -eq 2 ] && grep -q ": $kind is not written" err && [ ! -e out.$kind ] || complain "$kind: $(cat err)"
done

# The old file stays when the run fails, and a full disk is told.
cp out.gz kept.gz
printf 'user\ttime\nx\ty\n' | filter -o kept.gz 2> err && complain 'a bad row was taken'
cmp out.gz kept.gz || complain 'a run that failed changed its output'
ln -s /dev/full full.gz
filter in.tsv -o full.gz 2> err
[ $? -eq 1 ] && grep -q 'No space' err || complain "full disk: $(cat err)"

# A command's output, more than a pipe holds.
keep-header -o command.zst in.tsv -- sort -r && keep-header -q command.zst -- cat > again
keep-header in.tsv -- sort -r | cmp - again || complain 'keep-header: not the same'
keep-header -o command.zst in.tsv -- false 2> err && complain 'a failing command was taken'
keep-header -q command.zst -- cat | cmp - again || complain 'a failing command changed the output'

# Side outputs and packed files.
printf 'user\ttime\nx\ty\nz\t1\n' | filter --on-error skip --rejects rejects.zst > again 2> err
[ "$(keep-header -q rejects.zst -- cat | grep -c y)" -eq 1 ] || complain "rejects: $(cat err)"
train-items -q --method knn --k 5 in.tsv --packed -o items.gz && unpack items.gz > again &&
	train-items -q --method knn --k 5 in.tsv > items.tsv && cmp again items.tsv || complain 'packed and gz'
for end in gz zst; do # a run that goes on
	train-mf -q --factors 4 --epochs 1 --checkpoint "c.$end" in.tsv -o one.tsv &&
		train-mf -v --factors 4 --epochs 2 --checkpoint "c.$end" in.tsv -o two.tsv 2> err &&
		grep -q 'resuming after epoch 1' err || complain "checkpoint c.$end: $(cat err)"
	train-mf -q --factors 4 --epochs 2 in.tsv | cmp - two.tsv || complain "c.$end: another model"
	head -c 2000 "c.$end" > "cut.$end"
	train-mf -q --factors 4 --epochs 2 --checkpoint "cut.$end" in.tsv > again 2> err
	[ $? -eq 3 ] && grep -q 'unexpected end' err || complain "cut.$end: $(cat err)"
done
exit $bad
