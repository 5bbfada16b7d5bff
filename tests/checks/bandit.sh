#!/bin/sh
# next-track's bandits: each answer's probability is the sum over the arms of the arm's chance times the arm's own
# chance of the item, with the arms' chances from the rewards so far, by an enumeration in awk (epsilon) or
# calibrated (Thompson: policies of one arm weigh 1 on average); the arm that is liked more answers more often; the
# state counts what the log says, also of four processes at once, and a kill -9 leaves it whole.
set -u
cd "$RECPIPE_TMP" || exit 1
# shellcheck source=../two-lists.sh
. "$RECPIPE_ROOT/tests/two-lists.sh"
# b.tsv: the listeners' interests, where there are two or more.
awk -F '\t' 'BEGIN { print "user\trank\titem" } NR > 1 && $1 % 5 { n = split($2, t, ","); for (i = r = 0; i++ < n;) if (!(($1, t[i]) in seen)) { seen[$1, t[i]]; item[++r] = t[i] } for (i = 1; r > 1 && i <= r; i++) printf "%s\t%d\t%d\n", $1, i, item[i] }' w/users.tsv > b.tsv
columns='NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }'

# ---- epsilon-greedy: every probability, from the log alone ----
play greedy.tsv --recommender bandit:indexed+challenger --bandit-epsilon 0.2 --bandit-least 0.05 --bandit-state greedy.state --log greedy.log || complain "epsilon: exit status $?"
awk -F '\t' '
	function chance(list, user, item, played,    r, sum, own) {
		for (r = 1; r <= n[list, user]; r++) if (at[list, user, r] != played) { sum += 1 / r; if (at[list, user, r] == item) own = 1 / r }
		return sum ? own / sum : 0
	}
	function other(list, user, played,    r) { for (r = 1; r <= n[list, user]; r++) if (at[list, user, r] != played) return 1; return 0 }
	FILENAME != "greedy.log" { if (FNR > 1) { at[FILENAME, $1, ++n[FILENAME, $1]] = $3; } next }
	FNR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
	{
		user = $c["user"]; played = $c["track"]
		if (wait[user] != "" && item[user] == played) { count[wait[user]]++; heard[wait[user]] += $c["time"]; total++ }
		wait[user] = ""
	}
	$c["recommendation"] == "" { next }
	total >= due {
		due = total + 1 + int(total / 50)
		ma = (1 + heard["a.tsv"]) / (2 + count["a.tsv"]); mb = (1 + heard["b.tsv"]) / (2 + count["b.tsv"])
		d = ma - mb
		pa = d ^ 2 < 1e-18 ? 0.5 : d > 0 ? 0.9 : 0.1
		pa = 0.05 + 0.9 * pa
	}
	{
		x = $c["recommendation"]; source = $c["source"]
		A = other("a.tsv", user, played); B = other("b.tsv", user, played)
		p = A && B ? pa * chance("a.tsv", user, x, played) + (1 - pa) * chance("b.tsv", user, x, played) : A ? chance("a.tsv", user, x, played) : chance("b.tsv", user, x, played)
		if ((p - $c["probability"]) ^ 2 > 1e-20) { wrong++; if (wrong < 4) print $0 " wanted " p }
		if (A && B) { wait[user] = source == "indexed" ? "a.tsv" : "b.tsv"; item[user] = x; steps++; second += source == "challenger" }
	}
	END {
		printf "bandit\trecommender\tanswers\theard\nindexed+challenger\tindexed\t%d\t%.6f\nindexed+challenger\tchallenger\t%d\t%.6f\n", count["a.tsv"], heard["a.tsv"], count["b.tsv"], heard["b.tsv"] > "wanted.state"
		if (wrong || steps < 2000) { print wrong " wrong of " steps; exit 1 }
		if (second < 0.6 * steps) { print "the better lists answered " second " of " steps; exit 1 }
	}' a.tsv b.tsv greedy.log || complain 'probabilities of epsilon-greedy are wrong'
cmp greedy.state wanted.state || { cat greedy.state wanted.state; complain 'the state is not what the log says'; }

# ---- Thompson sampling ----
play thompson.tsv --recommender bandit:indexed+challenger+random --bandit-state thompson.state || complain "Thompson: exit status $?"
rm -f again.state
play again.tsv --recommender bandit:indexed+challenger+random --bandit-state again.state && cmp thompson.tsv again.tsv && cmp thompson.state again.state || complain 'the same seed gives other bytes'
for list in a b; do
	evaluate-policy -q --policy $list.tsv --pick rank --estimator ipw --max-unlogged 1 thompson.tsv 2> err |
		awk -F '\t' "$columns"' NR > 1 { w = $at["mean_weight"]; if (w > 0.93 && w < 1.07) ok = 1 } { print } END { exit !ok }' > out || { cat out err; complain "$list: weights are not 1 on average"; }
done
# The weight of random, which may draw any track but the one just played, is 1 on average, within 4 standard errors.
awk -F '\t' "$columns"' NR > 1 && $at["recommendation"] != "" { w = 1 / 119 / $at["probability"]; n++; sum += w; square += w * w }
	END { mean = sum / n; se = sqrt((square / n - mean ^ 2) / n); print n, mean, se; exit (mean - 1) ^ 2 > (4 * se) ^ 2 || se > 0.1 }' thompson.tsv > out || { cat out; complain 'random weighs not 1 on average'; }
awk -F '\t' '$2 == "challenger" { best = $3 } { sum += $3 } END { exit best < 0.6 * sum }' thompson.state || { cat thompson.state; complain 'the better lists do not answer more often'; }
# It goes on from the state.
play on.tsv --recommender bandit:indexed+challenger+random --bandit-state thompson.state || complain 'it does not go on'
awk -F '\t' 'NR == FNR { n += $3; next } { m += $3 } END { exit !(m > 1.8 * n) }' again.state thompson.state || complain 'the state does not grow'

# ---- several processes, other bandits, kills ----
printf 'bandit\trecommender\tanswers\theard\nother+ones\tother\t7\t3.5\n' > shared.state
jobs=4
play four.tsv --recommender bandit:indexed+challenger --bandit-state shared.state || complain "four processes: exit status $?"
jobs=
awk -F '\t' 'NR == FNR { has[$1]; next }
	FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
	{ user = $at["user"]; n += wait[user] && item[user] == $at["track"]; wait[user] = 0 }
	$at["recommendation"] != "" && $at["user"] in has { wait[user] = 1; item[user] = $at["recommendation"] }
	END { print n }' b.tsv four.tsv > log.n
awk -F '\t' 'NR > 2 { n += $3 } END { print n }' shared.state > state.n
cmp -s log.n state.n || { cat log.n state.n; complain 'four processes: the state is not what the log says'; }
grep -q '^other+ones	other	7	3.5$' shared.state || complain 'the rows of another bandit are lost'
for try in 1 2 3 4 5 6; do
	awk 'BEGIN { print "message\tuser\ttrack\ttime\ttimestamp"; for (i = 0; i < 400000; i++) print "next\t" i % 4 + 1 "\t" i % 120 "\t0.5\t" i }' 2> /dev/null |
		next-track -q --items w/tracks.tsv --recs a.tsv --challenger b.tsv --recommender bandit:indexed+challenger --bandit-state shared.state > /dev/null 2>&1 &
	sleep 0.$try
	kill -9 $! 2> /dev/null
	wait $! 2> /dev/null
	awk -F '\t' 'NF != 4 { exit 1 } END { exit NR != 4 }' shared.state || { cat shared.state; complain 'a kill tears the state'; }
done
ls -A | grep -q recpipe- && complain 'a kill leaves a file'

# ---- what is refused ----
printf 'bandit\trecommender\tanswers\theard\nx\ty\t1\t2\n' > broken.state
play out.tsv --recommender bandit:indexed+challenger --bandit-state broken.state 2> err; grep -q 'broken.state: not the state of a bandit' err || { cat err; complain 'a state that is none'; }
printf 'bandit\trecommender\tanswers\theard\nindexed+challenger\tindexed\t9\t2\nindexed+challenger\tindexed\t1\t1\n' > twice.state
cp twice.state was
play out.tsv --recommender bandit:indexed+challenger --bandit-state twice.state 2> err; grep -q 'twice.state: not the state of a bandit' err && cmp -s was twice.state ||
	{ cat err; complain 'a state with two rows of an arm'; }
mkfifo way
timeout 60 next-track -q --items w/tracks.tsv --recs a.tsv --recommender bandit:indexed+random --bandit-state way < /dev/null > out 2> err
[ $? = 1 ] && grep -q '^next-track: way: Invalid argument' err || { cat err; complain 'a state that is a FIFO'; }
for chain in bandit:indexed bandit:indexed+indexed bandit:a+b indexed,bandit:popular+random bandit:; do
	next-track --recs a.tsv --recommender $chain < /dev/null > out 2> err
	[ $? = 2 ] || { cat err; complain "$chain: no usage error"; }
done
next-track --recs a.tsv --bandit-state x < /dev/null > out 2> err
[ $? = 2 ] && grep -q 'bandit-state requires a recommender bandit:A+B' err || complain 'a state without a bandit'
exit $bad
