#!/bin/sh
# A generation in parts: load-redis --stage from tasks that are killed, tried again, run twice at once;
# --publish makes live what one load makes, or nothing where a part is missing. What comes too late, or
# differs, changes nothing.
set -u
cd "$RECPIPE_TMP" || exit 1
. "$RECPIPE_ROOT/tests/redis.sh"

awk 'BEGIN { OFS = "\t"; print "user", "rank", "item"
	for (u = 1; u <= 6000; u++) for (k = 1; k <= 10; k++) print "u" u, k, "i" (u * 31 + k) % 997 }' > all.tsv
for k in 1 2 3 4; do
	awk -F '\t' -v k=$k 'NR == 1 || substr($1, 2) % 4 + 1 == k' all.tsv > part.$k
done
printf 'item\nhit-1\nhit-2\n' > popular.tsv
awk 'BEGIN { print "item"; for (i = 0; i < 300; i++) print "item-" i }' > items.tsv
awk 'BEGIN { OFS = "\t"; print "item", "neighbor", "weight"; for (i = 1; i < 9; i++) print "i" i, "i" i + 1, .5 }' > neighbors.tsv

# stage GENERATION K WORD...: part K of 4
stage()
{
	its=$1 k=$2
	shift 2
	timeout 60 load-redis --redis "$url" --prefix p --stage "$its" --part "$k/4" "$@" 2> err
	rc=$?
}
# publish GENERATION WORD...
publish()
{
	its=$1
	shift
	timeout 60 load-redis --redis "$url" --prefix p --publish "$its" --parts 4 "$@" 2> err
	rc=$?
}
# says WHAT STATUS PATTERN
says()
{
	[ "$rc" = "$2" ] || complain "$1: exit status $rc, not $2: $(cat err)"
	[ -z "${3:-}" ] || grep -qE -- "$3" err || complain "$1: it says $(cat err), not $3"
}
# dump FILE GENERATION: every key but the record, with what it holds; the generation's name and the
# moment are replaced
dump()
{
	redis --raw keys '*' | grep -v ':published$' | sort | while read -r key; do
		echo "= $key"
		case $key in
		*popular) redis --raw get "$key" ;;
		*) redis --raw hgetall "$key" | paste - - | sort ;;
		esac
		redis --raw ttl "$key" | sed 's/^[1-9].*/expires/'
	done | sed "s/$2/GENERATION/g; s/^published_ms.*/published_ms/; s/^input.*/input/" > "$1"
}
id() { redis --raw hget p:meta generation; }

redis_start
beside='--items items.tsv --popular popular.tsv --neighbors neighbors.tsv'

# ---- the keys are those of one load ------------------------------------------------------------
for words in '' '--shards 3'; do
	redis flushall > /dev/null
	# shellcheck disable=SC2086
	timeout 60 load-redis -q --redis "$url" --prefix p $beside $words all.tsv || complain 'one load fails'
	dump whole "$(id)"
	redis flushall > /dev/null
	# In any order; twice, one after the other; and at once, of which one is killed.
	for k in 3 1 3; do
		# shellcheck disable=SC2086
		stage g1 $k $words part.$k
		says "part $k" 0
	done
	publish g1 $beside
	says "parts are missing ($words)" 3 'lacks 2 of 4 parts: 2, 4; nothing is live'
	[ "$(redis exists p:meta)" = 0 ] || complain 'half a generation is live'
	for round in 1 2 3 4; do
		mkfifo way
		# shellcheck disable=SC2086
		load-redis --redis "$url" --prefix p --stage g1 --part 2/4 --window 1 $words < way 2> /dev/null &
		one=$!
		exec 8> way
		head -n $((round * 3000)) part.2 >&8
		sleep 0.05
		kill -9 $one || complain 'there was nothing to kill'
		wait $one 2> /dev/null
		exec 8>&-
		rm way
	done
	[ "$(redis --raw keys 'p:*g1*' | wc -l)" -ge 2 ] || complain 'nothing came before the kills'
	# shellcheck disable=SC2086
	stage g1 2 $words part.2
	says 'part 2 after kills' 0
	# shellcheck disable=SC2086
	{ stage g1 4 $words part.4; echo $rc > twin.rc; } &
	# shellcheck disable=SC2086
	stage g1 4 $words part.4
	says 'a twin' 0
	wait $!
	[ "$(cat twin.rc)" = 0 ] || complain 'the other twin fails'
	for key in $(redis --raw keys '*'); do
		[ "$(redis --raw ttl "$key")" -gt 0 ] || complain "staged: $key does not expire"
	done
	publish g1 $beside
	says 'publish' 0
	dump parts g1
	cmp -s whole parts || complain "other keys than those of one load ($words): $(diff whole parts | head -n 5)"

	# ---- too late ----------------------------------------------------------------------------------
	publish g1 $beside
	says 'published twice' 0
	# shellcheck disable=SC2086
	stage g1 2 $words part.2
	says 'a task that comes late' 0
	sed 's/i5$/other/' part.2 > changed.2
	# shellcheck disable=SC2086
	stage g1 2 $words changed.2
	says 'another task that comes late' 3 'part 2/4 with other lists'
	dump late g1
	cmp -s whole late || complain "what came late changed what is live ($words): $(diff whole late | head -n 5)"
done

# A task is under way while the others publish, whose part was there by a twin.
for words in '' '--shards 3'; do
	redis flushall > /dev/null
	mkfifo way
	# shellcheck disable=SC2086
	timeout 60 load-redis --redis "$url" --prefix p --stage g2 --part 1/4 --window 1 $words < way 2> late.err &
	late=$!
	exec 8> way
	head -n 9001 part.1 >&8
	for k in 1 2 3 4; do
		# shellcheck disable=SC2086
		stage g2 $k $words part.$k
		says "beside another, part $k" 0
	done
	publish g2
	says 'beside another' 0
	dump before g2
	tail -n +9002 part.1 >&8
	exec 8>&-
	wait $late
	[ $? = 0 ] || complain "a task that was under way at the publication: $(cat late.err)"
	dump after g2
	cmp -s before after || complain "a task that was under way changed what is live ($words): $(diff before after | head -n 5)"
	rm way
done

# ---- refusals -----------------------------------------------------------------------------------
redis flushall > /dev/null
timeout 60 load-redis -q --redis "$url" --prefix p all.tsv || complain 'one load fails'
old=$(id)
for k in 1 2 3; do stage g3 $k part.$k; done
stage g3 3 part.4
says 'another part 3' 3 'part 3/4 with other lists'
stage g3 4 part.3
says 'users of another part' 0 # equal lists: seen when they are counted
publish g3
says 'users of two parts' 3 'its parts had 6000 lists, and there are 4500'
for k in 1 2 3; do stage g4 $k part.$k; done
sed 's/^u3	/u4	/' part.4 > changed.4
stage g4 4 changed.4
says 'a user of another part' 3 'another list of user "u4"'
stage g4 4 part.4
timeout 60 load-redis --redis "$url" --prefix p --stage g4 --part 4/5 part.4 2> err
rc=$?
says 'another number of parts' 3 'has 4 parts and --shards 1, not 5 and 1'
stage g4 4 --shards 2 part.4
says 'other shards' 3 'not 4 and 2'
publish g4 --max-shrink 0 --min-rows 7000
says 'too few' 3 'fewer than --min-rows'
timeout 60 load-redis --redis "$url" --prefix p --publish g4 --parts 5 2> err
rc=$?
says 'publish: another number of parts' 3 'has 4 parts, not 5'
publish never
says 'no such generation' 3 'has no parts'
[ "$(id)" = "$old" ] || complain 'a refusal changes what is live'
{ cat part.1; tail -n +2 part.1; } > twice.1
stage g5 1 twice.1
says 'a user twice' 3
stage g5 1 part.nothing
says 'no file' 1
redis hdel p:g4:lists u9 > /dev/null
publish g4
says 'a list that was lost' 3 'its parts had 6000 lists, and there are 5999'
[ "$(id)" = "$old" ] || complain 'a lost list changes what is live'

# A part without lists; the generation that a rollback brings back and one that has gone are other names.
head -n 1 part.1 > part.none
for k in 1 2 3; do stage g6 $k part.$k; done
stage g6 4 part.none
says 'a part without lists' 0
publish g6
says 'a part without lists' 0
redis del p:g6:published > /dev/null
stage g6 1 part.1
says 'a name that is live' 3 'was published before'
timeout 60 load-redis --redis "$url" --prefix p --rollback
publish g6
says 'a name that was live' 3 'was published before, and is not live any more'

# What is given up goes by itself; a server that has lost what it had ends a task with 4.
stage g7 1 --staging-ttl 1s part.1
says 'short' 0
sleep 1.3
[ -z "$(redis --raw keys 'p:g7:*')" ] || complain "an abandoned generation stays: $(redis --raw keys 'p:g7:*')"
mkfifo way
timeout 60 load-redis --redis "$url" --prefix p --stage g8 --part 1/4 --window 1 < way 2> err &
late=$!
exec 8> way
head -n 9001 part.1 >&8
tries=0
until [ "$(redis exists p:g8:lists)" = 1 ] || [ $tries = 200 ]; do
	tries=$((tries + 1))
	sleep 0.05
done
redis_crash
redis_start
tail -n +9002 part.1 >&8
exec 8>&-
wait $late
rc=$?
says 'a server that was restarted' 4

# What is staged, and not published, is listed: when nothing is live, beside what is, and of this prefix alone.
# lists WHAT STATUS WANT: the rows about it, with the seconds as far as they are few
lists()
{
	timeout 60 load-redis --redis "$url" --prefix p --status > table 2> err
	rc=$?
	says "$1" "$2"
	grep '^staged' table | sed 's/^\(staged_seconds .*\)\t[0-9]\{1,2\}$/\1\tfew/' > got
	printf "$3" | cmp -s - got || complain "$1: $(cat table)"
}
redis flushall > /dev/null
lists 'nothing is staged' 3 ''
stage g8 3 part.3
stage g8 2 part.2
timeout 60 load-redis --redis "$url" --prefix p --stage g10 --part 7/9 part.1 || complain 'a part of nine'
timeout 60 load-redis --redis "$url" --prefix p:q --stage g11 --part 1/2 part.1 || complain 'another prefix'
redis set 'p:a b:stage' x > /dev/null
ten='staged g10\t1/9\nstaged_missing g10\t1, 2, 3, 4, 5, ...\nstaged_seconds g10\tfew\n'
lists 'nothing is live' 3 "${ten}staged g8\t2/4\nstaged_missing g8\t1, 4\nstaged_seconds g8\tfew\n"
[ "$(head -n 1 table)" = "$(printf 'name\tvalue')" ] && grep -q '^load-redis: nothing is live' err || complain "nothing is live: $(cat table err)"
stage g8 1 part.1
stage g8 4 part.4
publish g8
lists 'one is live' 0 "$ten"
redis hset p:g10:stage began_ms $(($(date +%s) * 1000 - 3600000)) > /dev/null
timeout 60 load-redis --redis "$url" --prefix p --status | grep -q '^staged_seconds g10	36[0-9][0-9]$' || complain 'an hour is not one'
redis hdel p:g10:stage began_ms > /dev/null # as an older load-redis wrote it
timeout 60 load-redis --redis "$url" --prefix p --status | grep -q '^staged_seconds g10	$' || complain 'seconds of an older one'

# A user who may run what the page names, and no more.
redis flushall > /dev/null
redis acl setuser few on nopass '~*' '&*' -@all +ping +info +hset +hmget +hget +hlen +exists +expire +unlink \
	+watch +multi +exec +rename +persist +eval +hsetnx +hexists +hgetall > /dev/null
own=$url url=unix://few@$redis_folder/s REDISCLI_AUTH=any
export REDISCLI_AUTH
for k in 1 2 3 4; do stage g9 $k --shards 2 part.$k; done
publish g9
says 'few commands' 0
timeout 60 load-redis --redis "$url" --prefix p --status > table 2> err
rc=$?
says 'without scan' 0 '^load-redis: generations that are staged are not listed: .*scan'
grep -q '^generation	g9$' table || complain "without scan: $(cat table)"
redis acl setuser few +scan > /dev/null
timeout 60 load-redis --redis "$url" --prefix p --status > table 2> err
rc=$?
says 'with scan' 0
[ ! -s err ] || complain "with scan: $(cat err)"
unset REDISCLI_AUTH
url=$own

# A server whose replies are of another kind (nothing is taken for text that is none).
for k in 1 2 3 4; do stage g10 $k part.$k; done
proxy --times 0 answer HGETALL "$(printf '*2\r\n:1\r\n:2')"
own=$url url=$proxied
publish g10
says 'numbers in place of parts' 1 'HGETALL: unexpected reply'
timeout 60 load-redis --redis "$url" --prefix p --status > out 2> err
rc=$?
says 'numbers in place of a description' 1 'HGETALL: unexpected reply'
proxy_stop
url=$own

for words in '--stage g' '--part 1/2' '--publish g' '--parts 2' '--stage g --part 0/2' '--stage g --part 3/2' '--stage g --part 1' \
	'--stage a:b --part 1/2' '--stage previous --part 1/2' '--stage g --part 1/2 --items items.tsv' '--publish g --parts 2 all.tsv' \
	'--stage g --part 1/2 --layout string' '--stage g --part 1/2 --min-rows 2' '--publish gen --parts 1'; do
	# shellcheck disable=SC2086
	timeout 60 load-redis --redis "$url" --prefix p $words < all.tsv 2> err
	rc=$?
	says "usage: $words" 2
done
exit $bad
