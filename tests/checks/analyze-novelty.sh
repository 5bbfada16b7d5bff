#!/bin/sh
# analyze-ab --novelty: the slope of the effect from day to day is the difference of the mean slopes of users, by
# awk, and its p that of Welch's test of those slopes as a metric of users; an effect that decays is told, one that
# stays is not; the same from groups and parts. --deciles: the rows of the metrics q10 to q90.
set -u
cd "$RECPIPE_TMP" || exit 1
bad=0
say()
{
	printf '%s\n' "$*"
	bad=1
}
# log DECAY: 400 users over 6 days, some of them on some days; the effect of T1 falls by DECAY a day
log() {
	awk -v decay="$1" 'BEGIN {
		OFS = "\t"; srand(4)
		print "message", "timestamp", "user", "track", "time", "latency", "recommendation", "X"
		for (u = 0; u < 400; u++)
			for (day = 0; day < 6; day++) {
				if (rand() < 0.3) continue
				for (s = int(rand() * 3); s >= 0; s--)
					print "last", sprintf("%.0f", (19800 + day) * 86400000 + int(rand() * 86000000)), "u" u, int(rand() * 50), int(1000 * (rand() + (u % 2) * (1 - decay * day))) / 1000, 0, "", u % 2 ? "T1" : "C"
			}
	}'
}
log 0.18 > decays.tsv
log 0 > stays.tsv
analyze-ab --daily --novelty --metrics time,sessions,distinct_tracks,time/sessions --health health decays.tsv > table 2> err || say "exit status $?"
grep -q 'warning: experiment X: the effect on time changes by -0\.[0-9]* a day (p = [0-9.e-]*): a novelty.*\[novelty_time\]' err || { cat err; say 'an effect that decays is not told'; }
grep -q 'novelty says nothing of distinct_tracks' err && grep -q 'novelty says nothing of time/sessions' err || { cat err; say 'what is no sum'; }
grep -q broken table && say 'a novelty breaks the experiment'
# The same by hand: days are centred, 17.5 is the sum of the squares of -2.5 ... 2.5.
awk -F '\t' 'NR > 1 { day = int(substr($2, 1, length($2) - 5) / 864) - 19800 - 2.5; time[$3] += day / 17.5 * $5; n[$3] += day / 17.5; arm[$3] = $8 }
	END { print "user\tX\ttime\tsessions"; for (u in arm) printf "%s\t%s\t%.17g\t%.17g\n", u, arm[u], time[u], n[u] }' decays.tsv > slopes.tsv
analyze-ab -q --user-level --experiment X --metrics time,sessions --adjust none slopes.tsv 2> err | awk -F '\t' 'NR > 1 { print $3 "\t" $8 "\t" $16 }' > wanted
awk -F '\t' 'NR == FNR { effect["novelty_" $1] = $2; p["novelty_" $1] = $3; next }
	/novelty/ { n++; if (($4 - effect[$2]) ^ 2 > 1e-24 || ($5 - p[$2]) ^ 2 > 1e-18 * p[$2] ^ 2) { print; exit 1 } }
	END { exit n != 2 }' wanted health || { cat wanted health; say 'not the slopes and p of the users'; }
analyze-ab --daily --novelty --metrics time --health health.stays stays.tsv > table 2> err
grep -q 'novelty_time.*ok' health.stays && ! grep -q novelty err || { cat err health.stays; say 'an effect that stays is told'; }
{ head -n 1 decays.tsv; sed 1d decays.tsv | LC_ALL=C sort -t "$(printf '\t')" -k 3,3; } > grouped.tsv
awk -F '\t' 'NR == 1 || substr($3, 2) % 3' grouped.tsv | analyze-ab -q --partial --daily > part.1
awk -F '\t' 'NR == 1 || substr($3, 2) % 3 == 0' grouped.tsv | analyze-ab -q --partial --daily > part.2
for how in '--grouped grouped.tsv' '--memory 8K decays.tsv' '--merge part.2 part.1'; do
	analyze-ab -q --daily --novelty --metrics time,sessions --health health.2 $how > out 2> err || { cat err; say "$how"; }
	cmp -s health health.2 || { diff health health.2; say "$how: another health"; }
done
analyze-ab --novelty decays.tsv > out 2> err
[ $? = 2 ] && grep -q -e '--novelty requires --daily' err || say 'novelty without days'

analyze-ab -q --metrics time,time/sessions --rounds 300 --seed 3 --deciles deciles decays.tsv > out 2> err || say "deciles: exit status $?"
analyze-ab -q --metrics q10:time,q20:time,q30:time,q40:time,q50:time,q60:time,q70:time,q80:time,q90:time --rounds 300 --seed 3 --adjust none decays.tsv 2> err |
	awk -F '\t' -v OFS='\t' 'NR > 1 { print $1, $2, "time", substr($3, 2, 1), $6, $7, $8, $9, $10, $16 }' > wanted
sed 1d deciles | cmp - wanted || { cat deciles wanted; say 'deciles are not the quantiles'; }
exit $bad
