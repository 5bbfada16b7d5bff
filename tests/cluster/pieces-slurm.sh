#!/bin/sh
# personalize-pieces by Slurm, on logs of a service where they are at hand, at 1, 3 and 7 pieces, with a fifth
# of the tries killed and a fifth of the tasks run twice, and jobs that are canceled (-9) while they run:
# byte for byte what personalize makes on this machine, down to the keys in Redis.
set -u
. "$RECPIPE_ROOT/tests/slurm.sh"
command -v redis-server > /dev/null && command -v redis-cli > /dev/null || { echo 'redis-server is missing'; exit 77; }
. "$RECPIPE_ROOT/tests/pieces-engine.sh"
: "${PIECES_TRIED:=1 3 7}"
export ENGINE=slurm REDIS="unix://$PWD/s"
redis-server --port 0 --unixsocket "$PWD/s" --save '' --dir "$PWD" > redis.log 2>&1 &
server=$!
trap 'kill $server $node $control $munge 2> /dev/null; wait' EXIT
pieces_begin

# Every now and then the job that runs is killed, as its node might be.
(
	while sleep 10; do
		[ -e slow ] && [ -n "$(squeue -h -t R 2> /dev/null)" ] || continue
		scancel -s KILL -u root 2> /dev/null && echo x >> canceled
	done
) &
cancels=$!
trap 'kill $cancels $server $node $control $munge 2> /dev/null; wait' EXIT
for pieces in $PIECES_TRIED; do
	touch slow
	PREFIX=p$pieces
	export PREFIX
	pieces_same "$pieces"
	rm -f slow
	redis-cli -s s --raw hgetall p$pieces:lists | paste - - | sort > "lists.$pieces"
	tail -n +2 whole/serving-topk.tsv | awk -F '\t' '$1 != last { if (NR > 1) print line; last = $1; line = $1 "\t" $3; next }
		{ line = line "\t" $3 } END { print line }' | sort | cmp - "lists.$pieces" || complain "$pieces pieces: other lists are live"
done
echo "jobs canceled: $(wc -l 2> /dev/null < canceled || echo 0)"
[ -s canceled ] || complain 'no job was canceled while it ran'
exit "$failed"
