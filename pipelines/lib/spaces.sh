# shellcheck shell=sh disable=SC2034,SC2154,SC2046 # the scripts that source it know the rest
# spaces.sh - where a search looks for the options of a factor model: personalize's TUNE and the
# candidates of backtest. Sourced with set -f: what is printed here is words. Where the ranges come
# from: train-mf(1), Choosing settings.

# penalties DATASET: sets `penalties`, for `space`; their ranges go by the number of users and items
penalties()
{
	penalties=$(awk -F '\t' 'NR > 1 { users += !user[$1]++; items += !item[$2]++ } END {
		printf "user-alpha=log:%.3g:%.3g item-alpha=log:%.3g:%.3g", .03 / users, 5 / users, .001 / items, .3 / items
	}' "$1")
}

# space LOSS: its parameters, but for factors
space()
{
	case $1 in
	svd) ;;
	ials) echo regularization=log:1e-3:1 unobserved-weight=log:0.01:2 ;;
	softmax) echo learning-rate=log:0.005:0.3 temperature=log:0.1:0.4 ;;
	ccl) echo learning-rate=log:0.005:0.3 margin=float:0.3:0.9 negative-weight=log:2:200 ;;
	bpr) echo learning-rate=log:0.005:0.3 "$penalties" init-scale=log:1:30 ;;
	warp*) echo learning-rate=log:0.005:0.3 "$penalties" max-sampled=log-int:10:200 ;;
	*) echo learning-rate=log:0.005:0.3 "$penalties" ;;
	esac
}

# spaces LOSS...: of several, each parameter with the losses that have it
spaces()
{
	for loss; do
		for parameter in $(space "$loss"); do
			printf '%s\t%s\n' "$parameter" "$loss"
		done
	done | awk -F '\t' '
		!($1 in losses) { name[++n] = $1; losses[$1] = $2; next }
		{ losses[$1] = losses[$1] "|" $2 }
		END { for (i = 1; i <= n; i++) print name[i] "@loss=" losses[name[i]] }'
}

# by_hand LOSS: what one would try first, after the number of factors
by_hand()
{
	case $1 in
	svd) ;;
	ials) echo ' regularization=0.03 unobserved-weight=0.1' ;;
	softmax | ccl) echo ' learning-rate=0.1' ;;
	bpr) echo ' learning-rate=0.05 init-scale=10' ;;
	*) echo ' learning-rate=0.05' ;;
	esac
}
