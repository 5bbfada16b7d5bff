#!/bin/sh
# kill -9 of the server at 50 random moments of a load; it comes back from its
# file. Whatever the loader says: the lists that are live are one generation.
set -u
cd "$RECPIPE_TMP" || exit 1
. "$RECPIPE_ROOT/tests/redis.sh"

lists()
{
	awk -v seed="$1" 'BEGIN { OFS = "\t"; print "user", "rank", "item", "score"
		for (u = 1; u <= 40000; u++)
			for (k = 1; k <= 20; k++)
				print "u" u, k, seed "-" k, 1 / k }'
}
lists a > a.tsv
lists b > b.tsv
redis_start --save '' --appendonly yes
load-redis --redis "$url" --prefix p a.tsv || exit 1
live=a done=0 failed=0
for i in $(seq 50); do
	next=b
	[ $live = b ] && next=a
	load-redis --redis "$url" --prefix p --retries 7 -q $next.tsv 2> err &
	loader=$!
	sleep "0.$(awk -v i="$i" 'BEGIN { srand(i); printf "%03d", rand() * 350 }')"
	redis_crash
	redis_start --save '' --appendonly yes
	wait $loader
	rc=$?
	case $rc in
	0) done=$((done + 1)) ;;
	4) failed=$((failed + 1)) ;;
	*) complain "kill $i: exit status $rc: $(cat err)" ;;
	esac
	until redis ping | grep -q PONG; do sleep 0.05; done
	redis --raw hvals p:lists | cut -c 1 | sort | uniq -c > seen
	[ "$(wc -l < seen)" = 1 ] || complain "kill $i: a torn generation: $(cat seen)"
	[ "$(awk '{ print $1 }' seen)" = 40000 ] || complain "kill $i: lists are missing: $(cat seen)"
	[ $rc != 0 ] || live=$next
	[ $rc = 0 ] && [ "$(awk '{ print $2 }' seen)" != "$next" ] && complain "kill $i: done, and not live"
	live=$(awk '{ print $2 }' seen)
done
echo "$done loads came to their end, $failed failed and said so"
exit $bad
