#!/bin/sh
# Lists of --each that are long: read before the end of their document is known, in as many parts as there are,
# they give the rows of the same lists in short documents; documents of more than 64 MB are read; what is wrong
# around and in them is said, and is bad input.
. "$RECPIPE_ROOT/tests/complain.sh"
set -f

# items N [TEXT]: N elements with commas between them, and TEXT after each
items()
{
	awk -v n="$1" -v text="${2:-}" 'BEGIN { for (i = 1; i <= n; i++)
		printf "{\"id\": \"u%d\", \"track\": %d, \"at\": %d, \"name\": \"a \\\"]} %d\"}%s%s\n", i % 97, i, 1700000000000 + i,
			i, text, i < n ? "," : "" }'
}
MAPS='--each .a.items[] --map user=.id --map timestamp=.at --map name=.name'
import() { import-logs -q $MAPS "$@"; }
# same WHAT FILE OPTION...: with every number of threads, the rows in `want`
same()
{
	what=$1 file=$2
	shift 2
	for threads in 1 2 3; do
		import -j $threads "$@" "$file" > got 2> said || complain "$what, -j $threads: $(cat said)"
		cmp -s want got || complain "$what, -j $threads: other rows"
	done
}
# fails WHAT FILE WORDS OPTION...: bad input, with these words, whatever is skipped
fails()
{
	what=$1 file=$2 words=$3
	shift 3
	for skip in fail skip; do
		import --on-error $skip -j 2 "$@" "$file" > got 2> said
		status=$?
		[ $status = 3 ] || complain "$what, --on-error $skip: exit $status: $(cat said)"
		grep -qF "$words" said || complain "$what, --on-error $skip: $(cat said)"
	done
}

items 20000 > many # 1.4 MB
{ sed 's/,$//; s/.*/{"day": "x", "a": {"items": [&]}}/' many; } > short.json
import --map 'day=$.day' short.json > want || complain 'short documents'
[ "$(wc -l < want)" = 20001 ] || complain "$(wc -l < want) lines of 20001"
{ echo '{"b": {"items": [1, "["]}, "day": "x", "a": {"c": [[], {}],'; echo '"items": ['; cat many; echo ' ], "d": [2]},'
	echo '"z": "]}"}'; } > long.json
same 'one document' long.json --map 'day=$.day'
{ cat long.json; sleep .1; cat long.json; } | import -j 2 --map 'day=$.day' > got || complain 'a pipe'
{ cat want; tail -n +2 want; } | cmp -s - got || complain 'a pipe: other rows'
tr -d '\n' < long.json > line.json
same 'on one line' line.json --map 'day=$.day'
{ echo '{"a": {"items": ['; cat many; echo ']}, "day": "x"}'; } > late.json
same 'taken from behind the list' late.json --map 'day=$.day'
{ printf '['; cat line.json; printf ',\n'; cat line.json; echo ']'; } > array.json
tail -n +2 want > rows && cat rows >> want
same 'an array of documents' array.json --map 'day=$.day'
cat line.json long.json > two.json
same 'documents one after another' two.json --map 'day=$.day'
gzip -c two.json > two.json.gz
same 'compressed' two.json.gz --map 'day=$.day'

# Lists in the elements of a long one.
MAPS='--each .a.items[].of[] --map user=.id --map timestamp=.at --map name=.name --map id=$.n --map top=$$.top'
awk 'BEGIN { print "{\"top\": 7, \"a\": {\"items\": ["; for (i = 1; i <= 9000; i++)
	printf "%s{\"n\": %d, \"of\": [{\"id\": %d, \"track\": 3}, {\"id\": 2}]}\n", (i > 1 ? "," : ""), i, i
	print "]}}" }' > lists.json
awk 'BEGIN { for (i = 1; i <= 9000; i++)
	printf "{\"top\": 7, \"a\": {\"items\": [{\"n\": %d, \"of\": [{\"id\": %d, \"track\": 3}, {\"id\": 2}]}]}}\n", i, i }' |
	import-logs -q $MAPS > want || complain 'lists in short ones'
same 'lists in lists' lists.json
MAPS='--each .a.items[] --map user=.id'

# More than a value may have.
{ echo '{"day": 1, "a": {"items": ['; items 900000 ; echo ']}}'; } > large.json
[ "$(wc -c < large.json)" -gt 67108864 ] || complain 'it is not large enough'
import -j 1 --map 'day=$.day' large.json 2> said > got || complain "large: $(cat said)"
[ "$(wc -l < got)" = 900001 ] || complain "large: $(wc -l < got) lines"
{ printf '%s' '{"a": {"items": ['; items 900000; echo ']}, "day": 1}'; } > large-late.json
fails 'large, and taken from behind it' large-late.json 'after all that $ takes from around it' --map 'day=$.day'

# What is wrong around it: a bad row, wherever it stands; its elements are written.
{ echo '{"a": {"items": ['; items 6000; echo ']}, "x": 1, "x": 2}'; } > twice.json
{ echo '{"a": {"items": ['; items 6000; echo ']}, "x": 1}'; } > good.json
printf '{"a": {"items": [{"id": "short"}]}}\n' > small.json
for order in 'twice small good' 'small twice good' 'small small small twice good' 'good small twice small twice' 'twice'; do
	for one in $order; do cat $one.json; done > mixed.json
	bad_ones=$(printf '%s\n' $order | grep -c twice) small_ones=$(printf '%s\n' $order | grep -c small) ||
		: # none
	rows=$((6000 * $(printf '%s\n' $order | grep -vc small) + small_ones))
	for threads in 1 3; do
		import -v -j $threads --on-error skip --rejects rejects mixed.json > got 2> said || complain "$order: $(cat said)"
		grep -q "$((rows + bad_ones)) rows read, $rows written, 0 filtered out, $bad_ones rejected" said ||
			complain "$order, -j $threads: $(cat said)"
		[ "$(wc -l < got),$(wc -l < rejects)" = "$((rows + 1)),$bad_ones" ] || complain "$order: other rows or rejects"
	done
	import -j 2 mixed.json > got 2> said
	[ $? = 3 ] && grep -q 'in the object around the list of --each: a duplicate key in an object: "x"' said ||
		complain "$order: $(cat said)"
done
{ echo '{"a": {"items": ['; cat many; echo ']}'; } > bad.json
import bad.json > got 2> said
[ $? = 3 ] && grep -q 'bad.json:1: in the object around the list of --each: ' said || complain "no end: $(cat said)"

# A short line with a fault is no long document, whatever comes after it.
for fault in '{"a":{"items":[{"id":1}],"z":"x}}' '{"a":{"items":[{"id":1}],"z": \"x"}}' '{"a":{"items":[{"id":"b2' \
	'{"a":{"items":[{"id":"b1,"track":1}]}}'; do
	awk -v fault="$(printf '%s' "$fault" | sed 's/\\/&&/g')" 'BEGIN { for (i = 1; i <= 14000; i++)
		print (i == 2 || i == 3 || i == 9000 ? fault : "{\"a\":{\"items\":[{\"id\":" i "}]}}") }' > log.json
	import --line-buffered --on-error skip --rejects want.rejects log.json > want 2> want.said || complain "$fault: $(cat want.said)"
	[ "$(wc -l < want),$(wc -l < want.rejects)" = 13998,3 ] || complain "$fault: $(wc -l < want) lines"
	for threads in 1 3; do
		import -j $threads --on-error skip --rejects rejects log.json > got 2> said || complain "$fault: $(cat said)"
		cmp want got && cmp want.rejects rejects && cmp want.said said || complain "$fault, -j $threads: other rows"
	done
done

# What is wrong in it.
{ echo '{"a": {"items": ['; cat many; } > bad.json
fails 'a list without its end' bad.json "after element 20000: the array has no ']' at its end"
{ echo '{"a": {"items": ['; cat many; echo '{"id": 1}]}}'; } > bad.json
fails 'a comma is missing' bad.json "after element 20000: expected ',' or ']' after an element"
{ echo '{"a": {"items": ['; sed '15000s/"track"/track/' many; echo ']}}'; } > bad.json
import -j 2 bad.json > got 2> said
[ $? = 3 ] && grep -q 'bad.json:1: element 15000, byte ' said || complain "a bad element: $(cat said)"
import -j 2 --on-error skip --rejects rejects bad.json > got 2> said || complain "it is not skipped: $(cat said)"
[ "$(wc -l < got),$(wc -l < rejects)" = 20000,1 ] || complain "$(wc -l < got) lines, $(wc -l < rejects) rejects"
exit $bad
