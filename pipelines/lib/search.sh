# shellcheck shell=sh disable=SC2034,SC2154,SC2086 # the scripts that source it know the rest
# search.sh - how backtest tunes its candidates: in a window, on the rows before it. Sourced after
# recipe.sh and spaces.sh. Of the script: window, timed, candidates, out, lists, and its settings.
#
# Every candidate has the same number of trials. The first is what was best in the window before,
# then come settings that one would try by hand, then the sampler's.

# text WORD...: sets `words` to a part of a trial's text
text()
{
	words=
	for word; do
		quote_sh_word "$word"
		words="$words${words:+ }$quoted"
	done
}

# tune NAME TRIAL TRIALS [OPTION]...: the stage that writes NAME-best.tsv
tune()
{
	its_name=$1 its_trial=$2 its_trials=$3
	shift 3
	before=window$((window - 1))/$its_name-best.tsv
	if [ "$window" -gt 1 ] && [ -s "$before" ]; then
		set -- --enqueue "$(awk -F '\t' '
			NR == 1 { for (i = 3; i < NF; i++) name[i] = $i; next }
			{ for (i = 3; i < NF; i++) if ($i != "") text = text (text == "" ? "" : " ") name[i] "=" $i }
			END { print text }' "$before")" "$@"
	fi
	set -- --seed "$SEED" --maximize --trials "$its_trials" "$@"
	study=window$window/$its_name-study-$(printf '%s\n' "$inputs" "$@" "$its_trial" | cksum | cut -d ' ' -f 1).tsv
	stage "$its_name-tune-$window" "window$window/$its_name-best.tsv" tune-hparams -q --study "$study" "$@" \
		-o "window$window/$its_name-best.tsv" -- "$its_trial"
}

# best_step NAME: after how many epochs the best trial was best; nothing without epochs
best_step() { awk -F '\t' 'NR == 2 { print $NF }' "window$window/$1-best.tsv"; }

# recipe_of MODEL FAMILY BEST [OPTION VALUE]...: the recipe's rows for the trial in BEST
recipe_of()
{
	printf '%s\tfamily\t%s\n' "$1" "$2"
	model=$1 best=$3
	shift 3
	while [ $# -gt 1 ]; do
		printf '%s\t%s\t%s\n' "$model" "$1" "$2"
		shift 2
	done
	MODEL_NUMBER=$model awk -F '\t' 'BEGIN { model = ENVIRON["MODEL_NUMBER"] }
		NR == 1 { for (i = 3; i < NF; i++) name[i] = $i; next }
		{ for (i = 3; i < NF; i++) if ($i != "" && $i != "1000000d") print model "\t" name[i] "\t" $i }' "$best"
}

# new_recipe COMMAND...: with the header
new_recipe()
{
	printf 'model\toption\tvalue\n' && "$@"
}

# search NAME: tunes a candidate that is one model
search()
{
	dataset=window$window/dataset.tsv its=window$window/$1 family=$1 fixed=
	text evaluate-topk -q --dataset "$dataset" --split validation --metrics "$METRIC" "$its.try"
	judge="$words | cut -f 2"
	text --threads "$THREADS" --seed "$SEED"
	common=$words
	text -q --k "${METRIC#*@}" --users "window$window/validation-users.tsv" --seed "$SEED" -o "$its.try"
	listing=$words
	reads "$dataset" "window$window/validation-users.tsv" "$(command -v train-mf)" "$(command -v train-items)"
	case $1 in
	baseline) search_baseline ;;
	warp | bpr | ials | softmax) search_factors "$1" ;;
	*) search_items "$1" ;;
	esac
	rm -f "$its.try" "$its.fit"
	put "$its-recipe.tsv" new_recipe recipe_of 1 "$family" "$its-best.tsv" $fixed || die 1 "cannot write $its-recipe.tsv"
}

# All that is popular, or lately. (A half-life of 1000000d stands for all.)
search_baseline()
{
	half='' its_trials=1
	set -- --param 'half-life=choice:1000000d'
	if [ -n "$timed" ] && [ "$ORDER" = time ]; then
		unit=$(cut_of 1 4)
		half='--half-life {half-life}' its_trials=$TRIALS
		set -- --sampler grid --param "half-life=choice:1000000d,$(UNIT=$unit awk 'BEGIN {
			u = ENVIRON["UNIT"]; printf "%.0fms,%.0fms,%.0fms", u * 8 + 1, u * 2 + 1, u / 4 + 1 }')"
		[ "$TRIALS" -le 4 ] || its_trials=4
	fi
	tune baseline "recommend-baseline --exclude $dataset --exclude-splits train $half $listing $dataset && $judge" \
		"$its_trials" "$@"
}

search_factors()
{
	text --epochs "$EPOCHS" --patience "$PATIENCE" --kernel "$KERNEL" --report "$METRIC" "$dataset"
	its_trial="train-mf -q --loss $1 {options} --stop-users 2000 $common $words"
	penalties "$dataset"
	set -- "$1" --pruner asha --first-step 2 --param factors=log-int:16:64
	# Small models and few negatives: there are many windows.
	case $1 in
	ials) set -- "$@" --enqueue "factors=64$(by_hand ials)" \
		--enqueue 'factors=32 regularization=0.01 unobserved-weight=0.5' ;;
	softmax) set -- "$@" --enqueue "factors=32$(by_hand softmax) temperature=0.2 negatives=64" \
		--param negatives=log-int:32:64 ;;
	*) set -- "$@" --enqueue "factors=32$(by_hand "$1")" ;;
	esac
	for parameter in $(space "$1"); do
		set -- "$@" --param "$parameter"
	done
	its_name=$1
	shift
	tune "$its_name" "$its_trial" "$TRIALS" "$@"
}

search_items()
{
	fit='' list='' method=$1 its_name=$1
	shift
	case $its_name in
	knn)
		fit='{--similarity} {--shrink}'
		set -- --enqueue 'similarity=cosine shrink=10' --enqueue 'similarity=bm25 shrink=1' \
			--param similarity=choice:cosine,tf-idf,bm25,jaccard --param shrink=log:0.1:100
		;;
	next)
		fit='{--window} {--gap-exponent} {--popularity-exponent} {--shrink}'
		set -- --enqueue 'window=20 gap-exponent=1 popularity-exponent=0.2 shrink=10 decay=0.9' \
			--param window=log-int:2:30 --param gap-exponent=float:0:2 --param popularity-exponent=float:0:0.6 \
			--param shrink=log:1:100
		;;
	ridge)
		fit='{--ridge} {--dropout} {--user-exponent} {--item-exponent}'
		items=$(awk -F '\t' '$4 == "train" && !($2 in seen) { seen[$2]; n++ } END { print n + 0 }' "$dataset")
		if [ "$items" -gt 1500 ]; then
			family=sparse-ridge method=sparse-ridge fixed='candidates 100'
			fit="$fit --candidates 100"
		fi
		set -- --enqueue 'ridge=1 dropout=0.2 user-exponent=0.5 item-exponent=0.25' \
			--enqueue 'ridge=50 dropout=0.2 user-exponent=0.25 item-exponent=0' \
			--param ridge=log:0.3:300 --param dropout=float:0:0.5 --param user-exponent=float:0:0.5 \
			--param item-exponent=float:0:0.5
		;;
	esac
	if [ -n "$timed" ]; then # the latest rows may say more
		list='{--decay}'
		set -- "$@" --param decay=choice:1,0.98,0.9,0.7
	fi
	tune "$its_name" "train-items -q --method $method $fit $common --packed -o $its.fit $dataset && \
recommend-items --neighbors $its.fit $list $listing $dataset && $judge" "$TRIALS" "$@"
}

# best_two: the two candidates of this window that were best in tuning, the best first
best_two()
{
	for name in $candidates; do
		case "$out " in *":$name "*) continue ;; esac
		[ "$name" != blend ] || continue
		printf '%s\t%s\n' "$name" "$(sed -n 2p "window$window/$name-best.tsv" | cut -f 2)"
	done | awk -F '\t' '
		n == 0 || $2 + 0 > best { second = first; next_best = best; first = $1; best = $2 + 0; n++; next }
		n == 1 || $2 + 0 > next_best { second = $1; next_best = $2 + 0; n++ }
		END { if (n > 1) print first, second }'
}

# search_blend: the weight of the second of the two, on lists of models fitted on train rows alone
search_blend()
{
	dataset=window$window/dataset.tsv its=window$window/blend
	# shellcheck disable=SC2046 # two words
	set -- $(best_two)
	[ $# = 2 ] || die 1 'a blend takes two other candidates'
	for name; do
		recipe_load "window$window/$name-recipe.tsv"
		hidden=train users=window$window/validation-users.tsv length=$lists
		recipe_lists 1 "$name-part-$window" "$its-$name-fitted" "$its-$name-topk.tsv" train \
			--epochs "$(best_step "$name")"
	done
	text blend-topk -q --method score --k "${METRIC#*@}" -o "$its.try" "$its-$1-topk.tsv" "$its-$2-topk.tsv"
	trial="$words --weight 1,{weight}"
	text evaluate-topk -q --dataset "$dataset" --split validation --metrics "$METRIC" "$its.try"
	reads "$its-$1-topk.tsv" "$its-$2-topk.tsv" "$dataset"
	tune blend "$trial && $words | cut -f 2" "$TRIALS" --param weight=float:0.05:1 --enqueue weight=0.5 \
		--enqueue weight=1 --enqueue weight=0.2
	rm -f "$its.try"
	put "$its-recipe.tsv" blend_recipe "$1" "$2" || die 1 "cannot write $its-recipe.tsv"
}

blend_recipe()
{
	cat "window$window/$1-recipe.tsv" &&
		sed '1d; s/^1	/2	/' "window$window/$2-recipe.tsv" &&
		printf 'blend\tmethod\tscore\nblend\tweight\t1,%s\n' "$(awk -F '\t' 'NR == 2 { print $3 }' "$its-best.tsv")"
}
