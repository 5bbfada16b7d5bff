#!/bin/sh
# next-track --replies: one row for each request, in order, also while nobody sends another one; lists and
# neighbors are the same from a file and from Redis, and are no steps; lost events are counted.
set -u
cd "$RECPIPE_TMP" || exit 1
. "$RECPIPE_ROOT/tests/redis.sh"

awk 'BEGIN { OFS = "\t"; print "user", "rank", "item", "score"
	for (u = 0; u < 40; u++) for (k = 1; k <= 10; k++) print "u" u, k, "i" (u * 7 + k) % 60, 1 / k }' > topk.tsv
awk 'BEGIN { OFS = "\t"; print "item", "neighbor", "weight"
	for (i = 10; i < 50; i++) for (k = 1; k <= 12; k++) print "i" i, "i" (i + k * 5) % 60, k < 12 ? 3 / k : -0.5 }' > neighbors.tsv
awk 'BEGIN { print "item"; for (i = 0; i < 60; i++) if (i % 9) print "i" i }' > items.tsv
# Steps of 40 users, between which there are lists, neighbors, and rows that are none.
awk 'BEGIN { OFS = "\t"; print "request", "message", "user", "track", "time", "k"
	for (i = 0; i < 6000; i++) {
		user = "u" i % 47; track = "i" i * 11 % 60; id = "r" i
		if (i % 13 == 3) print id, "list", user, i % 2 ? "" : track, "", i % 5 ? i % 12 : ""
		else if (i % 13 == 4) print id, "similar", "", track, "", i % 7
		else if (i % 97 == 5) print "only", "four", "fields", id
		else if (i % 89 == 6) print ""
		else if (i % 83 == 7) print id, "next", user, track, "much", ""
		else if (i % 79 == 8) print id, "similar", user, "", "", ""
		else if (i % 73 == 9) print id, "list", user, "", "", "few"
		else print id, i % 10 == 9 ? "last" : "next", user, track, 0.5, ""
	} }' > requests.tsv
next-track --replies --recs topk.tsv --neighbors neighbors.tsv --items items.tsv --log file.log requests.tsv > file.out ||
	complain 'from files'
awk -F '\t' 'FNR == NR { if (FNR > 1) { name[FNR] = NF == 6 ? $1 : FNR - 1; message[FNR] = NF == 6 ? $2 : "" } rows = FNR; next }
	FNR > 1 { n[$2]++; bad += $1 != name[FNR] || NF != 11 || $2 !~ /^(ok|none|bad)$/ ||
		(message[FNR] == "next" && $2 == "ok") != ($6 != "") || (message[FNR] == "last") > ($2 == "ok") }
	END { exit bad || FNR != rows || n["bad"] < 200 || n["none"] < 50 || n["ok"] < 4000 }' requests.tsv file.out ||
	complain 'not one row for each request in order'
# what the lists must be, from the files
awk -F '\t' '
	FILENAME == "items.tsv" { offered[$1] = FNR > 1; next }
	FILENAME == "topk.tsv" { of["list", $1, $2] = $3; next }
	FILENAME == "neighbors.tsv" { if ($3 > 0) of["similar", $1, ++count[$1]] = $2; next }
	FILENAME == "requests.tsv" { ask[FNR] = $2; key[FNR] = $2 == "list" ? $3 : $4; not[FNR] = $4; most[FNR] = $6; next }
	FNR > 1 && $2 == "ok" && most[FNR] == "0" { print "row " FNR ": a list of none"; exit 1 }
	FNR > 1 && $2 == "ok" && (ask[FNR] == "list" || ask[FNR] == "similar") {
		due = ""; kept = 0
		for (k = 1; k <= 12; k++) {
			id = of[ask[FNR], key[FNR], k]
			if (offered[id] && id != not[FNR] && (most[FNR] == "" || kept < most[FNR])) { due = due (kept++ ? "," : "") "\"" id "\"" }
		}
		looked++
		if ($5 != "[" due "]") { print "row " FNR ": " $5 ", due [" due "]"; exit 1 }
	}
	END { exit looked < 600 }' items.tsv topk.tsv neighbors.tsv requests.tsv file.out || complain 'lists are not what they must be'
# the steps are those of a run without the other rows
awk -F '\t' 'NR == 1 || ($2 ~ /^(next|last)$/ && NF == 6 && $5 != "much")' requests.tsv | cut -f 2-5 |
	next-track --recs topk.tsv --neighbors neighbors.tsv --items items.tsv > plain.out || complain 'plain'
awk -F '\t' -v OFS='\t' 'NR == 1 || $6 != "" { print $4, $5, $6, $7, $8 }' file.out | cmp -s - plain.out ||
	complain 'lists and bad rows change the answers of steps'
awk -F '\t' 'FNR == NR { due += FNR > 1 && $2 == "ok" && $5 !~ /^\[/; next } END { exit FNR - 1 != due || due == 0 }' \
	file.out file.log || complain 'the log has other rows than the steps'

# from Redis
redis_start
load-redis -q --redis "$url" --prefix p --neighbors neighbors.tsv topk.tsv || complain 'load-redis'
for words in '' --pipeline; do
	next-track --replies --redis "$url" --prefix p --items items.tsv --deadline 5s $words requests.tsv > redis.out ||
		complain "from Redis $words"
	cut -f 1-8 file.out > want
	cut -f 1-8 redis.out | cmp -s - want || complain "Redis $words and the file reply differently"
	awk -F '\t' 'NR > 1 { bad += $9 == "" || $9 == "file" || $10 < 1e12 } END { exit bad > 0 }' redis.out ||
		complain "no generation, or not since when $words"
done
redis_stop
next-track --replies --redis "$url" --items items.tsv requests.tsv 2> /dev/null > gone.out || complain 'without Redis'
awk -F '\t' 'NR > 1 && $2 == "none" { n++; bad += $3 != "redis" } END { exit bad || n < 500 }' gone.out ||
	complain 'a list that Redis does not give is not told as such'

# A bad row is answered though nothing follows, and one after the other goes on.
. "$RECPIPE_ROOT/tests/serving.sh"
start_serving next-track --replies --recs topk.tsv --items items.tsv --log one.log
for row in 'bad' 'next	u1	i1	x' 'last	u1	i1	1' '' 'next	u1	i1	1'; do
	printf '%s\n' "$row" >&8
	# shellcheck disable=SC3045
	timeout 10 head -n 1 <&9 >> one-by-one || complain "no reply to '$row'"
done
stop_serving
[ "$(cut -f 1,2 one-by-one | tr '\t\n' ': ')" = '1:bad 2:bad 3:ok 4:bad 5:ok ' ] || complain "one by one: $(cat one-by-one)"

# A disk that takes nothing: events are lost, and each reply says how many so far.
awk 'BEGIN { OFS = "\t"; print "message", "user", "track", "time"; for (i = 0; i < 4000; i++) print "next", "u" i % 40, "i1", 1 }' |
	next-track --replies --recs topk.tsv --items items.tsv --log /dev/full --log-memory 1K > lost.out 2> /dev/null
[ $? = 1 ] || complain 'lost events are no failure'
awk -F '\t' 'NR > 1 { bad += $11 < before; before = $11 } END { exit bad || before < 100 || NR != 4001 }' lost.out ||
	complain 'replies do not count lost events'
exit $bad
