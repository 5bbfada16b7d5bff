#!/bin/sh
# pipelines/simulate-experiment, on a small world: the lists beat chance, and what goes with
# the tracks of the session beats the lists; the same seed
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
# cell FOLDER COLUMN [ARM]: of the effect on listening time
cell() { awk -F '\t' -v name="$2" -v arm="${3:-T1}" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
	$at["metric"] == "time" && $at["treatment"] == arm { print $at[name] }' "$1/effects.tsv"; }
# columns FOLDER: of day two, what does not depend on where the lists lie
columns() { awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
	{ print $at["user"], $at["track"], $at["time"], $at["recommendation"], $at["PERSONALIZED"] }' "$1/day2.tsv"; }

loop one JOBS=2 || say "the loop fails: $(tail -n 3 err.txt)"
cell one percent_lower | awk '{ exit !($1 > 0) }' || say "Indexed does not beat Random: $(cell one percent_lower)"
[ "$(cell one significant)" = 1 ] || say 'the effect is not called significant'
for arm in T1 T2; do
	grep -q "^Arm $arm raises listening time: +" out.txt || say "the verdict: $(tail -n 5 out.txt)"
done
echo "$(cell one treatment_mean T2) $(cell one treatment_mean)" | awk '{ exit !($1 > 1.2 * $2) }' ||
	say "Session does not beat Indexed: $(cell one treatment_mean T2), $(cell one treatment_mean)"
tail -n 1 out.txt | grep -qE '^Tracks heard in a session, in all: C [0-9.]+ \(random\), T1 [0-9.]+ \(indexed\), T2 [0-9.]+ \(session\)\.$' ||
	say "what each arm earns: $(tail -n 1 out.txt)"
grep -q 'simulated: C=random T1=indexed T2=session' one/report.html || say 'the page does not name the recommenders'
grep -q '^+ load-redis .*--neighbors neighbors.tsv' err.txt || say 'the neighbors are not published'
[ "$(cut -f 8 one/day2.tsv | grep -c '^session$')" -gt 5000 ] ||
	say "day two was not answered from the neighbors: $(cut -f 8 one/day2.tsv | sort | uniq -c)"
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
grep -q 'neighbors' err.txt && say "two arms without neighbors: $(grep neighbors err.txt)"
[ "$(cell two significant)" = 0 ] && tail -n 1 out.txt | grep -q 'shows no difference' ||
	say "two equal arms differ: $(tail -n 1 out.txt)"

# Neighbors from the log instead of the model; a method that is none.
loop two JOBS=1 REDIS=none NEIGHBORS=next ARMS='C=random T1=contextual' || say "NEIGHBORS=next: $(tail -n 3 err.txt)"
grep -q '^+ train-items .*--method next' err.txt || say 'NEIGHBORS=next: no train-items'
cell two percent_lower | awk '{ exit !($1 > 0) }' || say "Contextual does not beat Random: $(cell two percent_lower)"
loop five NEIGHBORS=first
[ $? = 2 ] && [ ! -e five ] || say "NEIGHBORS=first: $(cat err.txt)"
loop five NEIGHBORS=knn ARMS='C=random T1=indexed'
[ $? = 2 ] && [ ! -e five ] || say "NEIGHBORS without an arm for them: $(cat err.txt)"
# Arms that next-track would refuse on day two are refused before day one.
for arms in 'C=random T1=nothing' 'C=random C=indexed' 'T1=indexed' 'C=random T1' 'C=random $(touch_x)=indexed'; do
	loop five ARMS="$arms"
	[ $? = 2 ] && [ ! -e five/world ] && [ "$(ls -A five)" = "$(printf '.lock\n.stamps')" ] ||
		say "ARMS=$arms: $(cat err.txt; ls -A five)"
done

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
loop killed REDIS="unix://$RECPIPE_TMP/nobody" # day two was there, and is to be made again
[ $? = 4 ] || say "without the Redis of the URL: $(tail -n 3 err.txt)"
exit $bad
