#!/bin/sh
# nightly --summary: a row for each run of the last seven days, published or not, with what it was worth and
# why it was refused; older ones are left out, runs that were killed are told, a mail if asked for.
set -u
. "$RECPIPE_ROOT/tests/release-only.sh"
. "$RECPIPE_ROOT/tests/pipelines.sh"
for tool in flock setsid; do command -v $tool > /dev/null || { echo "there is no $tool"; exit 77; }; done
nightly=$RECPIPE_ROOT/pipelines/nightly
export MIN_USER=2 MIN_ITEM=2 K=5 METRICS=5 THREADS=1 KERNEL=portable EPOCHS=2 FACTORS=4 LOSS=ials REDIS=none FLOOR=no
ring 40 8 20 > log.tsv
status 1 "$nightly" --summary no-such-store
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
grep -q '^[0-9TZ]*: exit status 3: personalize failed.*stage filter failed' out.txt || complain 'why it was refused is not there'
grep -q 'T235959Z: exit status -: no end is known' out.txt && ! grep -q 20200102 out.txt || complain 'killed, or old runs'
MAIL_COMMAND='cat > mail.txt' status 0 "$nightly" --summary store
[ ! -s out.txt ] && grep -q '^3 runs since' mail.txt || complain 'no mail'
exit $failed
