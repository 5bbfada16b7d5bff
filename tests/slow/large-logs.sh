#!/bin/sh
# What one machine carries: LARGE_TENS (1) times 10 million events of 100,000 listeners each, made by the
# simulator as compressed JSON logs, go through personalize with LOSS=ials. Prints CPU seconds,
# seconds and MB of each stage. At most 36 CPU seconds for each 10 million and 10 more, which is what fits into
# four minutes of two processors for 100 million, and 3 GB at any one process. LARGE_LOGS=FOLDER has the
# logs, or gets them and keeps them; LARGE_ONLY=logs makes them and no more. 10 of them need 20 GB of disk.
set -u
cd "${RECPIPE_TMP:-$(mktemp -d)}" || exit 1
tens=${LARGE_TENS:-1} logs=${LARGE_LOGS:-$PWD/logs}
mkdir -p "$logs" || exit 1

# make_logs: a file for each 10 million events; one that is there stays
make_logs()
{
	[ -d world ] || make-world -q --users $((tens * 100000)) --tracks 50000 --artists 5000 --genres 50 --seed 1 -d world || exit 1
	simulate-sessions -q --day "$1" --tracks world/tracks.tsv --embeddings world/embeddings.tsv \
		--users world/users.tsv -n 1180000 --seed 7 -- next-track --items world/tracks.tsv --recommender sticky-artist |
		awk -F '\t' 'NR > 1 {
			printf "{\"message\": \"%s\", \"timestamp\": %s, \"user\": %s, \"track\": %s, \"time\": %s, \"latency\": 0.000%d", $1, $2, $3, $4, $5, 200 + NR * 7919 % 700
			if ($7 != "") printf ", \"recommendation\": %s", $7
			print ", \"experiments\": {\"STICKY_ARTIST\": \"C\"}}"
		}' | gzip -1 > "$logs/.made" || exit 1
	[ "$(wc -c < "$logs/.made")" -gt 100000000 ] && mv "$logs/.made" "$logs/$tens-$1.json.gz" || exit 1
}
day=0
while [ $day -lt "$tens" ]; do
	day=$((day + 1))
	[ -f "$logs/$tens-$day.json.gz" ] || make_logs $day
done
rm -rf world
[ "${LARGE_ONLY:-}" != logs ] || exit 0
mkdir timed || exit 1
# Each tool with a line about its run.
for tool in "$RECPIPE_BIN"/*; do
	[ -f "$tool" ] || continue
	printf '#!/bin/sh\nexec /usr/bin/time -a -o "%s" -f "%%U %%S %%e %%M %s" "%s" "$@"\n' "$PWD/times" "${tool##*/}" "$tool" \
		> "timed/${tool##*/}" && chmod +x "timed/${tool##*/}" || exit 1
done
uptime
LOSS=ials REDIS=none RECPIPE_BIN=$PWD/timed /usr/bin/time -o all -f '%U %S %e %M' \
	"$RECPIPE_ROOT/pipelines/personalize" work "$logs/$tens"-*.json.gz > report 2> err || {
	tail -n 5 err
	exit 1
}
uptime
awk 'NF == 5 && $1 + $2 > .05 { printf "%-20s %8.2f CPU s %8.2f s %8.0f MB\n", $5, $1 + $2, $3, $4 / 1000 }' times
awk -v tens="$tens" '{ printf "in all               %8.2f CPU s %8.2f s %8.0f MB\n", $1 + $2, $3, $4 / 1000
	exit !($1 + $2 <= 36 * tens + 10 && $4 < 3e6) }' all
