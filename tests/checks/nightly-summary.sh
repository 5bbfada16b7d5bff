#!/bin/sh
# nightly --summary: a row for each run of the last seven days, published or not, with what it was worth and
# why it was refused; older ones are left out, runs that were killed are told, a mail if asked for.
set -u
. "$RECPIPE_ROOT/tests/release-only.sh"
. "$RECPIPE_ROOT/tests/pipelines.sh"
for tool in flock setsid; do command -v $tool > /dev/null || { echo "there is no $tool"; exit 77; }; done
nightly=$RECPIPE_ROOT/pipelines/nightly
export MIN_USER=2 MIN_ITEM=2 K=5 METRICS=5 THREADS=1 KERNEL=portable EPOCHS=2 FACTORS=4 LOSS=ials REDIS=none FLOOR=no
ring 40 8 20 | sed 's/^u\([0-9]\)/\1/' > log.tsv # a user is called 0, which is one, too
status 1 "$nightly" --summary no-such-store
for mode in summary republish; do
	status 2 "$nightly" --$mode store log.tsv
	said "^nightly: --$mode takes STORE alone: FILE would not be read"
done
status 0 "$nightly" store log.tsv
sleep 1
{ cat log.tsv && printf 'bad\n'; } > bad.tsv
status 3 "$nightly" store bad.tsv
printf '20200102T030405Z\t0\t9\t8\t7\t0.5\t0.5\t0\t\n' >> store/runs.tsv
: > "store/logs/$(date -u +%Y%m%d)T235959Z.log"
status 0 "$nightly" --summary store
grep -q '^3 runs since .*: 1 published, 2 not$' out.txt || complain "the first line: $(head -n 1 out.txt)"
made=store/work
value=$(awk -F '\t' 'NR == 2 { printf "%.4f", $3 }' $made/floor.tsv)
rows=$(($(wc -l < $made/dataset.tsv) - 1))
grep -qE "^[0-9TZ]{16} +0 +[0-9]+ +$rows +40 +$value +100[.]0 +-$" out.txt || complain "the row of a good run: $(cat out.txt)"
awk -F '\t' 'NR == FNR { if ($3 > 0.5) liked[$1, $2]; next } FNR > 1 { rows++; bad += ($1, $3) in liked } END { exit !rows || bad }' \
	log.tsv $made/serving-topk.tsv || complain 'lists have what their user liked'
grep -q '^[0-9TZ]*: exit status 3: personalize failed.*stage filter failed' out.txt || complain 'why it was refused is not there'
grep -q 'T235959Z: exit status -: no end is known' out.txt && ! grep -q 20200102 out.txt || complain 'killed, or old runs'
MAIL_COMMAND='cat > mail.txt' status 0 "$nightly" --summary store
[ ! -s out.txt ] && grep -q '^3 runs since' mail.txt || complain 'no mail'

# What fails before there is a log has its row and its mail, too.
rm -f mail.txt
MAIL_COMMAND='cat > mail.txt' status 1 "$nightly" store missing.tsv
grep -qx 'nightly: exit status 1: cannot read missing.tsv' mail.txt && [ ! -s err.txt ] || complain "no mail of a missing log: $(cat mail.txt err.txt)"
status 1 "$nightly" store missing.tsv
said '^nightly: cannot read missing.tsv$'
hold store/.lock
MAIL_COMMAND='cat > mail.txt' status 4 "$nightly" store log.tsv
kill "$holder"
grep -q '^nightly: exit status 4: the previous run is still at work' mail.txt || complain "no mail of a run that overlaps: $(cat mail.txt)"
# A row that was cut short is none, and the next one is whole.
printf '20990101T000000Z\t0\t9' >> store/runs.tsv
status 1 "$nightly" store missing.tsv
status 0 "$nightly" --summary store
grep -q '^7 runs since .*: 1 published, 6 not$' out.txt && [ "$(grep -c 'exit status 1: cannot read missing.tsv$' out.txt)" = 3 ] &&
	grep -q 'exit status 4: the previous run' out.txt && ! grep -q 2099 out.txt || complain "rows of runs without a log: $(cat out.txt)"
# Lists can be live when the run failed: they are published, and what is wrong is told.
printf '%s\t4\t9\t8\t7\t0.5\t0.5\t0\tthe model %s is live, but the logs are not in HDFS: \033]0;x\007\n' \
	"$(date -u +%Y%m%d)T000001Z" "$(date -u +%Y%m%d)T000001Z" >> store/runs.tsv
status 0 "$nightly" --summary store
awk '/^Published, but$/ { there = 1; next } there { n++; ok = /Z: exit status 4: the model .* is live, but the logs are not in HDFS: [ -~]*$/ } END { exit !(n == 1 && ok) }' out.txt &&
	grep -q '^8 runs since .*: 2 published, 6 not$' out.txt || complain "live without logs in HDFS: $(cat out.txt)"
# A full disk has no room for a row: the file .room gives way.
cat > small.sh << 'END'
mkdir -p small && mount -t tmpfs -o size=1m none small && cp -R store/logs store/runs.tsv store/.room small/ || exit 77
# The last page of runs.tsv is full, too.
awk -v size="$(wc -c < small/runs.tsv)" 'BEGIN {
	text = "20200102T030405Z\t0\t9\t8\t7\t0.5\t0.5\t0\t"
	for (n = (size + length(text) + 1) % 4096; n && n < 4096; n++) text = text "x"
	print text }' >> small/runs.tsv
dd if=/dev/zero of=small/filler bs=4096 2> /dev/null
"$nightly" small log.tsv > full.txt 2>&1
echo $? > full.status
"$nightly" --summary small > full.summary
END
export nightly
unshare -rm sh small.sh 2> /dev/null
if [ $? = 77 ]; then
	echo 'no file system can be mounted here: nothing is known of full disks'
else
	[ "$(cat full.status)" = 1 ] && grep -q '^nightly: the disk of .*small is full$' full.txt || complain "a full disk: $(cat full.status full.txt)"
	grep -q 'exit status 1: the disk of .*small is full$' full.summary || complain "a full disk has no row: $(cat full.summary)"
fi
exit $failed
