#!/bin/sh
# What a cluster must make up for: implicit ALS, lists of 100 and counts by Spark (pyspark in SPARK_PYTHON,
# python3) on two cores, and by the tools on one, with the same rows. CLUSTER_ROWS: how many (1,000,000).
set -u
cd "${RECPIPE_TMP:-$(mktemp -d)}" || exit 1
python=${SPARK_PYTHON:-python3}
"$python" -c 'import pyspark' 2> err || {
	echo 'pyspark is not there: SPARK_PYTHON names a python that has it'
	exit 77
}
rows=${CLUSTER_ROWS:-1000000} factors=${CLUSTER_FACTORS:-64} times=${CLUSTER_ITERATIONS:-3}
"$RECPIPE_BUILD/tests/bench-generate" --rows "$rows" --users $((rows / 100)) --items $((rows / 1000)) --seed 1 > rows.tsv
build-dataset -q --test 0 --validation 0 rows.tsv > dataset.tsv 2> err || exit 1
sed 1d dataset.tsv | cut -f 1,2 | tr -d 'utrack' > pairs.tsv
"$python" "$RECPIPE_ROOT/tests/slow/cost-spark.py" pairs.tsv "$factors" "$times" > spark.tsv 2> err || {
	tail -n 5 err
	exit 1
}
# cpu COMMAND: its CPU seconds and seconds
cpu() { "$RECPIPE_BUILD/tests/bench-measure" "$1"; }
{
	for solver in exact cg; do
		for n in 1 $((1 + times)); do
			printf '%s %s\t%s\n' $solver "$n" "$(cpu "train-mf -q --loss ials --solver $solver --factors $factors --epochs $n --regularization 0.01 -o model.$solver dataset.tsv")"
		done
	done
	printf 'lists\t%s\n' "$(cpu 'export-topk -q --k 100 model.exact')"
	printf 'counts\t%s\n' "$(cpu "cut -f 2 dataset.tsv | LC_ALL=C sort | uniq -c | LC_ALL=C sort -k 1,1nr | sed 1000q")"
} > ours.tsv
cat spark.tsv ours.tsv
PAIRS=$(wc -l < pairs.tsv) TIMES=$times FACTORS=$factors awk -F '\t' '
	FNR == 1 { file++ }
	file == 1 { wall[$1] = $2; cpu[$1] = $3 }
	file == 2 { ours[$1] = $2 }
	function row(what, w, c, o) { printf "%s\tSpark %.3f CPU s (%.1f s)\tours %.3f CPU s\t%.1f processors\n", what, c, w, o, c / o }
	END {
		t = ENVIRON["TIMES"]; one = "iterations 1"; all = "iterations " (1 + t)
		printf "%d pairs, %d factors\n", ENVIRON["PAIRS"], ENVIRON["FACTORS"]
		row("an iteration, exact", (wall[all] - wall[one]) / t, (cpu[all] - cpu[one]) / t, (ours["exact " 1 + t] - ours["exact 1"]) / t)
		row("an iteration, cg", (wall[all] - wall[one]) / t, (cpu[all] - cpu[one]) / t, (ours["cg " 1 + t] - ours["cg 1"]) / t)
		row("lists of 100", wall["lists"], cpu["lists"], ours["lists"])
		row("counts of items", wall["counts"], cpu["counts"], ours["counts"])
	}' spark.tsv ours.tsv
