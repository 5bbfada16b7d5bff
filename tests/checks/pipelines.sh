#!/bin/sh
# The scripts of pipelines/: syntax, usage, and personalize's promises: the same
# bytes twice, nothing done again without need, what changed done again, going on
# after kill -9 to the same result, one run at a time, failures passed on.
set -u
. "$RECPIPE_ROOT/tests/pipelines.sh"
here=$RECPIPE_ROOT/pipelines
data=$here/data/ml-latest-small

for script in "$here"/* "$here"/lib/*; do
	[ -f "$script" ] || continue
	case $script in *.awk | *.css | *.pom | *.py | *.html | *.js) continue ;; esac # other tests look at them
	for shell in sh dash 'bash --posix' busybox\ sh; do
		command -v "${shell%% *}" > /dev/null || continue
		$shell -n "$script" || complain "$script: not for $shell"
	done
	if command -v shellcheck > /dev/null; then shellcheck -x -P SCRIPTDIR -s sh -S warning "$script" || failed=1; fi
	case $script in */lib/*) continue ;; esac
	[ -x "$script" ] || complain "$script is not executable"
	"$script" --help > help.txt 2> err.txt || complain "$script --help fails"
	[ -s help.txt ] && [ ! -s err.txt ] || complain "$script --help prints nothing, or to stderr"
	"$script" --no-such-option > out.txt 2> err.txt
	[ $? = 2 ] && [ -s err.txt ] || complain "$script --no-such-option: not exit 2 with a message"
done
# Every variable that --help documents is used, and every one used is documented, those
# of the smaller scripts in recpipe(7) too.
for script in personalize nightly backtest simulate-experiment; do
	sed -n "s/^  \([A-Z_]*\)=.*/\1/p; s/^  ARMS='.*/ARMS/p; s/^  .*; \([A-Z_]*\) .*/\1/p" "$here/$script" |
		sort -u > documented
	grep -o '"\${[A-Z_]*:=' "$here/$script" | tr -d '"${:=' | sort -u > used
	[ "$(wc -l < used)" -ge 5 ] || complain "$script: where are its settings?"
	while read -r name; do
		grep -qx "$name" documented || complain "$script: $name is not in --help"
		[ $script = personalize ] || grep -q "\b$name\b" "$RECPIPE_ROOT/man/recpipe.7" ||
			complain "$script: $name is not in recpipe(7)"
	done < used
	# The parts of lib that it sources.
	sed -n 's|^# shellcheck source=lib/|'"$here"'/lib/|p' "$here/$script" | xargs cat "$here/$script" > with-parts
	while read -r name; do
		grep -q "\$$name\b\|\${$name:+" with-parts || complain "$script: $name is in --help and nowhere else"
	done < documented
done

status 2 "$here/personalize"
status 2 "$here/personalize" work
status 1 "$here/personalize" work no-such-file.json
status 2 env FORMAT=xml "$here/personalize" work "$data/ratings.csv.gz"
printf '{}\n' > a.json
status 2 "$here/personalize" work "$data/ratings.csv.gz" a.json
printf 'user\titem\ttime\nu\ti\t1\n' > thin.tsv
status 3 "$here/personalize" thin thin.tsv
grep -q 'MIN_USER' err.txt || complain "an empty dataset is not explained: $(cat err.txt)"

REDIS=none KERNEL=portable FACTORS=16 EPOCHS=6 TUNE=0
export REDIS KERNEL FACTORS EPOCHS TUNE
demo() { "$here/demo" "$@"; }
# results FOLDER: the bytes that must come out again
results()
{
	(cd "$1" && for f in *.tsv; do
		case $f in
		manifest.tsv | study*) ;;
		curve.tsv) cut -f 1-3 curve.tsv | cksum ;;
		*) cksum "$f" ;;
		esac
	done; tail -n +2 report.txt)
}

demo 'first one' > out.txt 2> err.txt || complain "demo failed: $(tail -n 3 err.txt)"
results 'first one' > want.txt
! grep 'implausible' err.txt || complain 'the sample data is warned of'
grep -q '^+ train-mf ' err.txt || complain 'commands are not printed'
grep -q 'ndcg@10 ' 'first one/report.txt' || complain 'the report has no metrics'
grep -q ' 10  ' 'first one/report.txt' || complain 'the report has no ten items'
for word in popular random users Training 'is recommended'; do
	grep -q "$word" 'first one/report.txt' || complain "the report does not say $word"
done
if command -v gnuplot > /dev/null; then
	grep -q '</svg>' 'first one/curve.svg' || complain 'no picture of the curve'
	grep -q '+-----' 'first one/report.txt' || complain 'no curve in the report'
fi
THREADS=1
export THREADS
# Tools named from where the run begins are found in WORK, too.
(PATH=/usr/bin:/bin RECPIPE_BIN=tools && export PATH RECPIPE_BIN && demo second) > out.txt 2> err.txt ||
	complain "the second run failed: $(tail -n 3 err.txt)"
results second > got.txt
diff want.txt got.txt || complain 'another run, on one thread, gives other results'
unset THREADS

# Nothing to do: no command runs again.
runs=$(wc -l < second/manifest.tsv)
THREADS=1 demo second > out.txt 2> err.txt || complain 'a run with nothing to do failed'
grep '^+' err.txt | grep -v '^+ cd ' && complain 'commands ran again for nothing'
[ "$(wc -l < second/manifest.tsv)" = "$runs" ] || complain 'the manifest grew for nothing'
# One option: what hangs on it is done again, the rest is not.
THREADS=1 LEARNING_RATE=0.06 demo second > out.txt 2> err.txt || complain 'a changed option failed'
grep -q '^= dataset' err.txt || complain 'the dataset was made again for a learning rate'
for word in '^+ train-mf .*0\.06' '^+ export-topk' '^+ evaluate-topk' '^= popular'; do
	grep -q "$word" err.txt || complain "after a changed learning rate there is no $word"
done
# An output that somebody touched is made again, and so the results are the first ones.
echo >> second/positives.tsv
THREADS=1 demo second > out.txt 2> err.txt || complain 'a run over a touched file failed'
grep -q '^+ filter-interactions' err.txt || complain 'a touched file was taken for good'
results second > got.txt
diff want.txt got.txt || complain 'after all that the results are others'
awk -F '\t' 'NF != 7 { bad = 1 } END { exit bad }' second/manifest.tsv || complain 'a torn manifest'

# kill -9 of everything at any moment, again and again; then on to the end.
if command -v setsid > /dev/null && command -v flock > /dev/null; then
	for pause in 0.05 0.1 0.15 0.2 0.3 0.4 0.5; do
		killed $pause "$here/demo" killed
	done
	mkdir -p killed/.stamps # on a busy machine no run may have come so far
	: > killed/.part.planted
	: > killed/.stamps/.part.planted
	demo killed > out.txt 2> err.txt || complain "after kill -9 the run does not come to its end: $(tail -n 3 err.txt)"
	results killed > got.txt
	diff want.txt got.txt > differ.txt || complain 'after kill -9 the results are others'
	[ -z "$(find killed -name '.part.*')" ] ||
		complain "after kill -9 these are left: $(find killed -name '.part.*')"
fi

# One run at a time in a folder.
if command -v flock > /dev/null; then
	hold second/.lock
	status 1 "$here/demo" second
	grep -q 'another run' err.txt || complain "two runs in a folder: $(cat err.txt)"
	kill $holder
	wait
fi

# A stage that fails: its status is passed on, nothing later runs, no stamp is left.
mkdir shims
for tool in "$RECPIPE_BIN"/*; do ln -s "$tool" shims/; done
rm shims/export-topk
printf '#!/bin/sh\nexit 3\n' > shims/export-topk
chmod +x shims/export-topk
RECPIPE_BIN=$RECPIPE_TMP/shims status 3 "$here/demo" broken
grep -q 'stage export failed' err.txt || complain "a failed stage: $(tail -n 1 err.txt)"
[ -f broken/topk.tsv ] || [ -f broken/metrics.tsv ] && complain 'stages ran behind a failed one'
demo broken > out.txt 2> err.txt || complain 'a mended stage does not go on'
grep -q '^= train: as before' err.txt || complain 'the model was fitted again although only the export had failed'
results broken > got.txt
diff want.txt got.txt || complain 'after a failed stage the results are others'

# The same data as JSON lines and as TSV: the same dataset, whatever the door.
gzip -dc "$data/ratings.csv.gz" | tr -d '\r' | awk -F , 'NR > 1 {
	printf "{\"message\": \"next\", \"timestamp\": %s, \"user\": %s, \"track\": %s, \"time\": %s, \"latency\": 0, \"recommendation\": null, \"experiments\": {}}\n", $4, $1, $2, $3 }' > log.json
MIN=3.5 "$here/personalize" json log.json > out.txt 2> err.txt || complain "JSON: $(tail -n 2 err.txt)"
gzip -dc "$data/ratings.csv.gz" | tr -d '\r' | tr , '\t' | gzip > log.tsv.gz
USER_COLUMN=userId ITEM_COLUMN=movieId VALUE_COLUMN=rating MIN=3.5 \
	"$here/personalize" tsv log.tsv.gz > out.txt 2> err.txt || complain "TSV: $(tail -n 2 err.txt)"
cut -f 1-4 second/dataset.tsv > want.dataset
for door in json tsv; do
	cut -f 1-4 $door/dataset.tsv | cmp - want.dataset || complain "$door gives another dataset"
	cmp $door/metrics.tsv second/metrics.tsv || complain "$door gives other metrics"
	[ "$(head -n 1 $door/items.tsv)" = "$(printf 'item\tpositives')" ] || complain "$door: no catalog without ITEMS"
done

# Redis: a private server that is gone afterwards, in a folder of any length.
if command -v redis-server > /dev/null && command -v next-track > /dev/null; then
	long=$(printf 'a-long-name-%.0s' 1 2 3 4 5 6 7 8 9 10)
	mkdir "$long"
	REDIS=private demo "$long" > out.txt 2> err.txt || complain "with Redis: $(tail -n 3 err.txt)"
	sed -n '/^Answered/,$p' "$long/report.txt" > answered
	[ "$(grep -c '^  user ' answered)" = 5 ] || complain "not five answers: $(cat answered)"
	grep -q '^+ redis-server .*--unixsocket redis.socket' err.txt && [ -s "$long/redis.log" ] &&
		[ ! -e "$long/redis.socket" ] || complain 'no private server, or it was left behind'
fi

# A search: in the end its options are those of the model, and it is not done again.
if command -v tune-hparams > /dev/null; then
	TUNE=3 demo second > out.txt 2> err.txt || complain "TUNE=3: $(tail -n 3 err.txt)"
	[ "$(wc -l < second/best.tsv)" = 2 ] || complain 'the search left no best trial'
	epoch=$(awk -F '\t' 'NR == 2 { print $NF }' second/best.tsv)
	{ [ -n "$epoch" ] && grep -q "^meta	epoch=$epoch	" second/model.tsv &&
		grep -q "^+ train-mf .*--epochs $epoch .*--fit-splits all" err.txt; } ||
		complain "the best trial's epoch ($epoch) is not that of the model, or of the one that is served"
	TUNE=3 demo second > out.txt 2> err.txt || complain 'the second run with TUNE=3 failed'
	grep '^+' err.txt | grep -v '^+ cd ' && complain 'commands ran again after a search'
	# Every loss has a space of its own that train-mf takes.
	TUNE=4 TUNE_LOSSES=bpr,softmax,ccl,svd EPOCHS=1 demo losses > out.txt 2> err.txt ||
		complain "TUNE_LOSSES: $(tail -n 3 err.txt)"
	grep 'trial [0-9]* failed' err.txt && complain 'a trial with one of the losses failed'
	# svd has no epochs, and is given none.
	LOSS=svd demo svd > out.txt 2> err.txt || complain "LOSS=svd: $(tail -n 3 err.txt)"
	grep 'has no effect' err.txt && complain 'svd is given options that it has not'
fi
exit $failed
