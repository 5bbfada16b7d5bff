#!/bin/sh
# next-track without a server: the chances that it writes are those it takes, what was just
# played is not given again, the log's arms and triggers reach analyze-ab, and the log loses
# nothing to a full disk, a folder that is gone, or the end of the process.
set -u
cd "$RECPIPE_TMP" || exit 1
# shellcheck source=../complain.sh
. "$RECPIPE_ROOT/tests/complain.sh"

# ---- chances: in each line that a recommender answers, goodness of fit of the items drawn

awk 'BEGIN { OFS = "\t"; print "user", "rank", "item", "score"
	for (u = 0; u < 4; u++) for (k = 1; k <= 8; k++) print u, k, "i" (u + k), 4 - k / 2 }' > topk.tsv
awk 'BEGIN { OFS = "\t"; print "item", "artist", "available"
	for (i = 0; i < 20; i++) print "i" i, i < 6 ? "A" : i < 19 ? "B" : "", i != 3 }' > items.tsv
printf 'item\ni5\ni3\ni9\ni12\n' > popular.tsv
awk 'BEGIN { OFS = "\t"; print "message", "user", "track", "time"
	for (i = 0; i < 60000; i++) print "next", i % 6, "i" int(i / 6) % 6, 1 }' > requests.tsv
# The expected chance of each item by definition, from the files, not from the answers.
cat > fit.awk <<'E2'
BEGIN { FS = "\t" }
FILENAME == "topk.tsv" && FNR > 1 { list[$1, $2] = $3; score[$1, $2] = $4 }
FILENAME == "items.tsv" && FNR > 1 { item[++items] = $1; artist[$1] = $2; offered[$1] = $3 }
FILENAME == "popular.tsv" && FNR > 1 { popular[++populars] = $1 }
FILENAME == "requests.tsv" && FNR > 1 { user[FNR] = $2; played[FNR] = $3 }
function weight(id, k, s, now) {
	if (!offered[id] || id == now) return 0
	return pick == "rank" ? 1 / k : pick == "softmax" && s != "" ? exp(s / 2) : 1
}
FILENAME == "-" && FNR > 1 {
	u = user[FNR]; now = played[FNR]; group = u SUBSEP now
	if ($1 != u) { print "line " FNR ": of another user"; bad = 1; exit }
	if ($2 == now) { print "line " FNR ": " now " was just played"; bad = 1; exit }
	if (!(group in total)) {
		total[group] = 0
		for (i = 1; i <= items; i++) chance[group, item[i]] = 0
		sum = 0
		if (who == "indexed" && u < 4)
			for (k = 1; k <= 8; k++) sum += chance[group, list[u, k]] = weight(list[u, k], k, score[u, k], now)
		else if (who == "popular")
			for (k = 1; k <= populars; k++) sum += chance[group, popular[k]] = weight(popular[k], k, "", now)
		else
			for (i = 1; i <= items; i++)
				if (who != "sticky-artist" || artist[item[i]] == artist[now])
					sum += chance[group, item[i]] = offered[item[i]] && item[i] != now
		for (i = 1; i <= items; i++) chance[group, item[i]] /= sum
	}
	total[group]++
	seen[group, $2]++
	d = $5 - chance[group, $2]
	if (d > 1e-9 || d < -1e-9) { print "line " FNR ": " $2 " has " $5 ", due " chance[group, $2]; bad = 1; exit }
	want = who == "indexed" && u >= 4 ? "random:no-list" : who
	if ($3 != want) { print "line " FNR ": source " $3 ", due " want; bad = 1; exit }
}
END {
	if (bad) exit 1
	for (g in total)
		for (i = 1; i <= items; i++) {
			due = total[g] * chance[g, item[i]]
			if (due > 0) { chi += (seen[g, item[i]] - due) ^ 2 / due; cells++ }
		}
	for (g in total) cells--
	# the normal approximation of chi-square: beyond 5 deviations once in three million
	z = (chi - cells) / sqrt(2 * cells)
	if (!cells || z > 5 || z < -5) { print "chi-square " chi " with " cells " degrees of freedom"; exit 1 }
}
E2
for who in indexed popular sticky-artist random; do
	for pick in uniform rank softmax; do
		case $who-$pick in sticky-artist-[rs]* | random-[rs]*) continue ;; esac
		next-track --recs topk.tsv --items items.tsv --popular popular.tsv --recommender $who \
			--pick $pick --temperature 2 requests.tsv |
			awk -v who=$who -v pick=$pick -f fit.awk topk.tsv items.tsv popular.tsv requests.tsv - > fit ||
			complain "$who, $pick: $(cat fit)"
	done
done

# ---- triggered, from the log to the comparison

awk 'BEGIN { OFS = "\t"; print "message", "user", "track", "time", "timestamp"
	for (u = 0; u < 400; u++) {
		for (s = 1; s <= 3; s++) print "next", u, "i" s, 1, u * 1000 + s
		print "last", u, "i5", 0, u * 1000 + 9
	} }' > day.tsv
awk 'BEGIN { OFS = "\t"; print "user", "rank", "item", "score"
	for (u = 0; u < 400; u += 4) print u, 1, "i7", 1 }' > few.tsv
next-track --recs few.tsv --items items.tsv --experiment PERSONALIZED --arm C=random --arm T1=indexed \
	--log day.log day.tsv > /dev/null || complain 'the day failed'
awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
	$1 == "next" { n[$c["PERSONALIZED"], $c["triggered"]]++; bad += $c["triggered"] != ($3 % 4 == 0) }
	END { exit bad || !n["C", 1] || !n["T1", 1] || !n["C", 0] || !n["T1", 0] }' day.log ||
	complain 'triggered is not: has a list, in both arms'
# compared WHAT USERS ARGUMENT..: so many users are in both arms together
compared()
{
	what=$1 want=$2
	shift 2
	analyze-ab --experiment PERSONALIZED "$@" day.log > verdict.tsv 2> said || complain "analyze-ab: $(cat said)"
	users=$(awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i }
		NR == 2 { print $c["n_control"] + $c["n_treatment"] }' verdict.tsv)
	[ "$users" = "$want" ] || complain "analyze-ab of $what compares $users users, not $want"
}
compared 'all users' 400
compared 'those for whom the arms could differ' 100 --triggered triggered

# ---- the log

. "$RECPIPE_ROOT/tests/serving.sh"
# serve ARGUMENT..: log.tsv, requests by 8, answers by 9; the disk is full after 64 KB
serve()
{
	start_serving sh -c 'trap "" XFSZ; ulimit -S -f "$1"; shift; exec next-track "$@"' sh "$limit" \
		--items items.tsv --log logs/log.tsv "$@"
}
asked=0
ask() # N: asks N times
{
	n=0
	while [ $n -lt "$1" ]; do
		n=$((n + 1)) asked=$((asked + 1))
		printf 'next\t%s\tx\t1\n' $asked >&8
		read -r line <&9 || {
			complain "no answer to request $asked"
			return
		}
		case $line in
		"$asked	"*) ;;
		*) complain "request $asked is answered by $line" ;;
		esac
	done
}
# logged FILE..: are the events of all requests there, once, in order, whole?
logged()
{
	sleep 0.5 # the answer goes first, then the event
	cat "$@" | awk -F '\t' -v asked=$asked '$1 == "message" { next }
		NF != 14 || $1 != "next" || $3 != ++n { print "row " NR ": " $0; exit bad = 1 }
		END { if (!bad && n != asked) { print n " of " asked " events"; bad = 1 } exit bad }' > lost ||
		complain "the log: $(cat lost)"
}
command -v prlimit > /dev/null && {
	mkdir -p logs
	limit=16
	serve
	ask 1000
	[ "$(wc -c < logs/log.tsv)" -le 16384 ] || complain 'the disk was not full'
	grep -q 'rows are kept and tried again' said || complain "a full disk: it says $(cat said)"
	prlimit --pid $server --fsize=unlimited
	ask 10
	grep -q 'can be written to again' said || complain "room again: it says $(cat said)"
	logged logs/log.tsv
	# the folder goes away, and comes back
	mv logs old
	kill -HUP $server
	ask 10
	mkdir logs
	sleep 1.1
	ask 10
	logged old/log.tsv logs/log.tsv
	[ "$(head -n 1 old/log.tsv)" = "$(head -n 1 logs/log.tsv)" ] || complain 'the new log has no header'
	kill -TERM $server
	wait $server
	rc=$?
	[ $rc = 143 ] || complain "SIGTERM: exit status $rc"
	exec 8>&- 9<&-
	# ended while the disk is full: that rows are lost is said
	limit=2
	rm -rf logs
	mkdir logs
	serve
	ask 100
	kill -TERM $server
	wait $server
	exec 8>&- 9<&-
	grep -q "$((100 - $(grep -c '^next' logs/log.tsv))) events are lost" said || complain "SIGTERM with a full disk: it says $(cat said)"
}

# SIGTERM in the middle of a stream: what was answered is logged, what was logged is answered
rm -rf logs
mkdir logs
i=0
while [ $i -lt 10 ]; do
	i=$((i + 1))
	rm -f logs/log.tsv
	{ cat requests.tsv; sleep 1; } | next-track --items items.tsv --log logs/log.tsv > out 2> said &
	sleep "0.0$i"
	kill -TERM $!
	wait $! 2> /dev/null
	[ -f logs/log.tsv ] || continue
	tail -n +2 out | cut -f 1,2 > answers
	tail -n +2 logs/log.tsv | cut -f 3,7 | cmp -s - answers || complain "SIGTERM $i: log and answers differ"
done
exit $bad
