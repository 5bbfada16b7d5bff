# shellcheck shell=sh disable=SC2034,SC2154 # the script that sources it knows the rest
# gate.sh - nightly's judgment of a new model. Sourced after recipe.sh. Of the script: work, store,
# lib, validation, GATE, gate_given, MAX_DRIFT, failed and good.

# is_gate TEXT: METRIC:MARGIN%, or none
is_gate()
{
	[ "$1" != none ] || return 0
	case $1 in *:*) ;; *) return 1 ;; esac
	is_metric "${1%%:*}" && is_margin "${1#*:}"
}

# is_margin TEXT: a number of percent
is_margin()
{
	case $1 in *%) ;; *) return 1 ;; esac
	its_margin=${1%\%}
	case ${its_margin#[+-]} in '' | . | *[!0-9.]* | *.*.* | ??????????*) return 1 ;; esac
}

# fell NEW OLD SHARE: by more than that
fell()
{
	NEW=$1 OLD=$2 FALL=$3 awk 'BEGIN {
		old = ENVIRON["OLD"] + 0
		exit !(ENVIRON["NEW"] + 0 < old - (old < 0 ? -old : old) * ENVIRON["FALL"])
	}'
}

# validation_metric: of the validation rows, at the epoch that the training kept; nothing for a
# recipe whose training has none
validation_metric()
{
	[ -f "$work/model.tsv" ] || return 0
	EPOCH=$(kept_epoch "$work/model.tsv") awk -F '\t' '
		NR > 1 && $1 == ENVIRON["EPOCH"] { v = $3 } END { print v }' < "$work/curve.tsv"
}

# rows_of SPLIT: how many the dataset has
rows_of() { cut -f 4 "$work/dataset.tsv" | grep -cx "$1"; }

why_no_validation()
{
	if [ "$(rows_of validation)" != 0 ]; then
		echo 'the training measured nothing on the validation rows'
		return
	fi
	echo "none of the $(sed 1d "$work/dataset.tsv" | wc -l) pairs is a validation row$(
		[ "${VALIDATION:-}" = 0 ] && echo ' (VALIDATION=0)' || echo '; too little data, or VALIDATION is too small')"
}

# check_fall SHARE: refuses a model whose validation metric fell
check_fall()
{
	its_old=$(good 2)
	[ -n "$its_old" ] || return 0
	[ -n "$validation" ] ||
		failed 3 'the model has no validation metric, which MAX_FALL is about: set GATE instead'
	! fell "$validation" "$its_old" "$1" ||
		failed 3 "refused: validation metric $validation, the last good model had $its_old (MAX_FALL=$1)"
}

# split_settings: what decides which rows are test rows
split_settings()
{
	[ -z "${DATASET:-}" ] || printf 'DATASET '
	printf 'SEED=%s TEST=%s VALIDATION=%s\n' "${SEED:-}" "${TEST:-}" "${VALIDATION:-}"
}

# less_heard DATASET LISTS: the lists less what the dataset's users have heard
less_heard()
{
	keep-header -o "$work/.gate.sorted" "$2" -- sort -s -t "$(printf '\t')" -k 1,1 &&
		DATASET=$1 awk -F '\t' -f "$lib/heard.awk" "$work/.gate.sorted"
}

# compare_lists FOLDER: gate.tsv, from the lists for evaluation of the last good model and of this
# one, on tonight's test rows. A hash of user and item says what is a test row, so that no model
# has seen them; the old lists lose what was heard since, and these what was heard before the rows
# of today's files or WINDOW, which the old ones left out. Users whom the old ones do not have
# would count 0 there, and are left out.
compare_lists()
{
	its_lists=$work/topk.tsv
	if [ -f "$1/heard.tsv" ]; then
		its_lists=$work/.gate.new
		less_heard "$1/heard.tsv" "$work/topk.tsv" > "$its_lists" || return
	fi
	awk -F '\t' 'FNR == 1 { file++ }
		file == 1 { if ($1 "" != last) { last = $1 ""; has[last] } next }
		FNR == 1 || $4 == "test" && $1 in has' "$1/topk.tsv" "$work/dataset.tsv" > "$work/.gate.dataset" &&
		less_heard "$work/dataset.tsv" "$1/topk.tsv" > "$work/.gate.old" &&
		compare-topk -q --dataset "$work/.gate.dataset" --metrics "${GATE%%:*}" --relative fieller \
			--resamples 0 -o "$work/gate.tsv" "$work/.gate.old" "$its_lists"
	its_status=$?
	rm -f -- "$work/.gate.dataset" "$work/.gate.sorted" "$work/.gate.old" "$work/.gate.new"
	return $its_status
}

# value_then FOLDER: of that model's lists on the test rows of its night; nothing if that was not
# the metric of GATE
value_then()
{
	[ ! -f "$1/value.tsv" ] || METRIC=${GATE%%:*} awk -F '\t' 'NR > 1 && $1 == ENVIRON["METRIC"] { print $2 }' < "$1/value.tsv"
}

# check_gate: refuses lists that may be worse than the last good ones by more than the margin
check_gate()
{
	if [ "$(rows_of test)" = 0 ]; then
		[ -z "$gate_given" ] || failed 3 "no test rows to judge by, which GATE=$GATE needs: none of the $(
			sed 1d "$work/dataset.tsv" | wc -l) pairs is one; set TEST, or MAX_FALL in place of GATE"
		echo 'nightly: there are no test rows: judged by MAX_FALL=0.1'
		check_fall 0.1
		return
	fi
	evaluate-topk -q --dataset "$work/dataset.tsv" --metrics "${GATE%%:*}" -o "$work/value.tsv" "$work/topk.tsv" ||
		failed 1 'the evaluation of the lists failed'
	its_good=$(good 1)
	[ -n "$its_good" ] || return 0
	its_good=$store/models/$its_good
	if [ ! -f "$its_good/topk.tsv" ]; then
		echo 'nightly: the last good model has no lists for evaluation: judged by MAX_FALL=0.1 this time'
		[ -n "$validation" ] || failed 3 "refused: the last good model has no lists for evaluation, and \
this one no validation metric; run once with GATE=none"
		check_fall 0.1
		return
	fi
	[ "$(split_settings)" = "$(cat "$its_good/split.txt")" ] ||
		failed 3 "refused: the split was $(cat "$its_good/split.txt") and is $(split_settings), \
so the lists cannot be compared; run once with GATE=none"
	compare_lists "$its_good" || failed 1 'the comparison with the last good lists failed'
	its_a=$(sed -n 2p "$work/gate.tsv" | cut -f 2) its_own=$(value_then "$its_good")
	! fell "$its_a" "${its_own:-0}" "$MAX_DRIFT" || failed 3 "refused: the last good lists had ${GATE%%:*} $its_own on \
their test rows and have $its_a on these: other logs, or broken ones (MAX_DRIFT=$MAX_DRIFT)"
	its_low=$(sed -n 2p "$work/gate.tsv" | cut -f 15)
	its_text="${GATE%%:*} $(sed -n 2p "$work/gate.tsv" | cut -f 3), the last good lists have $its_a for the same $(sed -n 2p "$work/gate.tsv" | cut -f 13) users"
	[ -n "$its_low" ] || failed 3 "refused: $its_text: too little to bound the difference (GATE=$GATE)"
	its_margin=${GATE#*:}
	its_shown=$(LOW=$its_low awk 'BEGIN { printf "%+.2f", 100 * ENVIRON["LOW"] }')
	LOW=$its_low MARGIN=${its_margin%\%} awk 'BEGIN { exit !(ENVIRON["LOW"] * 100 > ENVIRON["MARGIN"] + 0) }' ||
		failed 3 "refused: $its_text: the difference may be as low as $its_shown % (GATE=$GATE)"
	echo "nightly: $its_text: at least $its_shown % (GATE=$GATE)"
}
