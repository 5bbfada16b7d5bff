#!/bin/sh
# build-dataset's order is that of the ids' bytes, whatever the ids begin with and however many threads sort
# them, in memory and in runs on disk: held against sort(1).
set -u
cd "$RECPIPE_TMP" || exit 1
bad=0
# check NAME: interactions in NAME, of users and items of one shape
check()
{
	{ printf 'user\titem\tweight\tsplit\n'; tail -n +2 "$1" | LC_ALL=C sort -u | sed 's/$/\t1\ttrain/'; } > want
	for j in 1 2 3 7; do
		for memory in '' '--memory 1M'; do
			# shellcheck disable=SC2086
			build-dataset -q -j $j $memory "$1" > out || bad=1
			cmp want out || {
				echo "^ $1, -j $j $memory"
				bad=1
			}
		done
	done
}
rows() { awk "BEGIN { srand($1); print \"user\titem\"; for (i = 0; i < 60000; i++) { u = int(rand() * 20000); v = int(rand() * 9000); $2 } }"; }
rows 1 'print u "\t" v' > numbers
# One beginning for all but a few, that are the beginning itself, less than it, and greater
rows 2 'p = "a long beginning of all "; if (i % 6000 == 7) p = substr(p, 1, i % 25); if (i % 9000 == 8) p = i % 2 ? "b" : "\001"; print p u "\t" p v' > alike
rows 3 'print substr("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 1, 1 + u % 48) (u % 3 ? "" : u) "\t" v' > nested
rows 4 'printf "%c%c%c%d\t%d\n", 1 + u % 8, 128 + u % 120, 1 + u % 8, u, v' > bytes
awk 'BEGIN { print "user\titem"; for (i = 70000; i > 0; i--) print "one\t" i % 9000; for (i = 0; i < 9000; i++) print "other" i % 5000 "\t" i }' > one
for shape in numbers alike nested bytes one; do
	check $shape
done
[ "$(wc -l < want)" -eq 18001 ] || bad=1
exit $bad
