#!/bin/sh
# A packed model of 10 GB, nearly all of it holes: its meta rows, ids and single rows take 10 ms;
# export-topk begins to answer after one read of the items, with --packed=index at once;
# two processes share the pages; a byte that was turned is an error. LARGE_GB=1 is quicker.
set -u
cd "${RECPIPE_TMP:-$(mktemp -d)}" || exit 1
gb=${LARGE_GB:-10}
# shellcheck source=../complain.sh
. "$RECPIPE_ROOT/tests/complain.sh"
# cpu NAME MOST COMMAND: the CPU seconds of the best of 10 runs, at most MOST
cpu()
{
	best=$(for i in 1 2 3 4 5 6 7 8 9 10; do "$RECPIPE_BUILD/tests/bench-measure" "$3" || echo 999; done |
		sort -n | head -n 1)
	echo "$1: ${best%%	*} CPU s, $(echo "$best" | cut -f 2) s, $(echo "$best" | cut -f 3) MB"
	echo "${best%%	*}" | awk -v most="$2" '{ exit !($1 <= most) }' || complain "$1: more than $2 CPU s"
}
sparse=$RECPIPE_BUILD/tests/sparse-model
"$sparse" .05 small.packed > users || exit 1
export-topk --packed=index --kernel portable -o small.index small.packed || exit 1
users=$("$sparse" "$gb" plain) && "$sparse" "$gb" indexed small.index > users || exit 1
echo "$(wc -c < plain) bytes, $(du -k plain | cut -f 1) kB on disk, $users users"
middle=$(printf 'u%07d' $((users / 2)))
last=$(printf 'u%07d' $((users - 1)))

# ---- meta, ids, a row ----
unpack --info plain > info || complain 'unpack --info'
grep -qx 'model loss	warp' info && grep -qx "rows user	$users" info || complain "unpack --info: $(cat info)"
unpack --id "$last" --id "$middle" --id i0000000 plain > rows || complain 'unpack --id'
[ "$(cut -f 1-5 rows | sed 1d)" = "user	$last	0	0	0.125
user	$middle	0	0	0
item	i0000000	0	0	0.125" ] || complain "unpack --id: $(cut -f 1-5 rows)"
cpu 'meta rows' .01 'unpack --info plain'
cpu 'a row by its id' .01 "unpack --id $middle plain"

# ---- export-topk ----
printf 'user\n%s\n%s\n' "$last" "$middle" > who
unpack small.index | export-topk --k 3 --kernel portable | awk -F '\t' 'NR == 1 || $1 == "u0000000"' > first
cpu 'first lists after one read of the items' 1 'export-topk -q --k 3 plain | head -n 4'
export-topk --k 3 --kernel portable plain 2> err | head -n 4 | cmp - first || complain 'the first lists'
cpu 'two lists by the index' .2 'export-topk -q --k 3 --users who indexed'
export-topk --k 3 --kernel portable --users who indexed > two || complain 'lists by the index'
[ "$(cut -f 1,2 two | tr '\t\n' ' .')" = "user rank.$middle 1.$middle 2.$middle 3.$last 1.$last 2.$last 3." ] &&
	[ "$(awk -F '\t' -v user="$last" '$1 == user && $2 == 1 { print $3 }' two)" = i0000000 ] || complain "lists by the index: $(cat two)"

# ---- two processes ----
# mapped PID FIELD: kB of the file in this process
mapped() { awk -v field="$2:" '/^[0-9a-f]+-[0-9a-f]+ / { mine = /\/indexed$/ } mine && $1 == field { n += $2 } END { print n + 0 }' "/proc/$1/smaps"; }
mkfifo one two.fifo
export-topk --k 100 --kernel portable indexed > one 2> err.1 &
first=$!
export-topk --k 100 --kernel portable indexed > two.fifo 2> err.2 &
second=$!
exec 3< one 4< two.fifo # nobody reads: both stop when their pipes are full
before=-1 now=0
while [ "$now" != "$before" ] || [ "$now" = 0 ]; do
	before=$now
	sleep 1
	now=$(($(mapped $first Rss) + $(mapped $second Rss)))
done
for pid in $first $second; do
	rss=$(mapped $pid Rss) pss=$(mapped $pid Pss) own=$(mapped $pid Private_Dirty)
	echo "the file in a process: Rss $rss kB, Pss $pss kB; $(grep -E '^(Rss|Pss):' "/proc/$pid/smaps_rollup" | tr -s ' \n' ' ') in all"
	[ "$rss" -gt 10000 ] && [ "$pss" -lt $((rss * 6 / 10)) ] && [ "$own" = 0 ] || complain 'the pages are not shared'
done
kill $first $second
exec 3<&- 4<&-
wait $first $second 2> err

# ---- a byte ----
export-topk --k 1 --users who --verify indexed > out || complain '--verify: a good file'
at=$((gb * 500000000 + 17))
for file in plain indexed; do
	printf '\252' | dd of=$file bs=1 seek=$at conv=notrunc 2> err
	export-topk --k 1 --users who --verify $file > out 2> err
	[ $? = 3 ] && grep -q "checksum of the section 'rows'" err && [ ! -s out ] || complain "$file: --verify: $(cat err)"
done
export-topk --k 1 --users who -o lists plain 2> err
[ $? = 3 ] && grep -q "checksum of the section 'rows'" err && [ ! -e lists ] || complain "without --verify: $(cat err)"
exit $bad
