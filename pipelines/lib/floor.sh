# shellcheck shell=sh disable=SC2034,SC2154 # the scripts that source it know the rest
# floor.sh - is a model better than what costs nothing? Sourced after stages.sh, in WORK.

# check_floor: FLOOR
check_floor()
{
	[ "$FLOOR" = no ] || is_metric "$FLOOR" ||
		die 2 "FLOOR is precision, recall, ndcg, map, mrr or hit, with @K, or no, not $FLOOR"
}

# compare_floor: floor.tsv, the model's lists against popular ones on the test rows, user by user; no such file
# without test rows
compare_floor()
{
	cut -f 4 dataset.tsv | grep -qx test || {
		rm -f floor.tsv
		[ "$FLOOR" = no ] || echo "${0##*/}: no test rows: the model is not compared with popular lists" >&2
		return 0
	}
	its_metric=$FLOOR
	[ "$FLOOR" != no ] || its_metric=ndcg@10
	reads popular-topk.tsv topk.tsv dataset.tsv
	# shellcheck disable=SC2086 # several words
	stage floor floor.tsv compare-topk -q --dataset dataset.tsv --metrics "$its_metric" --resamples 0 \
		$skipping -o floor.tsv popular-topk.tsv topk.tsv
}

# judge_floor: of floor.tsv sets `floor_says` to what came out, in a sentence (nothing without the file), and `lost`
# when the model loses: it has less of FLOOR, and the 95 % interval of the difference does not reach 0.
# Where that cannot be told, as with few users, a warning says so.
judge_floor()
{
	lost='' floor_says=''
	[ -f floor.tsv ] || return 0
	its_verdict=$(awk -F '\t' '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		NR == 2 {
			a = $at["a"]; b = $at["b"]; low = $at["low"]; high = $at["high"]
			told = low != "" && (low > 0 || high < 0)
			print (b < a ? (high != "" && high + 0 < 0 ? "loses" : "less") : "more")
			printf "on the test rows of %d users the model has %s %.4f, popular lists have %.4f",
				$at["users"], $at["metric"], b, a
			if (low != "")
				printf " (difference %+.4f, 95 %% interval %+.4f to %+.4f)", b - a, low, high
			if (!told)
				printf ", and so few do not tell them apart"
			print "" }' floor.tsv)
	floor_says=$(printf '%s\n' "$its_verdict" | sed -n 2p)
	case $its_verdict in
	loses*) [ "$FLOOR" = no ] && echo "${0##*/}: $floor_says: it is served nevertheless (FLOOR=no)" >&2 || lost=1 ;;
	less*) echo "${0##*/}: $floor_says" >&2 ;;
	esac
}
