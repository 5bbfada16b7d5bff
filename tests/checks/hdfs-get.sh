#!/bin/sh
# get-hdfs against a stand-in for WebHDFS and HttpFS whose answers are cut, changed or hostile; and
# who asks: delegation tokens are among no program's words.
set -u
. "$RECPIPE_ROOT/tests/release-only.sh"
. "$RECPIPE_ROOT/tests/pipelines.sh"
. "$RECPIPE_ROOT/tests/hdfs.sh"
make_logs

# Downloads.
rm -rf root back got
standin
status 0 put logs "$url/day"
for rules in 'cut OPEN 0' '--times 3 cut OPEN 70' 'flip a.log' 'answer OPEN 503 x' 'flip GETFILECHECKSUM' '--httpfs flip OPEN'; do
	# shellcheck disable=SC2086
	standin $rules
	status 0 get "$url/day" back
	same_there back logs || complain "get, $rules: $(cat diff.out)"
	[ "$(ls -d _tmp* 2> /dev/null)" = '' ] || complain "get, $rules: something is left"
	rm -rf back
done
standin --times 0 flip OPEN
status 1 get "$url/day" back
[ ! -e back ] || complain 'other bytes under their name'
echo old > got
status 1 get "$url/day/a.log" got
[ "$(cat got)" = old ] || complain 'a file is replaced by other bytes'
status 1 get "$url/day" -
[ ! -s out.txt ] || complain 'bytes that were not compared are on standard output'
standin --times 0 cut OPEN 100
status 4 get "$url/day" back
# It goes on where it ended: the files that are there and equal are not fetched again.
rm -rf _tmp.back
mkdir _tmp.back
cp logs/a.log _tmp.back/
echo x > _tmp.back/other
standin
status 0 get "$url/day" back
said '; 5 fetched'
same_there back logs || complain "after a beginning: $(cat diff.out)"
for name in ../x a/b . ..; do
	standin --times 0 answer LISTSTATUS '200 OK' \
		'{"FileStatuses":{"FileStatus":[{"pathSuffix":"_SUCCESS","type":"FILE","length":0},{"pathSuffix":"'$name'","type":"FILE","length":1}]}}'
	status 1 get "$url/day" new
	said 'neither a file nor a folder'
done
standin --times 0 answer LISTSTATUS '200 OK' \
	'{"FileStatuses":{"FileStatus":[{"pathSuffix":"_SUCCESS","type":"FILE","length":0},{"pathSuffix":"a\u001bb","type":"FILE","length":1}]}}'
status 1 get "$url/day" new
said 'a name on the server has a control character: a.x1bb'
[ ! -e new ] && [ ! -e x ] || complain 'a hostile server writes files'

# ---- who asks ---------------------------------------------------------------------------

rm -rf root
standin --token abc_DEF-123
status 1 put small "$url/day"
said 'SecurityException'
echo abc_DEF-123 > token
mkdir shim
printf '#!/bin/sh\nprintf "%%s\\n" "$*" >> "%s/words"\nenv >> "%s/words"\nexec "%s" "$@"\n' \
	"$PWD" "$PWD" "$(command -v curl)" > shim/curl
chmod +x shim/curl
PATH=$PWD/shim:$PATH status 0 put --token-file token small "$url/day"
same_there root/day small || complain 'with a token: not whole'
[ -s words ] && ! grep -q abc_DEF words || complain 'the token is among the words or in the environment of curl'
standin --token other
PATH=$PWD/shim:$PATH status 1 get --token-file token "$url/day" new
standin_stop
status 4 get --retries 1 --token-file token "$url/day" new
! grep -q abc_DEF err.txt || complain 'the token is in a message'
printf 'a b\n' > token
status 3 put --token-file token small "$url/day"
status 1 put --token-file nowhere small "$url/day"
standin
status 0 put --user 'a&b' small "$url/again"
grep -q 'user.name=a%26b' requests || complain "--user: $(tail -n 1 requests)"
exit $failed
