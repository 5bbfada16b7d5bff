#!/bin/sh
# evaluate-policy's 95 % intervals: of 4,000 made days each whose true values are known, 3,760 to 3,840
# intervals cover the truth, but for those that are wider by intent; users differ, so that rows of one
# user are alike. Steps in three positions, and sessions that end sooner when nothing was liked.
set -u
cd "$RECPIPE_TMP" || exit 1
days=${DAYS:-4000} bad=0

# A day: 250 users with 3 to 9 rows each. The chance to like an item depends on item, position and user.
awk -v days="$days" 'function liked(i, l) { return 0.1 + 0.05 * ((i * 7 + l) % 6) }
BEGIN {
	OFS = "\t"
	srand(4)
	items = 6
	for (l = 1; l <= 3; l++) {
		a = b = 0
		for (i = 0; i < items; i++) { log_p[l, i] = 1 + (i + l) % 3; to[l, i] = 1 + (i * l) % 4; a += log_p[l, i]; b += to[l, i] }
		for (i = 0; i < items; i++) { log_p[l, i] /= a; to[l, i] /= b; truth += to[l, i] * liked(i, l) / 3; was += log_p[l, i] * liked(i, l) / 3 }
	}
	print "position", "item", "probability" > "policy.tsv"
	for (l = 1; l <= 3; l++) for (i = 0; i < items; i++) printf "%d\t%d\t%.17g\n", l, i, to[l, i] > "policy.tsv"
	close("policy.tsv")
	print "truth", truth, was > "truth.tsv"
	for (day = 0; day < days; day++) {
		command = "evaluate-policy -q --no-header --columns user,position,item,probability,reward --policy policy.tsv --reward reward --recommendation item --position position --folds 2 --seed " day
		for (u = 0; u < 250; u++) {
			mood = rand() < 0.5 ? 0.4 : 1.6
			n = 3 + int(rand() * 7)
			for (k = 0; k < n; k++) {
				l = 1 + int(rand() * 3)
				x = rand()
				for (i = 0; i < items - 1 && x >= log_p[l, i]; i++) x -= log_p[l, i]
				printf "%d\t%d\t%d\t%.17g\t%d\n", u, l, i, log_p[l, i], rand() < mood * liked(i, l) | command
			}
		}
		close(command)
	}
}' > steps.tsv || exit 1

# A session of at most 4 steps: after a track that was not liked it ends with a chance of one half.
awk -v days="$days" 'BEGIN {
	OFS = "\t"
	srand(5)
	items = 3
	for (i = 0; i < items; i++) { p[i] = (3 - i) / 6; q[i] = (2 + i) / 9; like[i] = 0.2 + 0.2 * i; m += q[i] * like[i] }
	on = m + (1 - m) / 2
	print "truth", m * (1 + on + on * on + on * on * on) > "session-truth.tsv"
	for (day = 0; day < days; day++) {
		command = "evaluate-policy -q --no-header --columns user,session,timestamp,recommendation,probability,target,reward --policy-probability target --reward reward --value session --min-effective 1"
		for (u = 0; u < 300; u++)
			for (s = 0; s < 3; s++)
				for (step = 0; step < 4; step++) {
					x = rand()
					for (i = 0; i < items - 1 && x >= p[i]; i++) x -= p[i]
					r = rand() < like[i]
					printf "%d\t%d\t%d\t%d\t%.17g\t%.17g\t%d\n", u, s, step, i, p[i], q[i], r | command
					if (!r && rand() < 0.5) break
				}
		close(command)
	}
}' > sessions.tsv || exit 1

# cover FILE TRUTH WHAT ESTIMATORS: how many of them
cover()
{
	awk -F '\t' -v truth="$2" -v what="$3" -v estimators="$4" -v days="$days" '
		{ n[$1]++; in_value[$1] += $4 <= truth && truth <= $5; sum[$1] += $2 }
		END {
			for (e in n) {
				estimators--
				printf "%s, %s: %d of %d intervals cover %.6f; the values are %.6f on average\n", what, e, in_value[e], n[e], truth, sum[e] / n[e]
				# dm is as good as its guess of the rewards: what it does not know it does not count.
				if (n[e] != days || (e != "dm" && (in_value[e] < days * 0.94 || in_value[e] > days * 0.96))) wrong = 1
			}
			exit wrong || estimators != 0
		}' "$1" || bad=1
}
cover steps.tsv "$(cut -f 2 truth.tsv)" steps 5
cover sessions.tsv "$(cut -f 2 session-truth.tsv)" sessions 2
exit $bad
