#!/bin/sh
# Does backtest rank three models as an A/B test does? In the simulator, over 20 worlds: backtest ranks popular
# lists, ials and knn by the log of a day of random tracks; personalize makes each one's lists by its recipe from
# that log; on the second day three arms play from them. A table with a row a world, and how large the disagreements
# are; 3 minutes of CPU. recpipe(7), at backtest, has its figures.
#
# SEEDS (20), LISTENERS (2000), METRIC (ndcg@20) and KEEP (a folder for the tables, table.txt for people) are from the environment.
set -u
. "$RECPIPE_ROOT/tests/pipelines.sh"
export RECPIPE_BIN
PATH=$RECPIPE_BIN:$PATH
pipelines=$RECPIPE_ROOT/pipelines
ITEM_COLUMN=track MIN_USER=2 MIN_ITEM=2 EPOCHS=10 KERNEL=portable THREADS=1 REDIS=none FLOOR=no
export ITEM_COLUMN MIN_USER MIN_ITEM EPOCHS KERNEL THREADS REDIS FLOOR
models='baseline ials knn'
seeds=${SEEDS:-20} users=${LISTENERS:-2000} length=20
metric=${METRIC:-ndcg@$length} online=mean_time_per_session

# run COMMAND...: silent when all is well
run() { "$@" > run.txt 2>&1 || { echo "seed $seed: exit status $?: $*"; tail -n 5 run.txt; exit 1; }; }

# play DAY NEXT-TRACK-OPTIONS...
play()
{
	day=$1
	shift
	run simulate-sessions -q --tracks world/tracks.tsv --embeddings world/embeddings.tsv --users world/users.tsv \
		--sessions-per-user 5 --seed "$seed" --day "$day" -o "day$day.tsv" -- next-track -q --items world/tracks.tsv \
		--seed "$seed" "$@"
}

# offline A B, and online A B: B minus A, and the interval
offline()
{
	compare-topk -q --dataset backtest/all/dataset.tsv --metrics $metric --resamples 0 \
		"backtest/all/$1-topk.tsv" "backtest/all/$2-topk.tsv" | sed -n 2p | cut -f 4,6,7
}

online()
{
	analyze-ab -q --experiment "RANK$seed" --control "$1" --metrics $online --adjust none --format tsv day2.tsv |
		ARM=$2 awk -F '\t' -v OFS='\t' '$2 == ENVIRON["ARM"] { print $8, $9, $10 }'
}

# world: all of one seed, to pairs.tsv: seed a b, backtest's difference and its interval, the A/B test's, and the
# means that they are of
world()
{
	rm -rf world backtest lists-*
	run make-world -q --seed "$seed" --users "$users" --tracks 600 --artists 80 --genres 12 -d world
	play 1 --recommender random
	FOLDS=2 TRIALS=3 METRIC=$metric CANDIDATES=$(echo $models | tr ' ' ,) SEED=$seed run "$pipelines/backtest" backtest day1.tsv
	for model in $models; do
		K=$length MODEL=backtest/window2/$model-recipe.tsv SEED=$seed run "$pipelines/personalize" "lists-$model" day1.tsv
	done
	# Each listener's list is that of the arm's model, so that everything else is the same.
	ab-split -q --experiment "RANK$seed=3" world/users.tsv > arms.tsv || exit 1
	awk -F '\t' -v models="$models" 'BEGIN { n = split(models, model, " "); arm["C"] = 1; arm["T1"] = 2; arm["T2"] = 3 }
		FNR == 1 { file++; if (file == 2) print; next }
		file == 1 { mine[$1] = arm[$2]; next }
		mine[$1] == file - 1' arms.tsv lists-baseline/serving-topk.tsv lists-ials/serving-topk.tsv \
		lists-knn/serving-topk.tsv > recs.tsv
	play 2 --recs recs.tsv --popular lists-baseline/popular.tsv --experiment "RANK$seed=3" \
		--arm C=indexed,popular --arm T1=indexed,popular --arm T2=indexed,popular
	for pair in 'baseline ials C T1' 'baseline knn C T2' 'ials knn T1 T2'; do
		# shellcheck disable=SC2086 # words
		set -- $pair
		printf '%s\t%s\t%s\t%s\t%s\n' "$seed" "$1" "$2" "$(offline "$1" "$2")" "$(online "$3" "$4")"
	done >> pairs.tsv
	for model in $models; do
		printf '%s\t%s\t%s\n' "$seed" "$model" "$(sed -n 2p "backtest/all/$model-metrics.tsv" | cut -f 2)"
	done >> values.tsv
	analyze-ab -q --experiment "RANK$seed" --metrics $online --format tsv day2.tsv | awk -F '\t' -v OFS='\t' -v seed="$seed" '
		NR == 2 { print seed, "baseline", $6 } NR > 1 { print seed, $2 == "T1" ? "ials" : "knn", $7 }' >> means.tsv
}

: > pairs.tsv
: > values.tsv
: > means.tsv
for seed in $(seq "$seeds"); do
	world
done
[ -z "${KEEP:-}" ] || cp pairs.tsv values.tsv means.tsv "$KEEP/"
awk -F '\t' -v seeds="$seeds" -v models="$models" '
	# order(OF): the models of a seed, best first
	function order(seed, of,    i, j, t, name, text) {
		split(models, name, " ")
		for (i = 1; i <= 3; i++) for (j = i + 1; j <= 3; j++)
			if (of[seed, name[j]] > of[seed, name[i]]) { t = name[i]; name[i] = name[j]; name[j] = t }
		for (i = 1; i <= 3; i++) text = text (i > 1 ? " > " : "") name[i]
		best = name[1]
		return text
	}
	FILENAME == "values.tsv" { value[$1, $2] = $3; next }
	FILENAME == "means.tsv" { mean[$1, $2] = $3; next }
	NF != 9 { print "not a row of nine:", $0; broken = 1; next }
	{
		pairs++
		name = $2 " and " $3
		agree = $4 * $7 > 0
		all[name]++
		right[name] += agree
		tau[$1] += (agree ? 1 : $4 * $7 < 0 ? -1 : 0) / 3
		if (agree) { agreed++; next }
		size = $7 < 0 ? -$7 : $7
		low = $7 < 0 ? -$9 : $8
		high = $7 < 0 ? -$8 : $9
		relative = size / mean[$1, $7 < 0 ? $3 : $2]
		doubt = $5 <= 0 && $6 >= 0
		text[$1] = text[$1] sprintf("; %s better by %.3f (%.3f to %.3f)%s", $7 < 0 ? $2 : $3, size, low, high,
			doubt ? "" : ", which backtest was sure of")
		sum += size; sumr += relative
		if (size > most) { most = size; mostr = relative }
		clear += low > 0
		against += low > 0 && !doubt
	}
	END {
		printf "seed  %-24s  %-24s  %5s  %s\n", "backtest", "A/B test", "tau", "disagreements: the A/B test"
		for (s = 1; s <= seeds; s++) {
			a = order(s, value); picked = best
			b = order(s, mean)
			same += a == b
			first += picked == best
			loss = (mean[s, best] - mean[s, picked]) / mean[s, best]
			lost += loss; if (loss > worst) worst = loss
			gain += mean[s, picked] / mean[s, "baseline"] - 1
			taus += tau[s]
			printf "%4d  %-24s  %-24s  %5.2f  %s\n", s, a, b, tau[s], substr(text[s], 3)
		}
		printf "\nthe same order in %d of %d worlds, the same first model in %d; mean tau %.2f\n", same, seeds, first, taus / seeds
		printf "pairs in the same order: %d of %d", agreed, pairs
		for (n in all) line[n] = sprintf("; %s %d of %d", n, right[n], all[n])
		print line["baseline and ials"] line["baseline and knn"] line["ials and knn"]
		if (pairs > agreed)
			printf "the %d others differ in the A/B test by %.3f tracks a session (%.1f %%) on average, %.3f (%.1f %%) at most; " \
				"by more than their interval: %d, against a clear order of backtest: %d\n", pairs - agreed,
				sum / (pairs - agreed), 100 * sumr / (pairs - agreed), most, 100 * mostr, clear, against
		printf "the model that backtest puts first: %+.1f %% to the popular lists, and %.2f %% (at most %.1f %%) below the best of the three\n",
			100 * gain / seeds, 100 * lost / seeds, 100 * worst
		if (broken || pairs != 3 * seeds)
			print "the tables are not whole"
		else if (taus / seeds < 0.4 || right["baseline and ials"] + right["baseline and knn"] < 1.8 * seeds || against > 0.1 * seeds)
			print "the orders agree less than recpipe(7) says"
		else
			exit 0
		exit 1
	}' values.tsv means.tsv pairs.tsv > table.txt || failed=1
cat table.txt
[ -z "${KEEP:-}" ] || cp table.txt "$KEEP/"
exit $failed
