#!/bin/sh
# Every layout of load-redis is served alike; what is old goes away; a delta is read
# first and ends with the next full load.
set -u
cd "$RECPIPE_TMP" || exit 1
. "$RECPIPE_ROOT/tests/redis.sh"

for seed in i j k; do
	awk -v seed=$seed 'BEGIN { OFS = "\t"; print "user", "rank", "item", "score"
		for (u = 0; u < 400; u++)
			for (k = 1; k <= 1 + u % 250; k++)
				print u, k, seed (u * 7 + k) % 300, 1 / k }' > $seed.tsv
done
awk 'BEGIN { print "item"; for (i = 0; i < 300; i++) print "i" i "\nj" i "\nk" i }' > items.tsv
awk 'BEGIN { OFS = "\t"; print "message", "user", "track", "time"
	for (i = 0; i < 5000; i++) print "next", i * 37 % 450, "i" i % 300, 0.5 }' > requests.tsv
redis_start
# served WHAT SEED: the answers are those of the file
served()
{
	next-track --recs "$2.tsv" --items items.tsv requests.tsv > want.out || complain 'from a file'
	next-track --redis "$url" --prefix p --items items.tsv --pipeline requests.tsv > got.out ||
		complain "$1: next-track failed"
	cmp -s want.out got.out || complain "$1: the answers are not those of $2.tsv"
}
load()
{
	timeout 120 load-redis --redis "$url" --prefix p "$@" || complain "load-redis $*: exit status $?"
}
for layout in hash '--shards 16' '--layout string' '--layout list --ttl 1h'; do
	case $layout in hash) words= ;; *) words=$layout ;; esac
	redis flushall > /dev/null
	load $words i.tsv
	served "$layout" i
	load $words j.tsv
	served "$layout, the next" j
	load --rollback
	served "$layout, back" i
	load --rollback
	load $words k.tsv
	served "$layout, the third" k
	# another layout over it, and back
	load i.tsv
	served "$layout, then a hash" i
	load --rollback
	served "$layout, back from a hash" k
	load $words i.tsv
	load $words j.tsv
	case $layout in
	hash) most=4 ;;
	'--shards 16') most=34 ;;
	*) most=99999 ;;
	esac
	n=$(redis --raw dbsize)
	[ "$n" -le $most ] || complain "$layout: $n keys are left, $most at most were due"
	case $layout in
	--layout*)
		key=$(redis --raw keys 'p:gen:*' | head -n 1)
		[ "$(redis --raw ttl "$key")" -gt 3000 ] || complain "$layout: its keys live for ever, or not long"
		;;
	*) redis --raw keys '*' | while read -r key; do redis --raw ttl "$key"; done | grep -qv '^-1$' &&
		complain "$layout: something that is live has a time to live" ;;
	esac
done

# twice in the input: refused, and nothing is left of it
for words in '' '--shards 16' '--layout string' '--layout list'; do
	redis flushall > /dev/null
	load $words i.tsv
	{ cat j.tsv; printf '5\t1\tj1\t1\n'; } | timeout 120 load-redis --redis "$url" --prefix p $words 2> err
	rc=$?
	[ $rc = 3 ] || complain "a user twice, $words: exit status $rc"
	grep -q 'user "5"' err || complain "a user twice, $words: $(cat err)"
	served "a user twice, $words" i
	case $words in
	--layout*) ;;
	*) [ "$(redis --raw dbsize)" -le 18 ] || complain "a user twice, $words: keys are left" ;;
	esac
done

# the connection is cut while lists of several commands are on their way
for words in '--shards 16' '--layout string' '--layout list'; do
	redis flushall > /dev/null
	(
		i=0
		while [ $i -lt 8 ]; do
			i=$((i + 1))
			redis client kill type normal > /dev/null
			sleep 0.01
		done
	) &
	timeout 120 load-redis --redis "$url" --prefix p --retries 50 -q --window 50 $words j.tsv ||
		complain "$words: a load whose connection was cut failed"
	wait $!
	served "$words, cut" j
done

# a delta
redis flushall > /dev/null
load i.tsv
printf 'user\trank\titem\tscore\n7\t1\tk7\t1\n449\t1\tk8\t1\n' | load --delta
next-track --redis "$url" --prefix p --items items.tsv --pipeline requests.tsv > got.out
awk -F '\t' 'NR > 1 && ($1 == 7 && $2 $3 != "k7delta" || $1 == 449 && $2 $3 != "k8delta") { bad++ }
	NR > 1 && $3 == "delta" { n++ }
	END { exit !(n > 10 && !bad) }' got.out || complain 'a delta is not read first'
timeout 120 load-redis --redis "$url" --prefix p --status | grep -q '^delta	2$' || complain '--status: delta'
load j.tsv
served 'after a delta' j
exit $bad
