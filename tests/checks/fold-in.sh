#!/bin/sh
# fold-in beside a plain solve in Python's double precision: iALS exactly, for all
# kernels, weights and exponents. For the other losses users that training never
# saw, and those that it did, must be served nearly as well as by training.
command -v python3 > /dev/null || { echo "no python3"; exit 77; }
dir=${RECPIPE_TMP:-$(mktemp -d)}
cd "$dir" || exit 1
cat > solve.py <<'END'
import sys

model, rows, unobserved, regularization, exponent = sys.argv[1:3] + [float(x) for x in sys.argv[3:]]
items, users, taken = {}, {}, {}
for line in open(model).read().split('\n')[1:-1]:
    kind, name, *values = line.split('\t')
    if kind in ('item', 'user'):
        (items if kind == 'item' else users)[name] = [float(v) for v in values[1:]]
for line in open(rows).read().split('\n')[1:-1]:
    user, item, weight = line.split('\t')
    taken.setdefault(user, []).append((items[item], float(weight)))
n, worst = len(next(iter(items.values()))), 0
gram = [[unobserved * sum(y[i] * y[j] for y in items.values()) for j in range(n)] for i in range(n)]
assert users.keys() == taken.keys()
for user, own in taken.items():
    a = [row[:] for row in gram]
    b = [sum(w * y[i] for y, w in own) for i in range(n)]
    for i in range(n):
        a[i][i] += regularization * (len(own) + unobserved * len(items)) ** exponent
        for j in range(n):
            a[i][j] += sum(w * y[i] * y[j] for y, w in own)
    for k in range(n):
        for i in range(k + 1, n):
            c = a[i][k] / a[k][k]
            b[i] -= c * b[k]
            for j in range(k, n):
                a[i][j] -= c * a[k][j]
    for k in reversed(range(n)):
        b[k] = (b[k] - sum(a[k][j] * b[j] for j in range(k + 1, n))) / a[k][k]
    worst = max([worst] + [abs(x - y) for x, y in zip(b, users[user])])
if not worst < 1e-4:
    sys.exit('off by %g' % worst)
END
awk 'BEGIN { srand(8); print "user\titem\tweight" > "old.tsv"; print "user\titem\tweight" > "new.tsv"
	for (u = 0; u < 40; u++) for (i = 0; i < 30; i++)
		if (rand() < (i % 3 == u % 3 ? .6 : .1) || i == u % 30)
			printf "u%d\ti%d\t%s\n", u, i, rand() < .5 ? 1 : 2.5 > (u < 30 ? "old.tsv" : "new.tsv") }'
for exponent in 1 0.5 0; do
	train-mf --loss ials --factors 20 --epochs 8 --unobserved-weight 0.3 --regularization 0.2 \
		--regularization-exponent $exponent old.tsv > model.tsv || exit 1
	for kernel in portable avx2 avx512; do
		fold-in --model model.tsv --kernel $kernel new.tsv > folded.tsv 2> err || {
			grep -q "not supported by this CPU" err && continue
			cat err
			exit 1
		}
		python3 solve.py folded.tsv new.tsv 0.3 0.2 $exponent ||
			{ echo "$kernel exponent $exponent"; exit 1; }
	done
done

# Ten tastes; every third user is unknown to the model that is folded into.
awk 'BEGIN { srand(5); print "user\titem\tsplit"
	for (u = 0; u < 600; u++) for (i = 0; i < 200; i++)
		if (rand() < (i % 10 == u % 10 ? .6 : .04))
			print "u" u "\ti" i "\t" (rand() < .2 ? "test" : "train") }' > all.tsv
awk -F '\t' 'NR == 1 || substr($1, 2) % 3' all.tsv > known.tsv
awk -F '\t' 'NR == 1 || substr($1, 2) % 3 == 0' all.tsv > strangers.tsv
# precision USERS: of the model on standard input
precision()
{
	export-topk -q --k 10 --users "$1" --exclude "$1" |
	evaluate-topk -q --dataset "$1" --k 10 --metrics precision | awk -F '\t' 'NR == 2 { print $2 }'
}

# share A B BAR
share()
{
	awk -v a="$1" -v b="$2" -v bar="$3" 'BEGIN { exit !(b >= bar * a && b > 0.03) }'
}

for loss in warp bpr logistic warp-kos ials; do
	for file in all known strangers; do # logistic needs rows of negative weight
		[ $loss = logistic ] || { cp $file.tsv $file-$loss.tsv; continue; }
		awk -F '\t' -v OFS='\t' '
			NR == 1 { print $0, "weight"; next }
			{ print $0, 1; taken[$1, $2]; users[$1] }
			END { for (u in users) for (i = 0; i < 200; i += 2)
				if (i % 10 != substr(u, 2) % 10 && !((u, "i" i) in taken))
					print u, "i" i, "train", -1 }' $file.tsv > $file-$loss.tsv
	done
	train-mf --loss $loss --factors 16 --epochs 15 all-$loss.tsv > whole.tsv || exit 1
	train-mf --loss $loss --factors 16 --epochs 15 known-$loss.tsv > part.tsv || exit 1
	own=$(precision known.tsv < part.tsv)
	again=$(fold-in -q --model part.tsv known-$loss.tsv | precision known.tsv)
	trained=$(precision strangers.tsv < whole.tsv)
	folded=$(fold-in -q --model part.tsv strangers-$loss.tsv | precision strangers.tsv)
	echo "$loss: its own users $own, folded in again $again"
	echo "$loss: strangers when trained $trained, folded in $folded"
	share "$own" "$again" 0.85 && share "$trained" "$folded" 0.55 || exit 1
done
