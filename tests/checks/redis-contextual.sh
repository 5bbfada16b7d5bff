#!/bin/sh
# next-track with the neighbors that load-redis published: the same answers as from a file,
# never of two generations at once, and of another generation's neighbors none.
set -u
cd "$RECPIPE_TMP" || exit 1
. "$RECPIPE_ROOT/tests/redis.sh"

# Generations a and b: what they recommend begins so.
for seed in a b; do
	awk -v seed=$seed 'BEGIN { OFS = "\t"; print "user", "rank", "item", "score"
		for (u = 0; u < 300; u++)
			for (k = 1; k <= 10; k++)
				print "u" u, k, seed (u * 7 + k) % 200, 1 / k }' > $seed.tsv
	awk -v seed=$seed 'BEGIN { OFS = "\t"; print "item", "neighbor", "weight"
		for (i = 100; i < 280; i++) # the others have none
			for (k = 1; k <= 12; k++)
				print "t" i, seed (i * 3 + k * k) % 200, k < 12 ? 3 / k : -0.5 }' > $seed-neighbors.tsv
done
awk 'BEGIN { print "item"; for (i = 0; i < 300; i++) print "a" i "\nb" i }' > items.tsv
awk 'BEGIN { OFS = "\t"; print "message", "user", "track", "time"
	for (i = 0; i < 6000; i++)
		print i % 10 == 9 ? "last" : "next", "u" i * 37 % 320, "t" 100 + i * 11 % 200, i * 7 % 11 / 10 }' > requests.tsv
load() # SEED OPTION..
{
	seed=$1
	shift
	timeout 60 load-redis -q --redis "$url" --prefix p "$@" $seed.tsv 2> /dev/null || complain "load-redis $seed $*: failed"
}
redis_start
load a --neighbors a-neighbors.tsv

# the same answers from both
for words in '--recommender contextual --pick uniform' '--recommender contextual,indexed --pick rank --nearest 3' \
	'--recommender contextual --pick softmax --temperature 0.5' '--recommender session,sequential --pick rank' \
	'--recommender session --pick softmax --last 3' \
	'--experiment X --arm C=indexed --arm T1=contextual,sequential --arm T2=session,indexed'; do
	case $words in *softmax*) recs= ;; *) recs='--recs a.tsv' ;; esac
	next-track $recs --neighbors a-neighbors.tsv --items items.tsv $words requests.tsv > file.out || complain "$words: from files"
	next-track --redis "$url" --prefix p --deadline 5s --items items.tsv $words requests.tsv > one.out ||
		complain "$words: from Redis"
	cmp -s file.out one.out || complain "$words: Redis and the file answer differently"
	next-track --redis "$url" --prefix p --items items.tsv --pipeline $words < requests.tsv > many.out ||
		complain "$words: from Redis with --pipeline"
	cmp -s file.out many.out || complain "$words: --pipeline changes answers"
	grep -qE '	(contextual|session)	' one.out || complain "$words: no neighbors were recommended"
done
# ... and with the neighbors in a file beside lists in Redis
next-track --redis "$url" --prefix p --items items.tsv --pipeline --neighbors b-neighbors.tsv --recommender contextual requests.tsv > both.out ||
	complain 'from both'
grep -q '	b[0-9]*	contextual	' both.out && ! grep -q '	a[0-9]*	contextual	' both.out || complain 'the neighbors are not those of the file'

# answers SEED WHAT: all of the log are of the generation that it names
answers()
{
	awk -F '\t' -v a="$generation_a" -v b="$generation_b" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$at["message"] == "next" && $at["source"] !~ /random/ {
			from = substr($at["recommendation"], 1, 1)
			bad += $at["generation"] != (from == "a" ? a : b)
			n[from]++
		}
		END { if (bad || !n["b"]) { print bad + 0 " answers of " n["a"] + n["b"] " are not of the generation that they name (" n["b"] + 0 " of the new one)"; exit 1 } }' \
		log.tsv || complain "$1"
}
# another generation is published in the middle of what is fetched together
awk 'BEGIN { OFS = "\t"; print "message", "user", "track", "time"
	for (i = 0; i < 2000; i++) print "next", "u" i * 37 % 300, "t" 100 + i % 180, 1 }' > busy.tsv
for words in 'contextual' 'session'; do
	redis flushall > /dev/null
	load a --neighbors a-neighbors.tsv
	generation_a=$(redis --raw hget p:meta generation)
	load b --neighbors b-neighbors.tsv
	generation_b=$(redis --raw hget p:meta generation)
	timeout 60 load-redis --redis "$url" --prefix p --rollback
	rm -f log.tsv
	proxy after HGET before t2 "load-redis --redis $url --prefix p --rollback"
	timeout 60 next-track --redis "$proxied" --prefix p --items items.tsv --pipeline --log log.tsv \
		--experiment X --arm C=indexed --arm T1=$words busy.tsv > busy.out || complain "published meanwhile, $words: failed"
	answers "published meanwhile, $words"
done
proxy_stop

# one request at a time
. "$RECPIPE_ROOT/tests/serving.sh"
serve() # OPTION..
{
	start_serving timeout 120 next-track --redis "$url" --prefix p --deadline 2s --items items.tsv "$@"
}
asks() # WHAT TRACK PATTERN: the answer to who just heard the track is so
{
	printf 'next\tu1\t%s\t1\n' "$2" >&8
	read -r line <&9 || complain "$1: no answer"
	printf '%s\n' "$line" | grep -qE "^u1	$3	" || complain "$1: answered $line"
}
redis flushall > /dev/null
load a --neighbors a-neighbors.tsv
serve --recommender contextual,indexed
asks 'a generation' t120 'a[0-9]*	contextual'
asks 'no neighbors' t290 'a[0-9]*	indexed:no-neighbors'
load b --neighbors b-neighbors.tsv
asks 'the next generation' t120 'b[0-9]*	contextual'
timeout 60 load-redis --redis "$url" --prefix p --rollback
asks 'back' t120 'a[0-9]*	contextual'
load b
asks 'a generation without neighbors' t120 'b[0-9]*	indexed:no-neighbors'
# ... beside which another one's were left
redis hset p:neighbors t120 "$(printf 'a7\t1')" > /dev/null
asks 'neighbors of no generation' t120 'b[0-9]*	indexed:no-neighbors'
redis del p:neighbors > /dev/null
load b --neighbors b-neighbors.tsv
asks 'neighbors again' t120 'b[0-9]*	contextual'

# values that nobody has written so
for value in '' a7 'a7\t' 'a7\tx' '\t1' 'a7\tnan' 'a7\t1e99' 'a7\t0' 'a7\t-1'; do
	redis hset p:neighbors t120 "$(printf "$value")" > /dev/null
	asks "the value $value" t120 'b[0-9]*	indexed:(no-neighbors|no-other-item)'
done
redis hset p:neighbors t120 "$(printf 'a7\t1\ta8')" > /dev/null
asks 'a value that was cut' t120 'a7	contextual'
redis del p:neighbors > /dev/null
redis set p:neighbors x > /dev/null
asks 'another type' t120 'b[0-9]*	indexed:redis'
grep -q 'WRONGTYPE.*answers come from the fallback' said || complain "another type: said $(cat said)"
redis del p:neighbors > /dev/null
asks 'nothing there' t120 'b[0-9]*	indexed:no-neighbors'
stop_serving

# users who may not read them, and a server that goes away
load b --neighbors b-neighbors.tsv
redis acl setuser some on nopass '%R~p:meta' '%R~p:lists' '%R~p:delta' '&*' +@all > /dev/null
REDISCLI_AUTH=any url=unix://some@$redis_folder/s serve --recommender contextual,indexed
asks 'no permission' t120 'b[0-9]*	indexed:redis'
stop_serving
serve --recommender session
asks 'neighbors alone' t120 'b[0-9]*	session'
redis_crash
asks 'the server is gone' t120 '[ab][0-9]*	random:redis'
redis_start
load a --neighbors a-neighbors.tsv
tries=0
until asks_quietly=$(printf 'next\tu1\tt120\t1\n' >&8; read -r line <&9; echo "$line") &&
	case $asks_quietly in *'	session	'*) true ;; *) false ;; esac || [ $tries -gt 100 ]; do
	tries=$((tries + 1))
	sleep 0.05
done
asks 'the server is back' t120 'a[0-9]*	session'
# too old
stop_serving
serve --recommender contextual --max-age 1ms
asks 'too old' t120 '[ab][0-9]*	random:stale'
stop_serving
redis_stop

# a cluster of one node
redis_start_cluster
next-track --recs a.tsv --neighbors a-neighbors.tsv --items items.tsv --recommender contextual,indexed requests.tsv > file.out
for layout in hash string; do
	timeout 60 load-redis -q --redis "$url" --prefix '{p}' --layout $layout --neighbors a-neighbors.tsv a.tsv ||
		complain "a cluster, $layout: load-redis failed"
	next-track --redis "$url" --prefix '{p}' --pipeline --items items.tsv --recommender contextual,indexed requests.tsv > cluster.out
	cmp -s cluster.out file.out || complain "a cluster, $layout: Redis and the file answer differently"
done
exit $bad
