#!/bin/sh
# put-hdfs and get-hdfs against a stand-in for WebHDFS and HttpFS: folders with all kinds of
# names, there and back, and every fault that a server or a network can have while files are
# put there. checks/hdfs-get is about the other direction, checks/hdfs-kill about signals;
# tests/cluster/hdfs.sh does it with Hadoop itself.
set -u
. "$RECPIPE_ROOT/tests/release-only.sh"
. "$RECPIPE_ROOT/tests/pipelines.sh"
. "$RECPIPE_ROOT/tests/hdfs.sh"
make_logs

# There and back, by both protocols, in one block and in several.
for words in '--block-size 65536' '--block-size 512' '--httpfs --block-size 65536' '--httpfs'; do
	rm -rf root back
	# shellcheck disable=SC2086
	standin $words
	status 0 put logs "$url/x/y z/day%"
	said '^put-hdfs: 6 files at .*; 6 sent$'
	[ ! -s out.txt ] || complain "prints $(cat out.txt)"
	same_there 'root/x/y z/day%' logs || complain "$words: not what was sent: $(cat diff.out)"
	[ -f 'root/x/y z/day%/_SUCCESS' ] && [ ! -s 'root/x/y z/day%/_SUCCESS' ] || complain 'no empty _SUCCESS'
	[ "$(ls 'root/x/y z')" = day% ] || complain "something is left: $(ls 'root/x/y z')"
	tail -n 1 requests | grep -q '/_SUCCESS op=CREATE' || complain "_SUCCESS is not last: $(tail -n 1 requests)"
	status 0 get "$url/x/y z/day%" back
	same_there back logs || complain "$words: not what was there: $(cat diff.out)"
	[ ! -e back/_SUCCESS ] && [ ! -e _tmp.back ] || complain 'get-hdfs leaves something'
done
# Again: nothing is sent, nothing is fetched, and -q says nothing.
n=$(uploads)
[ "$n" -ge 6 ] || complain "only $n uploads are counted"
status 0 put -q logs "$url/x/y z/day%"
[ "$(uploads)" = "$n" ] && [ ! -s err.txt ] || complain "sent again: $(cat err.txt)"
status 0 get -q "$url/x/y z/day%" back
[ ! -s err.txt ] || complain "-q: $(cat err.txt)"
# Another folder of that name is left alone, there and here.
status 1 put small "$url/x/y z/day%"
said 'is there with other contents: one differs'
echo more >> back/a.log
status 1 get "$url/x/y z/day%" back
said 'is there with other contents: a.log differs'
status 0 get "$url/x/y z/day%" -
(cd logs && cat ./-rf a.log "b c%25'\"\\&?#+;.log" empty sub/deep/d 'é🎵.log') | cmp -s - out.txt || complain 'to standard output: other bytes'
# Files by name; one as a file; a file is replaced, a folder is not.
status 0 put logs/a.log small/one "$url/some"
[ "$(ls root/some | tr '\n' ' ')" = '_SUCCESS a.log one ' ] || complain "files: $(ls root/some)"
status 2 put --file
status 0 put --file small/one "$url/file"
cmp -s small/one root/file || complain '--file: another file'
[ ! -e root/file_SUCCESS ] || complain '--file: _SUCCESS'
status 1 put --file small/two "$url/file"
status 0 put --file small/one "$url/file"
said '; 0 sent'
echo old > got
status 0 get "$url/file" got
cmp -s got small/one || complain 'a file: not what was there'
status 1 get "$url/file" small
status 1 get "$url/some" got
status 1 get "$url/nowhere" new
said 'No such file or folder'
status 1 get "$url/file" /dev/null
# What is incomplete.
rm root/some/_SUCCESS
status 3 get "$url/some" some
said 'there is no _SUCCESS'
[ ! -e some ] || complain 'an incomplete folder is fetched'
status 0 get --allow-incomplete "$url/some" some
# Another run that was killed before _SUCCESS: it is finished.
status 0 put logs/a.log small/one "$url/some"
said '; 0 sent'
[ -f root/some/_SUCCESS ] || complain '_SUCCESS is still missing'

# What a run has left that nobody goes on with.
mkdir -p root/_tmp.left/sub
echo x > root/_tmp.left/sub/x
status 0 put --abandon "$url/left"
[ ! -e root/_tmp.left ] && [ -e root/some ] || complain "--abandon: $(ls -R root)"
status 0 put --abandon "$url/left"

# Usage, and names that cannot be.
status 2 put
status 2 put --abandon
status 2 put --abandon logs "$url/x"
status 2 put --abandon "$url"
status 2 put logs
status 2 put logs file:///x
status 2 put logs "$url"
status 2 put logs "$url/../x"
status 2 put logs "$url/_tmp.x"
status 2 put logs webhdfs://user:secret@host/x
status 2 put logs small "$url/x"
status 2 put logs/a.log logs/a.log "$url/x"
status 2 put --retries x logs "$url/x"
status 2 put --block-size= logs "$url/x"
status 2 put --block-size 08M logs "$url/x"
said 'option --block-size is a number of bytes'
status 2 put --block-size 1x logs "$url/x"
status 2 put --verify md5 logs "$url/x"
status 2 put --user u --negotiate logs "$url/x"
status 2 get "$url/x"
status 2 get "$url/x" ''
status 1 put nowhere "$url/x"
mkdir none odd bad
status 3 put none "$url/x"
echo x > "odd/a
b"
status 3 put odd "$url/x"
echo x > "bad/$(printf 'a\033[2J')"
status 3 put bad "$url/x"
! grep -q "$(printf '\033')" err.txt || complain 'a control byte reaches the terminal'
rm bad/*
echo x > "bad/$(printf 'a\377')"
status 3 put bad "$url/x"
rm bad/*
ln -s nowhere bad/link
status 3 put bad "$url/x"
[ ! -e root/x ] || [ ! -e root/x/x ] || complain 'what was refused was sent'

# ---- faults of the server -------------------------------------------------------------

# fault WANT RULES...: a new server with these rules; put-hdfs must exit so; the folder is then
# whole (0) or not there
fault()
{
	want=$1
	shift
	rm -rf root
	standin "$@"
	status "$want" put small "$url/day"
	if [ "$want" = 0 ]; then
		same_there root/day small && [ -f root/day/_SUCCESS ] || complain "$*: not whole: $(cat diff.out)"
	else
		[ ! -e root/day/_SUCCESS ] || complain "$*: _SUCCESS"
	fi
}
fault 0 cut step=datanode 0 cut step=datanode 7
fault 0 --times 3 cut step=datanode 70
fault 4 --times 0 cut step=datanode 70
[ ! -e root/day ] || complain 'a torn file under its name'
said 'trying again'
fault 0 answer op=CREATE '503 Service Unavailable' '<html>busy</html>'
fault 0 answer LISTSTATUS '403 Forbidden' '{"RemoteException":{"exception":"SafeModeException","message":"Name node is in safe mode"}}'
fault 4 --times 0 answer LISTSTATUS '403 Forbidden' '{"RemoteException":{"exception":"StandbyException","message":"standby"}}'
fault 1 --times 0 answer op=CREATE '403 Forbidden' '{"RemoteException":{"exception":"AccessControlException","message":"Permission denied: \u001b[2J user"}}'
said 'AccessControlException: Permission denied: .x1b.2J user'
! grep -q 'trying again' err.txt || complain 'tries again what was refused'
fault 1 answer LISTSTATUS '200 OK' '<html>a portal</html>'
fault 1 answer LISTSTATUS '200 OK' '{"FileStatuses":{"FileStatus":[{"pathSuffix":"../../x","type":"FILE","length":1}]}}'
said 'neither a file nor a folder'
# Other bytes arrived, or the server says so.
fault 0 flip 'one op=CREATE&overwrite=true&user.name'
fault 0 --times 2 flip /two
fault 1 --times 0 flip two
[ ! -e root/day ] || complain 'other bytes under their name'
said 'not what was sent'
fault 0 flip GETFILECHECKSUM
fault 1 --times 0 flip GETFILECHECKSUM
[ ! -e root/day ] || complain 'a checksum that differs, and the folder has its name'
fault 1 --times 0 answer GETFILECHECKSUM '200 OK' '{"FileChecksum":{"algorithm":"etag","bytes":"00","length":1}}'
said '--verify=length'
fault 0 answer GETFILECHECKSUM '403 Forbidden' '{"RemoteException":{"exception":"IOException","message":"under construction"}}'
# RENAME: refused, refused for ever, done without an answer, another run before it.
fault 0 answer RENAME '200 OK' '{"boolean":false}'
fault 1 --times 0 answer RENAME '200 OK' '{"boolean":false}'
said 'RENAME was refused'
[ ! -e root/day ] || complain 'the folder has its name, and RENAME was refused'
fault 0 lost RENAME
fault 0 --httpfs lost RENAME
fault 1 --httpfs before RENAME 'mkdir day && echo other > day/three'
said 'other files were found after the renaming'
fault 1 before RENAME 'mkdir day && echo other > day/three'
[ "$(ls root/day)" = three ] || complain 'something moved into a folder of another'
fault 0 lost step=datanode
fault 0 --httpfs answer '_SUCCESS op=CREATE' '500 Internal Server Error' ''
# Slow answers.
rm -rf root
standin hang LISTSTATUS 4000
status 0 put --timeout 1 small "$url/day"
said 'trying again'
# What an earlier run with other files has left goes, and what is equal stays.
rm -rf root
standin
mkdir -p root/_tmp.day/old root/_tmp.day/two
cp small/one root/_tmp.day/one
echo x | tee root/_tmp.day/three > root/_tmp.day/old/x
status 0 put small "$url/day"
said '; 1 sent'
same_there root/day small || complain "what was left over: $(cat diff.out)"
# By lengths alone.
rm -rf root
standin --times 0 flip GETFILECHECKSUM
status 0 put --verify=length small "$url/day"
! grep -q GETFILECHECKSUM requests || complain '--verify=length asks for checksums'
exit $failed
