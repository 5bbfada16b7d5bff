#!/bin/sh
# How many sessions interleaving saves: of two recommenders, one of which is better, the winner is found by an
# experiment with two arms as often as by interleaving with a part of its sessions. 200 repetitions of
# each, and of interleaving with a sixth of the listeners; 40 seconds of CPU.
#
# The factor is that of the sessions which give the same t: the squared ratio of the mean t of the same sessions.
set -u
cd "$RECPIPE_TMP" || exit 1
repetitions=${REPETITIONS:-200} users=240
make-world -q --users $users --tracks 400 --artists 60 --genres 8 --factors 8 --interests 4 --seed 3 -d w || exit 1
# The tracks nearest to a listener's interests; in the worse lists every eighth is any track.
awk -F '\t' -v OFS='\t' '
	FILENAME == "w/embeddings.tsv" { if (FNR > 1) for (f = 2; f <= NF; f++) e[$1, f - 2] = $f; if (FNR > 1) tracks++; next }
	FNR == 1 { print "user", "rank", "item" > "better.tsv"; print "user", "rank", "item" > "worse.tsv"; srand(5); next }
	{
		n = split($2, interest, ",")
		for (t = 0; t < tracks; t++) {
			score = 0
			for (f = 0; f < 8; f++) { own = 0; for (i = 1; i <= n; i++) own += e[interest[i], f]; score += own / n * e[t, f] }
			value[t] = score
		}
		for (r = 1; r <= 20; r++) {
			best = -1
			for (t in value) if (best < 0 || value[t] > value[best] || (value[t] == value[best] && t + 0 < best)) best = t
			delete value[best]
			print $1, r, best > "better.tsv"
			print $1, r, r % 8 ? best : int(rand() * tracks) > "worse.tsv"
		}
	}' w/embeddings.tsv w/users.tsv || exit 1
# play SEED OPTIONS..: four sessions of each listener
play() { seed=$1; shift; simulate-sessions -q --tracks w/tracks.tsv --embeddings w/embeddings.tsv --users "$listeners" --seed "$seed" \
	--sessions-per-user 4 -- next-track -q --items w/tracks.tsv --recs worse.tsv --challenger better.tsv --seed "$seed" "$@"; }
awk -v n=$((users / 6)) 'NR <= n + 1' w/users.tsv > sixth.tsv
for seed in $(seq "$repetitions"); do
	listeners=w/users.tsv
	play "$seed" --experiment "X$seed=2" --arm C=indexed --arm T1=challenger > events || exit 1
	analyze-ab -q --experiment "X$seed" --metrics time events | sed 1d | cut -f 14 > t || exit 1
	printf 'arms\t%s\n' "$(cat t)"
	for share in all sixth; do
		[ $share = all ] || listeners=sixth.tsv
		play "$seed" --recommender interleaved:indexed+challenger > events || exit 1
		# team b is the later by name, the worse lists: above 0 is a win of the better ones
		printf '%s\t%s\n' "$share" "$(analyze-ab --interleaving team events | awk -F '\t' '$1 == "heard" { q = 1.959963984540054; print -$6 / (($8 - $7) / 2 / q) }')"
	done
done > t.tsv || exit 1
awk -F '\t' -v wanted="$repetitions" '
	{ n[$1]++; sum[$1] += $2; square[$1] += $2 * $2; won[$1] += $2 > 0; shown[$1] += $2 > 1.96 }
	END {
		for (k = 1; k <= 3; k++) {
			w = k == 1 ? "arms" : k == 2 ? "all" : "sixth"
			mean = sum[w] / n[w]
			printf "%s: mean t %.2f +- %.2f, the winner found in %.1f %%, significantly in %.1f %%\n", k == 1 ? "two arms" : k == 2 ? "interleaved" : "interleaved, a sixth of the sessions", mean, sqrt((square[w] / n[w] - mean ^ 2) / n[w]), 100 * won[w] / n[w], 100 * shown[w] / n[w]
		}
		factor = (sum["all"] / n["all"] / (sum["arms"] / n["arms"])) ^ 2
		printf "the same t with 1/%.1f of the sessions\n", factor
		exit n["arms"] != wanted || factor < 6 || factor > 11
	}' t.tsv || { echo 'interleaving saves another part of the sessions than the page says'; exit 1; }
