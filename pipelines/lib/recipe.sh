# shellcheck shell=sh disable=SC2034,SC2154,SC2086 # the scripts that source it know the rest
# recipe.sh - recipes: which model, with which options. backtest writes them, personalize and
# nightly run them. Sourced after stages.sh, with set -f (what is printed here is words).
#
# A recipe is data, from whomever: recipe.awk lets nothing pass that is not a known option of
# a known family with a plain value, and no shell ever reads the file.

# recipe_load FILE: checks it and keeps it in `recipe`; ends the script (3) if it is bad.
recipe_load()
{
	[ -f "$1" ] && [ -r "$1" ] || die 1 "cannot read the recipe $1"
	[ "$(tr -d '\000' < "$1" | wc -c)" = "$(wc -c < "$1")" ] || die 3 "$1: not a recipe: it has a NUL byte"
	recipe=$(RECIPE_NAME=$1 RECIPE_BY=${0##*/} awk -F '\t' -f "$lib/quote.awk" -f "$lib/recipe.awk" \
		< "$1") || exit
}

# recipe_rows PROGRAM [MODEL [TOOL]]: awk over the recipe that was loaded, with `model` and `tool`
recipe_rows()
{
	printf '%s\n' "$recipe" | ROWS_MODEL=${2:-} ROWS_TOOL=${3:-} awk -F '\t' '
		BEGIN { model = ENVIRON["ROWS_MODEL"]; tool = ENVIRON["ROWS_TOOL"] }'"$1"
}

# recipe_models: their numbers
recipe_models() { recipe_rows '$2 == "family" { print $1 }'; }

# recipe_family MODEL
recipe_family() { recipe_rows '$1 == model && $2 == "family" { print $3 }' "$1"; }

# recipe_words MODEL TOOL: its options for fit, list or blend, as words
recipe_words()
{
	recipe_rows '$1 == model && $2 == tool { printf "--%s %s ", $3, $4 }' "$1" "$2"
}

# recipe_says: the recipe in a line, for people
recipe_says()
{
	recipe_rows '$2 == "family" { printf "%s%s", (NR > 1 ? "; " : ""), $3; next }
		{ printf "%s %s %s", ($1 != last && $1 == "blend" ? "; blended" : ""), $3, $4; last = $1 }'
}

# is_factors FAMILY: is it one of train-mf's?
is_factors()
{
	case $1 in warp | warp-kos | bpr | logistic | softmax | ccl | ials | svd) ;; *) return 1 ;; esac
}

# recipe_lists MODEL STAGE FILE LISTS SPLITS [OPTION]...: the stages that fit a model of the
# recipe on the rows of SPLITS and write FILE and LISTS, what the user has in `hidden` left out.
# OPTIONs are train-mf's (--epochs N; with --curve FILE, that is written, too). Of the script:
# dataset, hidden (splits), length (of the lists), SEED, KERNEL, THREADS, and users (a file: lists
# for them alone), packed (--packed) and skipping (--on-error skip), which may be empty.
recipe_lists()
{
	its_model=$1 its_stage=$2 its_file=$3 its_lists=$4 its_splits=$5
	shift 5
	its_family=$(recipe_family "$its_model")
	its_fit=$(recipe_words "$its_model" fit)
	its_list=$(recipe_words "$its_model" list)
	reads "$dataset"
	if is_factors "$its_family"; then
		its_curve=
		for word; do
			[ "$its_curve" != next ] || its_curve=$word
			[ "$word" != --curve ] || its_curve=next
		done
		stage "$its_stage-train" "$its_file${its_curve:+ $its_curve}" train-mf --loss "$its_family" $its_fit \
			"$@" --fit-splits "$its_splits" --seed "$SEED" --kernel "$KERNEL" --threads "$THREADS" \
			${packed:-} ${skipping:-} -o "$its_file" "$dataset"
		reads "$its_file" "$dataset" ${users:+"$users"}
		stage "$its_stage-lists" "$its_lists" export-topk --k "$length" --exclude "$dataset" \
			--exclude-splits "$hidden" ${users:+--users "$users"} --kernel "$KERNEL" \
			--threads "$THREADS" ${skipping:-} -o "$its_lists" "$its_file"
	elif [ "$its_family" = baseline ]; then
		reads "$dataset" ${users:+"$users"}
		stage "$its_stage-lists" "$its_lists" recommend-baseline --method popular $its_list --k "$length" \
			--splits "$its_splits" --exclude "$dataset" --exclude-splits "$hidden" \
			${users:+--users "$users"} ${skipping:-} -o "$its_lists" "$dataset"
	else
		stage "$its_stage-train" "$its_file" train-items --method "$its_family" $its_fit \
			--fit-splits "$its_splits" --seed "$SEED" --threads "$THREADS" ${packed:-} ${skipping:-} \
			-o "$its_file" "$dataset"
		reads "$its_file" "$dataset" ${users:+"$users"}
		stage "$its_stage-lists" "$its_lists" recommend-items --neighbors "$its_file" $its_list \
			--k "$length" --splits "$its_splits" --exclude "$dataset" --exclude-splits "$hidden" \
			--seed "$SEED" ${users:+--users "$users"} --threads "$THREADS" ${skipping:-} \
			-o "$its_lists" "$dataset"
	fi
}

# recipe_blend STAGE LISTS FILE...: the blend of the models' lists, cut to `length`
recipe_blend()
{
	its_stage=$1 its_lists=$2
	shift 2
	reads "$@"
	# shellcheck disable=SC2046 # several words
	stage "$its_stage" "$its_lists" blend-topk $(recipe_words blend blend) --k "$length" -o "$its_lists" "$@"
}

# kept_epoch MODEL: the epoch that training kept
kept_epoch() { sed -n 's/^meta	epoch=\([0-9]*\).*/\1/p' "$1"; }

# epoch_words EPOCHS PATIENCE WORD...: train-mf's options for them; none where one of its WORDs is svd, which has no
# epochs. An empty PATIENCE is no option.
epoch_words()
{
	its_words="--epochs $1${2:+ --patience $2}"
	shift 2
	for word; do
		case $word in svd | --loss=svd) return ;; esac
	done
	printf '%s' "$its_words"
}

# forget_models: removes what the stages of recipe_run, and personalize's own, have left
forget_models()
{
	rm -f recipe.tsv model.tsv curve.tsv curve.svg neighbors.tsv serving.tsv serving-neighbors.tsv
	for its_number in 1 2 3 4 5 6 7 8 9; do
		for its_name in model curve neighbors topk serving serving-neighbors serving-topk; do
			rm -f "$its_name-$its_number.tsv"
		done
	done
}

# recipe_run judged|served: the stages of the whole recipe, for personalize: its models, their lists
# and, of several, the blend. Judged: fitted on train rows, topk.tsv. Served: fitted on all rows,
# $served.
recipe_run()
{
	its_run=$1 its_prefix='' its_rows=train hidden=train,validation its_parts=''
	[ "$its_run" = judged ] || its_prefix=serving- its_rows=all hidden=all
	its_models=$(recipe_models)
	for its_number in $its_models; do
		its_mark='' length=$K
		[ "$its_models" = 1 ] || its_mark=-$its_number length=$((2 * K))
		its_output=${its_prefix}neighbors$its_mark.tsv
		its_family=$(recipe_family "$its_number")
		set --
		if is_factors "$its_family"; then
			its_output=model$its_mark.tsv
			# shellcheck disable=SC2046 # several words
			set -- $(epoch_words "$EPOCHS" "$PATIENCE" "$its_family") --curve "curve$its_mark.tsv"
			if [ "$its_run" = served ]; then
				its_epochs=$SERVING_EPOCHS
				[ "$its_epochs" != best ] || its_epochs=$(kept_epoch "model$its_mark.tsv")
				its_output=serving$its_mark.tsv
				# shellcheck disable=SC2046
				set -- $(epoch_words "${its_epochs:-$EPOCHS}" '' "$its_family")
			fi
		fi
		its_part=${its_prefix}topk$its_mark.tsv
		[ "$its_models$its_run" != 1served ] || its_part=$served
		recipe_lists "$its_number" "$its_run$its_mark" "$its_output" "$its_part" "$its_rows" "$@"
		its_parts="$its_parts $its_part"
	done
	length=$K
	[ "$its_models" = 1 ] || recipe_blend "$its_run-blend" "${its_prefix}topk.tsv" $its_parts
}

# is_metric NAME: one that training, tuning and the referee all know, as ndcg@10
is_metric()
{
	case $1 in
	precision@* | recall@* | ndcg@* | map@* | mrr@* | hit@*) ;;
	*) return 1 ;;
	esac
	case ${1#*@} in '' | 0* | *[!0-9]* | ?????*) return 1 ;; esac
}
