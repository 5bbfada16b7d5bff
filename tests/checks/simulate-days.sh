#!/bin/sh
# Days of simulate-sessions: who leaves does not come back, as many leave and as many
# interests change as was asked for (within four standard deviations), every listener
# who is left has its sessions, in its day.
cd "$RECPIPE_TMP" || exit 1
# shellcheck source=../complain.sh
. "$RECPIPE_ROOT/tests/complain.sh"
make-world -q --users 4000 --tracks 500 --artists 30 --genres 4 --factors 4 --interests 3 -d w || exit 1
for day in 1 2 3 4; do
	simulate-sessions -q --tracks w/tracks.tsv --embeddings w/embeddings.tsv --users w/users.tsv \
		--seed 9 --day $day --sessions-per-user 2 --churn 0.2 --drift 0.3 --budget 1 \
		--episodes ep$day -o ev$day -- next-track -q --items w/tracks.tsv || exit 1
	sed 1d ep$day | cut -f 2 | sort -u > who$day
	sed 1d ep$day | cut -f 2 | sort | uniq -c | awk '$1 != 2 { exit 1 }' ||
		complain "day $day: not two sessions of every listener"
	awk -F '\t' -v day=$day 'NR > 1 && ($6 < 1704067200000 + (day - 1) * 86400000 ||
		$7 > 1704067200000 + day * 86400000 + 600000) { exit 1 }' ep$day ||
		complain "day $day: a session lies in another day"
done
[ "$(wc -l < who1)" = 4000 ] || complain "somebody left before the second day"
for day in 2 3 4; do
	comm -13 who$((day - 1)) who$day | grep -q . && complain "day $day: somebody came back"
	awk -v n="$(wc -l < who$day)" -v day=$day 'BEGIN { p = 0.8 ^ (day - 1); m = 4000 * p
		z = (n - m) / sqrt(m * (1 - p)); printf "day %d: %d listeners of 4000, z = %.2f\n", day, n, z
		exit z * z > 16 }' || complain "day $day: not a fifth of the listeners leave"
	# A new interest is any of 500 tracks, the old ones at most 3 of them.
	awk -F '\t' -v day=$day 'FNR == 1 { file++; next }
		file == 1 { own[$1] = "," $2 ","; next }
		{ n++; changed += index(own[$2], "," $3 ",") == 0 }
		END { p = (1 - 0.7 ^ (day - 1)) * (1 - 2.9 / 500)
			# The two sessions of a listener may have one interest: variance up to twice.
			z = (changed / n - p) / sqrt(2 * p * (1 - p) / n)
			printf "day %d: %.4f of the interests are new, wanted %.4f, z = %.2f\n", day, changed / n, p, z
			exit z * z > 16 }' w/users.tsv ep$day || complain "day $day: the interests do not drift as they should"
done
# A day knows nothing of the options of the days before but churn and drift: alone it is the same.
simulate-sessions -q --tracks w/tracks.tsv --embeddings w/embeddings.tsv --users w/users.tsv \
	--seed 9 --day 4 --sessions-per-user 2 --churn 0.2 --drift 0.3 --budget 1 --jobs 2 -o again -- \
	next-track -q --items w/tracks.tsv || exit 1
cmp ev4 again || complain 'the fourth day again is another one'
simulate-sessions -q --tracks w/tracks.tsv --embeddings w/embeddings.tsv --users w/users.tsv \
	--day 2 --churn 1 -- next-track -q --items w/tracks.tsv > out 2> err
[ $? = 3 ] && grep -q 'every listener has left' err || complain "everybody left: $(cat err)"
exit $bad
