#!/bin/sh
# nightly with HDFS=URL: the night's logs are there under the name of its model; a cluster that is
# down, or says no, fails the run at its end and holds up nothing.
set -u
. "$RECPIPE_ROOT/tests/pipelines.sh"
. "$RECPIPE_ROOT/tests/hdfs.sh"
export RECPIPE_BIN
REDIS=none GATE=none FACTORS=4 EPOCHS=2 HDFS_OPTIONS='--retries 1 --retry-delay 0.01'
export REDIS GATE FACTORS EPOCHS HDFS_OPTIONS
nightly=$RECPIPE_ROOT/pipelines/nightly
good() { sed -n 2p store/good.tsv | cut -f 1; }
mkdir logs
ring 60 30 40 > logs/one.tsv
ring 50 30 40 | sed '1!s/^u/v/' > logs/two.tsv

status 2 env HDFS=nowhere "$nightly" store logs/one.tsv
grep -q 'HDFS is a URL' err.txt || complain "HDFS=nowhere: $(cat err.txt)"
standin
HDFS=$url/nights status 0 "$nightly" store logs/one.tsv logs/two.tsv
[ ! -s err.txt ] || complain "not silent: $(cat err.txt)"
first=$(good)
[ -n "$first" ] && same_there "root/nights/$first" logs && [ -f "root/nights/$first/_SUCCESS" ] ||
	complain "the logs of $first are not there: $(ls -R root)"
sleep 1
standin --times 0 answer op=CREATE '403 Forbidden' '{"RemoteException":{"exception":"DSQuotaExceededException","message":"full"}}'
HDFS=$url/nights status 1 "$nightly" store logs/one.tsv
grep -q 'nightly: exit status 1: the model .* is live, but the logs are not in HDFS: put-hdfs: .*DSQuotaExceededException: full' err.txt || complain "a quota: $(cat err.txt)"
second=$(good)
[ "$second" != "$first" ] || complain 'a cluster that says no held up the model'
[ ! -e "root/nights/$second" ] || complain 'refused logs are there'
sleep 1
standin_stop
HDFS=$url/nights status 4 "$nightly" store logs/one.tsv
grep -q 'nightly: exit status 4: the model .* is live, but the logs are not in HDFS: put-hdfs: .*Failed to connect' err.txt || complain "no cluster: $(cat err.txt)"
[ "$(good)" != "$second" ] || complain 'a cluster that is down held up the model'
# The next run that writes its logs removes what those have left.
[ "$(sed 's|.*/nights/||' store/uploading | tr '\n' ' ')" = "$second $(good) " ] || complain "unfinished: $(cat store/uploading)"
mkdir -p "root/nights/_tmp.$(good)"
echo x > "root/nights/_tmp.$(good)/x"
sleep 1
standin
sed -i 's|//.*/nights|'"${url#*:}/nights|" store/uploading
HDFS=$url/nights status 0 "$nightly" store logs/one.tsv
[ ! -s err.txt ] || complain "after a failure: $(cat err.txt)"
[ "$(ls root/nights | tr '\n' ' ')" = "$first $(good) " ] || complain "something stays: $(ls root/nights)"
[ ! -e store/uploading ] || complain "never removed: $(cat store/uploading)"
# Lists that wait for a Redis that stays away: the logs of each night are kept.
for night in 1 2; do
	sleep 1
	REDIS=unix:///no/socket HDFS=$url/nights status 4 "$nightly" waiting logs/one.tsv
done
said 'the publication that was cut short failed again'
[ "$(ls waiting/logs | sed 's/[.]log$//')" = "$(ls root/nights | tail -n 2)" ] || complain "logs are not kept: $(ls waiting/logs root/nights)"
status 2 env DATASET=logs/one.tsv HDFS="$url/nights" "$nightly" store
exit $failed
