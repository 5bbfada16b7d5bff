#!/bin/sh
# filter-interactions keeps what awk keeps, value for value: decimals of every length
# and form on both sides of the bounds. TSV takes the quick way, CSV the one by the
# book, and both must agree too.
set -u
cd "$RECPIPE_TMP" || exit 1
bad=0
awk 'BEGIN {
	srand(3)
	print "item\ttime\tuser"
	split("0 0.5 .5 5e-1 0.50 0.500000 0.5000000 0.50000001 0.49999999 0.499999999999 1 1. +1 -1 -0 -0.5", odd, " ")
	for (i = 1; i in odd; i++)
		print "i" i "\t" odd[i] "\tu"
	for (i = 0; i < 60000; i++) {
		form = int(rand() * 9)
		x = rand() < 0.5 ? 0.5 + (rand() - 0.5) / 10 ^ (1 + int(rand() * 7)) : rand() * 10 ^ int(rand() * 7)
		text = form < 7 ? sprintf("%." form "f", x) : form == 7 ? sprintf("%e", x) : sprintf("%.17g", x)
		item = substr("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 1, 1 + rand() ^ 4 * 66)
		print item "\t" text "\t" i
	}
}' > in.tsv
tr '\t' ',' < in.tsv > in.csv
# compare CONDITION OPTIONS..
compare()
{
	condition=$1
	shift
	awk -F '\t' "NR == 1 || ($condition)" in.tsv > want
	filter-interactions "$@" in.tsv > quick && filter-interactions --csv "$@" in.csv > slow || bad=1
	cmp want quick || bad=1
	cmp quick slow || bad=1
	[ "$(wc -l < want)" -gt 1 ] || { echo "$* keeps nothing"; bad=1; }
}
compare '$2 > 0.5'
compare '$2 > 0.5' --user user --item item
compare '$2 > 0' --above 0
compare '$2 >= 0.5' --min 0.5
compare '$2 <= 0.5' --max 0.5
compare '$2 >= 0.49999999 && $2 <= 0.50000001' --min 0.49999999 --max 0.50000001
compare '$2 > 0.3 && $2 >= 0.1 && $2 <= 0.31' --above 0.3 --min 0.1 --max 0.31
compare '$2 > -1' --above -1
compare '$2 >= 123456.7' --min 123456.7
compare '$2 <= 1e-3' --max 1e-3
exit $bad
