#!/bin/sh
# A training that is killed again and again ends in the same bytes: model, curve
# (but for the seconds) and report, for every loss, with kill -9, SIGINT and SIGTERM
# at random moments (RECPIPE_KILL_SEED repeats them), later and later ones, so that a
# slow build gets to the end as well.
dir=${RECPIPE_TMP:-$(mktemp -d)}
cd "$dir" || exit 1
awk 'BEGIN { srand(9); print "user\titem\tweight\tsplit"
	for (u = 0; u < 300; u++) for (i = 0; i < 200; i++)
		if (rand() < (i % 5 == u % 5 ? .5 : .05))
			print "u" u "\ti" i "\t1\t" (rand() < .1 ? "validation" : "train") }' > data.tsv
seed=${RECPIPE_KILL_SEED:-$(date +%s)}
echo "RECPIPE_KILL_SEED=$seed"
awk 'BEGIN { print "item\tfeature"; for (i = 0; i < 200; i++) print "i" i "\tkind" i % 5 }' > kinds.tsv
for loss in warp bpr warp-kos ials softmax features; do
	options="--loss $loss"
	[ $loss = features ] && options="--loss warp --item-features kinds.tsv"
	options="$options --factors 32 --epochs 40 --patience 30 --kernel portable"
	rm -f state
	train-mf $options --curve curve.want data.tsv > model.want || exit 1
	runs=0 killed=0
	while :; do
		# A shell's background jobs ignore SIGINT unless told otherwise.
		env --default-signal=INT \
			train-mf $options --threads 2 --curve curve --checkpoint state -o model data.tsv &
		pid=$!
		set -- $(awk -v seed=$seed -v run=$runs 'BEGIN { srand(seed + 7919 * run); rand()
			split("KILL INT TERM", name, " "); print name[1 + int(3 * rand())], (0.08 + 0.002 * run) * rand() }')
		sleep "$2"
		kill -"$1" $pid 2> /dev/null
		wait $pid 2> /dev/null
		status=$?
		runs=$((runs + 1))
		case $status in
		0) break ;;
		130 | 137 | 143) killed=$((killed + 1)) ;;
		*) echo "$loss: exit $status"; exit 1 ;;
		esac
		[ $runs -lt 300 ] || { echo "$loss: no end after $runs runs"; exit 1; }
	done 2> /dev/null
	cmp model model.want || { echo "$loss: another model after $killed kills"; exit 1; }
	cut -f 1-3 curve > curve.got
	cut -f 1-3 curve.want | cmp - curve.got || exit 1
	rm -f model.*[!nt] state.*
	echo "$loss: the same after $killed kills"
done
# A checkpoint is refused when it is cut, changed, or of other options.
train-mf --loss warp --epochs 2 --checkpoint whole data.tsv > /dev/null || exit 1
size=$(wc -c < whole)
head -c $((size - 5)) whole > cut
{ head -c $((size / 2)) whole; printf x; tail -c +$((size / 2 + 2)) whole; } > changed
for file in cut changed; do
	train-mf --loss warp --epochs 4 --checkpoint $file data.tsv > /dev/null 2> err
	[ $? = 3 ] && grep -q 'not a whole checkpoint' err || { echo "$file was taken"; exit 1; }
done
train-mf --loss warp --epochs 4 --seed 1 --checkpoint whole data.tsv > /dev/null 2> err
[ $? = 3 ] && grep -q 'other data or other options' err || { echo "another seed was taken"; exit 1; }
exit 0
