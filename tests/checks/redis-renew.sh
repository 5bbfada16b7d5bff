#!/bin/sh
# next-track while what is live in Redis changes, one request after the other: the catalog
# and the popular list are of one generation, those that were known stay where there are none
# any more, and a list is looked for where the layout that is live has it.
set -u
cd "$RECPIPE_TMP" || exit 1
. "$RECPIPE_ROOT/tests/redis.sh"

for seed in a b c d; do
	awk -v seed=$seed 'BEGIN { OFS = "\t"; print "user", "rank", "item"
		for (u = 0; u < 40; u++)
			for (k = 1; k <= 5; k++)
				print u, k, seed u "-" k }' > $seed.tsv
	awk -v seed=$seed 'BEGIN { print "item"; for (i = 0; i < 1200; i++) print seed "-item-" i }' > $seed-items.tsv
	printf 'item\n%s-hit-1\n%s-hit-2\n' $seed $seed > $seed-popular.tsv
done
load() # SEED OPTION..
{
	seed=$1
	shift
	timeout 60 load-redis -q --redis "$url" --prefix p "$@" $seed.tsv || complain "load-redis $*: failed"
}
all() # SEED OPTION..
{
	load "$@" --items "$1-items.tsv" --popular "$1-popular.tsv"
}

. "$RECPIPE_ROOT/tests/serving.sh"
serve() # OPTION..
{
	start_serving timeout 120 next-track --redis "$url" --prefix p --deadline 2s --log log.tsv "$@"
}
# answers USER SOURCE PATTERN: the next one is so
answers()
{
	printf 'next\t%s\tx\t1\n' "$1" >&8
	read -r line <&9 || complain 'no answer'
	printf '%s\n' "$line" | grep -qE "^$1	$3	$2	" || complain "$1 got $line, not $3 from $2 (the log: $(tail -n 1 log.tsv))"
}
# soon USER SOURCE PATTERN: the same within 5 s
soon()
{
	tries=0
	while
		printf 'next\t%s\tx\t1\n' "$1" >&8
		read -r line <&9
		! printf '%s\n' "$line" | grep -qE "^$1	$3	$2	" && [ $tries -lt 100 ]
	do
		tries=$((tries + 1))
		sleep 0.05
	done
	answers "$@"
}
# generation VALUE: that of the last row of the log
generation()
{
	got=$(tail -n 1 log.tsv | cut -f "$(head -n 1 log.tsv | tr '\t' '\n' | grep -n '^generation$' | cut -d : -f 1)")
	[ "$got" = "$1" ] || complain "the log has generation \"$got\", not \"$1\""
}
id() { redis --raw hget p:meta generation; }

# a list is where the layout of the moment has it
redis_start
all a
serve
answers 7 indexed 'a7-.'
for words in '--shards 4' '--layout string' '--shards 7' '--layout list' ''; do
	all b $words
	answers 7 indexed 'b7-.'
	generation "$(id)"
	all a $words
	answers 7 indexed 'a7-.'
done
stop_serving

# the server loses everything, comes back empty, is filled again
rm log.tsv
all a
a=$(id)
serve --recommender indexed,popular,random
answers 7 indexed 'a7-.'
answers nobody popular:no-list 'a-hit-.'
generation "$a"
redis flushall > /dev/null
soon 7 popular:no-list 'a-hit-.'
tries=0
until grep -q 'still in use' said || [ $tries -gt 100 ]; do
	tries=$((tries + 1))
	sleep 0.05
	answers 7 popular:no-list 'a-hit-.'
done
generation ''
grep -q "nothing is live; still in use: the catalog of generation \"$a\", the popular list of generation \"$a\"\$" said ||
	complain "emptied: it says $(cat said)"
redis_crash
redis_start
soon 7 popular:no-list 'a-hit-.'
answers nobody popular:no-list 'a-hit-.'
[ "$(grep -c 'still in use' said)" = 1 ] || complain "emptied: it says $(cat said)"
load b
soon 7 indexed 'b7-.'
answers nobody popular:no-list 'a-hit-.'
b=$(id)
tries=0
until grep -q 'does not have everything' said || [ $tries -gt 100 ]; do
	tries=$((tries + 1))
	sleep 0.05
	answers nobody popular:no-list 'a-hit-.'
done
grep -q "generation \"$b\" does not have everything; still in use: the catalog of generation \"$a\", the popular" said ||
	complain "a generation of lists alone: it says $(cat said)"
all c
soon nobody popular:no-list 'c-hit-.'
answers 7 indexed 'c7-.'
stop_serving
rm log.tsv
all a
serve
redis flushall > /dev/null
soon 7 random:no-list 'a-item-[0-9]+'
stop_serving

# a live catalog that lost an item: the lists are served all the same
all b
serve
answers 7 indexed 'b7-.'
load c --items a-items.tsv
redis hdel p:items 600 > /dev/null
redis client kill type normal > /dev/null
soon 7 indexed 'c7-.'
tries=0
until grep -q 'lost some of its catalog' said || [ $tries -gt 100 ]; do
	tries=$((tries + 1))
	sleep 0.05
	answers 7 indexed 'c7-.'
done
grep -q "generation \"$(id)\" has lost some of its catalog; still in use: the catalog of" said ||
	complain "a catalog that lost an item: it says $(cat said)"
answers nobody random:no-list '[ab]-item-[0-9]+'
stop_serving

# a generation is published while the catalog is fetched: it is of the one or the other
all a
for nth in 'before p:items' 'after p:items before p:items' 'after p:items after p:items before p:items'; do
	all a
	proxy $nth "load-redis -q --redis $url --prefix p --items b-items.tsv --popular b-popular.tsv b.tsv"
	awk 'BEGIN { OFS = "\t"; print "message", "user", "track", "time"
		for (i = 0; i < 4000; i++) print "next", "nobody" i, "x", 1 }' |
		timeout 60 next-track --redis "$proxied" --prefix p --pipeline > out || complain "$nth: next-track failed"
	cut -f 2 out | sed 1d | cut -c 1 | sort | uniq -c | tr -s ' \n' ' ' > seeds
	[ "$(cat seeds)" = ' 4000 b ' ] || complain "$nth: the catalog is mixed: $(cat seeds)"
done

# --max-age: at 90 minutes
redis hset p:meta published_ms "$(($(date +%s) * 1000 - 5400000))" > /dev/null
printf 'message\tuser\ttrack\ttime\nnext\t7\tx\t1\n' > one.tsv
for age in 1h 89m 91m 2h; do
	timeout 60 next-track --redis "$url" --prefix p --pipeline --max-age $age one.tsv 2> said | cut -f 3 | tail -n 1 > source
	case $age in
	1h | 89m) want=random:stale ;;
	*) want=indexed ;;
	esac
	[ "$(cat source)" = $want ] || complain "--max-age $age: $(cat source), not $want"
done
exit $bad
