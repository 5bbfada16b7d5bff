#!/bin/sh
# What load-redis says is what the server has: generations that are not whole are not
# brought back, and --status tells; lists that were evicted, deltas that were cut off,
# loads that were killed, servers that are loading, clusters.
set -u
cd "$RECPIPE_TMP" || exit 1
. "$RECPIPE_ROOT/tests/redis.sh"
. "$RECPIPE_ROOT/tests/redis-generations.sh"

# run ARGUMENT..: a load-redis whose status is $rc and whose messages are in err
run()
{
	timeout 60 load-redis --redis "$url" --prefix p --timeout 5s --retries 1 "$@" > out 2> err
	rc=$?
}

redis_start
for words in '' '--shards 4' '--layout string' '--layout list'; do
	redis flushall > /dev/null
	run --rollback
	says 'nothing at all' 3 'no previous generation' 'nothing is live under the prefix "p"'
	run --status
	says 'nothing at all' 3 'nothing is live under the prefix "p"'
	load old $words
	old=$(id)
	run --rollback
	says 'no previous one' 3 'no previous generation' "live is generation \"$old\""
	load new $words
	new=$(id)
	run --status
	says 'the status' 0
	[ ! -s err ] || complain "the status ($words): it says $(cat err)"
	grep -q '^missing	$' out && grep -q '^previous_missing	$' out &&
		grep -q "^previous	$old\$" out || complain "the status ($words): $(cat out)"

	# one list of each, or all of them
	case $words in
	'') lost_old='hdel p:previous:lists u9' lost_new='hdel p:lists u9' all_new='del p:lists' n=30 ;;
	--shards*)
		shard=0
		while [ "$(redis --raw hexists "p:gen:$old:$shard" u9)" = 0 ]; do shard=$((shard + 1)); done
		lost_old="hdel p:gen:$old:$shard u9" lost_new="hdel p:gen:$new:$shard u9"
		all_new="del p:gen:$new:0 p:gen:$new:1 p:gen:$new:2 p:gen:$new:3"
		;;
	*)
		lost_old="del p:gen:$old:u:u9" lost_new="del p:gen:$new:u:u9"
		all_new="del $(redis --raw keys "p:gen:$new:u:*" | tr '\n' ' ')"
		;;
	esac
	redis $lost_old > /dev/null
	run --status
	says 'a previous list less' 0
	grep -q '^previous_missing	1 of 30 lists$' out || complain "a previous list less ($words): $(cat out)"
	run --rollback
	says 'a previous list less' 3 "generation \"$old\" cannot be restored" '1 of 30 lists' \
		"live is generation \"$new\""
	whole 'a previous list less' new
	redis $lost_new > /dev/null
	run --status
	says 'a live list less' 3 "live is generation \"$new\", missing from it: 1 of 30 lists"
	grep -q '^missing	1 of 30 lists$' out || complain "a live list less ($words): $(cat out)"
	redis $all_new > /dev/null
	run --status
	says 'no live lists' 3 "all 30 lists"

	# the other parts
	load old $words
	load new $words
	redis del p:previous:items > /dev/null
	run --rollback
	says 'no catalog to go back to' 3 'all 9 items of the catalog'
	whole 'no catalog to go back to' new
	redis del p:previous:popular > /dev/null
	run --rollback
	says 'no popular list to go back to' 3 'all 9 items of the catalog, the popular list'
	redis hdel p:previous:neighbors old-3 > /dev/null
	run --rollback
	says 'neighbors less to go back to' 3 '1 of 7 items with neighbors'
	redis del p:previous:neighbors > /dev/null
	run --rollback
	says 'no neighbors to go back to' 3 'all 7 items with neighbors, the popular list'
	redis del p:previous:meta > /dev/null
	run --rollback
	says 'no description to go back to' 3 'no previous generation'
	whole 'no description to go back to' new
	redis hdel p:items 3 > /dev/null
	redis del p:popular > /dev/null
	redis hdel p:neighbors new-5 new-6 > /dev/null
	run --status
	says 'live parts less' 3 '1 of 9 items of the catalog, 2 of 7 items with neighbors, the popular list'
	grep -q '^neighbors	7$' out || complain "the status ($words): $(cat out)"
	redis del p:meta > /dev/null
	run --status
	says 'no description' 3 'there is no description of what is live under the prefix "p"'

	# what is published lives on, what is brought back begins its --ttl anew
	case $words in
	--layout*)
		load old $words --ttl 5000 --staging-ttl 50
		[ "$(redis --raw ttl "p:gen:$(id):u:u9")" -gt 4900 ] || complain "$words: a live list has no --ttl"
		load new $words --ttl 5000
		run --rollback --ttl 9000
		says 'back' 0
		[ "$(redis --raw ttl "p:gen:$(id):u:u9")" -gt 8900 ] || complain "$words: a list that is back has no --ttl"
		;;
	esac

	# killed under way: its keys are gone after --staging-ttl
	redis flushall > /dev/null
	{
		cat new.tsv
		tries=0
		until redis --raw keys 'p:*' | grep -q . || [ $tries -gt 500 ]; do
			tries=$((tries + 1))
			sleep 0.02
		done
			kill -9 "$(cat loader)"
	} | sh -c 'echo $$ > loader
		exec load-redis --redis "$1" --prefix p --window 1 --staging-ttl 50 $2' sh "$url" "$words" 2> err
	n=0
	for key in $(redis --raw keys 'p:*'); do
		ttl=$(redis --raw ttl "$key") n=$((n + 1))
		[ "$ttl" -ge 0 ] && [ "$ttl" -le 50 ] || complain "killed ($words): $key lives for $ttl s"
	done
	[ $n -gt 0 ] || complain "killed ($words): it had not begun"
done

# killed while its keys get their --ttl, or just before they are published: they are taken away
for words in '--layout string' '--layout list'; do
	redis flushall > /dev/null
	load old $words
	for when in EXPIRE MULTI; do
		case $when$words in # MULTI is tried in the beginning, too
		EXPIRE*list) continue ;;
		EXPIRE*) set -- "$(printf 'EXPIRE\r\n$33\r\np:gen')" && set -- after "$1" after "$1" before "$1" ;;
		*) set -- after MULTI before MULTI ;;
		esac
		proxy "$@" 'kill -9 $(cat loader)'
		sh -c 'echo $$ > loader; exec load-redis --redis "$1" --prefix p --window 1 $2 new.tsv' sh "$proxied" "$words" 2> err
		rc=$?
		says "killed at $when" 137
		tries=0
		until [ "$(redis --raw keys 'p:*' | grep -vcE "^p:meta\$|^p:(items|popular|neighbors)\$|^p:gen:$(id):")" = 0 ] || [ $tries -gt 200 ]; do
			tries=$((tries + 1))
			sleep 0.05
		done
		whole "killed at $when" old
		clean "killed at $when"
	done
done
proxy_stop
words=

# a load that takes longer than --staging-ttl
for words in '' '--shards 4'; do
	redis flushall > /dev/null
	{
		head -n 11 new.tsv
		for i in 1 2 3 4 5 6 7; do
			sleep 0.3
			tail -n "+$((2 + 10 * i))" new.tsv | head -n 10
		done
		tail -n +82 new.tsv
	} | timeout 60 load-redis --redis "$url" --prefix p $words --window 1 --staging-ttl 1s 2> err
	rc=$?
	says 'a slow load' 0
done
words=

# a server that is loading between two replies
load old
load old
for word in INFO HMGET HLEN HGETALL; do
	proxy --times 0 answer $word '-LOADING Redis is loading the dataset in memory'
	run --redis "$proxied" --status
	case $word in
	INFO) says 'loading at INFO' 0 ;;
	*) says "loading at $word" 4 'LOADING' ;;
	esac
done
for word in HMGET WATCH MULTI EXEC; do
	proxy --times 0 answer $word '-LOADING Redis is loading the dataset in memory'
	run --redis "$proxied" --rollback
	says "loading at $word" 4 'LOADING'
done

# lists that the server evicts: never 0 with less than all of them
awk 'BEGIN { OFS = "\t"; print "user", "rank", "item"
	for (u = 0; u < 20000; u++) for (r = 1; r <= 10; r++) print "user" u, r, "item" r * u }' > many.tsv
for words in '--layout string' '--layout list' '' '--shards 8'; do
	for policy in allkeys-lru volatile-ttl noeviction; do
		redis flushall > /dev/null
		redis config set maxmemory 0 > /dev/null
		[ $policy = allkeys-lru ] || load old
		redis config set maxmemory "$(($(redis info memory | tr -d '\r' | sed -n 's/^used_memory://p') + 1500000))" > /dev/null
		redis config set maxmemory-policy $policy > /dev/null
		run $words many.tsv
		case $policy in
		noeviction) says "$policy" 1 'OOM' ;;
		allkeys-lru) says "$policy" 4 '[0-9]+ of 20000 lists' 'nothing is live' ;;
		*)
			[ $rc = 4 ] || [ $rc = 1 ] || complain "$policy, $words: exit status $rc"
			says "$policy" $rc '[0-9]+ of 20000 lists|OOM' "live is generation \"$(id)\""
			;;
		esac
		redis config set maxmemory 0 > /dev/null
		[ $policy = allkeys-lru ] || (words='' && whole "$policy, $words" old)
		[ $policy = allkeys-lru ] || clean "$policy"
	done
done
words=

# a delta for which memory ends under way: it says how many lists it has replaced
redis flushall > /dev/null
redis config set maxmemory-policy noeviction > /dev/null
load old
redis config set maxmemory "$(($(redis info memory | tr -d '\r' | sed -n 's/^used_memory://p') + 1500000))" > /dev/null
run --delta many.tsv
redis config set maxmemory 0 > /dev/null
n=$(redis --raw hlen p:delta)
[ "$n" -gt 100 ] || complain "a delta without memory: $n lists"
says 'a delta without memory' 1 'OOM' "; $n of the lists were replaced and are served"
redis del p:delta > /dev/null
{ head -n 20001 many.tsv; echo 'u x'; } > bad.tsv
run --delta --window 10 bad.tsv
n=$(redis --raw hlen p:delta)
[ "$n" -gt 1900 ] || complain "a delta with a bad row: $n lists"
says 'a delta with a bad row' 3 '20002: 1 fields' "^load-redis: $n of the lists were replaced"
# ... or another generation is published under way
redis del p:delta > /dev/null
{
	head -n 2001 many.tsv
	tries=0
	until [ "$(redis --raw hlen p:delta)" -gt 100 ] || [ $tries -gt 500 ]; do
		tries=$((tries + 1))
		sleep 0.02
	done
	load new
	tail -n +2002 many.tsv | head -n 2000
} | {
	run --delta --window 10
	n=$(redis --raw hlen p:delta)
	says 'a delta that has ended' 4 'another generation was published' "$n changed lists"
	exit $bad
} || bad=1

# any bytes in names
for words in '' '--shards 4' '--layout string' '--layout list'; do
	redis flushall > /dev/null
	prefix=$(printf 'a b\n"\\*?[x]^-\033[31m{\377$`')
	printf 'user\trank\titem\n\303\244 *\t1\tx\n{u}"\\\t1\ty\n\377\033[0m\t1\tz\n' > odd.tsv
	for i in 1 2 3; do
		timeout 60 load-redis --redis "$url" --prefix "$prefix" $words odd.tsv || complain "odd names ($words): $?"
	done
	timeout 60 load-redis --redis "$url" --prefix "$prefix" --rollback || complain "odd names, back ($words): $?"
	timeout 60 load-redis --redis "$url" --prefix "$prefix" --status > out || complain "odd names, status ($words): $?"
	case $words in '') n=4 ;; --shards*) n=$(redis --raw dbsize) ;; *) n=8 ;; esac
	[ "$(redis --raw dbsize)" = "$n" ] || complain "odd names ($words): $(redis keys '*')"
	printf 'message\tuser\ttrack\ttime\nnext\t{u}"\\\tx\t1\nnext\t\377\033[0m\tx\t1\n' > ask.tsv
	printf 'item\nx\ny\nz\n' > one.tsv
	next-track --redis "$url" --prefix "$prefix" --deadline 2s --items one.tsv ask.tsv |
		cut -f 2,3 | tr '\n' ' ' > out
	[ "$(cat out)" = 'recommendation	source y	indexed z	indexed ' ] || complain "odd names ($words): $(cat out)"
done
redis_stop

# a cluster of one node: the default prefix is refused at the start, with what cures it
words=
redis_start_cluster
for option in '' --delta --status --rollback; do
	case $option in --[sr]*) file= ;; *) file=old.tsv ;; esac
	timeout 60 load-redis --redis "$url" $option $file 2> err
	rc=$?
	says "a cluster, $option" 1 'is a Redis Cluster' '--prefix "\{recs\}"'
done
[ "$(redis --raw dbsize)" = 0 ] || complain 'a cluster: something was sent'
for prefix in '{}' 'a{' 'a}b{' 'a{}b'; do
	timeout 60 load-redis --redis "$url" --prefix "$prefix" old.tsv 2> err
	rc=$?
	says "a cluster, $prefix" 1 'is a Redis Cluster'
done
for prefix in '{recs}' 'a{b}c' 'x{{}'; do
	timeout 60 load-redis --redis "$url" --prefix "$prefix" --items old-items.tsv old.tsv || complain "a cluster, $prefix: $?"
done
exit $bad
