#!/bin/sh
# next-track's contextual, session and sequential: the chances that they write are those of an enumeration
# by definition and those they take; the ranks of session are recommend-items'; packed neighbors give the
# same answers, and are opened again with the lists, under load, so that no answers mix generations.
set -u
cd "$RECPIPE_TMP" || exit 1
# shellcheck source=../complain.sh
. "$RECPIPE_ROOT/tests/complain.sh"

# ---- chances: 2,000 users do the same; the chance of each item at each step, by definition

awk 'BEGIN { OFS = "\t"; print "item", "neighbor", "weight"
	for (i = 10; i < 18; i++) for (k = 0; k < 8; k++) print "i" i, "i" 10 + (i * 3 + k * 5) % 12, 3 - k * 0.75 - i % 2 }' > neighbors.tsv
awk 'BEGIN { print "item"; for (i = 10; i < 30; i++) if (i != 13) print "i" i }' > items.tsv
awk 'BEGIN { OFS = "\t"; print "user", "rank", "item", "score"
	for (u = 0; u < 2000; u += 2) for (k = 1; k <= 7; k++) print u, k, "i" 9 + k, 4 - k / 2 }' > topk.tsv
cat > script.tsv << 'END'
next i10 1
next i11 0.6
next i16 0.1
next i12 0.5
next i15
next i29 0.9
last i15 0
next i17 0.3
next i11 1
next i20 1
last i20 1
next i14 0
next i14 1
next i13 -2
next i16 5
END
awk 'BEGIN { OFS = "\t"; print "message", "user", "track", "time" }
	{ for (u = 0; u < 2000; u++) print $1, u, $2, $3 }' script.tsv > requests.tsv
# Reads neighbors, items, lists, the script, and the answers as `next` rows have them.
cat > fit.awk << 'END'
BEGIN { FS = "\t"; nearest = 4; last = 3; decay = 0.7; skipped = 0.4 }
FILENAME == "neighbors.tsv" && FNR > 1 { of[$1, ++count[$1]] = $2; weight[$1, count[$1]] = $3 }
FILENAME == "items.tsv" && FNR > 1 { item[++items] = $1; offered[$1] = 1 }
FILENAME == "topk.tsv" && $1 == 0 { list[$2] = $3; score[$2] = $4; lists = $2 }
FILENAME == "script.tsv" {
	split($0, part, " ")
	if (part[1] == "last") { n = 0; next }
	for (back = ++n; back > 1; back--) { track[back] = track[back - 1]; heard[back] = heard[back - 1] }
	track[1] = part[2]; heard[1] = part[3] == "" ? 1 : part[3] < 0 ? 0 : part[3] > 1 ? 1 : part[3] + 0
	steps++
	if (!(who == "contextual" ? contextual() : who == "session" ? session() : 0))
		for (has = 0; has < 2; has++) if (who != "sequential" || !has || !sequential()) fall_back(has)
}
function give(id, share, rank, source, has) {
	chance[steps, has, id] = share; place[steps, has, id] = rank; from[steps, has] = source
}
function share_of(rank, s) { return pick == "rank" ? 1 / rank : pick == "softmax" ? exp(s / 2) : 1 }
# The best `nearest` of candidates c[1..m], with scores s: both kinds of users
function among(c, s, m, source,    k, left, sum) {
	for (k = 1; k <= m && left < nearest; k++)
		if (offered[c[k]] && c[k] != track[1]) { left++; sum += share_of(k, s[k]) }
	if (!sum) { why = "no-other-item"; return 0 }
	left = 0
	for (k = 1; k <= m && left < nearest; k++)
		if (offered[c[k]] && c[k] != track[1]) {
			left++
			for (has = 0; has < 2; has++) give(c[k], share_of(k, s[k]) / sum, k, source, has)
		}
	return 1
}
function contextual(    k, m, c, s) {
	for (k = 1; k <= count[track[1]]; k++)
		if (weight[track[1], k] > 0) { c[++m] = of[track[1], k]; s[m] = weight[track[1], k] }
	why = "no-neighbors"
	return m ? among(c, s, m, "contextual") : 0
}
function session(    back, k, sum, c, s, m, i, j, x, any, amount) {
	for (back = 1; back <= n && back <= last; back++) {
		amount = decay ^ (back - 1) * (heard[back] < skipped ? (heard[back] - skipped) / skipped \
			: (heard[back] - skipped) / (1 - skipped))
		for (k = 1; k <= count[track[back]]; k++) { any = 1; sum[of[track[back], k]] += amount * weight[track[back], k] }
	}
	for (back = 1; back <= n && back <= last; back++) delete sum[track[back]]
	for (x in sum) if (sum[x] > 1e-6 && offered[x]) {
		for (i = ++m; i > 1 && (s[i - 1] < sum[x] - 1e-6 || (s[i - 1] < sum[x] + 1e-6 && c[i - 1] > x)); i--) { c[i] = c[i - 1]; s[i] = s[i - 1] }
		c[i] = x; s[i] = sum[x]
	}
	why = any ? "no-other-item" : "no-neighbors"
	return m ? among(c, s, m, "session") : 0
}
function sequential(    k) {
	for (k = 1; k <= lists && list[k] != track[1]; k++);
	why = k > lists ? "not-in-list" : "no-other-item"
	while (++k <= lists && !offered[list[k]]);
	if (k > lists) return 0
	give(list[k], 1, k, "sequential", has)
	return 1
}
function fall_back(has,    k, sum) {
	if (who == "sequential" && !has) why = "no-list"
	for (k = 1; has && k <= lists; k++) if (offered[list[k]] && list[k] != track[1]) sum += share_of(k, score[k])
	for (k = 1; has && k <= lists; k++) if (offered[list[k]] && list[k] != track[1])
		give(list[k], share_of(k, score[k]) / sum, k, "indexed:" why, has)
	if (has) return
	for (k = 1; k <= items; k++) if (item[k] != track[1])
		give(item[k], 1 / (items - (track[1] in offered && offered[track[1]])), "", "random:" why, has)
}
FILENAME == "-" && FNR > 1 {
	step = int((FNR - 2) / 2000) + 1; has = $1 % 2 == 0; seen[step, has, $2]++; total[step, has]++
	d = $5 - chance[step, has, $2]
	if (d > 1e-6 || d < -1e-6) { print "step " step ": " $2 " has " $5 ", due " chance[step, has, $2]; bad = 1; exit }
	if ($3 != from[step, has] || $4 != place[step, has, $2]) { print "step " step ": " $0 ", due " from[step, has] " " place[step, has, $2]; bad = 1; exit }
}
END {
	if (bad) exit 1
	for (g in chance) {
		split(g, part, SUBSEP)
		due = chance[g] * total[part[1], part[2]]
		if (due > 0) { chi += (seen[g] - due) ^ 2 / due; cells++ }
	}
	for (g in total) { cells--; groups++ }
	if (groups != 2 * steps) { print groups " groups of answers, " steps " steps"; exit 1 }
	for (g in from) if (from[g] == who) { split(g, part, SUBSEP); own[part[1]] = 1 }
	for (g in own) used++
	if (used < 5) { print who " answers in " used + 0 " steps"; exit 1 }
	# the normal approximation of chi-square: beyond 5 deviations once in three million
	if (cells > 0 && (chi - cells) ^ 2 > 25 * 2 * cells) { print "chi-square " chi " with " cells " degrees of freedom"; exit 1 }
}
END
for who in contextual session sequential; do
	for pick in uniform rank softmax; do
		next-track -q --recs topk.tsv --neighbors neighbors.tsv --items items.tsv --recommender $who,indexed \
			--pick $pick --temperature 2 --nearest 4 --last 3 --decay 0.7 --skipped 0.4 requests.tsv |
			awk -v who=$who -v pick=$pick -f fit.awk neighbors.tsv items.tsv topk.tsv script.tsv - > fit ||
			complain "$who, $pick: $(cat fit)"
	done
done

# ---- session's ranks are those of recommend-items with the same shares; a packed file gives the same

awk 'BEGIN { OFS = "\t"; srand(5); print "user", "item"
	for (u = 0; u < 400; u++) for (k = 0; k < 12; k++) print u, int(150 * rand() ^ 2) }' > had.tsv
train-items --k 40 --packed -o packed had.tsv && unpack packed > table || complain 'train-items'
awk 'BEGIN { OFS = "\t"; srand(6); print "user", "item", "timestamp", "share", "amount"
	for (u = 0; u < 500; u++) { n = 1 + int(rand() * 7)
		for (k = 1; k <= n; k++) { h = int(rand() * 5) / 4; print u, int(150 * rand()), k, h, 2 * h - 1 } } }' > heard.tsv
recommend-items --neighbors table --last 1000 --decay 0.5 --weight amount --k 20 heard.tsv > want.tsv || complain 'recommend-items'
awk -F '\t' 'BEGIN { OFS = "\t"; print "message", "user", "track", "time" } FNR > 1 { print "next", $1, $2, $4 }' heard.tsv > requests.tsv
for neighbors in table packed; do
	next-track --neighbors $neighbors --recommender session --last 1000 --decay 0.5 --nearest 20 --pick rank \
		requests.tsv > $neighbors.out || complain "session, $neighbors"
done
cmp table.out packed.out || complain 'packed neighbors give other answers'
awk -F '\t' '
	FILENAME == "want.tsv" { want[$1, $2] = $3; lists[$1]++ }
	FILENAME == "heard.tsv" { end[$1] = FNR }
	FILENAME == "table.out" && FNR > 1 && FNR == end[$1] {
		if (($3 == "session") != ($1 in lists)) { print "user " $1 ": " $3 ", of " lists[$1] + 0 " items"; exit bad = 1 }
		if ($3 != "session") next
		if ($2 != want[$1, $4]) { print "user " $1 ": " $2 " has the rank of " want[$1, $4]; exit bad = 1 }
		for (k = sum = 0; k < lists[$1]; ) sum += 1 / ++k
		if (sum * $4 * $5 > 1 + 1e-9 || sum * $4 * $5 < 1 - 1e-9) { print "user " $1 ": " $5 " of " lists[$1]; exit bad = 1 }
		n++
	}
	END { if (!bad && n < 300) { print n + 0 " answers of session"; bad = 1 } exit bad }' want.tsv heard.tsv table.out > fit ||
	complain "session beside recommend-items: $(cat fit)"
next-track --neighbors table --recommender contextual --pick softmax requests.tsv > table.out || complain contextual
next-track --neighbors packed --recommender contextual --pick softmax requests.tsv > packed.out || complain 'contextual, packed'
cmp table.out packed.out || complain 'packed neighbors give other neighbors'

# ---- ids that nobody expects: each is answered, and those with neighbors by these

long=$(printf '%070000d' 7)
printf 'item\tneighbor\tweight\n"\\\t\001%%s\t2\n$(id)\t<b>\t1\n%s\t"\\\t1\n\377\376\t%s\t1\nNA\tNA\t2\nNA\t-0\t1\n' "$long" "$long" |
	awk 'NR == 1 { print; next } { print | "LC_ALL=C sort -s -k 1,1" }' > odd.tsv
printf 'message\tuser\ttrack\ttime\n' > ask.tsv
for track in '"\' '$(id)' "$long" "$(printf '\377\376')" NA '' '%n' '../x'; do
	printf 'next\t%s\t%s\t1e300\n' "u$track" "$track" "*" "$track" >> ask.tsv
done
for who in contextual session; do
	next-track --neighbors odd.tsv --recommender $who --session-memory 100K ask.tsv > out 2> said ||
		complain "$who, odd ids: $(cat said)"
	LC_ALL=C awk -F '\t' -v who=$who 'NR > 1 && $1 == "u" substr($1, 2) { n[$3]++ }
		NR > 1 && $2 == "" { print "no item"; exit bad = 1 }
		END { exit bad || n[who] != 5 || n["random:no-neighbors"] != 3 }' out || complain "$who, odd ids: $(cut -c 1-60 out)"
done
[ "$(grep -c 'session-memory' said)" = 1 ] || complain "the memory of sessions: $(cat said)"

# ---- neighbors that are too old are not used

cp table old.tsv && touch -d '2 days ago' old.tsv
next-track --neighbors old.tsv --recommender contextual --max-age 1d requests.tsv 2> said | cut -f 3 | sort -u > out
[ "$(tr '\n' ' ' < out)" = 'random:stale source ' ] && grep -q 'the neighbors are older than --max-age' said ||
	complain "old neighbors: $(cat out said)"

# ---- SIGHUP under load: lists and neighbors change together, or not at all

for generation in a b; do
	printf 'user\titem\nu\t%s-one\nu\t%s-two\nv\t%s-one\n' $generation $generation $generation > had.tsv
	printf 'item\tneighbor\tweight\nx\t%s-list\t1\n' $generation > one.tsv
	printf 'user\titem\nu\tx\n' > history.tsv
	recommend-items -q --neighbors one.tsv --packed -o lists-$generation history.tsv || complain 'recommend-items'
	printf 'user\titem\nu\tx\nu\t%s-near\n' $generation | train-items --packed -o near-$generation || complain 'train-items'
done
cp lists-a lists && cp near-a near
mkfifo requests
next-track --recs lists --neighbors near --recommender contextual,indexed < requests > out 2> said &
server=$!
exec 3> requests
printf 'message\tuser\ttrack\ttime\n' >&3
(while [ ! -f stop ]; do
	awk 'BEGIN { OFS = "\t"; for (i = 0; i < 500; i++) print "next", "u", i % 2 ? "x" : "unknown", 1 }'
done >&3) &
load=$!
# some_answers: until there are some thousand more
some_answers()
{
	lines=$(($(wc -l < out) + 3000))
	for i in $(seq 200); do
		[ "$(wc -l < out)" -gt $lines ] && return
		sleep 0.05
	done
	complain 'no answers for 10 s'
}
# becomes LISTS NEIGHBORS: in place of those that are there, then the signal
becomes()
{
	cp "$1" new && mv new lists
	cp "$2" new && mv new near
	kill -HUP $server
	some_answers
}
some_answers # before that it may not have opened the files
echo damaged > damaged
head -c 200 near-b > short
becomes lists-b near-b
becomes lists-a near-a
becomes lists-b damaged
becomes lists-b short
becomes lists-b lists-b # another kind
becomes damaged near-b
becomes lists-b near-b
becomes lists-a near-a
: > stop
wait $load
exec 3>&-
wait $server || complain "next-track ended with $?"
# The generations of the answers, in order: each change once.
awk -F '\t' 'NR > 1 { g = substr($2, 1, 1); if (g != now) { printf "%s", g; now = g } n[$3]++ }
	END { print ""; if (n["contextual"] < 1000 || n["indexed:no-neighbors"] < 1000) print "too few" }' out > order
[ "$(cat order)" = ababa ] || complain "generations: $(head -c 300 order)"
[ "$(grep -c 'the old lists and neighbors stay in use' said)" = 4 ] && [ "$(wc -l < said)" = 4 ] ||
	complain "files that are none: $(cat said)"
# Without lists all that is drawn from is in the neighbors: a file of none does not take their place.
printf 'user\titem\nu\tx\n' | train-items --packed -o none || complain 'train-items'
cp near-a near
next-track --neighbors near --recommender contextual < requests > out 2> said &
server=$!
exec 3> requests
printf 'message\tuser\ttrack\ttime\nnext\tu\tx\t1\n' >&3
for i in $(seq 200); do # before that it may not have opened the file
	[ "$(wc -l < out)" = 2 ] && break
	sleep 0.05
done
cp none new && mv new near
kill -HUP $server
printf 'next\tu\tx\t1\nnext\tu\tunknown\t1\n' >&3
exec 3>&-
wait $server || complain "no neighbors after SIGHUP: next-track ended with $?"
[ "$(cut -f 3 out | tr '\n' ' ')" = 'source contextual contextual random:no-neighbors ' ] &&
	grep -q 'near: no neighbors, and no --items.*the old neighbors stay in use' said ||
	complain "no neighbors after SIGHUP: $(cat out said)"
exit $bad
