# yarn.sh - YARN and HDFS for the tests of tests/cluster, after hadoop.sh with hadoop_needs=yarn: a NameNode,
# two DataNodes (every block on both), a ResourceManager, two NodeManagers and a JobHistoryServer, each a
# Java of its own. Sets HADOOP and STREAMING for stage. With yarn_disk=yes folders are of this machine's disk,
# as of one that all share, and there is no HDFS.
#
#	yarn_up              starts all of them, waits until they take jobs
#	yarn_begin NAME      starts one of nn dn1 dn2 rm nm1 nm2 hs (again)
#	yarn_kill NAME       kill -9
#	yarn_down
#
# A daemon on a busy machine is silent for many seconds and is not dead: who takes it for that ends a job whose
# master is at work. A killed one is noticed in half a minute; that a job's master is dead, by its node.

yarn=$PWD/yarn
# On a disk the folders are the user's own.
yarn_user=recpipe
[ "${yarn_disk:-}" != yes ] || yarn_user=$(id -un)
opens=
for module in java.io java.lang java.lang.reflect java.math java.net java.text java.util java.util.concurrent java.util.zip \
	sun.security.util sun.security.x509; do
	opens="$opens --add-opens=java.base/$module=ALL-UNNAMED"
done
small="-XX:+IgnoreUnrecognizedVMOptions -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Djava.net.preferIPv4Stack=true$opens"

# settings FILE: NAME VALUE lines on standard input
settings()
{
	{
		echo '<configuration>'
		while read -r name value; do
			printf '<property><name>%s</name><value>%s</value></property>\n' "$name" "$value"
		done
		echo '</configuration>'
	} > "$1"
}

# yarn_settings FOLDER N: the settings of all daemons, with the ports of node N
yarn_settings()
{
	mkdir -p "$1/webapps/datanode/WEB-INF" "$1/webapps/hdfs/WEB-INF"
	for web in hdfs datanode; do
		echo '<web-app version="2.4" xmlns="http://java.sun.com/xml/ns/j2ee"/>' > "$1/webapps/$web/WEB-INF/web.xml"
	done
	printf '%s\n' 'log4j.rootLogger=INFO,c' 'log4j.appender.c=org.apache.log4j.ConsoleAppender' 'log4j.appender.c.target=System.err' \
		'log4j.appender.c.layout=org.apache.log4j.PatternLayout' 'log4j.appender.c.layout.ConversionPattern=%d{ISO8601} %p %c{2}: %m%n' \
		> "$1/log4j.properties"
	settings "$1/core-site.xml" <<- END
		fs.defaultFS $([ "${yarn_disk:-}" = yes ] && echo file:/// || echo hdfs://127.0.0.1:8020)
		hadoop.tmp.dir $yarn/tmp
	END
	settings "$1/hdfs-site.xml" <<- END
		dfs.replication 2
		dfs.namenode.name.dir file://$yarn/nn
		dfs.datanode.data.dir file://$yarn/dn$2
		dfs.namenode.http-address 127.0.0.1:9870
		dfs.datanode.address 127.0.0.1:986$2
		dfs.datanode.http.address 127.0.0.1:987$2
		dfs.datanode.ipc.address 127.0.0.1:988$2
		dfs.datanode.hostname 127.0.0.1
		dfs.permissions.enabled false
		dfs.namenode.safemode.extension 0
		dfs.heartbeat.interval 1
		dfs.namenode.heartbeat.recheck-interval 10000
		dfs.client.block.write.replace-datanode-on-failure.policy NEVER
		dfs.datanode.du.reserved.pct 0
	END
	settings "$1/mapred-site.xml" <<- END
		mapreduce.framework.name yarn
		mapreduce.application.classpath $yarn/conf:$hadoop/yarn/*
		mapreduce.task.io.sort.mb 16
		yarn.app.mapreduce.am.resource.mb 512
		yarn.app.mapreduce.am.staging-dir $yarn/staging
		mapreduce.map.memory.mb 256
		mapreduce.reduce.memory.mb 256
		mapreduce.map.java.opts -Xmx128m $small
		mapreduce.reduce.java.opts -Xmx128m $small
		yarn.app.mapreduce.am.command-opts -Xmx256m $small
		mapreduce.jobhistory.address 127.0.0.1:10020
		mapreduce.jobhistory.webapp.address 127.0.0.1:19888
		mapreduce.jobhistory.admin.address 127.0.0.1:10033
		mapreduce.shuffle.port 0
		mapreduce.reduce.shuffle.connect.timeout 20000
		mapreduce.reduce.shuffle.read.timeout 30000
		mapreduce.job.speculative.slowtaskthreshold 0.2
		mapreduce.job.speculative.retry-after-no-speculate 500
		mapreduce.job.speculative.minimum-allowed-tasks 2
	END
	settings "$1/yarn-site.xml" <<- END
		yarn.resourcemanager.hostname 127.0.0.1
		yarn.resourcemanager.am.max-attempts 4
		yarn.nm.liveness-monitor.expiry-interval-ms 30000
		yarn.am.liveness-monitor.expiry-interval-ms 600000
		yarn.resourcemanager.nodemanagers.heartbeat-interval-ms 300
		yarn.nodemanager.hostname 127.0.0.1
		yarn.nodemanager.address 127.0.0.1:804$2
		yarn.nodemanager.localizer.address 127.0.0.1:805$2
		yarn.nodemanager.webapp.address 127.0.0.1:806$2
		yarn.nodemanager.collector-service.address 127.0.0.1:807$2
		yarn.nodemanager.aux-services mapreduce_shuffle
		yarn.nodemanager.aux-services.mapreduce_shuffle.class org.apache.hadoop.mapred.ShuffleHandler
		yarn.nodemanager.resource.memory-mb 1536
		yarn.nodemanager.resource.cpu-vcores 4
		yarn.scheduler.minimum-allocation-mb 128
		yarn.nodemanager.vmem-check-enabled false
		yarn.nodemanager.pmem-check-enabled false
		yarn.nodemanager.local-dirs $yarn/nm$2/local
		yarn.nodemanager.log-dirs $yarn/nm$2/log
		yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage 99
		yarn.application.classpath $yarn/conf:$hadoop/yarn/*
	END
	settings "$1/capacity-scheduler.xml" <<- END
		yarn.scheduler.capacity.root.queues default
		yarn.scheduler.capacity.root.default.capacity 100
		yarn.scheduler.capacity.maximum-am-resource-percent 0.5
	END
}

# yarn_java CONF HEAP WORD...: becomes that Java
yarn_java()
{
	its=$1 heap=$2
	shift 2
	# shellcheck disable=SC2086
	HADOOP_USER_NAME=$yarn_user HADOOP_CONF_DIR=$its HADOOP_HOME=$yarn exec java $small "-Xmx$heap" -cp "$its:$hadoop/yarn/*" "$@"
}

yarn_begin()
{
	conf=$yarn/conf
	case $1 in
	nn) class=hdfs.server.namenode.NameNode ;;
	dn?) class=hdfs.server.datanode.DataNode conf=$yarn/conf.${1#dn} ;;
	rm) class=yarn.server.resourcemanager.ResourceManager ;;
	nm?) class=yarn.server.nodemanager.NodeManager conf=$yarn/conf.${1#nm} ;;
	hs) class=mapreduce.v2.hs.JobHistoryServer ;;
	esac
	(yarn_java "$conf" 256m "org.apache.hadoop.$class") < /dev/null >> "$yarn/$1.log" 2>&1 &
	echo $! > "$yarn/$1.pid"
}

yarn_kill()
{
	kill -s KILL "$(cat "$yarn/$1.pid")" 2> /dev/null
	rm -f "$yarn/$1.pid"
}

# has URL TEXT: does the answer have it, within ten minutes?
has()
{
	tries=0
	until curl -q -s -m 20 "$1" | grep -q "$2"; do
		tries=$((tries + 1))
		[ $tries -lt 1200 ] || {
			echo "no $2 at $1"
			tail -n 3 "$yarn"/*.log
			exit 1
		}
		sleep 0.5
	done
}

yarn_hdfs_up()
{
	(yarn_java "$yarn/conf" 256m org.apache.hadoop.hdfs.server.namenode.NameNode -format -nonInteractive) > "$yarn/format.log" 2>&1 || {
		tail -n 5 "$yarn/format.log"
		exit 1
	}
	for daemon in nn dn1 dn2; do yarn_begin $daemon; done
	has 'http://127.0.0.1:9870/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState' '"NumLiveDataNodes" : 2'
}

yarn_up()
{
	mkdir -p "$yarn"
	yarn_settings "$yarn/conf" 1
	yarn_settings "$yarn/conf.1" 1
	yarn_settings "$yarn/conf.2" 2
	[ "${yarn_disk:-}" = yes ] || yarn_hdfs_up
	for daemon in rm nm1 nm2 hs; do yarn_begin $daemon; done
	has http://127.0.0.1:8088/ws/v1/cluster/metrics '"activeNodes":2'
	{
		echo '#!/bin/sh'
		echo 'case $1 in fs) class=fs.FsShell ;; *) class=streaming.HadoopStreaming ;; esac'
		echo 'shift'
		echo "export HADOOP_USER_NAME=$yarn_user HADOOP_CONF_DIR=$yarn/conf HADOOP_HOME=$yarn"
		echo "exec java $small -Xmx256m -cp '$yarn/conf:$hadoop/yarn/*' org.apache.hadoop.\$class \"\$@\""
	} > "$yarn/hadoop"
	HADOOP="sh $yarn/hadoop" STREAMING="sh $yarn/hadoop streaming"
	export HADOOP STREAMING
}

# What containers left runs in sessions of its own: all that names this folder is ended.
yarn_down()
{
	for daemon in hs nm1 nm2 rm dn1 dn2 nn; do
		[ ! -f "$yarn/$daemon.pid" ] || yarn_kill $daemon
	done
	for file in /proc/[0-9]*/cmdline; do
		its=${file%/cmdline}
		[ "${its#/proc/}" != $$ ] || continue
		! tr "\0" " " 2> /dev/null < "$file" | grep -q "$yarn/" || kill -s KILL "${its#/proc/}" 2> /dev/null
	done
}
