#!/bin/sh
# A new generation every half second under load: no failure, no list of two generations, no lost row of the log;
# packed lists that are replaced (--watch, SIGHUP), and Redis.
# shellcheck source=../http.sh
. "$RECPIPE_ROOT/tests/http.sh"
# shellcheck source=../redis.sh
. "$RECPIPE_ROOT/tests/redis.sh"
trap '[ -z "$server" ] || kill $server 2> /dev/null; redis_stop' EXIT
for seed in a b; do
	awk -v seed=$seed 'BEGIN { OFS = "\t"; print "user", "rank", "item", "score"
		for (u = 100; u < 300; u++) for (k = 1; k <= 50; k++) print "u" u, k, seed (u * 7 + k) % 900, 1 / k
		for (u = 0; u < 100; u++) for (k = 1; k <= 50; k++) print "u" u, k, seed (u * 7 + k) % 900, 1 / k }' > $seed.tsv
	head -n 1 $seed.tsv > none.tsv
	blend-topk -q --packed -o $seed.packed $seed.tsv none.tsv || complain 'no packed lists'
done
awk 'BEGIN { print "item"; for (i = 0; i < 900; i++) print "a" i "\nb" i }' > items.tsv

# under_load WHAT PUBLISH ARGUMENT..: PUBLISH is called with a or b
under_load()
{
	what=$1 publish=$2
	shift 2
	rm -f log.tsv stop
	steps=0
	serve --workers 2 "$@" --log log.tsv
	"$client" "$port" load stop 8 > loaded &
	loader=$!
	for generation in b a b a b; do
		steps=$((steps + $("$client" "$port" pipeline 500)))
		sleep 0.4
		$publish $generation || complain "$what: publishing failed"
	done
	: > stop
	wait $loader
	stop
	read -r answers failed mixed switches < loaded
	[ "$answers" -gt 50 ] && [ "$failed" = 0 ] && [ "$mixed" = 0 ] && [ "$switches" -ge 2 ] ||
		complain "$what: $answers answers, $failed failed, $mixed of two generations, $switches changes"
	[ $steps = 2500 ] && [ "$(wc -l < log.tsv)" = 2501 ] ||
		complain "$what: $steps steps are answered, $(wc -l < log.tsv) lines in the log"
}

put_packed() { cp $1.packed new.packed && mv new.packed live.packed; }
put_redis() { timeout 60 load-redis -q --redis "$url" --prefix p --items items.tsv $1.tsv; }
put_packed a
under_load 'packed lists' put_packed --watch live.packed -- next-track --replies --recs live.packed
if grep -q 'Terminated\|stays in use' said; then complain "packed: $(cat said)"; fi
redis_start
put_redis a || complain 'load-redis'
under_load Redis put_redis --deadline 20s -- next-track --replies --redis "$url" --prefix p --deadline 10s
exit $bad
