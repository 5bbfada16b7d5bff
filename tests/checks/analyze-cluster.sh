#!/bin/sh
# analyze-ab --cluster beside a dense computation (numpy: OLS, each cluster's residuals by (I - H)^(-1/2) from its
# eigenvectors, and the matrix of which Bell and McCaffrey's degrees of freedom are), of regions in both arms and of a
# switchback; its CR1 beside statsmodels (OLS with cov_type='cluster'; sandwich's vcovCL HC1): the figures below are
# theirs, of these tables. A cluster for each user gives Welch's standard error. --bayes beside gbstats 0.8
# (EffectBayesianABTest, relative). 1e-9.
set -u
cd "$RECPIPE_TMP" || exit 1
# In a file, as much of this runs in pipes.
say()
{
	printf '%s\n' "$*"
	: > failed
}
awk 'BEGIN {
	print "user\tarm\tx\ty\tregion"
	for (u = 0; u < 700; u++) {
		g = u * 13 % 29
		arm = (u * 7919 % 1000 < 400) ? "C" : "T1"
		printf "u%03d\t%s\t%.2f\t%d\tr%d\n", u, arm, 5 + (u * 37 % 101) / 10 + g / 4 + (arm == "T1") * (0.5 + g / 40), 1 + u * 17 % 5, g
	}
}' > u.tsv
# expect NAME VALUE...: the values on standard input, in this order, to 1e-9 of their size
expect()
{
	name=$1
	shift
	tr '\t' '\n' > got
	printf '%s\n' "$@" | paste got - | awk -F '\t' '{ d = $1 - $2; if ($1 == "" || d ^ 2 > 1e-18 * $2 ^ 2 + 1e-30) { print $1 " is not " $2; bad = 1 } } END { exit bad }' || say "$name"
}
columns() { awk -F '\t' -v names="$1" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } { n = split(names, w, " "); for (i = 1; i <= n; i++) printf "%s%s", $at[w[i]], i < n ? "\t" : "\n" }'; }
run() { analyze-ab -q --user-level --experiment arm --adjust none --interval delta "$@" u.tsv 2> err; }
run --metrics x --users u.tsv --cluster region --details details --health health | columns 'effect effect_lower effect_upper t df p percent' |
	expect 'cluster: a mean' 0.9263039994544644 0.4171868073350704 1.4354211915738584 3.727062579166682 27.979083499118953 0.0008699153493974493 6.888584547538065
awk -F '\t' '$4 ~ /^cluster_(cr1_se|se|rel_se)$/ { print $5 }' details | expect 'cluster: standard errors' 0.24863128460769215 0.2485345978981584 0.020099329301789558
run --metrics x/y --users u.tsv --cluster region | columns 'effect p' | expect 'cluster: a ratio' 0.29043629428536744 0.06907250432343139
awk -F '\t' '$2 == "clusters" { n++; if ($4 != 29) exit 1 } $2 == "srm_chi2" && $5 != 1 { exit 1 } END { exit n != 2 }' health || { cat health; say 'the sample ratio is not that of clusters'; }
{ head -n 1 u.tsv; sed 1d u.tsv | sort -r; } > turned.tsv
run --metrics x,x/y --users u.tsv --cluster region > one
analyze-ab -q --user-level --experiment arm --adjust none --interval delta --metrics x,x/y --users turned.tsv --cluster region turned.tsv 2> err | columns 'effect p percent_lower' > two
columns 'effect p percent_lower' < one | cmp -s - two || say 'the order of the rows matters'
# Fieller's ends are those ratios at which the test of m1 - r m0 has p = alpha: the clusters' moments say it.
run --metrics x --users u.tsv --cluster region --interval fieller --details details | columns 'percent_lower percent_upper' > ends
awk -F '\t' 'NR == FNR { low = $1; high = $2; next }
	{ v[$4] = $5 }
	END {
		a = v["cluster_var0"] / 278; b = v["cluster_var1"] / 422; c = (a + b - v["cluster_se"] ^ 2) / 2; q = 2.048476133403423
		split(low " " high, end, " ")
		for (i = 1; i <= 2; i++) { r = 1 + end[i] / 100; t = (v["cluster_mean1"] - r * v["cluster_mean0"]) ^ 2 / (b - 2 * r * c + r * r * a); if ((t - q * q) ^ 2 > 1e-14) { print t, q * q; exit 1 } }
	}' ends details || say "Fieller's interval of clusters is another one"
# A cluster for each user: Welch's standard error, of the plain analysis; and White's HC1.
run --metrics x --users u.tsv --cluster user --details details > /dev/null
awk -F '\t' 'FNR == 1 { next } { n[$2]++; s[$2] += $3; q[$2] += $3 * $3 } END { for (a in n) v += (q[a] - s[a] ^ 2 / n[a]) / n[a] ^ 2; printf "%.17g\n", sqrt(v * 700 / 698) }' u.tsv > hc1
run --metrics x --details plain > /dev/null
awk -F '\t' '$4 ~ /^cluster_(cr1_se|se)$/ { print $5 }' details | expect 'HC1, Welch' "$(cat hc1)" "$(awk -F '\t' '$4 == "se" { print $5 }' plain)"

# ---- a switchback: 24 hours, each of one arm, with 5 to 21 sessions ----
awk 'BEGIN { print "user\tcell\tarm\ttime\ttracks"
	for (c = 0; c < 24; c++) { arm = (c * 7 % 24 < 12) ? "C" : "T1"; n = 5 + c * 11 % 17
		for (s = 0; s < n; s++) printf "s%d-%d\tc%d\t%s\t%.2f\t%d\n", c, s, c, arm, 3 + (c * 5 % 13) / 3 + (s * 29 % 31) / 9 + (arm == "T1") * 0.7, 2 + (s * 3 + c) % 6 } }' > switch.tsv
back() { analyze-ab -q --user-level --experiment arm --adjust none --interval delta "$@" --users switch.tsv --cluster cell switch.tsv 2> err; }
back --metrics time --details details --health health | columns 'effect effect_lower effect_upper t df p' |
	expect 'switchback: a mean' 0.6441443633414432 -0.4938882930077855 1.7821770196906719 1.185315635126158 18.85168840827311 0.2506197641719054
awk -F '\t' '$4 ~ /^cluster_(cr1_se|se|rel_se)$/ { print $5 }' details | expect 'switchback: standard errors' 0.5276210548458218 0.5434369920151136 0.0810170282917016
back --metrics time/tracks | columns 'effect df p' | expect 'switchback: a ratio' 0.13719950376576392 18.85168840827311 0.3824077709163282
awk -F '\t' '$2 == "clusters" && $4 != 12 { exit 1 }' health || { cat health; say 'switchback: the cells of the arms'; }
# Sessions taken for independent would find something.
analyze-ab -q --user-level --experiment arm --adjust none --metrics time switch.tsv 2> err | columns p | awk '{ exit $1 > 0.01 }' || say 'sessions alone are not significant'
# One cell in an arm is nothing to judge it by.
awk -F '\t' 'NR == 1 || $3 == "C" || $2 == "c2"' switch.tsv > one.tsv
analyze-ab -q --user-level --experiment arm --metrics time --users one.tsv --cluster cell --details details one.tsv 2> err | awk -F '\t' 'NR == 2 { bad = $8 == "" || $9 $10 $14 $15 $16 != "" } END { exit NR != 2 || bad }' || say 'one cell in an arm'
grep -E 'cluster_(cr1_)?se' details && say 'one cell in an arm has a standard error'
# Users without a cluster are excluded, which is reported.
awk -F '\t' 'NR < 690' u.tsv > some.tsv
analyze-ab --user-level --experiment arm --metrics x --users some.tsv --cluster region u.tsv 2> err | columns 'n_control n_treatment' > n
grep -q '12 users are in no cluster, and are excluded from x of T1' err && [ "$(awk '{ print $1 + $2 }' n)" = 688 ] || { cat err n; say 'users without a cluster'; }

run --metrics x --bayes | columns 'chance_to_win' | expect 'chance to win' 0.9989918807348234
run --metrics x --bayes --bayes-prior 0.02,0.05 | columns 'chance_to_win' | expect 'chance to win with a prior' 0.9985721691041282
run --metrics x --bayes --lower-is-better x | columns 'chance_to_win expected_loss' | expect 'lower is better' 0.0010081192651766324 6.889207565846343
# gbstats has the loss of its truncated means, to about 1e-13
run --metrics x --bayes | columns 'expected_loss' | awk '{ exit ($1 - 6.230183082789042e-04) ^ 2 > 1e-20 }' || say 'expected loss'
run --metrics x --bayes --bayes-prior 0.02,0.05 | columns 'expected_loss' | awk '{ exit ($1 - 8.270399007326205e-04) ^ 2 > 1e-20 }' || say 'expected loss with a prior'
# A prior that says all or nothing: what is sure is sure, and what is flat is flat.
for ends in '0.1,1e-308 1 0' '-0.1,1e-200 0 10' '0,1e-300 0.5 3.989422804014327e-299' '1e300,0.1 1 0' \
	'1e-9,1e308 0.9989918807348234 6.230183082789e-04' '1e300,1e308 0.9989918807348234 6.230183082789e-04'; do
	# shellcheck disable=SC2086
	set -- $ends
	run --metrics x --bayes --bayes-prior "$1" | columns 'chance_to_win expected_loss' | expect "--bayes-prior $1" "$2" "$3"
done
run --metrics x --bayes --bayes-prior 0.1,1e-308 --lower-is-better x | columns 'chance_to_win expected_loss' | expect 'a sure prior, and lower is better' 0 10
for prior in 1 1,0 a,b 1,2,3 , 1,-1 nan,1 0,nan 0,inf 1e308,1 -1e301,1; do
	run --metrics x --bayes --bayes-prior $prior > /dev/null
	[ $? = 2 ] && grep -q 'not MEAN,SD with an SD above 0' err || { cat err; say "--bayes-prior $prior"; }
done
run --metrics q50:x --users u.tsv --cluster region > out
[ $? = 2 ] && grep -q -e '--cluster does not support quantiles: q50:x' err || { cat err; say 'a quantile of clusters'; }
[ ! -e failed ]
