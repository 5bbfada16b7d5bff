# hadoop.sh - what the tests of tests/cluster share that need HDFS; sourced at the very start. It skips
# the test without Java and Maven, downloads what is missing (to build/hadoop, which stays), and
# starts the test again in a network namespace that has the loopback alone, or says that none can be made.
# Sets hadoop and pipelines. hadoop_needs=yarn before it: the jars of tests/cluster/yarn.pom in place of
# those of HDFS and HttpFS.
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
	# By one test at a time.
	mkdir -p "$hadoop"
	{
		flock 8
		case ${hadoop_needs:-hdfs} in
		hdfs)
			"$pipelines/hdfs-local" download && sh "$RECPIPE_ROOT/tests/maven-jars.sh" \
				"$RECPIPE_ROOT/tests/cluster/httpfs.pom" "$hadoop/httpfs"
			;;
		*) sh "$RECPIPE_ROOT/tests/maven-jars.sh" "$RECPIPE_ROOT/tests/cluster/$hadoop_needs.pom" "$hadoop/$hadoop_needs" ;;
		esac
	} 8>> "$hadoop/.lock" || exit 1
fi
. "$RECPIPE_ROOT/tests/namespace.sh"

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
