#!/bin/sh
# Stages of personalize that run at once: the files are those of one thread, the manifest has the same rows in the
# same order, a second run does none of them, and one that fails ends the run with its status, when the others
# have ended.
set -u
. "$RECPIPE_ROOT/tests/release-only.sh"
. "$RECPIPE_ROOT/tests/pipelines.sh"
personalize=$RECPIPE_ROOT/pipelines/personalize
export VALUE_COLUMN=time FACTORS=4 EPOCHS=2 K=5 METRICS=5 MIN_USER=2 MIN_ITEM=2 KERNEL=portable FLOOR=no REDIS=none
ring 120 12 40 mixed > rows.tsv
for threads in 1 3; do
	THREADS=$threads status 0 "$personalize" work-$threads rows.tsv
	cut -f 2,3,5 work-$threads/manifest.tsv > manifest-$threads
done
cmp manifest-1 manifest-3 || complain 'another manifest'
grep -q 'filter-interactions .*--threads 3 ' work-3/manifest.tsv || complain 'rows are filtered by one thread'
grep -q '^random	0	' manifest-3 || complain "the manifest lacks stages: $(cat manifest-3)"
for file in work-1/*.tsv; do
	case ${file##*/} in manifest.tsv | curve.tsv) continue ;; esac
	cmp "$file" "work-3/${file##*/}" || complain "${file##*/} is another one"
done
sed 1d work-1/report.txt > a
sed 1d work-3/report.txt | cmp a - || complain 'another report'
[ -z "$(ls -A work-3 | grep '\.\(said\|known\|manifest\)$')" ] || complain "left: $(ls -A work-3)"
runs=$(wc -l < work-3/manifest.tsv)
THREADS=3 status 0 "$personalize" work-3 rows.tsv
[ "$(wc -l < work-3/manifest.tsv)" = "$runs" ] || complain "done again: $(tail -n +"$runs" work-3/manifest.tsv)"
for stage in count popular random evaluate floor; do
	grep -q "^= $stage: as before" err.txt || complain "$stage is not said"
done

# Two that fail: the status is that of the first one, and both are explained.
mkdir shims
ln -s "$RECPIPE_BIN"/* shims/
rm shims/recommend-baseline
printf '#!/bin/sh\ncase "$*" in *random*) echo "random: no" >&2; exit 3 ;; *--version*) ;; *) sleep 1; echo "popular: no" >&2; exit 4 ;; esac\n' \
	> shims/recommend-baseline
chmod +x shims/recommend-baseline
FILTER='-j 2' RECPIPE_BIN=$PWD/shims THREADS=3 status 4 "$personalize" failed rows.tsv
grep 'filter-interactions .*-j 2 ' failed/manifest.tsv | grep -qv -e --threads || complain "FILTER's own threads: $(cat failed/manifest.tsv)"
for text in '^random: no' '^popular: no' 'stage popular failed (exit status 4)' 'stage random failed (exit status 3)'; do said "$text"; done
[ -f failed/items.tsv ] && [ ! -e failed/model.tsv ] || complain "after a failure: $(ls failed)"
exit "$failed"
