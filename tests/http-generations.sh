# http-generations.sh - generations that are published while serve-http answers; sourced after http.sh and redis.sh.
#
#	generations_make LISTS        a.tsv, b.tsv and a.packed, b.packed: the same lists of u0, u1, ..., whose items
#	                              begin with a or b; items.tsv
#	put_packed LETTER, put_redis LETTER
#	                              publishes one of them
#	under_load WHAT PUBLISH TIMES SECONDS ARGUMENT..
#	                              serve-http ARGUMENT.. --log log.tsv with two workers under load, while PUBLISH is
#	                              called with a and b in turns, TIMES times, one every SECONDS; complains of
#	                              failures, lists of two generations, and rows that the log has not
# shellcheck shell=sh disable=SC2154

generations_make()
{
	for letter in a b; do
		awk -v letter=$letter -v n="$1" 'BEGIN { OFS = "\t"; print "user", "rank", "item", "score"
			for (u = 0; u < n; u++) for (k = 1; k <= 50; k++) print "u" u, k, letter (u * 7 + k) % 900, 1 / k }' > $letter.tsv
		head -n 1 $letter.tsv > none.tsv
		blend-topk -q --packed -o $letter.packed $letter.tsv none.tsv || complain 'no packed lists'
	done
	awk 'BEGIN { print "item"; for (i = 0; i < 900; i++) print "a" i "\nb" i }' > items.tsv
}

put_packed() { cp "$1.packed" new.packed && mv new.packed live.packed; }
put_redis() { timeout 60 load-redis -q --redis "$url" --prefix p --items items.tsv "$1.tsv"; }

# Seconds until the time $1, as an argument of sleep.
until_then() { awk -v then="$1" -v now="$(date +%s.%N)" 'BEGIN { print (then > now ? then - now : 0) }'; }

under_load()
{
	what=$1 publish=$2 times=$3 seconds=$4
	shift 4
	rm -f log.tsv stop
	steps=0 done=0
	serve --workers 2 "$@" --log log.tsv
	"$client" "$port" load stop 8 > loaded &
	loader=$!
	start=$(date +%s.%N)
	while [ $done -lt "$times" ]; do
		steps=$((steps + $("$client" "$port" pipeline 500)))
		done=$((done + 1))
		sleep "$(until_then "$(awk -v start="$start" -v n=$done -v s="$seconds" 'BEGIN { printf "%.3f", start + n * s }')")"
		if [ $((done % 2)) = 1 ]; then $publish b; else $publish a; fi || complain "$what: publishing failed"
	done
	took=$(awk -v start="$start" -v now="$(date +%s.%N)" 'BEGIN { printf "%.1f", now - start }')
	: > stop
	wait $loader
	lost=$(counted recpipe_lost_events_total)
	stop
	read -r answers failed mixed switches < loaded
	echo "$what: $times generations in $took s, $answers lists read, $failed failed, $mixed of two generations," \
		"$switches changes; $steps steps, $(($(wc -l < log.tsv) - 1)) in the log"
	[ "$answers" -gt 50 ] && [ "$failed" = 0 ] && [ "$mixed" = 0 ] && [ "$switches" -ge 2 ] ||
		complain "$what: $answers answers, $failed failed, $mixed of two generations, $switches changes"
	[ $steps = $((times * 500)) ] && [ "$(wc -l < log.tsv)" = $((steps + 1)) ] && [ "$lost" = 0 ] ||
		complain "$what: $steps steps are answered, $(wc -l < log.tsv) lines in the log, $lost said to be lost"
	# a list that is held open from before would never change
	if grep -q 'Terminated\|stays in use' said; then complain "$what: $(cat said)"; fi
}
