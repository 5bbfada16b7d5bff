#!/bin/sh
# stage by Slurm: a cluster of one node in a network namespace with the loopback alone. The same folder
# as by xargs, with tries that are killed and tasks that run twice, and with tasks that are killed from
# outside; bad input ends it with 3.
set -u
for program in slurmctld slurmd munged sbatch unshare; do
	command -v $program > /dev/null || { echo "no $program"; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo 'only root starts Slurm'; exit 77; }
if [ -z "${IN_NAMESPACE:-}" ]; then
	IN_NAMESPACE=yes exec timeout 200 unshare -n -u sh "$0"
fi
. "$RECPIPE_ROOT/tests/pipelines.sh"
ip link set lo up && ip address add 127.0.0.2/8 dev lo && hostname localhost || exit 1 # glibc takes 127.0.0.1 alone for no network
own=$PWD
head -c 1024 /dev/urandom > key && chmod 400 key
cat > slurm.conf << END
ClusterName=t
SlurmctldHost=localhost(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$own/munge.sock
CryptoType=crypto/munge
StateSaveLocation=$own/state
SlurmdSpoolDir=$own/spool
SlurmctldPidFile=$own/slurmctld.pid
SlurmdPidFile=$own/slurmd.pid
SlurmctldLogFile=$own/slurmctld.log
SlurmdLogFile=$own/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
SlurmctldPort=26817
SlurmdPort=26818
NodeName=localhost NodeAddr=127.0.0.1 CPUs=2 RealMemory=1000 State=UNKNOWN
PartitionName=p Nodes=localhost Default=YES MaxTime=10 State=UP
END
export SLURM_CONF=$own/slurm.conf
mkdir -p state spool
munged -F --key-file="$own/key" --socket="$own/munge.sock" --pid-file="$own/munged.pid" --log-file="$own/munged.log" \
	--seed-file="$own/seed" --force > /dev/null 2>&1 &
munge=$!
sleep 1
slurmctld -D > /dev/null 2>&1 &
control=$!
slurmd -D -N localhost > /dev/null 2>&1 &
node=$!
trap 'kill $node $control $munge 2> /dev/null; wait' EXIT
tries=0
until sinfo -h -o %T 2> /dev/null | grep -q idle; do
	tries=$((tries + 1))
	[ $tries -lt 40 ] || { echo 'Slurm does not start'; tail -n 3 slurmctld.log slurmd.log; exit 1; }
	sleep 0.5
done
stage=$RECPIPE_ROOT/pipelines/stage

mkdir in
seq 1 20000 | awk '{ print "u" $1 * 7919 % 300 "\ti" $1 }' | split -l 6000 -d -a 5 - in/part-
status 0 "$stage" --in in --out here --key 1 --parts 5 --reduce 'cut -f 1 | uniq -c'
status 0 "$stage" --engine slurm --faults 20 --in in --out there --key 1 --parts 5 --reduce 'cut -f 1 | uniq -c'
diff -r here there > /dev/null || complain 'not what xargs makes'
status 3 "$stage" --engine slurm --in in --out bad --map 'echo "no good" >&2; exit 3'
grep -q 'no good' err.txt && [ ! -e bad ] || complain "bad input is not explained: $(cat err.txt)"

# A job that is cancelled while it runs is submitted again.
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
