#!/bin/sh
# Users with two sessions at once: of 2,206 simulated listeners 255 have a second session between the events of
# the first. analyze-ab finds exactly these, misses no event, and has the figures of the log in which the same
# sessions come one after the other; with --sessions merged events are missing. (2 CPU seconds.)
set -u
cd "$RECPIPE_TMP" || exit 1
# shellcheck source=../complain.sh
. "$RECPIPE_ROOT/tests/complain.sh"
make-world -q --users 2206 --tracks 500 --artists 30 --genres 4 --factors 4 --interests 3 -d w || exit 1
simulate-sessions -q --tracks w/tracks.tsv --embeddings w/embeddings.tsv --users w/users.tsv --seed 9 --sessions-per-user 3 -o apart.tsv \
	-- next-track -q --items w/tracks.tsv --experiment X=2 --arm C=random --arm T1=random || exit 1
keep-header -q apart.tsv -- sort -s -t "$(printf '\t')" -k 3,3 -k 2,2n | awk -F '\t' -v OFS='\t' '
	NR > 1 {
		if ($3 "" != user "" || NR == 2) { user = $3; users++; session = 1; begun = $2; shift = 0; ended = 0 }
		if (ended && ++session == 2) shift = $2 - begun - 500
		ended = $1 == "last"
		if (users <= 255 && session == 2) $2 = sprintf("%.0f", $2 - shift)
	}
	1' > at-once.tsv
metrics=time,sessions,mean_time_per_session,mean_tracks_per_session
analyze-ab --metrics $metrics apart.tsv > want 2> err || complain "exit status $?"
[ ! -s err ] || complain "sessions one after the other: $(cat err)"
analyze-ab --metrics $metrics --health health at-once.tsv > got 2> err || complain "exit status $?"
cmp want got || complain 'sessions at once have other figures'
grep -q '^analyze-ab: 255 users have overlapping sessions' err && [ "$(wc -l < err)" = 1 ] || complain "what is said: $(cat err)"
awk -F '\t' '$2 == "overlapping_sessions" { n = $4 } $2 == "followed" && $4 != 1 { lost = 1 } END { exit n != 255 || lost }' health || { cat health; complain 'not 255, or events are missing'; }
analyze-ab --metrics $metrics --sessions merged --health health at-once.tsv > got 2> err
grep -q 'events are missing' err && grep -q 'broken$' got || complain 'merged: nothing is missing'
exit $bad
