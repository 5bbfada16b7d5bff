#!/bin/sh
# The connection is cut at every reply of a publication and of a rollback, in every layout:
# what is live is one generation or the other, whole, and load-redis knows which.
set -u
cd "$RECPIPE_TMP" || exit 1
. "$RECPIPE_ROOT/tests/redis.sh"
. "$RECPIPE_ROOT/tests/redis-generations.sh"

redis_start
for words in '' '--shards 4' '--layout string' '--layout list'; do
	redis flushall > /dev/null
	load old $words
	load new $words # the previous one is old
	live=new next=old
	line=0
	while [ $line -lt 400 ]; do
		proxy cut WATCH $line
		load $next $words --redis "$proxied" 2> err
		rc=$?
		says "cut after $line lines" 0
		whole "cut after $line lines" $next
		clean "cut after $line lines"
		grep -q cut proxy.said || break # so many there are not
		next=$live
		[ $live = new ] && live=old || live=new
		case $words in '') line=$((line + 2)) ;; *) line=$((line + 11)) ;; esac
	done
	[ $line -gt 60 ] || complain "$words: the publication has only $line lines of replies"
	load $live $words
	load $next $words # the previous one is $live
	line=0
	while [ $line -lt 400 ]; do
		proxy cut WATCH $line
		timeout 60 load-redis --redis "$proxied" --prefix p --rollback 2> err
		rc=$?
		says "rollback, cut after $line lines" 0
		whole "rollback, cut after $line lines" $live
		grep -q cut proxy.said || break
		other=$live live=$next next=$other
		case $words in '') line=$((line + 2)) ;; *) line=$((line + 11)) ;; esac
	done
	[ $line -gt 40 ] || complain "$words: the rollback has only $line lines of replies"
done
exit $bad
