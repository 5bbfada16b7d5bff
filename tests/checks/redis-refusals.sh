#!/bin/sh
# load-redis and errors that another try will not mend: each ends the load at the first
# list, with its line and its user, and changes nothing. And: signals, --rejects, TCP, a
# cluster.
set -u
cd "$RECPIPE_TMP" || exit 1
. "$RECPIPE_ROOT/tests/redis.sh"

lists() # USERS SEED
{
	awk -v users="$1" -v seed="$2" 'BEGIN { OFS = "\t"; print "user", "rank", "item", "score"
		for (u = 1; u <= users; u++)
			for (k = 1; k <= 5; k++)
				print "u" u, k, seed "-" u "-" k, 1 / k }'
}
lists 300 old > old.tsv
lists 300 new > new.tsv
whole() # WHAT SEED USERS
{
	redis --raw hgetall p:lists | awk -v seed="$2" -v users="$3" '
		NR % 2 { user = $0; n++; next }
		{
			want = ""
			for (k = 1; k <= 5; k++)
				want = want (k > 1 ? "\t" : "") seed "-" substr(user, 2) "-" k
			bad += $0 != want
		}
		END { exit bad || n != users }' || complain "$1: what is live is not $2"
}
# refused WHAT STATUS PATTERN ARGUMENT..: the load fails so, and old.tsv stays live
refused()
{
	what=$1 status=$2 pattern=$3
	shift 3
	timeout 120 load-redis --redis "$url" --prefix p --retries 1 "$@" 2> err
	rc=$?
	[ $rc = "$status" ] || complain "$what: exit status $rc, not $status: $(cat err)"
	grep -qE "$pattern" err || complain "$what: it says $(cat err)"
	[ "$(grep -c . err)" -le 2 ] || complain "$what: says much: $(cat err)"
}
first='new.tsv:2: user "u1": '

mkdir -p data
redis_start --dir "$PWD/data"
timeout 120 load-redis --redis "$url" --prefix p old.tsv || exit 1

redis config set maxmemory 1 > /dev/null
refused OOM 1 "${first}OOM " new.tsv
redis config set maxmemory 0 > /dev/null
whole OOM old 300

redis replicaof 127.0.0.1 1 > /dev/null
refused READONLY 1 "${first}READONLY " new.tsv
redis replicaof no one > /dev/null
whole READONLY old 300

mkdir -p data/dump.rdb/x # so that no snapshot can take its place
redis config set save '3600 1' > /dev/null
redis bgsave > /dev/null
tries=0
until redis info persistence | grep -q '^rdb_last_bgsave_status:err' || [ $tries -gt 50 ]; do
	tries=$((tries + 1))
	sleep 0.1
done
refused MISCONF 1 'MISCONF ' new.tsv # which is the answer to PING already
redis config set save '' > /dev/null
whole MISCONF old 300
{
	head -n 101 new.tsv
	sleep 0.3
	redis config set save '3600 1' > /dev/null
	tail -n +102 new.tsv
} | timeout 120 load-redis --redis "$url" --prefix p --window 10 2> err
rc=$?
[ $rc = 1 ] || complain "MISCONF under way: exit status $rc"
grep -qE 'input\):[0-9]+: user "u[0-9]+": MISCONF' err || complain "MISCONF under way: it says $(cat err)"
redis config set save '' > /dev/null
whole 'MISCONF under way' old 300

redis acl setuser looker on '>secret' '~*' '&*' +ping +info > /dev/null
REDISCLI_AUTH=secret url=unix://looker@$redis_folder/s refused NOPERM 1 "${first}NOPERM " new.tsv
url=unix://$redis_folder/s
whole NOPERM old 300

# the password is changed while a load is under way, and its connection cut
{
	head -n 101 new.tsv
	sleep 0.3
	redis config set requirepass top > /dev/null
	redis -a top client kill type normal > /dev/null
	tail -n +102 new.tsv
} | timeout 120 load-redis --redis "$url" --prefix p --window 10 --retries 3 2> err
rc=$?
[ $rc = 1 ] || complain "NOAUTH under way: exit status $rc"
grep -qE 'input\):[0-9]+: user "u[0-9]+": .*NOAUTH' err || complain "NOAUTH under way: it says $(cat err)"
redis -a top config set requirepass '' > /dev/null
whole 'NOAUTH under way' old 300
redis --raw keys '*' | grep -vE '^p:(lists|meta)$' | sort > left

# SIGINT: nothing is published, and nothing left; who is started in the background ignores it,
# then SIGTERM does it
{
	head -n 501 new.tsv
	sleep 0.3
	kill -INT "$(cat loader)" 2> /dev/null || complain 'SIGINT: it is not there'
	sleep 1
	kill -TERM "$(cat loader)" 2> /dev/null
	tail -n +502 new.tsv
} | sh -c 'echo $$ > loader; exec load-redis --redis "$1" --prefix p --window 10' sh "$url" 2> err
rc=$?
[ $rc = 143 ] || [ $rc = 130 ] || complain "a signal: exit status $rc"
whole 'a signal' old 300
redis --raw keys '*' | grep -vE '^p:(lists|meta)$' | sort | cmp -s - left ||
	complain "a signal: keys are left: $(redis --raw keys '*')"

# rows that are set aside
{ cat new.tsv; printf 'u301\tx\ti\t1\nu302\t1\n'; } > some.tsv
timeout 120 load-redis --redis "$url" --prefix p --on-error=skip --rejects bad.tsv -q some.tsv 2> /dev/null ||
	complain '--rejects: failed'
[ "$(cat bad.tsv)" = "$(printf 'u301\tx\ti\t1\nu302\t1')" ] || complain "--rejects: $(cat bad.tsv)"
whole '--rejects' new 300

# --status: since when, from which input
timeout 120 load-redis --redis "$url" --prefix p --status > status || complain 'no status'
grep -q "^input	$PWD/some.tsv\$" status || complain "status: $(cat status)"
grep -qE "^published	$(date -u +%Y)-[0-9-]+T[0-9:]+Z\$" status || complain "status: $(cat status)"

# a catalog that offers nothing; one that the next generation has not
printf 'item\tavailable\na\t0\n' > none.tsv
refused 'an empty catalog' 3 'no item in it may be recommended' --items none.tsv old.tsv
printf 'item\na\n' > items.tsv
timeout 120 load-redis --redis "$url" --prefix p --items items.tsv old.tsv
timeout 120 load-redis --redis "$url" --prefix p new.tsv 2> err
grep -q 'no catalog' err || complain "a catalog goes away unsaid: $(cat err)"

# keys of users go with their generation, also that of a load that fails
for layout in string list; do
	redis flushall > /dev/null
	for seed in old new old; do
		timeout 120 load-redis --redis "$url" --prefix 'p*[a]' --layout $layout $seed.tsv || complain "$layout failed"
	done
	n=$(redis --raw keys '*' | wc -l)
	[ "$n" = 602 ] || complain "$layout: $n keys instead of two generations of 301"
	{ cat new.tsv; printf 'u9\tx\ti\t1\n'; } |
		timeout 120 load-redis --redis "$url" --prefix 'p*[a]' --layout $layout 2> /dev/null && complain "$layout: a bad row passes"
	n=$(redis --raw keys '*' | wc -l)
	[ "$n" = 602 ] || complain "$layout: $n keys after a load that failed"
done
redis_stop

# two nodes of a cluster, over TCP: a key of the other node is MOVED
nodes=
stop_nodes()
{
	for pid in $nodes; do
		kill "$pid" 2> /dev/null
		redis_gone "$pid"
	done
	nodes=
}
trap 'stop_nodes; proxy_stop; redis_stop' EXIT
start_nodes() # of ports from $port on; false when one of them is taken
{
	for i in 0 1; do
		mkdir -p node$i
		redis-server --port $((port + i)) --bind 127.0.0.1 --dir "$PWD/node$i" --save '' \
			--cluster-enabled yes --cluster-port $((port + 2 + i)) \
			--cluster-node-timeout 600000 \
			--cluster-require-full-coverage no < /dev/null > node$i/log 2>&1 &
		nodes="$nodes $!"
	done
	tries=0
	until node 0 config get dir | grep -qF "$PWD/node0" && node 1 config get dir | grep -qF "$PWD/node1"; do
		tries=$((tries + 1))
		for pid in $nodes; do
			redis_runs "$pid" || tries=1000
		done
		[ $tries -le 200 ] || return 1
		sleep 0.1
	done
}
node() # NUMBER CLI-WORDS..
{
	n=$((port + $1))
	shift
	timeout 60 redis-cli -p $n "$@" 2> /dev/null
}
port=$((20000 + $$ % 9000))
until start_nodes; do
	stop_nodes
	port=$((port + 4))
	[ $port -lt 29400 ] || exit 1
done
node 0 cluster addslotsrange 0 8191 > /dev/null
node 1 cluster addslotsrange 8192 16383 > /dev/null
node 0 cluster meet 127.0.0.1 $((port + 1)) $((port + 3)) > /dev/null
prefix='{recs}'
here=1 there=0
[ "$(node 0 cluster keyslot "$prefix")" -lt 8192 ] && here=0 there=1
tries=0
until { node $there get "$prefix:x" | grep -q MOVED && node $here cluster info | grep -q cluster_state:ok; } ||
	[ $tries -gt 600 ]; do # the state is down for a while when a node has met another, or a busy machine lets it wait
	tries=$((tries + 1))
	sleep 0.1
done
if [ $tries -gt 600 ]; then
	echo 'the two nodes do not find each other'
	exit $bad
fi
url=redis://127.0.0.1:$((port + there))/0
timeout 120 load-redis --redis "$url" --prefix "$prefix" --retries 1 new.tsv 2> err
rc=$?
[ $rc = 1 ] || complain "MOVED: exit status $rc"
grep -q "${first}MOVED " err || complain "MOVED: it says $(cat err)"
url=redis://127.0.0.1:$((port + here))/0
for words in '' '--shards 8' '--layout string' '--layout list'; do
	timeout 120 load-redis --redis "$url" --prefix "$prefix" --items items.tsv $words new.tsv || complain "a cluster: $words failed"
	printf 'message\tuser\ttrack\ttime\nnext\tu17\tx\t1\n' |
		next-track --redis "$url" --prefix "$prefix" --deadline 2s | grep -q '	new-17-[1-5]	indexed	' ||
		complain "a cluster: $words is not served"
done
exit $bad
