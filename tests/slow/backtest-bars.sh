#!/bin/sh
# pipelines/backtest on real logs, where they are at hand. The winner that it names by four
# windows is, in the window after, at most two standard errors (paired) below the best
# candidate there, in 95 of 100 resamplings of the users. A family takes at most 15 CPU seconds and
# 60 per million rows.
#
# A backtest of five windows is one of four and the window after: each window is tuned by what
# came before it.
set -u
cd "${RECPIPE_TMP:-$(mktemp -d)}" || exit 1
shared=${RECPIPE_SHARED:-$RECPIPE_ROOT/../shared}/data
backtest=$RECPIPE_ROOT/pipelines/backtest
# Tools that nobody builds meanwhile: stages that were done would count again.
cp -R "$RECPIPE_BIN" tools || exit 1
RECPIPE_BIN=$PWD/tools
export RECPIPE_BIN
THREADS=1 FOLDS=5
export THREADS FOLDS
bad=0 ran=0

# cpu COMMAND...: sets `seconds`, of the processor, that it took
cpu()
{
	(
		"$@" > out.txt 2> err.txt
		echo $? > status.txt
		times > times.txt
	)
	seconds=$(tail -n 1 times.txt | tr 'ms' '  ' | awk '{ print $1 * 60 + $2 + $3 * 60 + $4 }')
	[ "$(cat status.txt)" = 0 ] || {
		tail -n 5 err.txt
		bad=1
	}
}

# judge NAME FILE...: with the settings in the environment
judge()
{
	name=$1
	shift
	ran=1 done=''
	for family in baseline warp bpr ials softmax knn next ridge blend; do
		done=$done${done:+,}$family
		its=$family
		[ $family != blend ] || its=$done
		CANDIDATES=$its cpu "$backtest" "$name" "$@"
		rows=$(($(wc -l < "$name/positives.tsv") - 1))
		ROWS=$rows SECONDS_TAKEN=$seconds FAMILY=$family awk 'BEGIN {
			bar = 15 + 60 * ENVIRON["ROWS"] / 1e6
			printf "%-10s %6.1f CPU seconds for five windows of %d rows (at most %.1f)\n", ENVIRON["FAMILY"],
				ENVIRON["SECONDS_TAKEN"], ENVIRON["ROWS"], bar
			exit ENVIRON["SECONDS_TAKEN"] + 0 > bar
		}' || bad=1
	done
	cat "$name/report.txt"
	for window in 1 2 3 4 5; do
		for candidate in $(printf '%s' "$done" | tr , ' '); do
			evaluate-topk -q --dataset "$name/window$window/dataset.tsv" --metrics ndcg@10 --per-user users.tsv \
				"$name/window$window/$candidate-topk.tsv" > /dev/null &&
				sed "1d; s/^/$candidate	$window	/" users.tsv
		done
	done > values.tsv
	awk -F '\t' '
		function draw() { state = state * 16807 % 2147483647; return state / 2147483647 }
		# deficit B A: how far B is below A over the earlier windows, in standard errors (paired)
		function deficit(b, a,    u, w, d, n, sum, square) {
			n = sum = square = 0
			for (u in times)
				for (w = 1; w < 5; w++)
					if ((u, w) in there) {
						d = value[a, u, w] - value[b, u, w]
						n += times[u]
						sum += times[u] * d
						square += times[u] * d * d
					}
			return sum / n / sqrt((square - sum * sum / n) / (n - 1) / n + 1e-300)
		}
		!($1 in is) { is[$1]; candidate[++candidates] = $1 }
		!($3 in number) { user[users] = $3; number[$3] = users++ }
		$2 < 5 { earlier[$1, number[$3]] += $4; value[$1, number[$3], $2] = $4; there[number[$3], $2] }
		$2 == 5 { later[$1, number[$3]] = $4; after[number[$3]] }
		END {
			state = 20240310
			for (round = 0; round <= 100; round++) {
				split("", times); split("", sum)
				for (i = 0; i < users; i++)
					times[round ? int(draw() * users) : i]++
				winner = best = ""
				n = 0
				for (u in after)
					n += times[u]
				for (c = 1; c <= candidates; c++) {
					name = candidate[c]
					total[name] = mean[name] = 0
					for (u in times) {
						total[name] += times[u] * earlier[name, u]
						if (u in after) mean[name] += times[u] * later[name, u] / n
					}
					if (winner == "" || total[name] > total[winner]) winner = name # the best over the windows
					if (best == "" || mean[name] > mean[best]) best = name
				}
				if (deficit("blend", winner) <= 1) winner = "blend" # as backtest does it
				square = 0
				below = mean[best] - mean[winner]
				for (u in times)
					if (u in after) {
						d = later[best, u] - later[winner, u] - below
						square += times[u] * d * d
					}
				error = sqrt(square / (n - 1) / n)
				if (round == 0)
					printf "all %d users: %s is named; %d in the window after, there %s leads by %.5f, %.5f the standard error\n",
						users, winner, n, best, below, error
				else {
					within += below <= 2 * error
					named[winner]++
				}
			}
			for (name in named) printf "named %d times: %s\n", named[name], name
			printf "within two standard errors of the best in %d of 100 resamplings (at least 95)\n", within
			exit within < 95
		}' values.tsv || bad=1
}

if [ -f "$shared/ml-100k/u.data.gz" ]; then
	{
		printf 'user\titem\ttime\ttimestamp\n'
		gzip -dc "$shared/ml-100k/u.data.gz"
	} > ml-100k.tsv
	TIMESTAMP_UNIT=s MIN=4
	export TIMESTAMP_UNIT MIN
	echo 'MovieLens 100k, ratings of 4 and 5'
	judge ml-100k.work "$PWD/ml-100k.tsv"
	unset TIMESTAMP_UNIT MIN
else
	echo "ml-100k is not in $shared"
fi
set -- "$shared"/botify-logs/*.json.gz
if [ -f "$1" ]; then
	IMPORT='--experiment PERSONALIZED'
	export IMPORT
	printf '\nLogs of a music service under its simulator\n'
	judge botify.work "$@"
else
	echo "botify-logs are not in $shared"
fi
[ $ran = 1 ] || {
	echo "no data in $shared"
	exit 77
}
exit $bad
