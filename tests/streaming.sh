# streaming.sh - Hadoop Streaming without daemons, by its LocalJobRunner; sourced after
# pipelines.sh. Sets HADOOP and STREAMING for stage. Skips the test where there is no Java, or where the
# jars are not in HADOOP_STREAMING_JARS: make check-streaming gets them (tests/streaming.pom, 60 MB).
: "${HADOOP_STREAMING_JARS:=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/recpipe/hadoop-streaming}"
command -v java > /dev/null || { echo 'no Java'; exit 77; }
[ -f "$HADOOP_STREAMING_JARS/hadoop-streaming-3.4.2.jar" ] || {
	echo 'no jars of Hadoop Streaming: make check-streaming gets them'
	exit 77
}
mkdir -p conf hadoop-tmp
property() { printf '<configuration><property><name>%s</name><value>%s</value></property>%s</configuration>\n' "$1" "$2" "${3:-}"; }
property fs.defaultFS file:/// "<property><name>hadoop.tmp.dir</name><value>$PWD/hadoop-tmp</value></property>" > conf/core-site.xml
property mapreduce.framework.name local > conf/mapred-site.xml
printf '%s\n' 'log4j.rootLogger=INFO,c' 'log4j.appender.c=org.apache.log4j.ConsoleAppender' 'log4j.appender.c.target=System.err' \
	'log4j.appender.c.layout=org.apache.log4j.PatternLayout' 'log4j.appender.c.layout.ConversionPattern=%d{ISO8601} %p %c{2}: %m%n' \
	> conf/log4j.properties
cat > java-hadoop << END
#!/bin/sh
export HADOOP_USER_NAME=\${HADOOP_USER_NAME:-recpipe}
case \$1 in
fs) class=org.apache.hadoop.fs.FsShell ;;
*) class=org.apache.hadoop.streaming.HadoopStreaming ;;
esac
shift
exec java -XX:+IgnoreUnrecognizedVMOptions -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx384m -Djava.net.preferIPv4Stack=true \\
	--add-opens=java.base/java.lang=ALL-UNNAMED --add-opens=java.base/java.util=ALL-UNNAMED \\
	--add-opens=java.base/java.io=ALL-UNNAMED --add-opens=java.base/java.net=ALL-UNNAMED \\
	--add-opens=java.base/java.util.concurrent=ALL-UNNAMED -cp "$PWD/conf:$HADOOP_STREAMING_JARS/*" "\$class" "\$@"
END
chmod +x java-hadoop
HADOOP=$PWD/java-hadoop STREAMING="$PWD/java-hadoop streaming"
export HADOOP STREAMING
