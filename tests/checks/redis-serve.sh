#!/bin/sh
# next-track on a private server: the same answers as from a file, and an answer
# to every request whatever becomes of the server, the log's disk, the process.
set -u
cd "$RECPIPE_TMP" || exit 1
. "$RECPIPE_ROOT/tests/redis.sh"

awk 'BEGIN { OFS = "\t"; print "user", "rank", "item", "score"
	for (u = 0; u < 500; u++)
		for (k = 1; k <= 10; k++)
			print u, k, "i" (u * 7 + k) % 300, 1 / k }' > topk.tsv
awk 'BEGIN { print "item"; for (i = 0; i < 300; i++) print "i" i }' > items.tsv
awk 'BEGIN { print "item"; for (i = 0; i < 300; i++) print "i" i "\nj" i }' > both.tsv
awk 'BEGIN { OFS = "\t"; print "message", "user", "track", "time"
	for (i = 0; i < 20000; i++)
		print i % 10 == 9 ? "last" : "next", i * 37 % 600, "i" i % 300, 0.5 }' > requests.tsv
redis_start
timeout 120 load-redis --redis "$url" --prefix p --items items.tsv topk.tsv || exit 1

# the same answers from both, with either catalog
for pick in uniform rank; do
	next-track --recs topk.tsv --items items.tsv --pick $pick requests.tsv > file.out || complain 'from a file'
	next-track --redis "$url" --prefix p --items items.tsv --pick $pick --pipeline requests.tsv > one.out ||
		complain 'from Redis'
	cmp -s file.out one.out || complain "$pick: Redis and the file answer differently"
done
next-track --redis "$url" --prefix p --items items.tsv --pick rank --pipeline < requests.tsv > many.out ||
	complain 'from standard input'
cmp -s file.out many.out || complain 'standard input changes answers'
next-track --redis "$url" --prefix p --pipeline requests.tsv > own.out || complain 'with the catalog in Redis'
grep -q 'random:no-list' own.out || complain 'no random tracks from the catalog in Redis'
[ "$(wc -l < file.out)" = 18001 ] || complain 'an answer for each next, none for last'

# the chances that are written are those that are taken: picks of one user
awk 'BEGIN { OFS = "\t"; print "message", "user", "track", "time"
	for (i = 0; i < 40000; i++) print "next", 3, "x", 1 }' > one-user.tsv
for pick in uniform rank softmax; do
	next-track --recs topk.tsv --items items.tsv --pick $pick --temperature 3 one-user.tsv |
		awk -F '\t' -v pick=$pick 'NR > 1 { n[$4]++; p[$4] = $5 }
			END {
				for (k in n) { chi += (n[k] - 40000 * p[k]) ^ 2 / (40000 * p[k]); sum += p[k] }
				# chi-square with 9 degrees of freedom: 33.7 is passed once in 10000
				if (sum < 0.999999 || sum > 1.000001 || chi > 33.7) {
					print pick ": chances add up to " sum ", chi-square " chi
					exit 1
				}
			}' || bad=1
done
awk 'BEGIN { OFS = "\t"; print "message", "user", "track", "time"
	for (i = 0; i < 90000; i++) print "next", "nobody" i, "x", 1 }' |
	next-track --recs topk.tsv --items items.tsv |
	awk -F '\t' 'NR > 1 { n[$2]++; if ($3 != "random:no-list") odd++ }
		END {
			for (i = 0; i < 300; i++) chi += (n["i" i] - 300) ^ 2 / 300
			if (chi > 400 || odd) { print "random: chi-square " chi ", odd " odd; exit 1 } }' || bad=1

# Asks one request at a time: answer TIMES-OUT-AFTER sets $line and $ms
. "$RECPIPE_ROOT/tests/serving.sh"
serve()
{
	start_serving timeout 120 next-track --redis "$url" --prefix p --items both.tsv --log log.tsv "$@"
}
asked=0
ask_one()
{
	asked=$((asked + 1))
	begin=$(date +%s%N)
	printf 'next\t3\tx\t1\n' >&8
	read -r line <&9 || complain "$1: no answer"
	ms=$((($(date +%s%N) - begin) / 1000000))
}
expect() # WHAT SOURCE MOST-MS
{
	ask_one "$1"
	case $line in
	*"	$2	"*) ;;
	*) complain "$1: answered $line" ;;
	esac
	[ $ms -le "$3" ] || complain "$1: took $ms ms"
}
# recovers WHAT: within 4 s the lists are used again, and from then on
recovers()
{
	tries=0
	ask_one "$1"
	while case $line in *"	indexed	"*) false ;; *) true ;; esac && [ $tries -lt 40 ]; do
		tries=$((tries + 1))
		sleep 0.1
		ask_one "$1"
	done
	expect "$1, again" indexed 500
}
serve
expect 'a first one' indexed 500
redis_crash
for i in 1 2 3; do expect "killed, $i" random:redis 500; done
redis_start
timeout 120 load-redis --redis "$url" --prefix p --items items.tsv topk.tsv
recovers 'back'
redis client kill type normal > /dev/null
recovers 'cut'

# a server that stands still for three seconds
kill -STOP "$redis_pid"
worst=0
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
	expect "stopped, $i" random:redis 300
	[ $ms -gt $worst ] && worst=$ms
	sleep 0.2
done
kill -CONT "$redis_pid"
recovers 'continued'

# a new generation is seen within the second; the log is opened anew at SIGHUP
sed '2,$s/	i/	j/' topk.tsv > other.tsv
timeout 120 load-redis --redis "$url" --prefix p other.tsv
sleep 0.3
expect 'a new generation' indexed 500
case $line in *"	j"*) ;; *) complain "a new generation: answered $line" ;; esac
mv log.tsv log.1.tsv
kill -HUP $server
sleep 0.2
expect 'after SIGHUP' indexed 500
kill -TERM $server
wait $server
rc=$?
[ $rc = 143 ] || complain "SIGTERM: exit status $rc"
exec 8>&- 9<&-
[ "$(wc -l < log.tsv)" = 2 ] || complain "the new log has $(wc -l < log.tsv) lines"
n=$(cat log.1.tsv log.tsv | grep -c '^next	')
[ "$n" = "$asked" ] || complain "$n of $asked events are in the logs"
grep -q ': reconnected$' said || complain "said: $(cat said)"

# answers while generations are published one after the other: each from a whole one
awk 'BEGIN { OFS = "\t"; print "message", "user", "track", "time"
	for (i = 0; i < 60000; i++) print "next", i * 37 % 500, "x", 1 }' > busy.tsv
{
	cat busy.tsv
	for i in 1 2 3 4 5 6; do
		timeout 120 load-redis --redis "$url" --prefix p topk.tsv
		tail -n +2 busy.tsv
		timeout 120 load-redis --redis "$url" --prefix p other.tsv
		tail -n +2 busy.tsv
	done
} | next-track --redis "$url" --prefix p --items both.tsv --pipeline > busy.out || complain 'while publishing'
awk -F '\t' 'NR > 1 { n++; if ($3 != "indexed") bad++ } END { exit !(n == 780000 && !bad) }' busy.out ||
	complain "while publishing: $(cut -f 3 busy.out | sort | uniq -c | tr '\n' ' ')"

# a disk that is full: every answer comes, the loss is said, the status is not 0
next-track --redis "$url" --prefix p --items items.tsv --pipeline --log /dev/full \
	requests.tsv > full.out 2> said
rc=$?
[ $rc = 1 ] || complain "a full disk: exit status $rc"
[ "$(wc -l < full.out)" = 18001 ] || complain 'a full disk: answers are missing'
grep -q 'No space left' said || complain "a full disk: said $(cat said)"

# lists that are too old
next-track --redis "$url" --prefix p --items items.tsv --max-age 1ms --pipeline requests.tsv > old.out 2> said ||
	complain 'with --max-age'
grep -q 'random:stale' old.out || complain 'old lists are served'
grep -q 'older than --max-age' said || complain 'old lists: it says nothing'
next-track --redis "$url" --prefix p --items both.tsv --max-age 36h --pipeline requests.tsv |
	grep indexed > fresh.out || complain 'fresh lists are not served'
exit $bad
