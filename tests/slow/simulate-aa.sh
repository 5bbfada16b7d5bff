#!/bin/sh
# A/A: of 20 seeds of the closed loop with two arms alike, about one in twenty shows an
# interval without zero; of 400 simulated days likewise, and their p is uniform. With
# lists against random tracks every one of the seeds tried shows it.
set -u
cd "$RECPIPE_TMP" || exit 1
# shellcheck source=../complain.sh
. "$RECPIPE_ROOT/tests/complain.sh"
RECPIPE_BIN=${RECPIPE_BIN:?}
USERS=400 TRACKS=300 ARTISTS=40 GENRES=5 SESSIONS=3 TUNE=0 EPOCHS=4 K=30 REDIS=none FACTORS=16
export RECPIPE_BIN USERS TRACKS ARTISTS GENRES SESSIONS TUNE EPOCHS K REDIS FACTORS
# excludes FILE..: how many of the effects on listening time have an interval without 0
excludes()
{
	awk -F '\t' 'FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$at["metric"] == "time" { rows++; n += $at["percent_lower"] > 0 || $at["percent_upper"] < 0 }
		END { print rows + 0, n + 0 }' "$@"
}
loop() { "$RECPIPE_ROOT/pipelines/simulate-experiment" "$1" > out.txt 2> err.txt || complain "seed $SEED: $(tail -n 2 err.txt)"; }

for SEED in $(seq 20); do
	export SEED
	ARMS='C=indexed T1=indexed' loop "aa$SEED"
done
set -- $(excludes aa*/effects.tsv)
echo "closed loop, two arms with the same lists: $2 of $1 intervals exclude zero"
# Five or more of twenty: probability 0.0026.
[ "$1" = 20 ] && [ "$2" -le 4 ] || complain "of 20 A/A seeds $2 of $1 show a difference"
for SEED in 1 2 3 4 5; do
	export SEED
	ARMS='C=random T1=indexed' loop "aa$SEED"
done
set -- $(excludes aa[1-5]/effects.tsv)
echo "closed loop, lists against random tracks: $2 of $1 intervals exclude zero"
[ "$1" = 5 ] && [ "$2" = 5 ] || complain "lists against random tracks: $2 of $1 seeds show a difference"

make-world -q --users 300 --tracks 300 --artists 40 --genres 5 -d w || exit 1
for seed in $(seq 400); do
	simulate-sessions -q --tracks w/tracks.tsv --embeddings w/embeddings.tsv --users w/users.tsv \
		--sessions-per-user 2 --seed "$seed" -o day.tsv -- next-track -q --items w/tracks.tsv \
		--seed "$seed" --experiment "EXP$seed" --arm C=random --arm T1=random &&
		analyze-ab -q --experiment "EXP$seed" -o "day$seed.effects" day.tsv 2> err.txt ||
		complain "seed $seed: $(cat err.txt)"
done
set -- $(excludes day*.effects)
echo "simulated days: $2 of $1 intervals exclude zero"
# 20 are due, 4.4 is the standard deviation.
[ "$1" = 400 ] && [ "$2" -ge 6 ] && [ "$2" -le 36 ] || complain "of 400 A/A days $2 of $1 show a difference"
cat day*.effects | awk -F '\t' '$1 == "experiment" { for (i = 1; i <= NF; i++) at[$i] = i; next }
	$at["metric"] == "time" { print $at["p"] }' | sort -g | awk '
	{ n++; p[n] = $1 }
	END {
		for (i = 1; i <= n; i++) {
			if (i / n - p[i] > d) d = i / n - p[i]
			if (p[i] - (i - 1) / n > d) d = p[i] - (i - 1) / n
		}
		printf "p of simulated days beside the uniform distribution: D = %.4f, limit %.4f\n", d, 1.95 / sqrt(n)
		exit d > 1.95 / sqrt(n) # p = 0.001
	}' || complain 'p is not uniform'
exit $bad
