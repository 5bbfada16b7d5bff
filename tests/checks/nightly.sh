#!/bin/sh
# pipelines/nightly: publishes, is silent when all is well, refuses a model that fell,
# keeps the last good one, loads it again, gives way to a run that is still at work,
# and survives a lost Redis and kill -9.
set -u
cd "$RECPIPE_TMP" || exit 1
for tool in redis-server redis-cli flock setsid; do
	command -v $tool > /dev/null || {
		echo "there is no $tool"
		exit 77
	}
done
bad=0
say()
{
	printf '%s\n' "$*"
	bad=1
}
nightly=$RECPIPE_ROOT/pipelines/nightly
# Tools that nobody builds anew meanwhile.
cp -R "$RECPIPE_BIN" tools || exit 1
RECPIPE_BIN=$RECPIPE_TMP/tools
server=
trap '[ -z "$server" ] || kill "$server" 2> /dev/null' EXIT
start()
{
	redis-server --port 0 --unixsocket "$RECPIPE_TMP/socket" --save '' --dir "$RECPIPE_TMP" \
		> redis.log 2>&1 &
	server=$!
	tries=0
	until [ "$(redis-cli -s socket ping 2> /dev/null)" = PONG ] || [ $tries = 50 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
}
# Everything but the time of loading, which differs between two equal loads.
live() { redis-cli -s socket --raw eval "
	local all = redis.call('hgetall', 'recs:lists')
	return redis.sha1hex(table.concat(all, ','))" 0; }
# run WANT ARG..: nightly, its exit status
run()
{
	want=$1
	shift
	"$nightly" "$@" > out.txt 2> err.txt
	got=$?
	[ $got = "$want" ] || say "exit status $got, wanted $want: nightly $*: $(tail -n 5 err.txt)"
	[ ! -s out.txt ] || say "nightly prints: $(head -n 3 out.txt)"
	[ $want != 0 ] || [ ! -s err.txt ] || say "nightly is not silent: $(head -n 3 err.txt)"
	[ $want = 0 ] || [ -s err.txt ] || say "nightly fails without a word"
}
good() { sed -n 2p store/good.tsv | cut -f "$1"; }

data=$RECPIPE_ROOT/pipelines/data/ml-latest-small
gzip -dc "$data/ratings.csv.gz" | tr -d '\r' | tr , '\t' > all.tsv
head -n 60000 all.tsv > monday.tsv
# A day on which the logs are garbage: items are noise.
awk -F '\t' -v OFS='\t' 'NR > 1 { $2 = NR * 7919 % 3001 } { print }' monday.tsv > garbage.tsv
# A day on which most logs are missing.
head -n 9000 all.tsv > little.tsv
REDIS=unix://$RECPIPE_TMP/socket
USER_COLUMN=userId ITEM_COLUMN=movieId VALUE_COLUMN=rating MIN=3.5 FACTORS=16 EPOCHS=6
export REDIS USER_COLUMN ITEM_COLUMN VALUE_COLUMN MIN FACTORS EPOCHS

run 2
run 2 store
run 1 store no-such-file.tsv
MAX_FALL=x run 2 store monday.tsv
run 1 --republish store
run 4 store monday.tsv # there is no Redis yet
[ ! -f store/good.tsv ] || say 'a model that was not published is called good'
start
run 0 store monday.tsv
first=$(good 1) lists=$(live)
[ -n "$first" ] && [ -s "store/models/$first/serving-topk.tsv" ] || say 'the model was not kept'
[ "$(ls store/models)" = "$first" ] || say "other models: $(ls store/models)"
run 3 store garbage.tsv
grep -q 'refused: validation metric' err.txt || say "a fallen metric: $(head -n 3 err.txt)"
[ "$(good 1)" = "$first" ] && [ "$(live)" = "$lists" ] || say 'a refused model went live'
MAX_FALL=1 run 3 store little.tsv
grep -q 'refused: lists for' err.txt || say "few users: $(head -n 3 err.txt)"
printf 'userId\tmovieId\trating\n1\t2\tmany\n' > broken.tsv
run 3 store broken.tsv
grep -q 'broken.tsv:2: ' err.txt || say "bad data: the mail does not name the line: $(cat err.txt)"
[ "$(good 1)" = "$first" ] && [ "$(live)" = "$lists" ] || say 'after refusals something else is live'
run 0 store all.tsv
second=$(good 1)
[ "$second" != "$first" ] && [ "$(live)" != "$lists" ] || say 'a good model did not go live'
lists=$(live)
redis-cli -s socket flushall > /dev/null
run 0 --republish store
[ "$(live)" = "$lists" ] || say 'republished lists are others'
redis-cli -s socket shutdown nosave 2> /dev/null
wait "$server"
server=
run 4 store monday.tsv
[ "$(good 1)" = "$second" ] || say 'without Redis another model is called good'
start
flock store/.lock sleep 2 &
sleep 0.5
run 4 store monday.tsv
grep -q 'still at work' err.txt || say "two runs: $(cat err.txt)"
wait %2 2> /dev/null || sleep 2
for pause in 0.1 0.3 0.5 0.7; do
	setsid "$nightly" store monday.tsv > out.txt 2> err.txt &
	pid=$!
	sleep $pause
	kill -9 -- -$pid 2> /dev/null
	wait $pid 2> /dev/null
	model=$(good 1)
	[ -s "store/models/$model/serving-topk.tsv" ] || say 'after kill -9 the good model is not there'
done
MAX_FALL=1 KEEP=2 run 0 store monday.tsv
sleep 1
MAX_FALL=1 KEEP=2 run 0 store monday.tsv
[ "$(ls store/models | wc -l)" = 2 ] || say "KEEP=2 keeps $(ls store/models)"
[ -d "store/models/$(good 1)" ] || say 'the good model was removed'
exit $bad
