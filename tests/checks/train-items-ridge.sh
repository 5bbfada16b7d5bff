#!/bin/sh
# train-items ridge, sparse-ridge and next-ridge beside the normal equations of every item,
# summed and eliminated by awk: all candidates, few candidates, weights, every precision and
# kernel; the same bytes in any order of rows and with any number of threads; ridge and
# sparse-ridge with all candidates agree on a larger table; what is refused.
cd "$RECPIPE_TMP" || exit 1
failed=0

fail()
{
	echo "$*"
	failed=1
}

awk 'function draw() {x = x * 16807 % 2147483647; return x / 2147483647}
BEGIN {
	x = 77
	OFS = "\t"
	print "user", "item", "timestamp", "stars" > "small.tsv"
	for (u = 0; u < 40; u++) {
		n = 2 + int(6 * draw())
		for (k = 0; k < n; k++)
			print "u" u, "i" int(9 * draw() * (0.4 + 0.6 * draw())), 1000 + 7 * k, 1 + int(5 * draw()) > "small.tsv"
	}
	print "user", "item" > "large.tsv"
	for (u = 0; u < 300; u++)
		for (i = 0; i < 130; i++)
			if (draw() < 0.15 || i % 7 == u % 7)
				print "u" u, "i" i > "large.tsv"
}'

# The weights that a method must give, by the equations: brute METHOD CANDIDATES LAMBDA
# DROPOUT A B C WEIGHTED WINDOW GAP < table; a GAP below 0 is a decay
brute()
{
	awk -F '\t' -v method="$1" -v most="$2" -v lambda="$3" -v dropout="$4" -v a="$5" -v b="$6" -v c="$7" \
		-v weighted="$8" -v window="$9" -v gap="${10}" '
	NR == 1 {next}
	{
		if (!($1 in rows)) users[nu++] = $1
		history[$1, rows[$1]++] = $2
		last[$1, $2] = weighted ? $4 : 1
		if (!($2 in seen)) items[ni++] = $2
		seen[$2]++
	}
	function solve(n,    k, i, j, p, t) {
		for (k = 0; k < n; k++) {
			p = k
			for (i = k; i < n; i++) if (abs(m[i, k]) > abs(m[p, k])) p = i
			for (j = 0; j <= n; j++) {t = m[k, j]; m[k, j] = m[p, j]; m[p, j] = t}
			for (i = 0; i < n; i++) {
				if (i == k) continue
				t = m[i, k] / m[k, k]
				for (j = k; j <= n; j++) m[i, j] -= t * m[k, j]
			}
		}
		for (k = 0; k < n; k++) m[k, n] /= m[k, k]
	}
	function abs(v) {return v < 0 ? -v : v}
	# is candidate i better than j?
	function better(i, j) {
		if (score[i] != score[j]) return score[i] > score[j]
		if (count[i] != count[j]) return count[i] > count[j]
		return items[i] < items[j]
	}
	END {
		if (method == "next-ridge") {
			for (i = 0; i < ni; i++) {number[items[i]] = i; count[i] = seen[items[i]]; scale[i] = 1}
			for (n = 1; n <= window; n++) g[n] = int(4096 * (gap < 0 ? (-gap) ^ (n - 1) : n ^ -gap) + 0.5) / 4096
			for (u = 0; u < nu; u++) {
				for (t = 1; t < rows[users[u]]; t++) {
					split("", x)
					for (n = 1; n <= window && n <= t; n++) x[number[history[users[u], t - n]]] += g[n]
					for (i in x) {
						for (j in x) G[i, j] += x[i] * x[j]
						T[i, number[history[users[u], t]]] += x[i]
					}
				}
			}
		} else {
			for (key in last) {split(key, part, SUBSEP); usum[part[1]] += last[key]; isum[part[2]] += last[key]; icount[part[2]]++}
			for (i = 0; i < ni; i++) {count[i] = icount[items[i]]; scale[i] = isum[items[i]] ^ -c}
			for (u = 0; u < nu; u++)
				for (i = 0; i < ni; i++)
					if ((users[u], items[i]) in last)
						X[u, i] = last[users[u], items[i]] * usum[users[u]] ^ -a * isum[items[i]] ^ -b
			for (u = 0; u < nu; u++)
				for (i = 0; i < ni; i++)
					for (j = 0; j < ni; j++)
						G[i, j] += X[u, i] * X[u, j]
			for (i = 0; i < ni; i++) for (j = 0; j < ni; j++) T[i, j] = i == j ? 0 : G[i, j]
		}
		for (i = 0; i < ni; i++) L[i] = lambda + dropout / (1 - dropout) * G[i, i]
		for (j = 0; j < ni; j++) {
			split("", score)
			for (i = 0; i < ni; i++) if (T[i, j] > 0 || (method == "ridge" && i != j)) score[i] = T[i, j] / (G[i, i] + L[i])
			n = 0
			for (i in score) {
				before = 0
				for (k in score) before += better(k, i)
				if (before < most) N[n++] = i
			}
			for (p = 0; p < n; p++) {
				for (q = 0; q < n; q++) m[p, q] = G[N[p], N[q]] + (p == q ? L[N[p]] : 0)
				m[p, n] = T[N[p], j]
			}
			solve(n)
			for (p = 0; p < n; p++) printf "%s\t%s\t%.12g\n", items[N[p]], items[j], m[p, n] * scale[N[p]]
		}
	}'
}

# compare WHAT TOLERANCE: want.tsv and got.tsv have the same pairs and weights; a weight that is
# 0 within the tolerance may be absent
compare()
{
	sort want.tsv > want.sorted
	tail -n +2 got.tsv | sort > got.sorted
	[ -s want.tsv ] || fail "$1: nothing to compare"
	awk -F '\t' -v what="$1" -v tolerance="$2" '
	NR == FNR {want[$1, $2] = $3; n += $3 > tolerance || $3 < -tolerance; next}
	!(($1, $2) in want) {if ($3 > tolerance || $3 < -tolerance) {print what ": not wanted: " $0; exit 1}; next}
	{
		d = want[$1, $2] - $3
		if (d > tolerance || d < -tolerance) {print what ": " $0 ", wanted " want[$1, $2]; exit 1}
		k += want[$1, $2] > tolerance || want[$1, $2] < -tolerance
	}
	END {if (k < n) {print what ": " k + 0 " of " n " rows"; exit 1}}' want.sorted got.sorted || failed=1
}

# check METHOD CANDIDATES LAMBDA DROPOUT A B C WEIGHTED WINDOW GAP -- OPTIONS..
check()
{
	brute "$@" < small.tsv > want.tsv
	method=$1 candidates=$2 common="--ridge $3 --dropout $4"
	case $method in
	next-ridge)
		common="$common --window $9"
		case ${10} in
		-*) common="$common --decay ${10#-}" ;;
		*) common="$common --gap-exponent ${10}" ;;
		esac ;;
	*) common="$common --user-exponent $5 --item-exponent $6 --history-exponent $7" ;;
	esac
	[ "$method" = ridge ] || common="$common --candidates $candidates"
	[ "$8" = 0 ] || common="$common --weight stars"
	shift 11
	for more in '--kernel auto' '--kernel portable' "$@"; do
		# shellcheck disable=SC2086
		train-items --method "$method" $common $more small.tsv > got.tsv || fail "$method $common $more: fails"
		case $more in
		*single*) compare "$method $common $more" 1e-5 ;;
		*) compare "$method $common $more" 1e-6 ;;
		esac
		{ head -n 1 small.tsv; tail -n +2 small.tsv | sort -k 3,3nr -k 1,1r -k 2,2; } |
			train-items --method "$method" $common $more -j 3 > other.tsv
		cmp got.tsv other.tsv || fail "$method $common $more: other bytes in another order on 3 threads"
	done
}
check ridge 100 0.5 0.2 0.5 0.25 0.25 0 0 0 -- '--precision double' '--precision single'
check ridge 100 2 0 0 0 0 0 0 0 --
check ridge 100 0.7 0.5 0.3 0.6 0 1 0 0 --
check sparse-ridge 100 0.5 0.2 0.5 0.25 0.25 0 0 0 --
check sparse-ridge 3 0.5 0.2 0.25 0.1 0.3 0 0 0 --
check sparse-ridge 4 1.5 0 0.5 0.25 0 1 0 0 --
check next-ridge 100 1 0 0 0 0 0 3 1 --
check next-ridge 4 0.3 0.2 0 0 0 0 5 0.5 --
check next-ridge 100 2 0 0 0 0 0 6 -0.7 --

# Every row is sorted, ridge has no item for itself, and --k keeps the largest weights, those
# below 0 too.
train-items --method ridge --ridge 0.1 large.tsv > all.tsv
train-items --method ridge --ridge 0.1 --k 40 large.tsv > some.tsv
awk -F '\t' '
	function abs(v) {return v < 0 ? -v : v}
	FNR == 1 {next}
	NR == FNR {size[$1, n[$1]++] = abs($3); of_all[$0] = 1; next}
	{
		larger = 0
		for (k = 0; k < n[$1]; k++) larger += size[$1, k] > abs($3)
		if (!($0 in of_all) || larger >= 40 || $1 == $2 || ($1 == last && $3 + 0 > before + 0)) {
			print "--k 40: " $0
			exit 1
		}
		last = $1; before = $3; rows++; negative += $3 < 0
	}
	END {if (rows != 130 * 40 || !negative) {print "--k 40: " rows " rows, " negative + 0 " below 0"; exit 1}}
' all.tsv some.tsv || failed=1

# More items than a tile: each method against the other.
train-items --method ridge --ridge 3 large.tsv > want.all || fail 'ridge of 130 items fails'
tail -n +2 want.all > want.tsv
for method in 'ridge --precision single' 'ridge --kernel portable' 'sparse-ridge --candidates 200'; do
	# shellcheck disable=SC2086
	train-items --method $method --ridge 3 -j 1 large.tsv > got.tsv
	compare "$method, 130 items" 1e-6
	# shellcheck disable=SC2086
	train-items --method $method --ridge 3 -j 3 large.tsv | cmp - got.tsv || fail "$method: other bytes on 3 threads"
done

# refused STATUS TEXT OPTIONS..
refused()
{
	status=$1 text=$2
	shift 2
	train-items "$@" small.tsv > out 2> err
	got=$?
	[ $got = "$status" ] && grep -qF -- "$text" err || fail "$*: $got, not $status: $(cat err)"
}
refused 1 'need 1M of memory, more than --memory allows: raise it, or take --method sparse-ridge' --method ridge --memory 10K
refused 1 'of memory, more than --memory allows: raise it, or keep fewer items' --method sparse-ridge --memory 1K
refused 1 'of memory, more than --memory allows: raise it, or keep fewer items' --method next-ridge --memory 1K

# Products of weights that come to 0: a column is listed once, however many users have it.
awk 'BEGIN {
	OFS = "\t"
	print "user", "item", "w"
	for (u = 0; u < 20000; u++) {
		print u, "big", "3e38"
		print u, "a", "1e-30"
		print u, "b", "1e-30"
	}
}' > zeros.tsv
train-items --method sparse-ridge --weight w --user-exponent 4 zeros.tsv > out || fail 'products of 0: fails'
[ "$(cat out)" = 'item	neighbor	weight' ] || fail "products of 0: $(head -n 3 out)"

# A weight that no float holds: the first item of one is named, on any number of threads.
printf 'user\titem\tw\nu\ta\t1e-10\nu\tb\t1e-10\nv\ta\t1e-10\n' > tiny.tsv
for method in ridge sparse-ridge; do
	for threads in 1 3; do
		train-items --method $method --weight w --item-exponent 0 --user-exponent 0 --history-exponent 4 \
			--ridge 0 -j $threads tiny.tsv > out 2> err
		got=$?
		wanted='train-items: item "b": a weight is too large or not a number: raise --ridge or lower --history-exponent'
		[ $got = 1 ] && [ "$(cat err)" = "$wanted" ] || fail "$method: an infinite weight: $got, $(cat err)"
		[ "$(cat out)" = 'item	neighbor	weight' ] || fail "$method: an infinite weight is written: $(cat out)"
	done
done
exit $failed
