# shellcheck shell=sh disable=SC2034,SC2154 # nightly, which sources it, knows the rest
# policy.sh - nightly's judgment of a new model by the service's own log: what would its lists have earned
# on the last days? Sourced after positives.sh and gate.sh. Of the script: here, work, log, working, failed and the settings.
# unasked: that the log had no answer, and the lists are published all the same.
unasked=

# policy_settings FILE...: ends the script when the settings or the log's first line do not allow it
policy_settings()
{
	case $POLICY_GATE in
	none) ;;
	ipw:* | snipw:* | dr:* | sndr:*) is_margin "${POLICY_GATE#*:}" ;;
	*) false ;;
	esac || die 2 "POLICY_GATE is one of ipw, snipw, dr, sndr and a change, as in snipw:-2%, or none, not $POLICY_GATE"
	case $POLICY_DAYS in '' | 0* | *[!0-9]* | ????*) die 2 "POLICY_DAYS is a count, not $POLICY_DAYS" ;; esac
	case $POLICY_TOO_LITTLE in refuse | publish) ;; *) die 2 "POLICY_TOO_LITTLE is refuse or publish, not $POLICY_TOO_LITTLE" ;; esac
	[ "$POLICY_GATE" != none ] || return 0
	[ -z "$DATASET" ] || die 2 'POLICY_GATE, which requires FILE, cannot be combined with DATASET'
	[ -z "${KINDS:-}" ] || die 2 'POLICY_GATE cannot be combined with KINDS'
	[ "${TIMESTAMP_UNIT:-ms}" != iso ] || die 2 'POLICY_GATE cannot be combined with TIMESTAMP_UNIT=iso'
	policy_kind=${FORMAT:-auto}
	[ "$policy_kind" != auto ] || policy_kind=$(file_kind "$1")
	case $policy_kind in
	json) policy_track=${ITEM_COLUMN:-track} ;;
	tsv) policy_track=${ITEM_COLUMN:-item} ;;
	*) die 2 "POLICY_GATE requires events, as JSON lines or TSV, not FORMAT=$policy_kind" ;;
	esac
	[ -z "${IMPORT:-}" ] || return 0 # names of its own
	keep-header -q "$1" -- cat 2> /dev/null | head -n 100 | grep -q probability ||
		die 3 "$1: POLICY_GATE requires the service's events with the probability of each recommendation, and its first lines have none"
}

# by_time WORD...: filter-interactions by the log's times
by_time() { filter-interactions -q --timestamp "$policy_time" --timestamp-unit "${TIMESTAMP_UNIT:-ms}" "$@"; }

# of_times WORD...: all rows of a time, whatever was heard
of_times() { by_time --where "$policy_time!=" "$@"; }

# policy_begin: the point in time at which the days begin that are judged, in milliseconds
policy_begin()
{
	its_range=$(by_time --range "$work/positives.tsv") || return
	printf '%s\n' "$its_range" | DAYS=$POLICY_DAYS awk -F '\t' 'NR == 2 { printf "%.0f\n", $3 - ENVIRON["DAYS"] * 86400000 }'
}

# policy_lists: work/policy/run, what tonight's settings make of the positives before these days, which lie in the window
policy_lists()
{
	set -- FORMAT=tsv IMPORT= FILTER= WINDOW= AS_OF= FLOOR=no REDIS=none "ITEM_COLUMN=$policy_track"
	[ -z "${MODEL:-}" ] || set -- "$@" "MODEL=$work/recipe.tsv"
	working=1
	env "$@" setsid "$here/personalize" "$work/policy/run" "$work/policy/before.tsv" < /dev/null 3>&- &
	wait "$!"
	set -- $?
	working=
	return "$1"
}

# policy_says: the row of policy.tsv, for people
policy_says()
{
	awk -F '\t' '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		{
			printf "by %s the lists of these settings would have earned %.4f for each recommendation of the last days, " \
				"those of the log earned %.4f", $at["estimator"], $at["value"], $at["logged"]
			if ($at["relative_low"] != "")
				printf ": %+.2f %%, 95 %% interval %+.2f to %+.2f", 100 * $at["relative"], 100 * $at["relative_low"], 100 * $at["relative_high"]
			printf " (%d recommendations to %d users, worth %.0f equal ones)", $at["rows"], $at["users"], $at["effective"]
		}' "$work/policy.tsv"
}

# policy_silent TEXT: the log cannot answer
policy_silent()
{
	[ "$POLICY_TOO_LITTLE" = publish ] || failed 3 "refused: POLICY_GATE=$POLICY_GATE cannot be answered: $1 \
(POLICY_TOO_LITTLE=publish publishes by GATE alone)"
	unasked="POLICY_GATE=$POLICY_GATE cannot be answered: $1; judged without it (POLICY_TOO_LITTLE=publish)"
	echo "nightly: $unasked"
}

# check_policy FILE...: refuses settings whose lists, made of the log before its last days, would have earned
# less on these, AS_OF being their end, than what was recommended. (Tonight's own lists know these days: they leave out what was
# heard, and what they offer was learned from what is to judge them.)
check_policy()
{
	policy_time=${TIMESTAMP_COLUMN:-timestamp} its_share=${VALUE_COLUMN:-time}
	[ "$its_share" != none ] || its_share='time'
	its_skipping="${ON_ERROR:+--on-error $ON_ERROR}${MAX_ERRORS:+ --max-errors $MAX_ERRORS}"
	[ "$policy_kind" != json ] || set -- "$work/events.tsv"
	mkdir -p -- "$work/policy" || failed 1 "cannot make $work/policy"
	its_begin=$(policy_begin) || failed 3 "POLICY_GATE requires a column $policy_time, which the log does not have"
	# shellcheck disable=SC2086 # several words
	of_times --until "$its_begin" -o "$work/policy/before.tsv" "$work/positives.tsv" &&
		of_times --since $((its_begin + 1)) ${AS_OF:+--until "$AS_OF"} $its_skipping -o "$work/policy/events.tsv" "$@" ||
		failed $? 'the events of the last days cannot be read'
	[ "$(sed -n '2{p;q;}' "$work/policy/before.tsv")" ] || {
		policy_silent "no positive is older than POLICY_DAYS=$POLICY_DAYS"
		return
	}
	policy_lists || failed $? "personalize failed on the log before the last days (POLICY_GATE)$(
		its=$(sed -n 's/^personalize: //p' "$log" | tail -n 1) && [ -z "$its" ] || printf ': %s' "$its")"
	its_change=${POLICY_GATE#*:}
	set -f
	# shellcheck disable=SC2086
	evaluate-policy --policy "$work/policy/run/serving-topk.tsv" --items "$work/policy/run/items.tsv" \
		--estimator "${POLICY_GATE%%:*}" --gate "${its_change#+}" --user "${USER_COLUMN:-user}" --track "$policy_track" \
		--time "$its_share" --timestamp "$policy_time" --timestamp-unit "${TIMESTAMP_UNIT:-ms}" $its_skipping \
		$POLICY_OPTIONS -o "$work/policy.tsv" "$work/policy/events.tsv" > "$work/policy/said" 2>&1
	its_status=$?
	set +f
	cat "$work/policy/said"
	# A log that is no evidence about these lists: too little overlap, or probabilities that cannot be right.
	if [ $its_status = 3 ] && its=$(sed -n 's/^.*: \(the log says too little of this policy.*\)/\1/p' "$work/policy/said") && [ "$its" ]; then
		policy_silent "$its"
	elif its=$(sed -n 's/^.*: \(the mean weight is .*\)/\1/p' "$work/policy/said") && [ "$its" ]; then
		policy_silent "$its"
	elif [ $its_status = 5 ] && [ "$(wc -l < "$work/policy.tsv")" = 1 ]; then
		policy_silent 'no recommendation of the last days was heard'
	elif [ $its_status = 5 ]; then
		failed 3 "refused: $(policy_says) (POLICY_GATE=$POLICY_GATE)"
	elif [ $its_status != 0 ]; then
		failed $its_status "evaluate-policy failed: $(tail -n 1 "$work/policy/said")"
	else
		echo "nightly: $(policy_says) (POLICY_GATE=$POLICY_GATE)"
	fi
}
