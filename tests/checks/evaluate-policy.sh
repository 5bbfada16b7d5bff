#!/bin/sh
# evaluate-policy: 45 values of the Open Bandit Pipeline's estimators on its data; a policy that is the
# logging one, in every way of picking, weighs every row 1; errors by user, intervals and sessions
# beside a plain computation in awk; the order of the rows; what was set aside; gate and refusals.
set -u
cd "$RECPIPE_TMP" || exit 1
bad=0
say()
{
	printf '%s\n' "$*"
	bad=1
}

# ---- beside other software ----
golden=$RECPIPE_ROOT/../shared/golden/policy
skipped=
if [ -r "$golden/expected.tsv" ]; then
	for data in random-men random-women bts-men; do
		items=$(gzip -dc "$golden/$data.tsv.gz" | awk -F '\t' 'NR > 1 && $2 + 0 > m { m = $2 + 0 } END { print m + 1 }')
		for target in uniform geometric position; do
			awk -v n="$items" -v target=$target 'BEGIN {
				OFS = "\t"
				print "position", "item", "probability"
				for (l = 0; l < 3; l++) {
					sum = 0
					for (i = 0; i < n; i++) {
						w[i] = target == "uniform" ? 1 : target == "geometric" ? exp(-i / 5) : i % 3 == l ? 4 : 1
						sum += w[i]
					}
					for (i = 0; i < n; i++)
						printf "%d\t%d\t%.17g\n", l + 1, i, w[i] / sum
				}
			}' > policy.tsv
			evaluate-policy -q --max-unlogged 1 --policy policy.tsv --reward click --recommendation item \
				--position position --folds 1 --prior-rows 200 --prior-mean 0.005 "$golden/$data.tsv.gz" > got.tsv ||
				say "$data $target: exit status $?"
			awk -F '\t' -v data=$data -v target=$target '
				function off(a, b) { return a - b > 1e-10 * b || b - a > 1e-10 * b }
				NR == FNR { if ($1 "-" $2 == data && $3 == target) { value[$4] = $8; rows[$4] = $9; most[$4] = $10; mean[$4] = $11 }; next }
				FNR > 1 { n++; if (off($2, value[$1]) || off($15, rows[$1]) || off($16, most[$1]) || off($6, mean[$1])) { print; wrong = 1 } }
				END { exit wrong || n != 5 }' "$golden/expected.tsv" got.tsv || say "$data, $target: other values"
		done
	done
else
	skipped='there are no values of other software'
fi

# ---- the policy that made the log ----
make-world -q --users 300 --tracks 120 --artists 20 --genres 4 --factors 4 --interests 3 -d w || exit 1
awk -F '\t' 'BEGIN { print "user\trank\titem\tscore" }
	NR > 1 && NR % 4 { for (r = 1; r <= 8; r++) printf "%s\t%d\t%d\t%.3f\n", $1, r, ($1 * 7 + r * 13) % 120, 2 - r / 5 }' w/users.tsv > lists.tsv
for pick in uniform rank softmax; do
	simulate-sessions -q --tracks w/tracks.tsv --embeddings w/embeddings.tsv --users w/users.tsv --seed 9 \
		--sessions-per-user 4 -o events.$pick -- next-track -q --items w/tracks.tsv --recs lists.tsv \
		--recommender indexed --pick $pick --temperature 0.7 || exit 1
	evaluate-policy -q --policy lists.tsv --items w/tracks.tsv --pick $pick $([ $pick != softmax ] || echo --temperature 0.7) \
		--estimator ipw,snipw events.$pick > got.tsv || say "$pick: exit status $?"
	awk -F '\t' 'NR == FNR { if (FNR > 1 && $7 != "") n++; next }
		FNR > 1 { d = $16 - 1; v = $2 - $6; if (d * d > 1e-20 || v * v > 1e-20 || $13 != n || $17 < 1 - 1e-12) exit 1 }' \
		events.$pick got.tsv || { cat got.tsv; say "$pick: the weights of the logging policy are not 1"; }
	evaluate-policy -q --policy lists.tsv --items w/tracks.tsv --pick $pick $([ $pick != softmax ] || echo --temperature 0.7) \
		--value session --estimator ipw,snipw events.$pick > got.tsv || say "$pick, sessions: exit status $?"
	awk -F '\t' 'NR == FNR { if (FNR > 1) { sessions += $1 == "last"; if ($4 "" == want[$3] "") heard += $5; want[$3] = $7 }; next }
		FNR > 1 { a = $2 - heard / sessions; if (a * a > 1e-18 || $13 != sessions) { print $2, heard / sessions, $13, sessions; exit 1 } }' \
		events.$pick got.tsv || say "$pick: the logging policy's sessions earn something else"
done

# ---- rows and users ----
{ head -n 1 events.uniform; sed 1d events.uniform | sort -r; } > turned
for how in '--estimator ipw,snipw,dm,dr,sndr' '--value session --horizon 5' '--interval bootstrap --resamples 200 --estimator dr'; do
	for log in events.uniform turned; do
		# shellcheck disable=SC2086
		evaluate-policy -q --policy lists.tsv --items w/tracks.tsv --pick rank --min-effective 1 $how $log > got.$log || say "$how: exit status $?"
	done
	cmp -s got.events.uniform got.turned || say "$how: the order of the rows changes the answer"
done
# Rewards chained by awk, as they stand in the log; the weights from the probabilities of both.
awk -F '\t' -v OFS='\t' '
	FILENAME == "lists.tsv" { if (FNR > 1) { n[$1]++; item[$1, $2] = $3 }; next }
	FILENAME == "w/tracks.tsv" { tracks += FNR > 1; next }
	FNR == 1 { print "user", "item", "probability", "target", "heard"; next }
	{ if (row[$3] != "" && want[$3] == $4) print row[$3], $5; row[$3] = "" }
	$7 != "" {
		target = 1 / (tracks - 1)
		if (n[$3]) {
			total = target = 0
			for (r = 1; r <= n[$3]; r++) if (item[$3, r] != $4) { total += 1 / r; if (item[$3, r] == $7) target = 1 / r }
			target /= total
		}
		row[$3] = $3 OFS $7 OFS $10 OFS sprintf("%.17g", target); want[$3] = $7
	}' lists.tsv w/tracks.tsv events.uniform > rows.tsv
evaluate-policy -q --policy-probability target --reward heard --recommendation item rows.tsv > column.tsv || say "a column: exit status $?"
evaluate-policy -q --policy lists.tsv --items w/tracks.tsv --pick rank --estimator ipw,snipw events.uniform > got.tsv
same() { awk -F '\t' -v columns="$1" 'function off(a, b) { d = a - b; s = a < 0 ? -a : a; return (d < 0 ? -d : d) > 1e-9 * (s > 1e-3 ? s : 1e-3) }
	NR == FNR { for (i = 2; i <= columns; i++) x[FNR, i] = $i; rows = FNR; next }
	FNR > 1 { for (i = 2; i <= columns; i++) if (off(x[FNR, i], $i)) { print FNR, i, x[FNR, i], $i; exit 1 } }
	END { exit rows != FNR }' "$2" "$3"; }
same 17 column.tsv got.tsv || say 'the weights are not those of the rows'
awk -F '\t' 'NR > 1 { w = $4 / $3; n++; sw += w; swr += w * $5; sr += $5; users[$1]; un[$1]++; uw[$1] += w; uwr[$1] += w * $5 }
	END {
		for (u in users) c++
		ipw = swr / n; snipw = swr / sw
		for (u in users) { a = uwr[u] - ipw * un[u]; b = (uwr[u] - snipw * uw[u]) / (sw / n); va += a * a; vb += b * b }
		printf "x\tvalue\tstderr\nipw\t%.15g\t%.15g\nsnipw\t%.15g\t%.15g\n", ipw, sqrt(va * c / (c - 1)) / n, snipw, sqrt(vb * c / (c - 1)) / n
	}' rows.tsv > plain.tsv
same 3 got.tsv plain.tsv || say 'values or standard errors are not those of the definition'
# The bootstrap's interval is near that of the influence functions.
evaluate-policy -q --policy lists.tsv --items w/tracks.tsv --pick rank --interval bootstrap --estimator ipw,snipw events.uniform |
	awk -F '\t' 'NR == FNR { if (FNR > 1) { low[$1] = $4; high[$1] = $5; error[$1] = $3 }; next }
		FNR > 1 { n++; for (i = 4; i <= 5; i++) { d = ($i - (i == 4 ? low[$1] : high[$1])) / error[$1]; if (d > 0.3 || d < -0.3) { print; exit 1 } } }
		END { exit n != 2 }' got.tsv - || say 'the bootstrap says something else'

# ---- what was set aside, refusals, the gate ----
evaluate-policy --policy lists.tsv --pick rank events.uniform > out 2> err || say "without --items: exit status $?"
grep -q "^evaluate-policy: [0-9]* rows were set aside: the policy has nothing for them" err || { cat err; say 'users without lists pass unseen'; }
awk -F '\t' 'NR == 1 || $1 == "next" || $3 % 5' events.uniform > torn
evaluate-policy --policy lists.tsv --items w/tracks.tsv --pick rank torn > out 2> err || say "lost events: exit status $?"
lost=$(awk -F '\t' 'NR > 1 { for (i = 1; i <= n[$3] && want[$3, i] != $4 ""; i++);
		if (i <= n[$3]) { for (; i < n[$3]; i++) want[$3, i] = want[$3, i + 1]; n[$3]--; lost-- }
		if ($7 != "") { want[$3, ++n[$3]] = $7 ""; lost++ } }
	END { print lost }' torn)
[ "$lost" -gt 200 ] || say "only $lost lost events"
grep -q "^evaluate-policy: $lost recommendations were set aside" err || { cat err; say "not $lost lost events"; }
evaluate-policy --policy lists.tsv --pick first --value session events.uniform > out 2> err
[ $? = 3 ] && grep -q 'says too little of this policy' err && [ "$(wc -l < out)" = 1 ] || { cat err out; say 'hopeless, and not refused'; }
awk -F '\t' 'NR == 1 || $7 == "" || $7 % 2' events.uniform > odd
evaluate-policy --policy lists.tsv --items w/tracks.tsv odd > out 2> err
[ $? = 3 ] && grep -q 'never recommended' err || { cat err; say 'what is never in the log is not seen'; }
awk -F '\t' -v OFS='\t' 'NR > 1 && $7 != "" { $10 *= 0.8 } 1' events.uniform > wrong
evaluate-policy --policy lists.tsv --items w/tracks.tsv wrong > out 2> err
grep -q 'mean weight' err || { cat err; say 'weights that cannot be right pass unseen'; }
gate() { evaluate-policy -q --policy lists.tsv --items w/tracks.tsv --pick rank --estimator snipw "$@" events.uniform > out 2> err; }
gate --gate -50% || say "a gate that is open: exit status $?"
gate --gate 50%; [ $? = 5 ] && grep -q 'the gate is closed' err || say 'a gate that is closed is open'
# It opens where the relative interval by Fieller's theorem begins.
low=$(cut -f 11 out | sed 1d)
gate --gate "$(awk -v x="$low" 'BEGIN { print x - 1e-6 }')" || say 'the gate is closed below the interval'
gate --gate "$(awk -v x="$low" 'BEGIN { print x + 1e-6 }')" && say 'the gate is open within the interval'
[ $bad = 0 ] || exit 1
[ -z "$skipped" ] || { echo "$skipped: the rest passed"; exit 77; }
