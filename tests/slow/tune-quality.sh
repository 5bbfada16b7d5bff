#!/bin/sh
# The default sampler beside optuna's, with optuna's defaults and with multivariate,
# group and constant_liar set, whichever is better: the median of the best value over
# 30 seeds of 100 trials. Its figures are in tune-optuna.tsv, which
# tests/bench/tune-optuna.py makes.
set -eu
cd "$RECPIPE_TMP"
cat > branin.awk <<'END'
{pi = 3.14159265358979; a = $1; b = $2
print (b - 5.1 / (4 * pi * pi) * a * a + 5 / pi * a - 6) ^ 2 + 10 * (1 - 1 / (8 * pi)) * cos(a) + 10}
END
cat > hartmann.awk <<'END'
{n = split("10 3 17 3.5 1.7 8 .05 10 17 .1 8 14 3 3.5 1.7 10 17 8 17 8 .05 10 .1 14", A, " ")
split("1312 1696 5569 124 8283 5886 2329 4135 8307 3736 1004 9991 2348 1451 3522 2883 3047 6650 4047 8828 8732 5743 1091 381", P, " ")
split("1 1.2 3 3.2", al, " ")
for (i = 0; i < 4; i++) {t = 0; for (j = 1; j <= 6; j++) t += A[6 * i + j] * ($j - 1e-4 * P[6 * i + j]) ^ 2
s += al[i + 1] * exp(-t)} print -s}
END
cat > rosenbrock.awk <<'END'
{for (i = 1; i < 5; i++) s += 100 * ($(i + 1) - $i ^ 2) ^ 2 + (1 - $i) ^ 2; print s}
END
cat > mixed.awk <<'END'
function log10(x) {return log(x) / log(10)}
$1 == "a" {print 0.3 + (log10($2) + 2) ^ 2 * 0.5 + (($3 - 13) / 10) ^ 2}
$1 == "b" {print 0.05 + (log10($2) + 1.3) ^ 2 * 0.5 + 0.2 * (log10($3) + 3) ^ 2}
$1 == "c" {print 0.2 + (log10($2) + 2.5) ^ 2}
END
cat > levy.awk <<'END'
{pi = 3.14159265358979; for (i = 1; i <= 4; i++) w[i] = 1 + ($i - 1) / 4
s = sin(pi * w[1]) ^ 2 + (w[4] - 1) ^ 2 * (1 + sin(2 * pi * w[4]) ^ 2)
for (i = 1; i < 4; i++) s += (w[i] - 1) ^ 2 * (1 + 10 * sin(pi * w[i] + 1) ^ 2)
print s}
END
cat > ackley.awk <<'END'
{pi = 3.14159265358979; for (i = 1; i <= 3; i++) {q += $i ^ 2; c += cos(2 * pi * $i)}
print -20 * exp(-0.2 * sqrt(q / 3)) - exp(c / 3) + 20 + exp(1)}
END
# median NAME PARAMETER..: the best value of a study, the median of seeds
median() {
	name=$1 params='' places=''
	shift
	for p; do
		params="$params --param $p"
		places="$places {${p%%=*}}"
	done
	for seed in $(seq 0 29); do
		rm -f study
		# shellcheck disable=SC2086
		tune-hparams -q --seed "$seed" --trials 100 --study study $params \
			-- "echo $places | awk -f $name.awk" | sed 1d | cut -f 2
	done | sort -g | awk '{v[NR] = $1} END {print (v[15] + v[16]) / 2}'
}
bad=0
compare() {
	theirs=$(awk -F '\t' -v name="$1" '$1 == name && ($2 == "default" || $2 == "multivariate") &&
		(best == "" || $3 < best) {best = $3} END {print best}' "$RECPIPE_ROOT/tests/slow/tune-optuna.tsv")
	ours=$(median "$@")
	echo "$1: median $ours, optuna $theirs"
	awk -v ours="$ours" -v theirs="$theirs" 'BEGIN {exit !(theirs != "" && ours + 0 <= theirs + 0)}' || bad=1
}
compare branin x=float:-5:10 y=float:0:15
compare hartmann x1=float:0:1 x2=float:0:1 x3=float:0:1 x4=float:0:1 x5=float:0:1 x6=float:0:1
compare rosenbrock x1=float:-5:10 x2=float:-5:10 x3=float:-5:10 x4=float:-5:10 x5=float:-5:10
compare mixed l=choice:a,b,c r=log:1e-4:1 k=int:1:20@l=a a=log:1e-6:1@l=b
compare levy x1=float:-10:10 x2=float:-10:10 x3=float:-10:10 x4=float:-10:10
compare ackley x1=float:-20:40 x2=float:-20:40 x3=float:-20:40
exit $bad
