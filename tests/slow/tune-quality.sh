#!/bin/sh
# The default sampler beside optuna's: median of the best value over 30 seeds of 100
# trials. Optuna 5.0 (TPESampler, its defaults; seeds 0 to 29, the same functions and
# ranges): Branin 0.456, Hartmann-6 -3.010, Rosenbrock-5 349, mixed 0.200.
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
# median NAME PARAMETERS PLACES
median() {
	for seed in $(seq 0 29); do
		rm -f study
		# shellcheck disable=SC2086
		tune-hparams -q --seed "$seed" --trials 100 --study study $2 \
			-- "echo $3 | awk -f $1.awk" | sed 1d | cut -f 2
	done | sort -g | awk '{v[NR] = $1} END {print (v[15] + v[16]) / 2}'
}
six=$(for i in 1 2 3 4 5 6; do printf -- '--param x%d=float:0:1 ' $i; done)
five=$(for i in 1 2 3 4 5; do printf -- '--param x%d=float:-5:10 ' $i; done)
bad=0
compare() {
	echo "$1: median $2, optuna $3"
	awk -v ours="$2" -v theirs="$3" 'BEGIN {exit !(ours <= theirs)}' || bad=1
}
compare Branin "$(median branin '--param x=float:-5:10 --param y=float:0:15' '{x} {y}')" 0.456
compare Hartmann-6 "$(median hartmann "$six" '{x1} {x2} {x3} {x4} {x5} {x6}')" -3.010
compare Rosenbrock-5 "$(median rosenbrock "$five" '{x1} {x2} {x3} {x4} {x5}')" 348.6
compare mixed "$(median mixed '--param l=choice:a,b,c --param r=log:1e-4:1 --param k=int:1:20@l=a --param a=log:1e-6:1@l=b' '{l} {r} {k} {a}')" 0.2
exit $bad
