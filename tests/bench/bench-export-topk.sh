#!/bin/sh
# export-topk: the top 100 of 15,000 items, from a model file to a file of lists;
# beside implicit's topk (matrices in memory, no text) where Python has it.
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
users=${BENCH_USERS:-20000}
model=$RECPIPE_TMP/model.tsv
python=${BENCH_PYTHON:-python3}
for factors in 64 128; do
	"$RECPIPE_BUILD/tests/bench-model" --items 15000 --users "$users" --factors $factors > "$model"
	peer=
	if "$python" -c 'import implicit' 2> /dev/null; then
		cat > "$RECPIPE_TMP/peer.py" <<-END
		import numpy as np
		from implicit.cpu.topk import topk
		r = np.random.default_rng(1)
		draw = lambda n: r.normal(0, 0.3, (n, $factors)).astype(np.float32)
		topk(draw(15000), draw($users), 100, num_threads=1)
		END
		peer="OPENBLAS_NUM_THREADS=1 $python $RECPIPE_TMP/peer.py"
	fi
	bench_units "export-topk 15k items, $factors factors" "$users" ' users' \
		"export-topk --k 100 $model > $RECPIPE_TMP/out.tsv" ${peer:+"$python (implicit)" "$peer"}
done
