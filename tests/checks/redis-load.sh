#!/bin/sh
# load-redis against a private server that misbehaves: whatever happens, what was
# live is still served, whole, and the exit status says so.
set -u
cd "$RECPIPE_TMP" || exit 1
. "$RECPIPE_ROOT/tests/redis.sh"

lists() # USERS SEED: lists of 20 items whose ids begin with the seed
{
	awk -v users="$1" -v seed="$2" 'BEGIN { OFS = "\t"; print "user", "rank", "item", "score"
		for (u = 1; u <= users; u++)
			for (k = 1; k <= 20; k++)
				print "u" u, k, seed "-" (u * 31 + k) % 500, 1 / k }'
}
lists 3000 old > old.tsv
lists 3000 new > new.tsv
lists 60000 big > big.tsv
printf 'item\tavailable\n' > items.tsv
awk 'BEGIN { for (i = 0; i < 500; i++) print "old-" i "\t" (i != 7) }' >> items.tsv

# whole WHAT SEED USERS: is exactly that generation served?
whole()
{
	n=$(redis --raw hlen p:lists)
	[ "$n" = "$3" ] || complain "$1: $n lists are live, $3 were due"
	redis --raw hgetall p:lists | awk -v seed="$2" '
		NR % 2 { user = substr($0, 2); next }
		{
			n = split($0, id, "\t")
			bad += n != 20
			for (k = 1; k <= n; k++)
				bad += id[k] != seed "-" (user * 31 + k) % 500
		}
		END { exit bad > 0 }' || complain "$1: the lists are not those of $2"
}

# fails WHAT STATUS PATTERN ARGUMENT..: a load that must fail and change nothing
fails()
{
	what=$1 status=$2 pattern=$3
	shift 3
	timeout 120 load-redis --redis "$url" --prefix p --timeout 2s --retries 2 "$@" 2> err
	rc=$?
	[ $rc = "$status" ] || complain "$what: exit status $rc, not $status: $(cat err)"
	grep -qE "$pattern" err || complain "$what: it says $(cat err)"
}

redis_start
timeout 120 load-redis --redis "$url" --prefix p --items items.tsv old.tsv || complain 'the first load failed'
whole first old 3000
[ "$(redis --raw hlen p:items)" = 499 ] || complain 'the catalog is not that of the items available'
[ "$(redis --raw hget p:items 7)" = old-8 ] || complain 'the catalog has holes'
timeout 120 load-redis --redis "$url" --prefix p --status > status || complain 'no status'
grep -q '^lists	3000$' status || complain "status: $(cat status)"

# swapped whole, and back
timeout 120 load-redis --redis "$url" --prefix p < new.tsv || complain 'the second load failed'
whole second new 3000
timeout 120 load-redis --redis "$url" --prefix p --rollback || complain 'no way back'
whole rollback old 3000
[ "$(redis --raw hlen p:items)" = 499 ] || complain 'rollback forgot the catalog'
timeout 120 load-redis --redis "$url" --prefix p --rollback || complain 'no way forth'
whole forth new 3000
timeout 120 load-redis --redis "$url" --prefix p --rollback

# input that must not be published
printf 'user\trank\titem\tscore\n' | fails 'an empty input' 3 'no lists' -
head -n 21 new.tsv | fails '--min-rows' 3 'min-rows' --min-rows 100 -
head -n 201 new.tsv | fails '--max-shrink' 3 'max-shrink' --max-shrink 0.5 -
{ cat new.tsv; printf 'u9999\tx\ti\t1\n'; } | fails 'a bad row at the end' 3 'rank' -
{ cat new.tsv; printf 'u1\t1\ti\t1\n'; } | fails 'a user twice' 3 'u1' -
{ cat new.tsv; printf 'u9998\t1\t\nu9999\t1\n'; } |
	fails '--max-errors' 3 'bad row 2' --on-error=skip --max-errors 1 -
whole 'after bad input' old 3000
timeout 120 load-redis --redis "$url" --prefix p --dry-run new.tsv || complain 'the dry run failed'
whole 'after a dry run' old 3000
[ "$(redis --raw keys 'p:*' | wc -l)" -le 8 ] || complain "failed loads left keys: $(redis --raw keys 'p:*' | tr '\n' ' ')"

# no memory, no permission, wrong passwords
redis config set maxmemory-policy noeviction > /dev/null
redis config set maxmemory "$(($(redis info memory | tr -d '\r' | sed -n 's/^used_memory://p') + 1500000))" > /dev/null
fails 'no memory' 1 'user ".*OOM' big.tsv
redis config set maxmemory 0 > /dev/null
whole 'after no memory' old 3000
redis acl setuser reader on '>secret' '~*' +@read +ping > /dev/null
REDISCLI_AUTH=secret url=unix://reader@$redis_folder/s fails 'a reader' 1 'NOPERM' new.tsv
url=unix://$redis_folder/s
REDISCLI_AUTH=wrong url=unix://reader@$redis_folder/s fails 'a wrong password' 1 'WRONGPASS' new.tsv
url=unix://$redis_folder/s
redis config set requirepass top > /dev/null
fails 'no password' 1 'NOAUTH' new.tsv
echo top > password
timeout 120 load-redis --redis "$url" --prefix p --password-file password --status > /dev/null ||
	complain 'a password from a file does not do'
redis -a top config set requirepass '' > /dev/null
whole 'after bad logins' old 3000

# connections cut, a server that pauses: the load goes on and is whole
(
	i=0
	while [ $i -lt 10 ]; do
		i=$((i + 1))
		redis client kill type normal > /dev/null
		sleep 0.01
	done
) &
timeout 120 load-redis --redis "$url" --prefix p --retries 50 -q big.tsv || complain 'a load whose connection was cut failed'
wait $!
whole 'after cuts' big 60000
timeout 120 load-redis --redis "$url" --prefix p old.tsv
redis client pause 700 > /dev/null
timeout 120 load-redis --redis "$url" --prefix p --timeout 5s big.tsv || complain 'a load on a paused server failed'
whole 'after a pause' big 60000
timeout 120 load-redis --redis "$url" --prefix p old.tsv
{
	head -n 600001 big.tsv
	kill -STOP "$redis_pid"
	(sleep 3 && kill -CONT "$redis_pid") > /dev/null &
	tail -n +600002 big.tsv
} | timeout 120 load-redis --redis "$url" --prefix p --window 100 || complain 'a load failed whose server stood still for three seconds'
whole 'after a stop' big 60000
redis client pause 3000 write > /dev/null
fails 'a long pause' 4 'no answer in time' --timeout 100ms --retries 1 new.tsv
redis client unpause > /dev/null
whole 'after a long pause' big 60000

# the server dies in the middle and comes back from its file
timeout 120 load-redis --redis "$url" --prefix p old.tsv || complain 'the load before the crash failed'
redis save > /dev/null
{
	head -n 600001 big.tsv
	sleep 0.2
	redis_crash
	redis_start --dbfilename dump.rdb
	tail -n +600002 big.tsv
} | timeout 120 load-redis --redis "$url" --prefix p --retries 6 -q 2> err
rc=$?
[ $rc = 4 ] || complain "a server that lost what it had: exit status $rc: $(cat err)"
whole 'after a crash' old 3000
redis_stop
fails 'no server' 4 'cannot reach' --retries 0 new.tsv

# the protocol's own form, for redis-cli --pipe: published whole or not at all
redis_start
emitted() # WHAT: redis-cli --pipe must take what is on standard input
{
	redis --pipe > piped || complain "$1: redis-cli --pipe: $(cat piped)"
	grep -q 'errors: 0' piped || complain "$1: $(cat piped)"
}
timeout 120 load-redis --prefix p --emit-resp --items items.tsv old.tsv | emitted 'the first'
whole 'emitted' old 3000
timeout 120 load-redis --prefix p --emit-resp new.tsv > resp || complain '--emit-resp failed'
emitted 'the second' < resp
whole 'emitted again' new 3000
timeout 120 load-redis --redis "$url" --prefix p --rollback || complain 'no way back from what was emitted'
whole 'back from what was emitted' old 3000
[ "$(redis --raw hlen p:items)" = 499 ] || complain 'the emitted catalog is not whole'
# a list is refused under way
redis config set maxmemory 1 > /dev/null
redis --pipe < resp > piped && complain 'refused writes pass unseen'
redis config set maxmemory 0 > /dev/null
whole 'emitted without memory' old 3000
# the stream is cut, or a list is missing
head -c 100000 resp | redis --pipe --pipe-timeout 1 > /dev/null
whole 'a stream that was cut' old 3000
timeout 120 load-redis --prefix p --emit-resp new.tsv | sed 's/^u77\r/u78\r/' > holes
timeout 60 redis-cli -s s --pipe < holes > piped 2>&1 && complain 'a missing list passes unseen'
grep -q '2999 of 3000 lists arrived' piped || complain "a missing list: $(cat piped)"
whole 'a missing list' old 3000
printf 'item\nhit\n' > popular.tsv
printf 'item\tneighbor\tweight\na\tb\t1\nb\ta\t1\n' > neighbors.tsv
for part in items popular neighbors meta; do # it goes to another key
	load-redis --prefix p --emit-resp --items items.tsv --popular popular.tsv \
		--neighbors neighbors.tsv new.tsv |
		sed "0,/:$part\r\$/s//:$(echo $part | tr a-z A-Z)\r/" > holes
	timeout 60 redis-cli -s s --pipe < holes > piped 2>&1 && complain "no $part passes unseen"
	grep -qE 'arrived|did not arrive' piped || complain "no $part: $(cat piped)"
	grep -q "live is generation $(redis --raw hget p:meta generation)" piped || complain "no $part: $(cat piped)"
	whole "no $part" old 3000
	[ "$(redis --raw hlen p:items)" = 499 ] || complain "no $part: the catalog is not whole"
done
head -n 201 new.tsv | timeout 120 load-redis --prefix p --emit-resp --max-shrink 0.5 |
	timeout 60 redis-cli -s s --pipe > piped 2>&1 &&
	complain 'emitted, --max-shrink: nothing is refused'
grep -q 'max-shrink' piped || complain "emitted, --max-shrink: $(cat piped)"
whole 'emitted, --max-shrink' old 3000
exit $bad
