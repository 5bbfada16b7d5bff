# hdfs.sh - what the tests of put-hdfs and get-hdfs share; sourced after pipelines.sh. Skips the test
# where curl, flock or setsid is missing; no proxy is asked, and the tools are in PATH.
#
#	standin WORD...      starts tests/helpers/hdfs-standin with these words on the folder root; sets url
#	standin_stop
#	put, get WORD...     put-hdfs and get-hdfs, attempts without delay
#	same_there A B       is the folder A, but for _SUCCESS, what B is?
#	make_logs            the folders logs, with all kinds of names, and small

for tool in curl flock setsid; do
	command -v $tool > /dev/null || {
		echo "there is no $tool"
		exit 77
	}
done
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy
PATH=$RECPIPE_BIN:$PATH

standin_pid=
trap 'standin_stop' EXIT
trap 'exit 1' INT TERM

standin_stop()
{
	[ -z "$standin_pid" ] || kill "$standin_pid" 2> /dev/null
	[ -z "$standin_pid" ] || wait "$standin_pid" 2> /dev/null
	standin_pid=
}

standin()
{
	standin_stop
	mkdir -p root
	rm -f requests
	"$RECPIPE_BUILD/tests/hdfs-standin" "$RECPIPE_TMP/root" "$@" > requests 2> standin.err &
	standin_pid=$!
	soon test -s requests || { echo 'the stand-in did not start'; cat standin.err; exit 1; }
	url=webhdfs://127.0.0.1:$(head -n 1 requests)
}

put() { "$RECPIPE_ROOT/pipelines/put-hdfs" --retry-delay 0.01 "$@"; }
get() { "$RECPIPE_ROOT/pipelines/get-hdfs" --retry-delay 0.01 "$@"; }

same_there() { diff -r -x _SUCCESS "$1" "$2" > diff.out 2>&1; }

# uploads: how many bodies of files were sent
uploads() { grep -c 'op=CREATE.*\(step=datanode\|data=true\)' requests; }

make_logs()
{
	mkdir -p logs/sub/deep small
	seq 1 40000 > logs/a.log
	seq 1 9000 > "logs/b c%25'\"\\&?#+;.log"
	: > logs/empty
	seq 1 100 > 'logs/é🎵.log'
	seq 1 20000 > logs/sub/deep/d
	head -c 512 logs/a.log > logs/-rf
	seq 1 30 > small/one
	seq 1 50 > small/two
}
