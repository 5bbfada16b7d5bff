#!/bin/bash
# A failover of Sentinel, by the recipe for HAProxy in recpipe-operations(7) with other addresses: the master is
# killed while next-track answers and load-redis publishes; answers come from the fallback, then from the lists
# again, and load-redis publishes by itself. Then one that is asked for, while connections stay.
set -u
cd "$RECPIPE_TMP" || exit 1
for needed in redis-server redis-cli haproxy; do
	command -v $needed > /dev/null || { echo "$needed is missing"; exit 77; }
done
# shellcheck source=../complain.sh
. "$RECPIPE_ROOT/tests/complain.sh"
running=()
trap 'kill "${running[@]}" 2> /dev/null; wait' EXIT
base=$((21000 + $$ % 9000 * 4))
front=$base one=$((base + 1)) two=$((base + 2)) watch=$((base + 3))

patiently() # TRIES COMMAND..
{
	local tries=$1
	shift
	until "$@" > /dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { complain "never: $*"; return 1; }
		sleep .1
	done
}
start() { "$@" > /dev/null 2>&1 & running+=($!); }
redis() { timeout 10 redis-cli -p "$@" 2> /dev/null; }
replicates() { redis "$one" info replication | grep -q 'slave0:.*state=online'; }
is_known() { redis "$watch" sentinel replicas recs | grep -qx "$two"; }
is_role() { [ "$(redis "$1" role | head -n 1)" = "$2" ]; }
# HAProxy takes both for masters until it has asked them.
forward() { for _ in 1 2 3 4 5; do is_role "$front" master || return 1; done; }
seconds() { awk -v from="$began" -v now="$(date +%s.%N)" 'BEGIN { printf "%.1f", now - from }'; }

mkdir one two watch
server() { start redis-server --bind 127.0.0.1 --save '' --port "$1" --dir "$PWD/$2" "${@:3}"; }
server "$one" one
server "$two" two --replicaof 127.0.0.1 "$one"
printf '%s\n' "port $watch" 'bind 127.0.0.1' "dir $PWD/watch" "sentinel monitor recs 127.0.0.1 $one 1" \
	'sentinel down-after-milliseconds recs 2000' 'sentinel failover-timeout recs 10000' > watch/sentinel.conf
start redis-server "$PWD/watch/sentinel.conf" --sentinel
awk '/^\.EX/ { inside = 1; next } /^\.EE/ { inside = 0 } inside && /^listen redis/ { recipe = 1 } !inside { recipe = 0 }
	recipe { gsub(/\\-/, "-"); gsub(/\\e/, "\\"); print }' "$RECPIPE_ROOT/man/recpipe-operations.7" |
	sed -e "s|bind .*|bind 127.0.0.1:$front|; s|10\.0\.0\.1:6379|127.0.0.1:$one|; s|10\.0\.0\.2:6379|127.0.0.1:$two|" > haproxy.cfg
[ "$(grep -c '127.0.0.1' haproxy.cfg)" = 3 ] || { echo "the recipe: $(cat haproxy.cfg)"; exit 1; }
haproxy -c -f haproxy.cfg > said 2>&1 || { echo "the recipe: $(cat said)"; exit 1; }
patiently 300 replicates && patiently 300 is_known || exit 1
start haproxy -f haproxy.cfg
patiently 300 forward || exit 1

url=redis://127.0.0.1:$front
printf 'user\trank\titem\tscore\nu\t1\t5\t1\nu\t2\t6\t.5\n' > topk.tsv
printf 'item\n5\n6\n7\n' > items.tsv
publish() { timeout 60 load-redis -q --redis "$url" --items items.tsv topk.tsv > said 2>&1; }
publish || complain "load-redis: $(cat said)"
[ "$(redis $one wait 1 10000)" = 1 ] || complain 'the replica has not got the lists'
mkfifo asked
exec 3<> asked
next-track --redis "$url" --items items.tsv < asked > answers 2> warned 3>&- &
asker=$!
running+=("$asker")
printf 'message\tuser\ttrack\ttime\n' >&3
steps=0
# The source of the next answer; a session ends with each question.
ask()
{
	steps=$((steps + 1))
	printf 'next\tu\t7\t.5\nlast\tu\t7\t.5\n' >&3
	patiently 600 lines $((steps + 1)) && source=$(tail -n 1 answers | cut -f 3)
}
lines() { [ "$(wc -l < answers)" -ge "$1" ]; }
# until_source PATTERN: questions until one is answered so
until_source()
{
	local tries=0
	until ask && grep -qx -- "$1" <<< "$source"; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || { complain "no answer from $1: $source"; return 1; }
		sleep .1
	done
}
until_source indexed

master=${running[0]}
began=$(date +%s.%N)
kill -9 "$master"
wait "$master" 2> /dev/null
(publish || complain "load-redis in a failover: $(cat said)"; seconds > published; exit $bad) &
loader=$!
until_source '.*:redis' && echo "after $(seconds) s: $source"
until_source indexed && echo "after $(seconds) s: $source"
wait $loader || bad=1
echo "after $(cat published) s: load-redis has published"
is_role $two master || complain 'there was no failover'

# the old master comes back as a replica, which is read and not written
server "$one" one
patiently 600 is_role $one slave
timeout 60 load-redis -q --redis redis://127.0.0.1:$one --items items.tsv topk.tsv > said 2>&1
[ $? = 1 ] && grep -q READONLY said || complain "load-redis into a replica: $(cat said)"
patiently 300 eval "redis $two info replication | grep -q 'slave0:.*state=online'"

# a failover that is asked for: the connections of before lead to a replica, and are cut
patiently 300 eval "redis $watch sentinel replicas recs | grep -qx $one"
patiently 600 eval "redis $watch sentinel failover recs | grep -q OK"
patiently 600 is_role $one master
patiently 600 is_role $two slave
patiently 100 publish || complain "after a failover that was asked for: $(cat said)"
until_source indexed
kill -0 $asker || complain "next-track has ended: $(cat warned)"
exit $bad
