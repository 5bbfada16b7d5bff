# hadoop.sh - what the tests of tests/cluster share that need HDFS; sourced at the very start. It skips
# the test without Java and Maven, downloads what is missing (to build/hadoop, which stays), and
# starts the test again in a network namespace that has the loopback alone. Sets hadoop and pipelines.
#
#	httpfs WORD...       starts HttpFS on port 14000 with the settings in httpfs/conf, and these words for
#	                     Java; sets httpfs_pid

for tool in java mvn unshare ip curl flock setsid; do
	command -v $tool > /dev/null || {
		echo "there is no $tool"
		exit 77
	}
done
hadoop=$RECPIPE_ROOT/build/hadoop
HADOOP_JARS=${HADOOP_JARS:-$hadoop/hdfs}
export HADOOP_JARS
pipelines=$RECPIPE_ROOT/pipelines
if [ -z "${IN_NAMESPACE:-}" ]; then
	unshare -n true 2> /dev/null || {
		echo 'no network namespace can be made here'
		exit 77
	}
	"$pipelines/hdfs-local" download || exit 1
	if [ ! -d "$hadoop/httpfs" ]; then
		mkdir -p "$hadoop/httpfs.new"
		mvn -q -B -f "$RECPIPE_ROOT/tests/cluster/httpfs.pom" dependency:copy-dependencies \
			-DincludeScope=runtime -DoutputDirectory="$hadoop/httpfs.new" && mv "$hadoop/httpfs.new" "$hadoop/httpfs" || exit 1
	fi
	IN_NAMESPACE=1 exec unshare -n sh -c 'ip link set lo up && exec sh "$0"' "$0"
fi
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy

httpfs()
{
	mkdir -p httpfs/log httpfs/temp
	java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx256m -Djava.net.preferIPv4Stack=true \
		--add-opens=java.base/java.lang=ALL-UNNAMED -Dhttpfs.home.dir="$PWD/httpfs" -Dhttpfs.config.dir="$PWD/httpfs/conf" \
		-Dhttpfs.log.dir="$PWD/httpfs/log" -Dhttpfs.temp.dir="$PWD/httpfs/temp" -Dhttpfs.http.hostname=localhost "$@" \
		-cp "$PWD/httpfs/conf:$hadoop/httpfs/*" org.apache.hadoop.fs.http.server.HttpFSServerWebServer > httpfs.log 2>&1 &
	httpfs_pid=$!
	tries=0
	until curl -s -o /dev/null http://localhost:14000/ || [ $tries = 300 ]; do
		tries=$((tries + 1))
		sleep 0.2
	done
}
