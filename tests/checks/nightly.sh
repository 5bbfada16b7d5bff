#!/bin/sh
# pipelines/nightly: publishes, prints nothing when all is well, refuses a model that fell,
# keeps the last good one, loads it again, gives way to a run that is still at work,
# mails what went wrong, and survives a lost Redis, signals, kill -9 at any moment and
# while it publishes, and a full disk.
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
awk 'NR == 1 || NR <= 60000 && NR % 9' all.tsv > monday.tsv
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
# Percent in place of shares would never refuse anything.
MAX_SHRINK=50 run 2 store monday.tsv
MAX_DRIFT=1.5 run 2 store monday.tsv
KEEP=08 run 2 store monday.tsv
for gate in x ndcg ndcg@10 ndcg@10:5 ndcg@10:% ndcg@10:-%  ndcg@10:1.2.3% ndcg@0:1% 'ndcg@10 ndcg@5:1%' auc:-1% ':-1%' \
	'$(touch bitten)@1:1%' 'ndcg@$(touch bitten):1%' 'ndcg@10:$(touch bitten)%'; do
	GATE=$gate run 2 store monday.tsv
	grep -q 'GATE is a metric and a margin' err.txt || say "GATE=$gate: $(cat err.txt)"
done
GATE=ndcg@10:-1% MAX_FALL=0.1 run 2 store monday.tsv
grep -q 'MAX_FALL cannot be combined with GATE' err.txt || say "GATE and MAX_FALL: $(cat err.txt)"
[ ! -e bitten ] || say 'a setting was run'
run 1 --republish store
run 4 store monday.tsv # there is no Redis yet
[ ! -f store/good.tsv ] || say 'a model that was not published is called good'
waiting=$(ls store/models) # until the next run
start
run 0 store monday.tsv
first=$(good 1) lists=$(live)
[ -n "$first" ] && [ -s "store/models/$first/serving-topk.tsv" ] || say 'the model was not kept'
[ "$(ls store/models)" = "$(printf '%s\n' "$waiting" "$first")" ] || say "other models: $(ls store/models)"
# So little that no row is drawn for validation: that is what it says.
head -n 12 all.tsv > tiny.tsv
MIN_USER=1 MIN_ITEM=1 run 3 tiny-store tiny.tsv
grep -q 'too little data' err.txt || say "a tiny log: $(tail -n 1 err.txt)"
MIN_USER=1 MIN_ITEM=1 VALIDATION=0 run 3 tiny-store monday.tsv
grep -q '(VALIDATION=0)' err.txt || say "VALIDATION=0: $(tail -n 1 err.txt)"
MAX_FALL=0.1 run 3 store garbage.tsv
grep -q 'refused: validation metric' err.txt || say "a fallen metric: $(head -n 3 err.txt)"
# Better than the old lists on such rows is no reason.
MAX_DRIFT=1 GATE=ndcg@10:100000% run 3 store garbage.tsv
grep -q 'refused: ndcg@10 .* may be as low as +.* (GATE=ndcg@10:100000%)' err.txt || say "a gate: $(head -n 3 err.txt)"
run 3 store garbage.tsv
grep -q 'refused: the last good lists had ndcg@10 .*(MAX_DRIFT=0.5)' err.txt || say "other logs: $(head -n 3 err.txt)"
grep -q '^nightly: exit status 3: refused' err.txt || say "the mail does not tell the status: $(cat err.txt)"
MAIL_COMMAND='cat > mail.txt' "$nightly" store garbage.tsv > out.txt 2> err.txt
[ $? = 3 ] && [ ! -s err.txt ] && grep -q '^nightly: exit status 3: refused' mail.txt &&
	grep -q '^The end of .*/logs/' mail.txt && [ "$(wc -l < mail.txt)" -gt 20 ] || say "by MAIL_COMMAND: $(cat mail.txt err.txt)"
MAIL_COMMAND='exit 1' run 3 store garbage.tsv
grep -q 'exit status 3: refused' err.txt && grep -q 'MAIL_COMMAND failed as well' err.txt ||
	say "when the mail cannot be sent: $(cat err.txt)"
[ "$(good 1)" = "$first" ] && [ "$(live)" = "$lists" ] || say 'a refused model went live'
MAX_FALL=1 run 3 store little.tsv
grep -q 'refused: lists for' err.txt || say "few users: $(head -n 3 err.txt)"
printf 'userId\tmovieId\trating\n1\t2\tmany\n' > broken.tsv
run 3 store broken.tsv
grep -q 'broken.tsv:2: ' err.txt || say "bad data: the mail does not name the line: $(cat err.txt)"
[ "$(good 1)" = "$first" ] && [ "$(live)" = "$lists" ] || say 'after refusals something else is live'
# Where Redis has lost all, a run that publishes nothing puts the last good lists back.
redis-cli -s socket flushall > /dev/null
run 3 store broken.tsv
grep -q '^nightly: exit status 3: .*; Redis had no lists: the last good ones are there again$' err.txt ||
	say "lists that were lost: $(head -n 3 err.txt)"
[ "$(good 1)" = "$first" ] && [ "$(live)" = "$lists" ] || say 'lists that were lost are not there again'
# The new model is about as good as the old one, but 380 users do not tell that to half a percent.
run 3 store all.tsv
grep -q 'may be as low as -.* (GATE=ndcg@10:-0.5%)' err.txt || say "a gate too narrow: $(head -n 3 err.txt)"
[ "$(good 1)" = "$first" ] && [ "$(live)" = "$lists" ] || say 'what the gate refused went live'
# What it compared: the old lists, less what was heard since, for the users whom they have.
tonight=store/work
awk -F '\t' -v gate=$tonight/gate.tsv '
	FNR == 1 { file++; next }
	file == 1 { old[$1] = old[$1] " " $3 }
	file == 2 { new[$1] = new[$1] " " $3 }
	file == 3 && $4 == "test" { wanted[$1] = wanted[$1] " " $2 " "; n[$1]++ }
	file == 3 && $4 != "test" { heard[$1, $2] }
	function ndcg(user, list,    item, m, i, r, dcg, ideal) {
		m = split(list, item, " ")
		for (i = 1; i <= m && r < 10; i++)
			if (!((user, item[i]) in heard)) {
				r++
				if (index(wanted[user], " " item[i] " "))
					dcg += log(2) / log(r + 1)
			}
		for (i = 1; i <= 10 && i <= n[user]; i++)
			ideal += log(2) / log(i + 1)
		return dcg / ideal
	}
	END {
		for (u in wanted)
			if (u in old) {
				users++
				a += ndcg(u, old[u])
				b += ndcg(u, new[u])
			}
		getline < gate
		getline < gate
		split($0, got, "\t")
		if (users < 300 || got[13] != users || (a / users - got[2]) ^ 2 > 1e-18 || (b / users - got[3]) ^ 2 > 1e-18) {
			print users, a / users, b / users, "wanted, got", $0
			exit 1
		}
	}' "store/models/$first/topk.tsv" $tonight/topk.tsv $tonight/dataset.tsv || say 'the gate compares something else'
SEED=7 run 3 store all.tsv
grep -q 'refused: the split was SEED= TEST= VALIDATION= and is SEED=7 ' err.txt || say "another split: $(head -n 3 err.txt)"
GATE=ndcg@10:-1% TEST=0 run 3 store all.tsv
grep -q 'no test rows to judge by' err.txt || say "no test rows: $(head -n 3 err.txt)"
GATE=ndcg@10:-10% run 0 store all.tsv
second=$(good 1)
[ "$second" != "$first" ] && [ "$(live)" != "$lists" ] || say 'a good model did not go live'
lists=$(live)
redis-cli -s socket flushall > /dev/null
run 0 --republish store
[ "$(live)" = "$lists" ] || say 'republished lists are others'
redis-cli -s socket shutdown nosave 2> /dev/null
wait "$server"
server=
GATE=none run 4 store monday.tsv
grep -q 'The next run, or --republish, publishes these lists' err.txt || say "without Redis: $(head -n 3 err.txt)"
[ "$(good 1)" = "$second" ] || say 'without Redis another model is called good'
# Its lists passed all guards: Redis gets them when it is there again.
waiting=$(sed -n 2p store/publishing.tsv | cut -f 1)
start
run 0 --republish store
[ -n "$waiting" ] && [ "$(good 1)" = "$waiting" ] && [ ! -e store/publishing.tsv ] && [ "$(live)" != "$lists" ] ||
	say 'lists that waited for Redis are not live'
(flock 7 && exec sleep 60) 7>> store/.lock &
other=$!
until ! flock -n store/.lock true; do sleep 0.01; done
run 4 store monday.tsv
grep -q 'still at work' err.txt || say "two runs: $(cat err.txt)"
kill $other
wait $other 2> /dev/null
for pause in 0.1 0.3 0.5 0.7; do
	setsid "$nightly" store monday.tsv > out.txt 2> err.txt &
	pid=$!
	sleep $pause
	kill -s KILL -- "-$pid" 2> /dev/null
	wait $pid 2> /dev/null
	model=$(good 1)
	[ -s "store/models/$model/serving-topk.tsv" ] || say 'after kill -9 the good model is not there'
done

# What is called good is there and is live; nobody is at work any more.
whole()
{
	[ -s "store/models/$(good 1)/serving-topk.tsv" ] || say "$1: the good model is not there"
	flock -n store/.lock true || say "$1: something is still at work"
	awk -F '\t' 'NR > 1 { list[$1] = list[$1] "\t" $3 }
		END { for (u in list) print u list[u] }' "store/models/$(good 1)/serving-topk.tsv" |
		sort > wanted.txt
	redis-cli -s socket --raw hgetall recs:lists | paste - - | sort | cmp -s - wanted.txt ||
		say "$1: what is called good is not live"
}
flock store/.lock true # what the script had started works on, and holds the lock
run 0 --republish store
whole 'after kill -9'

# Signals: it ends soon, and so do the tools. Training takes its time here.
mkdir slow shims
for tool in "$RECPIPE_BIN"/*; do
	ln -s "$tool" slow/
	ln -s "$tool" shims/
done
rm slow/train-mf
printf '#!/bin/sh\nsleep 4\nexec "%s/train-mf" "$@"\n' "$RECPIPE_BIN" > slow/train-mf
chmod +x slow/train-mf
for pause in 0.2 1; do
	rm -rf store/work
	logs=$(ls store/logs | wc -l)
	RECPIPE_BIN=$RECPIPE_TMP/slow "$nightly" store all.tsv > out.txt 2> err.txt &
	pid=$!
	until [ "$(ls store/logs | wc -l)" -gt $logs ]; do sleep 0.01; done
	sleep $pause
	kill -TERM $pid
	wait $pid
	got=$?
	[ $got = 143 ] && grep -q 'exit status 143: ended by SIGTERM' err.txt ||
		say "SIGTERM after $pause s: exit status $got: $(cat err.txt)"
	whole "SIGTERM after $pause s"
done

# Only the script is killed, its tools work on: the next run gives way, then goes on.
rm -rf store/work
RECPIPE_BIN=$RECPIPE_TMP/slow "$nightly" store all.tsv > out.txt 2> err.txt &
pid=$!
sleep 1
kill -9 $pid
wait $pid 2> /dev/null
run 4 store all.tsv
flock store/.lock true
whole 'after kill -9 of the script alone'

# Killed while it publishes, before and after the lists went live: finished later.
rm shims/load-redis
for when in before after; do
	{
		echo '#!/bin/sh'
		[ $when = after ] || echo 'kill -9 $PPID; exit 1'
		printf '"%s/load-redis" "$@"\nkill -9 $PPID\n' "$RECPIPE_BIN"
	} > shims/load-redis
	chmod +x shims/load-redis
	before=$(good 1)
	sleep 1
	RECPIPE_BIN=$RECPIPE_TMP/shims MAX_FALL=1 "$nightly" store monday.tsv > out.txt 2> err.txt
	[ $? = 137 ] || say "killed $when the publication: exit status $?"
	flock store/.lock true # the tool that killed it may not have ended yet
	[ "$(good 1)" = "$before" ] && [ -f store/publishing.tsv ] || say "killed $when: no trace of it"
	if [ $when = before ]; then run 0 --republish store; else MAX_FALL=1 run 0 store monday.tsv; fi
	[ "$(good 1)" != "$before" ] && [ ! -f store/publishing.tsv ] || say "killed $when: not finished"
	whole "killed $when the publication"
done

# A full disk, at many places: writes beyond a size fail, and so do those to a small
# file system where one can be mounted.
for blocks in 0 2 20 100 300 600 900 1200; do
	rm -rf store/work
	before=$(good 1)
	(
		trap '' XFSZ
		ulimit -f $blocks
		MAX_FALL=1 exec "$nightly" store monday.tsv > /dev/null 2> "$RECPIPE_TMP/fifo.txt"
	)
	got=$?
	[ $got = 1 ] || [ $got = 0 ] || say "no room beyond $blocks blocks: exit status $got: $(cat fifo.txt)"
	[ $got != 0 ] || [ $blocks -gt 600 ] || say "no room beyond $blocks blocks, and all is well?"
	[ $got = 0 ] || [ "$(good 1)" = "$before" ] || say "no room beyond $blocks blocks: failed and published"
	whole "no room beyond $blocks blocks"
done
cat > small.sh << 'END'
mkdir -p small && mount -t tmpfs -o size="$1" none small && cp -R store small/ || exit 77
MAX_FALL=1 "$nightly" small/store monday.tsv
END
export nightly
for room in 100 1000 3000 5000 6200; do
	rm -rf store/work
	unshare -rm sh small.sh $(($(du -sk store | cut -f 1) + room))k > out.txt 2> err.txt
	got=$?
	[ $got != 77 ] || break # not allowed here
	printf '%s KB are left: exit status %s: %s\n' $room $got "$(head -n 1 err.txt)"
	[ $got = 1 ] && grep -q 'No space left' err.txt || say "$room KB left: exit status $got: $(cat err.txt)"
done
run 0 --republish store
whole 'after full disks'
MAX_FALL=1 KEEP=2 run 0 store monday.tsv
sleep 1
MAX_FALL=1 KEEP=2 run 0 store monday.tsv
[ "$(ls store/models | wc -l)" = 2 ] || say "KEEP=2 keeps $(ls store/models)"
[ -d "store/models/$(good 1)" ] || say 'the good model was removed'
# A recipe: neighbors in place of a model. There is no validation metric, so MAX_FALL is of no use;
# RECPIPE_BIN may be relative.
printf 'model\toption\tvalue\n1\tfamily\tknn\n1\tshrink\t10\n' > knn.tsv
unset FACTORS
MODEL=knn.tsv MAX_FALL=1 run 3 store monday.tsv
grep -q 'no validation metric, which MAX_FALL is about' err.txt || say "MAX_FALL and a recipe: $(head -n 3 err.txt)"
(PATH=/usr/bin:/bin RECPIPE_BIN=tools MODEL=knn.tsv GATE=recall@20:-90% && export PATH RECPIPE_BIN MODEL GATE &&
	exec "$nightly" store monday.tsv) > out.txt 2> err.txt || say "a recipe: $(cat err.txt)"
[ ! -s err.txt ] && cmp -s knn.tsv "store/models/$(good 1)/recipe.tsv" && [ -z "$(good 2)" ] &&
	[ -s "store/models/$(good 1)/serving-neighbors.tsv" ] && [ ! -f "store/models/$(good 1)/serving.tsv" ] ||
	say "a recipe: what is kept: $(ls "store/models/$(good 1)")"
whole 'a recipe'
# A store of an earlier version has no lists to compare with.
rm "store/models/$(good 1)/topk.tsv"
MODEL=knn.tsv run 3 store monday.tsv
grep -q 'no lists for evaluation, and this one no validation metric; run once with GATE=none' err.txt ||
	say "an old store: $(head -n 3 err.txt)"
MODEL=knn.tsv GATE=none run 0 store monday.tsv
[ "$(cat store/models/*/heard.tsv | wc -l)" -gt 1 ] || say 'GATE=none leaves nothing that the next night can be compared with'
exit $bad
