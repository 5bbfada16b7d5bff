#!/bin/sh
# ab-split beside mmh3 and the course's service: 10 experiments x 10,000 users, the
# hashes, balance and independence (SciPy), weights and traffic by buckets.
golden=${RECPIPE_SHARED:-$RECPIPE_ROOT/../shared}/golden/ab/split
[ -d "$golden" ] || { echo "no golden answers: $golden"; exit 77; }
cd "$RECPIPE_TMP" || exit 1
set --
while IFS='	' read -r name ways _; do
	[ "$name" = experiment ] || set -- "$@" --experiment "$name=$ways"
done < "$golden/botify_experiments.tsv"
names=$(head -n 1 "$golden/botify_assignments.tsv" | cut -f 2- | tr '\t' ' ')
set --
for name in $names; do
	ways=$(awk -F '\t' -v n="$name" '$1 == n {print $2}' "$golden/botify_experiments.tsv")
	set -- "$@" --experiment "$name=$ways"
done
cut -f 1 "$golden/botify_assignments.tsv" > users.tsv
ab-split "$@" users.tsv | cmp - "$golden/botify_assignments.tsv" || exit 1
ab-split "$@" --check users.tsv > check.tsv || exit 1
awk -F '\t' '
	function near(a, b,   d) {d = a - b; if (d < 0) d = -d; return d <= 1e-9 * (b < 0 ? -b : b)}
	FILENAME == "check.tsv" {chi[$1, $2, $3] = $4; p[$1, $2, $3] = $6; v[$1, $2, $3] = $7; next}
	FNR > 1 && NF == 5 {n++; if (!near(chi["balance", $1, ""], $3) || !near(p["balance", $1, ""], $5)) {print; bad = 1}}
	FNR > 1 && NF == 6 {n++; if (!near(chi["independence", $1, $2], $3) || !near(p["independence", $1, $2], $5)) {print; bad = 1}}
	END {print n " tests"; exit bad || n < 50}' check.tsv "$golden/botify_balance.tsv" "$golden/botify_independence.tsv" || exit 1
{ printf 'name\tarm\tweight\n'
for e in AA ALL Рекомендации; do printf '%s\tC\t50\n%s\tT1\t30\n%s\tT2\t20\n' $e $e $e; done; } > weights.tsv
{ printf 'name\tarm\tweight\n'
for e in AA ALL Рекомендации; do printf '%s\tC\t90\n%s\tT1\t5\n%s\tT2\t5\n' $e $e $e; done; } > few.tsv
cut -f 2 "$golden/bucket_golden.tsv" | sed 1d | sort -u | { echo user; cat; } > ids.tsv
ab-split --experiments weights.tsv ids.tsv > w.tsv || exit 1
ab-split --experiments few.tsv --traffic AA=0.2 --traffic ALL=0.2 --traffic Рекомендации=0.2 ids.tsv > f.tsv || exit 1
awk -F '\t' '
	FNR == 1 && (FILENAME == "w.tsv" || FILENAME == "f.tsv") {for (i = 2; i <= NF; i++) name[i] = $i; next}
	(FILENAME == "w.tsv" || FILENAME == "f.tsv") {for (i = 2; i <= NF; i++) arm[FILENAME, name[i], $1] = $i; next}
	FNR > 1 {
		n++; gate = $6 == "-" ? "" : $6
		if (arm["w.tsv", $1, $2] != $5 || arm["f.tsv", $1, $2] != gate) {print; bad = 1}
	}
	END {print n " buckets"; exit bad || !n}' w.tsv f.tsv "$golden/bucket_golden.tsv"
