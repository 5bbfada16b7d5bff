# pieces-engine.sh - personalize-pieces on an engine against personalize on this machine, for the tests of
# tests/cluster; sourced after pipelines.sh, with ENGINE and its settings exported. The logs are those of a
# service where they are at hand, else made-up ones.
#
#	pieces_begin         makes whole/, by personalize
#	pieces_same N        cut-N/, by personalize-pieces in N pieces, with a fifth of the tries killed and a
#	                     fifth of the tasks run twice: every file has the bytes of whole/
pipelines=$RECPIPE_ROOT/pipelines
logs=$RECPIPE_ROOT/../shared/data/botify-logs
: "${FACTORS:=16}" "${EPOCHS:=3}"
export FACTORS EPOCHS K=50 METRICS=10,20
if [ -d "$logs" ]; then
	set -- "$logs"/*-sticky-4of4.r*.json.gz
else
	ring 400 30 90 > rows.tsv
	set -- rows.tsv
	export VALUE_COLUMN=time
fi
for file; do printf '%s\n' "$file"; done > inputs

# with_inputs COMMAND...: the names of the logs after it
with_inputs()
{
	while IFS= read -r file; do
		set -- "$@" "$file"
	done < inputs
	"$@"
}

pieces_begin()
{
	with_inputs env LOSS=ials KERNEL=portable TRAIN='--solver exact' REDIS=none "$pipelines/personalize" whole > log 2>&1 ||
		complain "personalize: $(tail -n 3 log)"
	echo "$(($(wc -l < whole/dataset.tsv) - 1)) rows"
}

pieces_same()
{
	began=$(date +%s)
	with_inputs env PIECES="$1" FAULTS=20 "$pipelines/personalize-pieces" "cut-$1" > log 2>&1 || complain "$1 pieces: $(tail -n 3 log)"
	echo "$1 pieces: $(($(date +%s) - began)) s, $(find "cut-$1/steps" -maxdepth 1 -type d -name '*[a-z]*' | wc -l) steps"
	for file in dataset items popular model topk metrics popular-topk popular-metrics serving serving-topk; do
		cmp whole/$file.tsv "cut-$1/$file.tsv" || complain "$1 pieces: $file.tsv is another one"
	done
}
