#!/bin/sh
# What one machine carries: MILLIONS (100; any tens, several as in '10 30 100') million events, of 100,000 listeners
# for each ten, go from compressed JSON logs through personalize with LOSS=ials to lists in a Redis of the test's own,
# on two processors. Prints CPU seconds, seconds and MB of every process that takes a while, and of all of it, at the
# end as the table in recpipe-cluster(7).
# At most 3 GB at any one process, Redis left out, and 240 s for 100 million; for fewer 4 s, for what does not grow
# with them, and 2.36 s a million. With several sizes also what 1 G events would take, along the steepest line from
# one size to the next: at most 40 minutes.
#
#	MILLIONS='10 30 100' LOGS=FOLDER TMPDIR=FOLDER sh tests/slow/hundred-million.sh
#
# The logs are the simulator's: of each block of 100,000 listeners ten files of a million events, one after the other
# in time, as a service with replicas writes them. LOGS=FOLDER has them, or gets them and keeps them (2.2 GB for 100
# million, 8 CPU minutes); ONLY=logs makes them and no more. WALL=no is for a machine that has other work: half of
# the CPU seconds takes the place of seconds. SETTINGS='FACTORS=32 ...' are more of personalize's. KEEP=yes leaves
# the folder of the last run.
set -u
: "${RECPIPE_ROOT:=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)}"
: "${RECPIPE_BIN:=$RECPIPE_ROOT/bin}"
own=
if [ -z "${RECPIPE_TMP:-}" ]; then
	own=$(mktemp -d) && RECPIPE_TMP=$own || exit 1
fi
PATH=$RECPIPE_BIN:$PATH LC_ALL=C
export PATH LC_ALL
: "${MILLIONS:=100}" "${LOGS:=$RECPIPE_TMP/logs}" "${ONLY:=}" "${WALL:=yes}" "${SETTINGS:=}" "${KEEP:=no}"
mkdir -p "$LOGS" && LOGS=$(cd "$LOGS" && pwd -P) && cd "$RECPIPE_TMP" || exit 1
leave() { [ -z "$own" ] || [ "$KEEP" = yes ] || rm -rf "$own"; }
trap leave EXIT
trap 'exit 1' INT TERM
most=0
for millions in $MILLIONS; do
	case $millions in 0* | *[!0-9]* | *[1-9] | ?????*) echo "MILLIONS are tens, not $millions"; exit 2 ;; esac
	[ "$millions" -le $most ] || most=$millions
done

# ---- the logs --------------------------------------------------------------------------------------------

# skip TEXT...: not here
skip()
{
	echo "$*"
	exit 77
}

# has_disk FOLDER MB: is there so much room?
has_disk()
{
	room=$(($(df -Pk "$1" | awk 'NR == 2 { print $4 }') / 1000))
	[ "$room" -ge "$2" ] || skip "$2 MB of disk are needed in $1, and there are $room"
}

# make_block B: the logs of the Bth hundred thousand listeners, in ten files in order of time. All listeners are of
# one world, and one simulator has those of a block, so that it looks for the neighbors of a track once.
make_block()
{
	[ -d world ] || make-world -q --users $((most * 10000)) --tracks 50000 --artists 5000 --genres 50 --seed 1 -d world || exit 1
	rm -rf made failed
	mkdir made
	awk -v block="$1" 'NR == 1 || int((NR - 2) / 100000) == block - 1' world/users.tsv > users.tsv
	{ simulate-sessions -q --tracks world/tracks.tsv --embeddings world/embeddings.tsv --users users.tsv -n 1180000 \
		--seed "$1" -- next-track --items world/tracks.tsv --recommender sticky-artist || : > failed; } |
		(cd made && awk -F '\t' -v block="$1" '
			NR == 1 { next }
			NR % 1000000 == 2 && day < 10 {
				if (day) close(out)
				file = sprintf("%02d-%03d.json.gz", ++day, block)
				out = "gzip -1 > .part && mv .part " file
			}
			{
				printf "{\"message\": \"%s\", \"timestamp\": %s, \"user\": %s, \"track\": %s, \"time\": %s, \"latency\": 0.000%d%s, \"experiments\": {\"STICKY_ARTIST\": \"C\"}}\n",
					$1, $2, $3, $4, $5, 200 + NR * 7919 % 700, ($7 == "" ? "" : ", \"recommendation\": " $7) | out
			}
			END { close(out) }')
	[ ! -f failed ] && [ "$(ls made | wc -l)" = 10 ] && mv made/* "$LOGS/" || exit 1
}

# logs_of MILLIONS: their files, every day of one block after the other, as a service with replicas writes them
logs_of() { ls "$LOGS" | awk -v blocks=$(($1 / 10)) -F '[-.]' '$3 == "json" && $2 + 0 <= blocks' | sed "s|^|$LOGS/|"; }

block=0
while [ $block -lt $((most / 10)) ]; do
	block=$((block + 1))
	[ "$(ls "$LOGS" | grep -c "^[01][0-9]-$(printf '%03d' $block).json.gz$")" = 10 ] || {
		has_disk "$LOGS" $(((most - block * 10 + 10) * 25))
		make_block $block
	}
done
rm -rf world made users.tsv
[ "$ONLY" != logs ] || exit 0

# ---- the machine -----------------------------------------------------------------------------------------

# busy: what share of the processors is at work, in percent, with nothing of ours
busy()
{
	for i in 1 2; do
		[ $i = 1 ] || sleep 3
		awk '$1 == "cpu" { print $5 + $6, $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9 }' /proc/stat
	done | awk '{ idle = $1 - idle; all = $2 - all } END { printf "%d\n", 100 * (1 - idle / all) }'
}

for need in redis-server redis-cli taskset; do
	command -v $need > /dev/null || skip "there is no $need"
done
[ -x /usr/bin/time ] || skip 'there is no /usr/bin/time'
[ "$(nproc)" -ge 2 ] || skip 'two processors are needed'
room=$(awk '$1 == "MemAvailable:" { print int($2 / 1000) }' /proc/meminfo)
[ "$room" -ge $((3000 + most * 40)) ] || skip "$((3000 + most * 40)) MB of memory are needed, for Redis, the largest process and files that are read again, and there are $room"
has_disk . $((most * 250))
[ "$WALL" = no ] || {
	at_work=$(busy)
	[ "$at_work" -lt 10 ] || skip "the processors are at work already ($at_work %), and seconds would mean nothing: WALL=no has CPU seconds judged"
}

# ---- the runs --------------------------------------------------------------------------------------------

# Each program with a line about its run, and the file that it makes; of those that are not ours, the ones that
# personalize gives much to read.
mkdir timed || exit 1
for tool in "$RECPIPE_BIN"/* $(command -v awk) $(command -v sort) $(command -v openssl) $(command -v grep) $(command -v cut); do
	[ -f "$tool" ] || continue
	cat > "timed/${tool##*/}" << END && chmod +x "timed/${tool##*/}" || exit 1
#!/bin/sh
to=- last=
for word; do
	[ "\$last" != -o ] || to=\$word
	last=\$word
done
exec /usr/bin/time -a -o '$PWD/times' -f "run %U %S %e %M ${tool##*/} \$to" '$tool' "\$@"
END
done
. "$RECPIPE_ROOT/tests/redis.sh" # with complain.sh
trap 'redis_stop; leave' EXIT
two=
[ "$(nproc)" = 2 ] || two="taskset -c $(taskset -cp $$ | sed 's/.*: //; s/-/,/' | cut -d , -f 1,2)"

# redis_cpu: seconds that the server has taken
redis_cpu() { redis info cpu | tr -d '\r' | awk -F : '/^used_cpu_(sys|user):/ { s += $2 } END { print s }'; }

# run MILLIONS: all of it
run()
{
	rm -rf work times
	redis_start
	before=$(redis_cpu)
	# shellcheck disable=SC2046,SC2086 # several words
	env LOSS=ials THREADS=2 $SETTINGS REDIS="$url" RECPIPE_BIN="$PWD/timed" $two /usr/bin/time -o all -f '%U %S %e %M' \
		"$RECPIPE_ROOT/pipelines/personalize" work $(logs_of "$1") > report 2> err || {
		tail -n 5 err
		exit 1
	}
	printf '%s million\n%-22s %-20s %9s %9s %7s\n' "$1" process makes 'CPU s' seconds MB
	awk '$1 == "run" && ($2 + $3 > .2 || $5 > 100000) {
		printf "%-22s %-20s %9.2f %9.2f %7.0f\n", $6, $7, $2 + $3, $4, $5 / 1000 }' times
	redis info memory | tr -d '\r' | BEFORE=$before AFTER=$(redis_cpu) awk -F : '$1 == "used_memory_peak" {
		printf "%-43s %9.2f %9s %7.0f\n", "(Redis)", ENVIRON["AFTER"] - ENVIRON["BEFORE"], "", $2 / 1e6 }'
	sed -n '/^Rows/,/^$/p' report
	events=$(awk '$1 == "events" { print $2 }' report) pairs=$(awk '$1 == "dataset" { print $2 }' report)
	lists=$(awk -F '\t' '$1 == "lists" { print $2 }' work/coverage.tsv)
	[ "$lists" -gt $(($1 * 5000)) ] || complain "only $lists lists"
	[ "$(redis hlen recs:lists)" = "$lists" ] || complain "$(redis hlen recs:lists) of $lists lists are in Redis"
	redis_stop
	awk -v n="$1" -v wall="$WALL" -v events="$events" -v pairs="$pairs" -v lists="$lists" \
		-v disk="$(du -sm work | cut -f 1)" '
		{
			cpu = $1 + $2
			printf "%d events, %d lists: %.1f CPU s, %.1f s, largest process %.0f MB, files %d MB\n\n", events, lists,
				cpu, $3, $4 / 1000, disk
			took = wall == "no" ? cpu / 2 : $3
			printf "%d\t%.2f\n", events, took > "took"
			printf "%.1f M\t%.1f M\t%d\t%.0f\t%.0f\t%.0f MB\n", events / 1e6, pairs / 1e6, lists, cpu, $3, $4 / 1000 > "row"
			if (took > 2.36 * n + 4) { printf "%d million: more than %.1f s\n", n, 2.36 * n + 4; bad = 1 }
			if ($4 > 3e6) { printf "%d million: a process of more than 3 GB\n", n; bad = 1 }
			exit bad
		}' all || bad=1
	cat took >> all-took
	cat row >> rows
	[ "$KEEP" = yes ] || rm -rf work
}

for millions in $(printf '%s\n' $MILLIONS | sort -n -u); do
	run "$millions"
done
printf 'events\tpositives\tlists\tCPU seconds\tseconds\tlargest process\n'
cat rows
awk -F '\t' '
	NR > 1 { slope = ($2 - took) / ($1 - events); if (slope > steepest) steepest = slope }
	{ events = $1; took = $2 }
	END {
		if (NR == 1) exit
		all = took + steepest * (1e9 - events)
		printf "1 G events, extrapolated: %.1f minutes\n", all / 60
		exit all > 2400
	}' all-took || complain '1 G events: more than 40 minutes'
exit $bad
