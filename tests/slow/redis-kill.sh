#!/bin/sh
# kill -9 of the server at 50 random moments of a load; it comes back from its
# file. Whatever the loader says: the lists that are live are one generation. In every
# layout that is counted at once.
#
# The file is not synced: a kill leaves what was written to the kernel. With everysec the
# server may hold what it has acknowledged back for two seconds while a sync is under way,
# and lose it.
set -u
cd "$RECPIPE_TMP" || exit 1
. "$RECPIPE_ROOT/tests/redis.sh"

lists()
{
	awk -v seed="$1" 'BEGIN { OFS = "\t"; print "user", "rank", "item", "score"
		for (u = 1; u <= 40000; u++)
			for (k = 1; k <= 20; k++)
				print "u" u, k, seed "-" (u * 31 + k) % 5000, 1 / k }'
}
lists a > a.tsv
lists b > b.tsv
start() { redis_start --appendonly yes --appendfsync no; }
start
timeout 60 load-redis --redis "$url" --prefix p a.tsv || exit 1
live=a done=0 failed=0
for i in $(seq 50); do
	next=b
	[ $live = b ] && next=a
	words=
	[ $((i % 5)) != 0 ] || words='--shards 4'
	timeout 120 load-redis --redis "$url" --prefix p --retries 7 -q $words $next.tsv 2> err &
	loader=$!
	sleep "0.$(awk -v i="$i" 'BEGIN { srand(i); printf "%03d", rand() * 350 }')"
	redis_crash
	start
	wait $loader
	rc=$?
	case $rc in
	0) done=$((done + 1)) ;;
	4) failed=$((failed + 1)) ;;
	*) complain "kill $i: exit status $rc: $(cat err)" ;;
	esac
	# every list of every user, to the last item, all of one generation: which?
	if [ "$(redis --raw hget p:meta shards)" = 1 ]; then
		redis --raw hgetall p:lists
	else
		for shard in 0 1 2 3; do redis --raw hgetall "p:gen:$(redis --raw hget p:meta generation):$shard"; done
	fi | awk '
		NR % 2 { user = substr($0, 2); next }
		{
			seed = seed == "" ? substr($0, 1, 1) : seed
			n = split($0, id, "\t")
			bad += n != 20
			for (k = 1; k <= n; k++)
				bad += id[k] != seed "-" (user * 31 + k) % 5000
			users++
		}
		END { print users, seed, bad + 0 }' > seen
	read -r users seed wrong < seen
	[ "$users $wrong" = '40000 0' ] || complain "kill $i: a torn generation: $(cat seen)"
	[ $rc != 0 ] || live=$next
	[ $rc = 0 ] && [ "$seed" != "$next" ] && complain "kill $i: done, and not live"
	live=$seed
done
[ $done -gt 5 ] || complain "only $done of 50 loads came to their end"
echo "$done loads came to their end, $failed failed and said so"
exit $bad
