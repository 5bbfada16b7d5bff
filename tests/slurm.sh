# slurm.sh - Slurm for the tests of tests/cluster, sourced: slurmctld, slurmd and munged of one node with two
# processors, in network and name spaces that have the loopback alone; the test is started again in them.
# Skips it where Slurm is missing or the user is not root. Brings pipelines.sh along.
for program in slurmctld slurmd munged sbatch unshare; do
	command -v $program > /dev/null || { echo "no $program"; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo 'only root starts Slurm'; exit 77; }
if [ -z "${IN_NAMESPACE:-}" ]; then
	IN_NAMESPACE=yes exec unshare -n -u sh "$0"
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
	[ $tries -lt 200 ] || { echo 'Slurm does not start'; tail -n 3 slurmctld.log slurmd.log; exit 1; }
	sleep 0.5
done
