#!/bin/sh
# load-redis --neighbors: published, counted and rolled back with the lists of their
# generation; the same bytes from TSV and from a packed file; what is bad is refused before
# anything is sent.
set -u
cd "$RECPIPE_TMP" || exit 1
. "$RECPIPE_ROOT/tests/redis.sh"

for seed in old new; do
	printf 'user\trank\titem\nu1\t1\t%s-1\nu2\t1\t%s-2\n' $seed $seed > $seed.tsv
	awk -v seed=$seed 'BEGIN { OFS = "\t"; print "item", "neighbor", "weight", "count"
		for (i = 100; i < 400; i++)
			for (k = 1; k <= 30; k++)
				print seed i, seed (i * 31 + k) % 1000, k < 30 ? 1 / k : -1 / 3, k }' > $seed-neighbors.tsv
done
# value FILE ITEM: what the server has to say of it
value()
{
	awk -F '\t' -v item="$2" 'NR > 1 && $1 == item { printf "%s%s\t%s", n++ ? "\t" : "", $2, $3 }' "$1"
}
load() # SEED OPTION..
{
	seed=$1
	shift
	timeout 60 load-redis --redis "$url" --prefix p "$@" $seed.tsv
}
# live WHAT SEED ITEMS: exactly these neighbors are
live()
{
	awk -F '\t' 'NR > 1 { if ($1 != item) { if (n++) print ""; printf "%s", $1; item = $1 }
		printf "\t%s\t%s", $2, $3 } END { print "" }' "$2-neighbors.tsv" | LC_ALL=C sort > want
	redis --raw hgetall p:neighbors | paste - - | LC_ALL=C sort > got
	cmp -s want got || complain "$1: the neighbors that are live are not $2's: $(diff want got | head -n 2 | cut -c 1-200)"
	[ "$(redis --raw hlen p:neighbors)" = "$3" ] || complain "$1: $(redis --raw hlen p:neighbors) items have neighbors"
	[ "$(redis --raw hget p:meta neighbors)" = "$3" ] || complain "$1: the description counts $(redis --raw hget p:meta neighbors)"
}
sort_neighbors() # as the stream must be
{
	{ head -n 1 "$1"; tail -n +2 "$1" | LC_ALL=C sort -t "$(printf '\t')" -k 1,1 -k 3,3gr -k 2,2; } > sorted
	mv sorted "$1"
}
for seed in old new; do sort_neighbors $seed-neighbors.tsv; done

redis_start
load old --neighbors old-neighbors.tsv || complain 'the first load failed'
live first old 300
[ "$(redis --raw hget p:neighbors old123)" = "$(value old-neighbors.tsv old123)" ] || complain "a value: $(redis --raw hget p:neighbors old123)"
[ "$(redis --raw ttl p:neighbors)" = -1 ] || complain 'what is live has a time to live'

# a packed file, and every layout
train-items --help=all | grep -q -- --packed || complain 'no packed neighbors to try'
printf 'user\titem\ttimestamp\n' > plays.tsv
awk 'BEGIN { OFS = "\t"; for (u = 0; u < 300; u++) for (k = 0; k < 6; k++) print "u" u, "new" (u * k * 7 + k) % 90, u * 100 + k }' >> plays.tsv
train-items -q --method next -o trained-neighbors.tsv plays.tsv || complain 'train-items failed'
train-items -q --method next --packed -o trained.packed plays.tsv || complain 'train-items --packed failed'
cp new.tsv trained.tsv
for words in '' '--shards 4' '--layout string' '--layout list'; do
	n=$(awk -F '\t' 'NR > 1 { seen[$1] = 1 } END { for (i in seen) n++; print n }' trained-neighbors.tsv)
	load new $words --neighbors trained.packed || complain "packed ($words): the load failed"
	live "packed ($words)" trained "$n"
	load new $words --neighbors trained-neighbors.tsv || complain "trained ($words): the load failed"
	live "trained ($words)" trained "$n"
	load old $words --neighbors old-neighbors.tsv || complain "old ($words): the load failed"
	live "old ($words)" old 300
	load new --rollback 2> /dev/null && complain 'a rollback with input'
	timeout 60 load-redis --redis "$url" --prefix p --rollback || complain "back ($words): failed"
	live "back ($words)" trained "$n"
	timeout 60 load-redis --redis "$url" --prefix p --rollback || complain "forth ($words): failed"
	live "forth ($words)" old 300
done

# refused WHAT STATUS PATTERN ARGUMENT..: the load fails so, nothing is sent, old stays live
before=$(redis --raw keys '*' | sort)
refused()
{
	what=$1 status=$2 pattern=$3
	shift 3
	timeout 60 load-redis --redis "$url" --prefix p "$@" 2> err
	rc=$?
	[ $rc = "$status" ] || complain "$what: exit status $rc, not $status: $(cat err)"
	grep -qE -- "$pattern" err || complain "$what: it says $(cat err)"
	live "$what" old 300
	[ "$(redis --raw keys '*' | sort)" = "$before" ] || complain "$what: keys are left"
}
commands=$(redis info commandstats | sed -n 's/^cmdstat_hset:calls=\([0-9]*\).*/\1/p')
# refuses WHAT PATTERN ROWS: neighbors with these rows are bad data, with $option
refuses()
{
	printf "item\tneighbor\tweight\n$3" > bad.tsv
	refused "$1, $option" 3 "$2" $option --neighbors bad.tsv new.tsv
}
for option in '' --dry-run --emit-resp; do
	refuses empty 'bad.tsv: no item in it has neighbors' ''
	refuses unsorted 'bad.tsv:3: .*sorted by item' 'b\tx\t1\na\tx\t1\n'
	refuses 'unsorted weights' 'bad.tsv:3: .*falling weight' 'a\tx\t1\na\ty\t2\n'
	refuses 'a neighbor twice' 'bad.tsv:3: .*this neighbor already' 'a\tx\t2\na\tx\t1\n'
	refuses 'no number' 'bad.tsv:2: .*weight' 'a\tx\tnan\n'
	refuses 'an empty id' 'bad.tsv:2: .*an empty id' 'a\t\t1\n'
	printf 'item\tneighbor\na\tx\n' > bad.tsv
	refused "no weight, $option" 3 "no column 'weight'" $option --neighbors bad.tsv new.tsv
	head -c 3000 trained.packed > cut.packed
	refused "a packed file that was cut, $option" 3 'cut.packed' $option --neighbors cut.packed new.tsv
	printf 'item\n\n' > bad.tsv
	refused "a bad popular list, $option" 3 'bad.tsv:2: ' $option --popular bad.tsv new.tsv
done
[ "$commands" = "$(redis info commandstats | sed -n 's/^cmdstat_hset:calls=\([0-9]*\).*/\1/p')" ] ||
	complain 'lists were sent before bad neighbors were found'
refused 'no such file' 1 'none.tsv' --neighbors none.tsv new.tsv
refused 'with --delta' 2 'delta cannot be combined with --neighbors' --delta --neighbors new-neighbors.tsv new.tsv
refused 'with --rollback' 2 'rollback cannot be combined with --neighbors' --rollback --neighbors new-neighbors.tsv
refused 'with --status' 2 'status cannot be combined with --neighbors' --status --neighbors new-neighbors.tsv
timeout 60 load-redis --redis "$url" --prefix p --dry-run --neighbors new-neighbors.tsv new.tsv || complain 'a dry run failed'
live 'a dry run' old 300

# memory ends among the neighbors: the item is named
awk 'BEGIN { OFS = "\t"; print "item", "neighbor", "weight"
	for (i = 0; i < 900; i++) for (k = 0; k < 100; k++)
		print "many" 1000 + i, "a-neighbor-with-a-long-name-" k, 1 / (k + 1) }' > many.tsv
redis config set maxmemory "$(($(redis info memory | tr -d '\r' | sed -n 's/^used_memory://p') + 900000))" > /dev/null
refused 'no memory' 1 'staging the neighbors of item "many1[0-9]*": OOM.*live is generation' --neighbors many.tsv new.tsv
redis config set maxmemory 0 > /dev/null

# a generation without them; --status tells of both
load new 2> err || complain 'a load without neighbors failed'
grep -q 'this generation has no neighbors (--neighbors), which the one before had' err || complain "neighbors go away unsaid: $(cat err)"
[ "$(redis exists p:neighbors)" = 0 ] || complain 'the neighbors of another generation are live'
timeout 60 load-redis --redis "$url" --prefix p --status > out || complain 'no status'
grep -q '^neighbors' out && complain "a status without neighbors: $(cat out)"
timeout 60 load-redis --redis "$url" --prefix p --rollback || complain 'back to neighbors: failed'
live 'back to neighbors' old 300
timeout 60 load-redis --redis "$url" --prefix p --status > out || complain 'no status'
grep -q '^neighbors	300$' out || complain "status: $(cat out)"
load new 2> /dev/null
load new 2> err
[ ! -s err ] || complain "neighbors are missed twice: $(cat err)"
[ "$(redis --raw keys '*neighbors' | grep -c .)" = 0 ] || complain "neighbors that nothing needs are left: $(redis --raw keys '*neighbors')"

# the connection is cut while they are on their way
cat many.tsv > many-neighbors.tsv
redis flushall > /dev/null
(
	i=0
	while [ $i -lt 8 ]; do
		i=$((i + 1))
		redis client kill type normal > /dev/null
		sleep 0.01
	done
) &
load new --neighbors many-neighbors.tsv --retries 50 -q --window 20 || complain 'a load that was cut failed'
wait $!
live cut many 900

# killed among them: nothing stays longer than --staging-ttl
proxy before new399 'kill -9 $(cat loader)'
sh -c 'echo $$ > loader; exec load-redis --redis "$1" --prefix p --window 1 --staging-ttl 50 \
	--neighbors new-neighbors.tsv new.tsv' sh "$proxied" 2> err
proxy_stop
live 'killed' many 900
redis --raw keys 'p:[0-9]*' > staged
grep -q neighbors staged || complain "killed: it had not begun: $(cat staged)"
while read -r key; do
	ttl=$(redis --raw ttl "$key" < /dev/null)
	[ "$ttl" -ge 0 ] && [ "$ttl" -le 50 ] || complain "killed: $key lives for $ttl s"
done < staged

# any bytes in ids; emitted, too
printf 'item\tneighbor\tweight\n a b \t"\\\t0.5\n a b \t x\t-1e-7\n{u}\033[31m\t\303\244 *\t1e30\n\377\t{u}\033[31m\t0.0001\n' > odd-neighbors.tsv
cp new.tsv odd.tsv
load odd --neighbors odd-neighbors.tsv || complain 'odd ids failed'
live 'odd ids' odd 3
redis flushall > /dev/null
timeout 60 load-redis --prefix p --emit-resp --neighbors odd-neighbors.tsv odd.tsv | redis --pipe > piped || complain "emitted: $(cat piped)"
live emitted odd 3
timeout 60 load-redis --prefix p --emit-resp --neighbors new-neighbors.tsv new.tsv > resp
redis --pipe < resp > piped || complain "emitted again: $(cat piped)"
live 'emitted again' new 300
timeout 60 load-redis --redis "$url" --prefix p --rollback || complain 'back from what was emitted: failed'
live 'back from what was emitted' odd 3
sed 's/^new123\r/new124\r/' resp | timeout 60 redis-cli -s s --pipe > piped 2>&1 && complain 'emitted, an item less: passes unseen'
grep -q '299 of 300 items with neighbors arrived' piped || complain "emitted, an item less: $(cat piped)"
live 'emitted, an item less' odd 3
timeout 60 load-redis --prefix p --emit-resp new.tsv | redis --pipe > piped || complain "emitted without: $(cat piped)"
[ "$(redis exists p:neighbors)" = 0 ] || complain 'emitted without: the neighbors of another generation are live'
redis_stop

# a cluster of one node
redis_start_cluster
timeout 60 load-redis --redis "$url" --prefix '{p}' --neighbors new-neighbors.tsv new.tsv || complain 'a cluster: failed'
[ "$(redis --raw hlen '{p}:neighbors')" = 300 ] || complain 'a cluster: no neighbors'
exit $bad
