#!/bin/sh
# analyze-ab --memory: ROWS events (1 million) in an order that has nothing to do with users, which are a
# hundredth of that, take at most 15 bytes an event, 300 MB for 20 million, and give the bytes of a run that
# keeps all of them. An event has some 45 bytes.
set -u
. "$RECPIPE_ROOT/tests/release-only.sh"
cd "$RECPIPE_TMP" || exit 1
. "$RECPIPE_ROOT/tests/complain.sh"
: "${ROWS:=1000000}"
# Sessions of ten events; the n-th row is the event n * 7368787, modulo all of them.
ROWS=$ROWS awk 'BEGIN {
	n = ENVIRON["ROWS"] + 0
	print "message\ttimestamp\tuser\ttrack\ttime\tlatency\trecommendation\tEXP"
	for (i = 0; i < n; i++) {
		e = i * 7368787 % n
		s = int(e / 10)
		k = e % 10
		u = s * 7919 % (n / 100)
		printf "%s\t%.0f\tu%d\t%d\t%.2f\t0.%d\t%s\t%s\n", k < 9 ? "next" : "last", 1700000000000 + s * 60000 + k * 1000, u,
			(s * 31 + k * 17) % 20000, e * 31 % 101 / 100, 1 + e % 8, k < 9 ? (s * 31 + k * 17 + 17) % 20000 : "",
			u * 7 % 3 ? "C" : "T1" } }' > log.tsv
[ "$(wc -l < log.tsv)" = $((ROWS + 1)) ] || complain 'the log is not whole'
# run NAME WORD...
run()
{
	name=$1
	shift
	analyze-ab -v --experiment EXP --details "$name.details" --health "$name.health" --user-table "$name.users" "$@" \
		log.tsv > "$name.effects" 2> "$name.said" || complain "$name: $(cat "$name.said")"
}
run all
run little --memory $((ROWS * 32 / 5))
for table in effects details health users; do
	cmp all.$table little.$table || complain "another table: $table"
done
grep -q "^EXP	" all.effects && [ "$(wc -l < all.users)" = $((ROWS / 100 + 1)) ] || complain "not all users: $(wc -l < all.users)"
cat all.said little.said | ROWS=$ROWS awk '/ MB$/ { mb[++n] = $(NF - 1) }
	END { print "all " mb[1] " MB, little " mb[2] " MB"; exit !(n == 2 && mb[2] * 1e6 <= 15 * ENVIRON["ROWS"] && mb[1] > 2 * mb[2]) }' > mb ||
	complain "memory: $(cat mb)"
cat mb
exit $bad
