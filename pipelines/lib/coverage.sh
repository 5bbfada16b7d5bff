# shellcheck shell=sh disable=SC2034,SC2154 # the scripts that source it know the rest
# coverage.sh - who gets a list, why others do not, and lists for users below the thresholds. Sourced
# after stages.sh, in WORK. Of the script: its settings, other (a recipe of another kind) and skipping.

# positive_users: how many users the positives have. (No row is kept: the users of all are asked for.)
positive_users()
{
	set -- --time "$VALUE_COLUMN" --max=-1e308
	[ "$VALUE_COLUMN" != none ] || set -- --where "$ITEM_COLUMN="
	rm -f .users-seen
	filter-interactions -q --user "$USER_COLUMN" "$@" ${THREADS:+--threads "$THREADS"} --users-seen .users-seen positives.tsv > /dev/null &&
		its_users=$(wc -l < .users-seen) && echo $((its_users - 1)) && rm -f .users-seen
}

# count_rows: .user-rows, how many rows each user of the dataset has (they are in one place); .split-rows, how many
# of each split; .positive-users, how many users the positives have
count_rows()
{
	rm -f .split-rows
	put .user-rows awk -F '\t' 'BEGIN { OFS = "\t" }
		NR == 1 { print "user", "rows"; next }
		$1 "" != user { if (n) print user, n; user = $1 ""; n = 0 }
		{ n++; of[$4]++ }
		END { if (n) print user, n
			print of["train"] + 0, of["validation"] + 0, of["test"] + 0 > ".split-rows" }' dataset.tsv &&
		[ -f .split-rows ] && { [ -n "$DATASET" ] || put .positive-users positive_users; } ||
		die 1 'the rows cannot be counted'
}

# cold_rows: the positives of users who are not in the dataset, each pair once
cold_rows()
{
	USER_NAME=$USER_COLUMN ITEM_NAME=$ITEM_COLUMN awk -F '\t' '
		BEGIN { OFS = "\t" }
		FNR == 1 { file++; if (file == 1) next
			for (i = 1; i <= NF; i++) at[$i] = i
			u = at[ENVIRON["USER_NAME"]]; v = at[ENVIRON["ITEM_NAME"]]; print "user", "item"; next }
		file == 1 { if ($1 "" != last) { last = $1 ""; known[last] } next }
		$u in known || ($u, $v) in seen { next }
		{ seen[$u, $v]; print $u, $v }' dataset.tsv positives.tsv
}

# cold_lists: cold-topk.tsv, lists for those users by the model that is served, and serving-topk.tsv, which
# has both. (Items that the model does not know do not count, and who has no other gets no list.)
cold_lists()
{
	reads dataset.tsv positives.tsv
	stage cold-rows cold.unsorted cold_rows
	reads cold.unsorted
	stage cold-sort cold.tsv keep-header -o cold.tsv cold.unsorted -- sort -t "$(printf '\t')" -k 1,1 -k 2,2
	if [ "$(sed -n '2{p;q;}' cold.tsv)" = '' ]; then
		put cold-topk.tsv head -n 1 warm-topk.tsv || die 1 "cannot write in $work"
	elif [ -n "$other" ]; then
		reads serving-neighbors.tsv cold.tsv
		# shellcheck disable=SC2046,SC2086 # several words
		stage cold-lists cold-topk.tsv recommend-items --neighbors serving-neighbors.tsv $(recipe_words 1 list) \
			--k "$K" --seed "$SEED" --threads "$THREADS" $skipping -o cold-topk.tsv cold.tsv
	else
		reads serving.tsv cold.tsv
		# shellcheck disable=SC2086
		stage cold-fold cold-model.tsv fold-in --model serving.tsv --kernel "$KERNEL" \
			--threads "$THREADS" $skipping -o cold-model.tsv cold.tsv
		reads cold-model.tsv cold.tsv
		# shellcheck disable=SC2086
		stage cold-lists cold-topk.tsv export-topk --k "$K" --exclude cold.tsv --kernel "$KERNEL" \
			--threads "$THREADS" $skipping -o cold-topk.tsv cold-model.tsv
	fi
	reads warm-topk.tsv cold-topk.tsv
	stage all-lists all.unsorted awk 'NR == 1 || FNR > 1' warm-topk.tsv cold-topk.tsv
	reads all.unsorted
	stage serve-all serving-topk.tsv keep-header -o serving-topk.tsv all.unsorted -- \
		sort -s -t "$(printf '\t')" -k 1,1
}

# coverage: coverage.tsv, how many users of the log have a list, and why the others have none
coverage()
{
	its_fitted=$(($(wc -l < .user-rows) - 1)) its_folded=0
	[ "$COLD" = no ] || its_folded=$(with_a_list cold-topk.tsv) || return
	its_log=$its_fitted its_positive=$its_fitted
	if [ -z "$DATASET" ]; then
		its_log=$(($(wc -l < log-users.tsv) - 1))
		its_positive=$(cat .positive-users)
	fi
	its_served=$(with_a_list serving-topk.tsv) || return
	coverage_of "$its_log" "$its_positive" "$its_fitted" "$its_served" "$its_folded"
}

# with_a_list FILE: how many users have one
with_a_list()
{
	its_lists=$(filter-interactions -q --where rank=1 ${THREADS:+--threads "$THREADS"} "$1" | wc -l)
	[ "$its_lists" -ge 1 ] && echo $((its_lists - 1))
}

# coverage_of LOG POSITIVE FITTED LISTS FOLDED: its table, of counts of users
coverage_of()
{
	printf 'users\tcount\tshare\n'
	while read -r its_what its_count; do
		LOG=$1 COUNT=$its_count WHAT=$its_what awk 'BEGIN { OFS = "\t"; n = ENVIRON["LOG"]
			print ENVIRON["WHAT"], ENVIRON["COUNT"], (n > 0 ? sprintf("%.4f", ENVIRON["COUNT"] / n) : "") }'
	done << END
log $1
lists $4
folded $5
no-positives $(($1 - $2))
thresholds $(($2 - $3 - $5))
cold $(($3 - $4 + $5))
END
}

# says_coverage: the same for people
says_coverage()
{
	MIN_U=$MIN_USER MIN_I=$MIN_ITEM awk -F '\t' '
		{ n[$1] = $2; share[$1] = $3 }
		END {
			printf "%d of %d users of the log have a list (%.1f %%)", n["lists"], n["log"], 100 * share["lists"]
			if (n["folded"])
				printf ", %d of these by fold-in", n["folded"]
			if (n["lists"] < n["log"])
				printf "; without one: %d have no positive, %d are below MIN_USER=%s and MIN_ITEM=%s, %d are cold",
					n["no-positives"], n["thresholds"], ENVIRON["MIN_U"], ENVIRON["MIN_I"], n["cold"]
			print ""
		}' coverage.tsv
}

# says_fallbacks: fallbacks.tsv for people
says_fallbacks()
{
	printf '\nRandom fallbacks among the answers of the log\n'
	awk -F '\t' '{ printf "  %-24s %10d answers, %.1f %%\n", $1, $2, 100 * $4 }' fallbacks.tsv
}

# log_fallbacks: of the log, which is events.tsv unless it was a table of events, in the window
log_fallbacks()
{
	eval "set -- $chosen" # words in quotes
	case $kind in
	csv) return ;; # no log of this kind
	tsv) ;;
	*) set -- events.tsv ;;
	esac
	if [ -n "$window_words" ]; then
		# shellcheck disable=SC2086 # several words
		filter-interactions -q --timestamp "$window_column" $window_words --where "$ITEM_COLUMN!=" $skipping "$@"
	else
		keep-header -q "$@" -- cat
	fi | awk -f "$lib/events.awk" -f "$lib/fallbacks.awk"
}
