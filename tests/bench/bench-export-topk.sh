#!/bin/sh
# export-topk: the top 100 of 15,000 items with random factors, from a model file to a
# file of lists; beside implicit's topk (matrices in memory, no text) where Python has it.
# Then trained models of BENCH_ITEMS (57,000) items and 64 factors, by each kernel and by
# auto, in turns: how many of them pass the first look depends on the model. The peer of
# auto is the fastest single kernel; a ratio of 0.9 and more is what is asked for.
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
cd "$RECPIPE_TMP" || exit 1
users=${BENCH_USERS:-20000} items=${BENCH_ITEMS:-57000}
python=${BENCH_PYTHON:-python3}
for factors in 64 128; do
	"$RECPIPE_BUILD/tests/bench-model" --items 15000 --users "$users" --factors $factors > model.tsv
	peer=
	if "$python" -c 'import implicit' 2> /dev/null; then
		cat > peer.py <<-END
		import numpy as np
		from implicit.cpu.topk import topk
		r = np.random.default_rng(1)
		draw = lambda n: r.normal(0, 0.3, (n, $factors)).astype(np.float32)
		topk(draw(15000), draw($users), 100, num_threads=1)
		END
		peer="OPENBLAS_NUM_THREADS=1 $python peer.py"
	fi
	bench_units "export-topk 15k items, $factors factors" "$users" ' users' \
		"export-topk --k 100 model.tsv > out.tsv" ${peer:+"$python (implicit)" "$peer"}
done

# dataset TASTES SHARE: the users' items follow a power law; SHARE of them are of the
# user's taste, one of TASTES.
dataset()
{
	awk -v users="$users" -v items="$items" -v tastes="$1" -v share="$2" 'BEGIN {
		srand(5)
		print "user\titem"
		for (u = 0; u < users; u++) {
			split("", taken)
			n = int(20 + 60 * rand() * rand())
			taste = int(tastes * rand())
			for (k = 0; k < n; k++) {
				r = rand()
				i = rand() < share ? taste + tastes * int(items / tastes * r * r) : int(items * r * r * r)
				if (i < items && !(i in taken)) {
					taken[i] = 1
					print "u" u "\ti" i
				}
			}
		}
	}' > dataset.tsv
}

# seconds KERNEL: CPU seconds of one run, or nothing where the machine lacks the kernel
seconds()
{
	BENCH_REPEAT=1
	bench_cpu "export-topk --k 100 --exclude dataset.tsv --kernel $1 model.tsv > $1.tsv" 2> err && echo "$cpu $peak"
}

# kernels WHAT OPTIONS..: one model by every kernel; all lists are the same bytes
kernels()
{
	what=$1
	shift
	train-mf --factors 64 --patience 0 "$@" -q dataset.tsv > model.tsv || return 1
	: > runs
	for turn in 1 2 3; do
		for kernel in avx2 avx512 bfloat16 amx auto; do
			run=$(seconds $kernel) || continue
			echo "$kernel $run" >> runs
			cmp "$kernel.tsv" auto.tsv 2> /dev/null >&2 || [ $turn = 1 ] ||
				{ echo "bench: $kernel gives other lists than auto" >&2; return 1; }
		done
	done
	awk -v what="$what, $((items / 1000))k items" -v users="$users" '
		!($1 in best) { order[++n] = $1 }
		!($1 in best) || $2 < best[$1] { best[$1] = $2; peak[$1] = $3 }
		END {
			for (i = 1; i <= n; i++) {
				k = order[i]
				if (k != "auto" && (fastest == "" || best[k] < best[fastest])) fastest = k
			}
			for (i = 1; i <= n; i++) {
				k = order[i]
				printf "%s: %s\t%.3f\t%.3g k users/s\t%s\t", what, k, best[k], users / best[k] / 1e3, peak[k]
				if (k == "auto" && fastest != "")
					printf "%s\t%.3f\t%.2f\n", fastest, best[fastest], best[fastest] / best[k]
				else
					printf "-\t-\t-\n"
			}
		}' runs
}

dataset 50 0.7
kernels warp --loss warp --epochs 6
kernels softmax --loss softmax --learning-rate 0.1 --epochs 6
kernels ials --loss ials --epochs 8 --unobserved-weight 0.01 --regularization 0.003
kernels 'ials, nearly collapsed' --loss ials --epochs 8
kernels 'ials, collapsed' --loss ials --epochs 12 --solver exact --regularization 1
# Small groups of users and items, more than there are factors: most scores are near 0.
dataset 1500 0.95
kernels 'ials, small scores' --loss ials --epochs 8 --unobserved-weight 0.2 --regularization 0.003
