#!/bin/sh
# next-track's interleaved recommender: each answer's probability is the mean of both teams', by an
# enumeration in awk; the teams answer equally often; who has no list has no team; a policy of one team
# weighs 1 on average. analyze-ab --interleaving: wins and means by awk, the exact interval and p by SciPy's
# binomtest, the other interval by the delta method in awk; the order of the rows does not matter.
set -u
cd "$RECPIPE_TMP" || exit 1
# shellcheck source=../two-lists.sh
. "$RECPIPE_ROOT/tests/two-lists.sh"
awk -F '\t' 'BEGIN { print "user\trank\titem" } NR > 1 && $1 % 5 { for (r = 1; r <= 6; r++) printf "%s\t%d\t%d\n", $1, r, ($1 * 7 + r * 26) % 120 }' w/users.tsv > b.tsv
play events.tsv --recommender interleaved:indexed+challenger || exit 1
head -n 1 events.tsv | grep -q '	probability	team$' || complain 'there is no column team'

# The chance of the answer under each list, by 1/rank without the track just played.
awk -F '\t' '
	function chance(list, user, item, played,    r, sum, own) {
		for (r = 1; r <= n[list, user]; r++) if (at[list, user, r] != played) { sum += 1 / r; if (at[list, user, r] == item) own = 1 / r }
		return own / sum
	}
	FILENAME != "events.tsv" { if (FNR > 1) { at[FILENAME, $1, ++n[FILENAME, $1]] = $3; } next }
	FNR == 1 || $7 == "" { next }
	!n["b.tsv", $3] { if ($11 != "" || $8 != "indexed:no-list" && $8 != "indexed") wrong = wrong "\n" $0; next }
	{
		p = (chance("a.tsv", $3, $7, $4) + chance("b.tsv", $3, $7, $4)) / 2
		if ((p - $10) ^ 2 > 1e-24 || $11 != $8) wrong = wrong "\n" $0 " wanted " p
		steps++
		first += $11 == "indexed"
	}
	END {
		z = (first - steps / 2) / sqrt(steps / 4)
		if (steps < 5000 || z * z > 16) { print first " of " steps " steps are the first team" ; exit 1 }
		if (wrong != "") { print substr(wrong, 1, 500); exit 1 }
	}' a.tsv b.tsv events.tsv || complain 'probabilities or teams are wrong'
# A team's own policy: the weights are 1 on average, whichever steps it had.
for list in a b; do
	evaluate-policy -q --policy $list.tsv --pick rank --estimator ipw --max-unlogged 1 events.tsv 2> err |
		awk -F '\t' 'NR > 1 && ($17 - 1) ^ 2 < 1e-3 { ok = 1 } { print } END { exit !ok }' > out || { cat out err; complain "$list: weights are not 1 on average"; }
done
# Every kind of recommender in a team.
for teams in random+sticky-artist sequential+popular popular+random; do
	simulate-sessions -q --tracks w/tracks.tsv --embeddings w/embeddings.tsv --users w/users.tsv --seed 2 -o one.tsv -- \
		next-track -q --items w/tracks.tsv --recs a.tsv --popular b.tsv --recommender interleaved:$teams,indexed || complain "$teams: exit status $?"
	awk -F '\t' -v teams=$teams 'BEGIN { split(teams, name, "+") } NR > 1 && $7 != "" { if (!($10 > 0 && $10 <= 1) || ($11 != "" && $11 != name[1] && $11 != name[2])) bad = 1; n[$11]++ }
		END { exit bad || !n[name[1]] || !n[name[2]] }' one.tsv || complain "$teams: no such teams, or probabilities that are none"
done
# The chances of the two that draw from the catalog.
simulate-sessions -q --tracks w/tracks.tsv --embeddings w/embeddings.tsv --users w/users.tsv --seed 2 -o one.random -- \
	next-track -q --items w/tracks.tsv --recommender interleaved:random+sticky-artist || complain "random and sticky-artist: $?"
awk -F '\t' 'FILENAME == "w/tracks.tsv" { if (FNR > 1) { artist[$1] = $3; count[$3]++; tracks++ }; next }
	FNR > 1 && $11 != "" { by = 1 / (tracks - 1); own = artist[$4] == artist[$7] ? 1 / (count[artist[$4]] - 1) : 0
		if (((by + own) / 2 - $10) ^ 2 > 1e-24) { print; bad = 1 } steps++ }
	END { exit bad || !steps }' w/tracks.tsv one.random || complain 'random and sticky-artist have other chances'

# ---- the analysis ----
analyze-ab --interleaving team events.tsv > got.tsv || complain "analyze-ab: exit status $?"
{ head -n 1 events.tsv; sed 1d events.tsv | sort -r; } | analyze-ab --interleaving team > turned.tsv || complain "turned: exit status $?"
cmp -s got.tsv turned.tsv || complain 'the order of the rows matters'
awk -F '\t' '{ if (row[$3] != "" && want[$3] "" == $4 "") { n[$3, row[$3]]++; h[$3, row[$3]] += $5; N[row[$3]]++; H[row[$3]] += $5; user[$3] } row[$3] = "" }
	$7 != "" && NR > 1 { row[$3] = $11; want[$3] = $7 }
	END {
		a = "challenger"; b = "indexed"
		for (u in user) if (n[u, a] && n[u, b]) { d = h[u, b] / n[u, b] - h[u, a] / n[u, a]; if (d ^ 2 < 1e-24) ties++; else if (d > 0) wins++; else losses++ }
		A = H[a] / N[a]; B = H[b] / N[b]
		for (u in user) { users++; x = (h[u, b] - B * n[u, b]) / N[b] - (h[u, a] - A * n[u, a]) / N[a]; square += x * x }
		printf "%d\t%d\t%d\t%.12g\t%.12g\t%.12g\n", wins, losses, ties, A, B, sqrt(square * users / (users - 1))
	}' events.tsv > plain.tsv
awk -F '\t' 'function off(x, y) { return (x - y) ^ 2 > 1e-18 }
	NR == FNR { wins = $1; losses = $2; ties = $3; a = $4; b = $5; error = $6; next }
	$1 == "preference" { seen++; if ($11 != wins || $12 != losses || $13 != ties || off($5, wins / (wins + losses))) wrong = 1 }
	$1 == "heard" { seen++; q = ($8 - $7) / 2 / error; if (off($4, a) || off($5, b) || off($6, b - a) || q < 1.96 || q > 1.98) wrong = 1 }
	END { exit wrong || seen != 2 }' plain.tsv got.tsv || { cat plain.tsv got.tsv; complain 'the analysis is another one'; }
# 9 users prefer y, 2 x, 1 neither: binomtest(9, 11) of SciPy.
awk 'BEGIN {
	OFS = "\t"
	print "message", "timestamp", "user", "track", "time", "recommendation", "team"
	for (u = 1; u <= 12; u++) {
		print "next", 1000, u, "s", 1, "i1", "x"
		print "next", 2000, u, "i1", u <= 9 ? 0.2 : 0.5, "i2", "y"
		print "last", 3000, u, "i2", u <= 9 ? 0.9 : u < 12 ? 0.4 : 0.5, "", ""
	}
}' > twelve.tsv
analyze-ab --interleaving team twelve.tsv | awk -F '\t' 'function off(x, y) { return (x - y) ^ 2 > 1e-20 }
	$1 == "preference" { seen = 1; if ($2 != "x" || $3 != "y" || $11 != 9 || $12 != 2 || $13 != 1 || off($9, 0.0654296875) || off($7, -0.0355117047202491) || off($8, 0.954337603400082)) print }
	END { if (!seen) print "no preference" }' > out
[ ! -s out ] || { cat out; complain 'not the exact interval and p'; }
sed 's/	y$/	z/; 3s/z$/y/' twelve.tsv | analyze-ab --interleaving team > out 2> err
[ $? = 3 ] && grep -q 'more than two teams: "x", "y", "z"' err || { cat err; complain 'three teams'; }
sed 's/	y$/	x/' twelve.tsv | analyze-ab --interleaving team > out 2> err
[ $? = 3 ] && grep -q 'only one team: "x"' err || { cat err; complain 'one team'; }
grep -v '^last' twelve.tsv | analyze-ab --interleaving team > out 2> err
grep -q '12 recommendations of teams are not counted' err || { cat err; complain 'what nobody heard is not counted aloud'; }
for chain in interleaved:indexed interleaved:indexed+indexed interleaved:a+b indexed,interleaved:popular+random interleaved:indexed+popular+random interleaved:; do
	next-track --recs a.tsv --recommender $chain < /dev/null > out 2> err
	[ $? = 2 ] || { cat err; complain "$chain: no usage error"; }
done
next-track --recs a.tsv --recommender challenger < /dev/null > out 2> err
[ $? = 2 ] && grep -q 'challenger requires --challenger' err || complain 'a challenger without lists'
exit $bad
