#!/bin/sh
# put-hdfs, get-hdfs and checksum-hdfs with Hadoop itself: a NameNode, a DataNode and HttpFS in a
# network namespace that has the loopback alone. Names and checksums; KILLS uploads (100) that are
# killed at random moments, of which none leaves a torn file and none is lost; a DataNode that is
# killed within an upload. What Maven downloads stays in build/hadoop.
set -u
. "$RECPIPE_ROOT/tests/hadoop.sh"
. "$RECPIPE_ROOT/tests/pipelines.sh"
. "$RECPIPE_ROOT/tests/hdfs.sh"
PATH=$RECPIPE_BIN:$PATH
httpfs_pid=
trap '[ -z "$httpfs_pid" ] || kill $httpfs_pid; "$pipelines/hdfs-local" stop hdfs' EXIT

# In blocks of 1 MB, so that files have several.
export BLOCK_SIZE=1048576
url=$("$pipelines/hdfs-local" start hdfs) || exit 1
[ "$url" = webhdfs://127.0.0.1:9870 ] || complain "start prints $url"
web=http://127.0.0.1:9870/webhdfs/v1

mkdir -p logs/sub/deep
head -c 3500000 /dev/urandom > logs/several.bin
head -c 1048576 /dev/urandom > logs/block.bin
head -c 1048577 /dev/urandom > logs/sub/deep/more.bin
head -c 700 /dev/urandom > "logs/a b%25\"'+\\&=?#;,é🎵.bin"
head -c 512 /dev/urandom > logs/-rf
: > logs/empty

# there FOLDER: are its files those of logs, as the server gives them?
there()
{
	(cd logs && find . -type f) | sed 's|^\./||' | while read -r name; do
		encoded=$(NAME=$name awk 'BEGIN {
			for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i
			s = ENVIRON["NAME"]
			for (i = 1; i <= length(s); i++) {
				c = substr(s, i, 1)
				printf c ~ /[A-Za-z0-9\/]/ ? c : "%%%02X", code[c]
			}
		}')
		curl -s -f -g -L "$web$1/$encoded?op=OPEN&user.name=u" | cmp -s - "logs/$name" || {
			echo "$1/$name"
			return 1
		}
	done
}
# is_there PATH
is_there() { curl -s -f -o /dev/null "$web$1?op=GETFILESTATUS&user.name=u"; }

status 0 put logs "$url/logs/day one%"
there '/logs/day%20one%25' || complain 'other bytes are there'
status 0 get "$url/logs/day one%" back
same_there back logs || complain "get: $(cat diff.out)"
status 0 put logs "$url/logs/day one%"
grep -q '; 0 sent' err.txt || complain "again: $(cat err.txt)"
mkdir colon
echo x > colon/a:b
status 1 put colon "$url/colon"
grep -q 'InvalidPathException' err.txt || complain "a colon: $(cat err.txt)"

# Lengths around chunks and blocks, in blocks of two sizes, checksums as Hadoop has them.
mkdir lengths
for n in 0 1 511 512 513 1048575 1048576 1048577 2097152 2097153; do
	head -c $n logs/several.bin > lengths/$n
done
status 0 put lengths "$url/lengths"
status 0 put --block-size 512K lengths "$url/half"
printf 1 > lengths/1
status 1 put lengths "$url/half"
grep -q ': 1 differs' err.txt || complain "one byte: $(cat err.txt)"

# HttpFS, which answers COMPOSITE-CRC here.
mkdir -p httpfs/conf
printf '<configuration><property><name>fs.defaultFS</name><value>hdfs://127.0.0.1:8020</value></property>
<property><name>dfs.checksum.combine.mode</name><value>COMPOSITE_CRC</value></property></configuration>' > httpfs/conf/core-site.xml
cp httpfs/conf/core-site.xml httpfs/conf/hdfs-site.xml
echo '<configuration/>' > httpfs/conf/httpfs-site.xml
httpfs
front=webhdfs://localhost:14000
status 0 put logs "$front/front/day"
there /front/day || complain 'by HttpFS other bytes are there'
curl -s "http://localhost:14000/webhdfs/v1/front/day/several.bin?op=GETFILECHECKSUM&user.name=u" > sum
grep -q 'COMPOSITE-CRC32C' sum || complain "HttpFS has another checksum: $(cat sum)"
rm -rf back
status 0 get "$front/front/day" back
same_there back logs || complain "get by HttpFS: $(cat diff.out)"
# Onto a folder that is there a rename moves inside, and put-hdfs looks first.
status 1 put colon "$front/front/day"
kill $httpfs_pid
httpfs_pid=

# Uploads that are killed at a random moment.
kills=0 day=1 torn=0
for pause in $(N=${KILLS:-100} awk 'BEGIN { srand(11); for (i = 0; i < ENVIRON["N"]; i++) printf "%.2f ", rand() * (i % 2 ? 3 : 1) }'); do
	setsid "$pipelines/put-hdfs" --limit-rate 8M logs "$url/kill/$day" > out.txt 2> err.txt &
	pid=$!
	sleep "$pause"
	kill -s KILL -- "-$pid" 2> /dev/null && kills=$((kills + 1))
	wait $pid 2> /dev/null
	if is_there /kill/$day; then
		there /kill/$day || torn=$((torn + 1))
		day=$((day + 1))
	fi
done
[ $torn = 0 ] || complain "$torn torn"
for n in $(seq $day); do
	status 0 put logs "$url/kill/$n"
	there /kill/$n || complain "$n is lost"
	is_there /kill/$n/_SUCCESS || complain "$n has no _SUCCESS"
	! is_there "/kill/_tmp.$n" || complain "of $n something is left"
done
echo "$kills of ${KILLS:-100} uploads were killed, into $day folders: $torn torn, none lost"

# A DataNode that dies within an upload: the upload goes on when it is there again.
"$RECPIPE_ROOT/pipelines/put-hdfs" --retries 9 --limit-rate 1M logs "$url/dead" > out.txt 2> err.txt &
pid=$!
sleep 3
kill -s KILL "$(cat hdfs/datanode.pid)"
sleep 1
"$pipelines/hdfs-local" status hdfs > again.txt 2>&1
[ $? = 4 ] || complain "status without a DataNode: $(cat again.txt)"
"$pipelines/hdfs-local" start hdfs > again.txt 2>&1 || complain "started again: $(cat again.txt)"
wait $pid || complain "after the death of a DataNode: $(tail -n 3 err.txt)"
there /dead || complain 'after the death of a DataNode other bytes are there'
exit $failed
