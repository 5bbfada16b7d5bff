#!/bin/sh
# fit-item-drift against planted evolutions: the planted form is picked, and where
# nothing is planted no gain is claimed.
set -eu
cd "$RECPIPE_TMP"
for kind in none linear season step; do
	awk -v kind=$kind 'function gauss() { return sqrt(-2 * log(1 - rand())) * cos(6.283185307 * rand()) }
	BEGIN { srand(5); T = 1000; print "user\titem\trating\ttimestamp"
		for (u = 0; u < 500; u++) bu[u] = .4 * gauss()
		for (i = 0; i < 60; i++) { bi[i] = .4 * gauss(); a[i] = .6 * gauss(); s[i] = T * (.25 + rand() / 2); p[i] = rand() * 6.28 }
		for (n = 0; n < 15000; n++) { u = int(rand() * 500); i = int(rand() * 60); t = rand() * T
			g = kind == "linear" ? a[i] * 1.73 * (2 * t / T - 1) : kind == "step" ? a[i] * (t > s[i] ? 1 : -1) : \
				kind == "season" ? a[i] * 1.41 * sin(6.283185307 * t / 365.25 + p[i]) : 0
			printf "%d\t%d\t%.4f\t%d\n", u, i, 3.5 + bu[u] + bi[i] + g + .8 * gauss(), t * 86400 } }' > r.tsv
	fit-item-drift --forms bins-5,linear,spline-6,novelty-5,age,season,step r.tsv > out 2> err
	cat err
	case $kind in
	none) grep -q 'no form beats static' err ;;
	*) grep -q ": $kind is best on the validation rows and beats static" err ;;
	esac
done
