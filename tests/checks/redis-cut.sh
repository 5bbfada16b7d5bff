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
		case $words in '') line=$((line + 1)) ;; *) line=$((line + 7)) ;; esac
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
		case $words in '') line=$((line + 1)) ;; *) line=$((line + 7)) ;; esac
	done
	[ $line -gt 40 ] || complain "$words: the rollback has only $line lines of replies"

	# EXEC does not come through, however often it is tried; or its reply does not
	redis flushall > /dev/null
	load old $words
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
exit $bad
