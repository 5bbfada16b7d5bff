#!/bin/sh
# pipelines/simulate-experiment, on a small world: the lists beat chance, the same seed
# gives the same bytes whatever the number of recommenders, with Redis and without; two
# equal arms do not differ; what is done is not done again, what was killed goes on.
set -u
cd "$RECPIPE_TMP" || exit 1
for tool in redis-server redis-cli setsid gnuplot; do
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
# Tools that nobody builds anew meanwhile.
cp -R "$RECPIPE_BIN" tools || exit 1
RECPIPE_BIN=$RECPIPE_TMP/tools
USERS=600 TRACKS=400 ARTISTS=60 GENRES=6 SESSIONS=4 TUNE=3 EPOCHS=6 K=30
export USERS TRACKS ARTISTS GENRES SESSIONS TUNE EPOCHS K
# loop FOLDER [NAME=VALUE]..
loop()
{
	folder=$1
	shift
	env "$@" "$RECPIPE_ROOT/pipelines/simulate-experiment" "$folder" > out.txt 2> err.txt
}
# cell FOLDER COLUMN: of the effect on listening time
cell() { awk -F '\t' -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
	$at["metric"] == "time" { print $at[name] }' "$1/effects.tsv"; }
# columns FOLDER: of day two, what does not depend on where the lists lie
columns() { awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
	{ print $at["user"], $at["track"], $at["time"], $at["recommendation"], $at["PERSONALIZED"] }' "$1/day2.tsv"; }

loop one JOBS=2 || say "the loop fails: $(tail -n 3 err.txt)"
cell one percent_lower | awk '{ exit !($1 > 0) }' || say "Indexed does not beat Random: $(cell one percent_lower)"
[ "$(cell one significant)" = 1 ] || say 'the effect is not called significant'
tail -n 1 out.txt | grep -q '^Arm T1 raises listening time: +' || say "the verdict: $(tail -n 1 out.txt)"
grep -q '</html>' one/report.html || say 'there is no page'
grep -q '^+ tune-hparams ' err.txt && grep -q '^+ load-redis ' err.txt || say 'no search, or no Redis'
[ ! -e one/redis.socket ] || say 'the private server was left behind'
[ "$(cut -f 8 one/day2.tsv | grep -c '^indexed$')" -gt 5000 ] ||
	say "day two was not answered from the lists: $(cut -f 8 one/day2.tsv | sort | uniq -c)"
loop two JOBS=1 || say "one recommender: $(tail -n 3 err.txt)"
for file in day1.tsv day2.tsv episodes2.tsv effects.tsv model/serving-topk.tsv; do
	cmp one/$file two/$file || say "$file: one recommender and two give different ones"
done
loop two JOBS=1 REDIS=none || say "without Redis: $(tail -n 3 err.txt)"
columns one > a
columns two > b
cmp a b || say 'lists from the file give another day than lists from Redis'
loop one JOBS=2 || say 'again: it fails'
grep '^+' err.txt | grep -v '^+ cd ' && say 'commands ran again for nothing'

loop two JOBS=1 REDIS=none ARMS='C=random T1=random' || say "A/A: $(tail -n 3 err.txt)"
grep -q '^= day1' err.txt && grep -q '^+ simulate-sessions .*--day 2' err.txt || say 'another experiment: not day two alone'
[ "$(cell two significant)" = 0 ] && tail -n 1 out.txt | grep -q 'shows no difference' ||
	say "two equal arms differ: $(tail -n 1 out.txt)"

# A world that is there already, the course's names of files.
mkdir course && cp one/world/tracks.tsv one/world/embeddings.tsv course &&
	awk -F '\t' 'NR > 1 { print "{\"user\": " $1 ", \"interests\": [" $2 "], \"consume_bias\": " $3 ", \"consume_sharpness\": " $4 "}" }' \
		one/world/users.tsv | gzip > course/users.json.gz
loop three WORLD=course REDIS=none || say "WORLD: $(tail -n 3 err.txt)"
cmp one/day1.tsv three/day1.tsv || say 'the same world gives another day'
loop four WORLD=tools && say 'a world without tracks will do'
grep -q 'there is no tracks.tsv' err.txt || say "a world without tracks: $(cat err.txt)"

for pause in 0.2 0.5 0.9 1.4 2; do
	setsid "$RECPIPE_ROOT/pipelines/simulate-experiment" killed > out.txt 2> err.txt &
	pid=$!
	sleep $pause
	kill -s KILL -- "-$pid" 2> /dev/null
	wait $pid 2> /dev/null
done
loop killed || say "after kill -9 it does not come to its end: $(tail -n 3 err.txt)"
cmp one/effects.tsv killed/effects.tsv || say 'after kill -9 the effects are others'
loop killed REDIS="unix://$RECPIPE_TMP/nobody"
[ $? = 4 ] || say "without the Redis of the URL: $(tail -n 3 err.txt)"
exit $bad
