#!/bin/sh
# personalize-pieces with REDIS: its tasks, of which a fifth is killed and a fifth runs twice, load what
# load-redis loads of its files at once; a run that is repeated loads nothing again; a server that is not
# there leaves the files, and the next run publishes them.
set -u
. "$RECPIPE_ROOT/tests/release-only.sh"
cd "$RECPIPE_TMP" || exit 1
. "$RECPIPE_ROOT/tests/redis.sh"
pieces=$RECPIPE_ROOT/pipelines/personalize-pieces

awk 'BEGIN { OFS = "\t"; print "user", "item", "time"; srand(5)
	for (u = 0; u < 90; u++) for (i = 0; i < 30; i++) if (rand() < .4) print "u" u, "i" i, 1 }' > rows.tsv
export FACTORS=4 EPOCHS=1 PATIENCE=0 K=5 METRICS=5 VALUE_COLUMN=time PIECES=3 MIN_USER=3 MIN_ITEM=2 PREFIX=p

# dump FILE: what is live
dump()
{
	for key in p:lists p:items; do redis --raw hgetall $key | paste - - | sort; done > "$1"
	redis --raw get p:popular >> "$1"
	redis --raw hmget p:meta lists items popular layout shards >> "$1"
}
REDIS=unix://$PWD/nowhere timeout 120 "$pieces" work rows.tsv > log 2>&1
[ $? = 4 ] || complain "no server: $(tail -n 3 log)"
[ -s work/serving-topk.tsv ] || complain 'no server: the lists are not there'
redis_start
REDIS=$url FAULTS=20 timeout 120 "$pieces" work rows.tsv > log 2>&1 || complain "with REDIS: $(tail -n 3 log)"
grep -q 'serving-topk: as before' log || complain 'what is there is made again'
dump parts
live=$(redis hget p:meta generation)
load-redis -q --redis "$url" --prefix p --items work/items.tsv --popular work/popular.tsv work/serving-topk.tsv ||
	complain 'one load fails'
dump whole
cmp -s whole parts && [ "$(wc -l < whole)" -gt 90 ] || complain "other keys than those of one load: $(diff whole parts | head -n 5)"
REDIS=$url timeout 120 "$pieces" work rows.tsv > log 2>&1 || complain "once more: $(tail -n 3 log)"
[ "$(redis hget p:previous:meta generation)" = "$live" ] || complain 'what is published is published again'
REDIS=private "$pieces" never rows.tsv > log 2>&1
[ $? = 2 ] || complain "REDIS=private: $(cat log)"
exit $bad
