#!/bin/sh
# pipelines/simulate-experiment refuses a Redis that day two would miss before day one is played,
# and takes one that answers, with nothing in it.
set -u
cd "$RECPIPE_TMP" || exit 1
# shellcheck source=../complain.sh
. "$RECPIPE_ROOT/tests/complain.sh"
for tool in redis-server redis-cli; do
	command -v $tool > /dev/null || {
		echo "there is no $tool"
		exit 77
	}
done
# loop FOLDER NAME=VALUE...: into err; a world that is not there ends what is not refused before
loop()
{
	folder=$1
	shift
	mkdir -p nothing
	env WORLD=nothing "$@" "$RECPIPE_ROOT/pipelines/simulate-experiment" "$folder" > out 2> err
}
# refused STATUS WORDS NAME=VALUE...
refused()
{
	status=$1 words=$2
	shift 2
	loop refused "$@"
	got=$?
	[ $got = "$status" ] && grep -qF -- "$words" err || complain "$*: $got: $(cat err)"
}
refused 4 'REDIS is private, none, or the URL of a server that answers' REDIS="unix://$PWD/nobody"
refused 2 'REDIS is private, none, or the URL' REDIS=localhost
refused 1 'there is no tracks.tsv' REDIS=none
# shellcheck source=../redis.sh
. "$RECPIPE_ROOT/tests/redis.sh"
redis_start
refused 1 'there is no tracks.tsv' REDIS="$url" # nothing is live there
refused 1 'there is no tracks.tsv' REDIS=private
mkdir bare && ln -s /bin/* /usr/bin/* bare/ 2> /dev/null
rm -f bare/redis-*
ln -sf "$RECPIPE_BIN"/* bare/
refused 4 'there is no redis-server' REDIS=private PATH="$PWD/bare"
: > refused/day2.tsv # that day is over
refused 1 'there is no tracks.tsv' REDIS="unix://$PWD/nobody"
exit $bad
