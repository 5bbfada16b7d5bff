#!/bin/sh
# stage by Slurm: a cluster of one node in a network namespace with the loopback alone. The same folder
# as by xargs, with tries that are killed and tasks that run twice, and with tasks that are killed from
# outside; bad input ends it with 3.
set -u
. "$RECPIPE_ROOT/tests/slurm.sh"
stage=$RECPIPE_ROOT/pipelines/stage

mkdir in
seq 1 20000 | awk '{ print "u" $1 * 7919 % 300 "\ti" $1 }' | split -l 6000 -d -a 5 - in/part-
status 0 "$stage" --in in --out here --key 1 --parts 5 --reduce 'cut -f 1 | uniq -c'
status 0 "$stage" --engine slurm --faults 20 --in in --out there --key 1 --parts 5 --reduce 'cut -f 1 | uniq -c'
diff -r here there > /dev/null || complain 'not what xargs makes'
status 3 "$stage" --engine slurm --in in --out bad --map 'echo "no good" >&2; exit 3'
grep -q 'no good' err.txt && [ ! -e bad ] || complain "bad input is not explained: $(cat err.txt)"

# Slurm that takes no job ends it with 4.
status 4 env SBATCH='sbatch --partition=none' "$stage" --engine slurm --in in --out refused --map cat
grep -q 'Slurm takes no job' err.txt || complain "a refusal is not said: $(cat err.txt)"

# A job that is canceled while it runs is submitted again.
"$stage" --engine slurm --in in --out killed --map 'sleep 3; cat' > out.txt 2> err.txt &
pid=$!
tries=0
until squeue -h -t R 2> /dev/null | grep -q .; do
	tries=$((tries + 1))
	[ $tries -lt 60 ] || break
	sleep 0.2
done
scancel -s KILL -u root 2> /dev/null
wait $pid || complain "a job that was killed ends the stage: $(cat err.txt)"
cat in/part-* > all-rows
cat killed/part-* | cmp - all-rows || complain 'a job that was killed changes the rows'
exit "$failed"
