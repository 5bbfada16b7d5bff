#!/bin/sh
# Publishing by load-redis while something interferes: whatever is cut, refused, evicted or
# changed between two replies, what is live is one generation or the other with all of its
# parts, the exit status says which, and the message what the server has.
set -u
cd "$RECPIPE_TMP" || exit 1
. "$RECPIPE_ROOT/tests/redis.sh"

. "$RECPIPE_ROOT/tests/redis-generations.sh"

redis_start
words=
load old || exit 1
old=$(id)

# a staged key goes away just before it is published, or after it was counted
for part in lists items popular neighbors meta; do
	for when in WATCH MULTI; do
		proxy before $when "redis-cli -s s del \$(sh staged $part) > /dev/null"
		load new --redis "$proxied" 2> err
		rc=$?
		case $part in
		lists) pattern='all 30 lists' ;;
		items) pattern='all 9 items of the catalog' ;;
		popular) pattern='the popular list' ;;
		neighbors) pattern='all 7 items with neighbors' ;;
		meta) pattern='the description' ;;
		esac
		says "no $part at $when" 4 "$pattern" "live is generation \"$old\" \(30 lists\)"
		whole "no $part at $when" old
		clean "no $part at $when"
	done
done
proxy before WATCH 'redis-cli -s s hdel $(sh staged lists) u7 > /dev/null'
load new --redis "$proxied" 2> err
rc=$?
says 'a list less' 4 '1 of 30 lists'
whole 'a list less' old
proxy before MULTI 'redis-cli -s s hdel $(sh staged items) 3 > /dev/null'
load new --redis "$proxied" 2> err
rc=$?
says 'an item less' 4 '1 of 9 items'
whole 'an item less' old
proxy before MULTI 'redis-cli -s s hdel $(sh staged neighbors) new-3 > /dev/null'
load new --redis "$proxied" 2> err
rc=$?
says 'the neighbors of an item less' 4 '1 of 7 items with neighbors'
whole 'the neighbors of an item less' old
proxy before MULTI 'sleep 2.2'
load new --redis "$proxied" --staging-ttl 2s 2> err
rc=$?
says 'the time to live is over' 4 'lost what it had acknowledged'
whole 'the time to live is over' old

# what is live changes meanwhile: by another load, by eviction of its popular list
proxy before MULTI "load-redis -q --redis $url --prefix p --items new-items.tsv --popular new-popular.tsv --neighbors new-neighbors.tsv new.tsv"
load old --redis "$proxied" 2> err
rc=$?
says 'another load' 4 'another load has published' "live is generation \"$(id)\" \(30 lists\)"
whole 'another load' new
clean 'another load'
proxy before MULTI 'redis-cli -s s del p:popular > /dev/null'
load old --redis "$proxied" 2> err
rc=$?
says 'a live part less' 0
whole 'a live part less' old

# commands of the transaction that fail: at once, and when it is done
proxy swap RENAME RENAMX
load new --redis "$proxied" 2> err
rc=$?
says 'a refused command' 1 'unknown command' "live is generation \"$(id)\" \(30 lists\)"
whole 'a refused command' old
clean 'a refused command'
proxy swap PERSIST HGETALL
load new --redis "$proxied" 2> err
rc=$?
says 'an error inside EXEC' 1 WRONGTYPE "it is live: generation \"$(id)\" \(30 lists\)"
load old
load old

for words in '' '--shards 4' '--layout string' '--layout list'; do
	redis flushall > /dev/null
	load old $words
	# a hash of several goes away after it was counted
	case $words in
	--shards*)
		proxy before MULTI "redis-cli -s s del \$(redis-cli -s s --raw keys 'p:gen:*:0' | grep -v $(id)) > /dev/null"
		load new $words --redis "$proxied" 2> err
		rc=$?
		says 'a hash less' 4 'of 30 lists' "live is generation \"$(id)\" \(30 lists\)"
		whole 'a hash less' old
		clean 'a hash less'
		;;
	esac

	# EXEC does not come through, however often it is tried; or its reply does not
	proxy --times 0 drop EXEC
	load new $words --redis "$proxied" --retries 2 2> err
	rc=$?
	says 'EXEC is lost' 4 "live is generation \"$(id)\""
	whole 'EXEC is lost' old
	clean 'EXEC is lost'
	proxy --times 0 cut EXEC 0
	load new $words --redis "$proxied" --retries 2 2> err
	rc=$?
	says 'the reply to EXEC is lost' 0
	whole 'the reply to EXEC is lost' new
	# ... and nobody can be asked for what is live: the lists are not taken away
	proxy cut EXEC 0 after EXEC --times 0 drop p:meta
	load old $words --redis "$proxied" --retries 2 2> err
	rc=$?
	says 'nobody can be asked' 4 'whether this generation was published is not known'
	whole 'nobody can be asked' old
done
words=
redis flushall > /dev/null
load old

# the server becomes a replica just before the generation is published
proxy before MULTI 'redis-cli -s s replicaof 127.0.0.1 1 > /dev/null'
load new --redis "$proxied" 2> err
rc=$?
says 'a replica' 1 READONLY "live is generation \"$(id)\" \(30 lists\)"
redis replicaof no one > /dev/null
whole 'a replica' old
for key in $(redis --raw keys 'p:[0-9]*'); do
	[ "$(redis --raw ttl "$key")" -gt 0 ] || complain "a replica: $key lives for ever"
	redis del "$key" > /dev/null
done

# a folder for temporary files that is not there
TMPDIR=/nowhere load new --layout string 2> err
rc=$?
says 'no temporary file' 1 'temporary file in /nowhere: No such file'
whole 'no temporary file' old
clean 'no temporary file'

# users who lack a command
for command in hset expire watch hmget exists hlen multi unlink rename persist exec; do
	redis acl setuser some on nopass '~*' '&*' +@all "-$command" > /dev/null
	REDISCLI_AUTH=any load new --redis "unix://some@$redis_folder/s" 2> err
	rc=$?
	says "no $command" 1 "NOPERM .*'$command'"
	whole "no $command" old
	redis --raw keys 'p:[0-9]*' | while read -r key; do redis del "$key"; done > /dev/null
done
# ... which is found before a bad row far behind
awk 'BEGIN { OFS = "\t"; print "user", "rank", "item"; for (u = 0; u < 9000; u++) print "u" u, 1, "i"; print "bad" }' > long.tsv
for command in watch multi unlink rename persist exec; do
	redis acl setuser some on nopass '~*' '&*' +@all "-$command" > /dev/null
	REDISCLI_AUTH=any timeout 60 load-redis --redis "unix://some@$redis_folder/s" --prefix p long.tsv 2> err
	rc=$?
	says "no $command in a long load" 1 "NOPERM .*'$command'"
	redis --raw keys 'p:[0-9]*' | while read -r key; do redis del "$key"; done > /dev/null
done
whole 'no command in a long load' old

# ... and one who has those that the page names, and no others
allowed='ping info hset hmget hget hlen exists expire unlink watch multi exec rename persist'
allowed=$(echo "$allowed set del rpush scan hgetall" | sed 's/[a-z]*/+&/g; s/+ / /g')
redis acl setuser few on nopass '~*' '&*' -@all $allowed > /dev/null
few=unix://few@$redis_folder/s
for words in '' '--shards 4' '--layout string' '--layout list'; do
	redis flushall > /dev/null
	for seed in old new old; do
		REDISCLI_AUTH=any load $seed $words --redis "$few" || complain "few commands ($words): a load failed"
		whole "few commands" $seed
		clean "few commands"
	done
	for option in --status --rollback; do
		REDISCLI_AUTH=any timeout 60 load-redis --redis "$few" --prefix p $option > out ||
			complain "few commands ($words): $option failed"
	done
	whole "few commands, back" new
done
exit $bad
