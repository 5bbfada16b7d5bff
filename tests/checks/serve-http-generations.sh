#!/bin/sh
# A new generation every half second under load: no failure, no list of two generations, no lost row of the log;
# packed lists that are replaced (--watch, SIGHUP), and Redis.
# shellcheck source=../http.sh
. "$RECPIPE_ROOT/tests/http.sh"
# shellcheck source=../redis.sh
. "$RECPIPE_ROOT/tests/redis.sh"
# shellcheck source=../http-generations.sh
. "$RECPIPE_ROOT/tests/http-generations.sh"
trap '[ -z "$server" ] || kill $server 2> /dev/null; redis_stop' EXIT
generations_make 300
put_packed a
under_load 'packed lists' put_packed 5 .5 --watch live.packed -- next-track --replies --recs live.packed
redis_start
put_redis a || complain 'load-redis'
under_load Redis put_redis 5 .5 --deadline 20s -- next-track --replies --redis "$url" --prefix p --deadline 10s
exit $bad
