#!/bin/sh
# The table `you have, you type` of README.md and every recipe of recpipe-cookbook(7): the commands, as
# they stand there, go from a file in its form, with one bad row in twenty, to lists whose metrics
# are above 0, and reject the bad rows, no more and no less. Both tables of events are what they should be.
# DuckDB and avrocat are the real ones where they are installed, else the file is one that they wrote.
set -u
. "$RECPIPE_ROOT/tests/release-only.sh"
. "$RECPIPE_ROOT/tests/pipelines.sh"
helpers=$RECPIPE_ROOT/tests/helpers
. "$helpers/a-file-each.sh"
EPOCHS=3 FACTORS=8 THREADS=1 KERNEL=portable REDIS=none ON_ERROR=skip
export EPOCHS FACTORS THREADS KERNEL REDIS ON_ERROR RECPIPE_BIN

# ---- the files -------------------------------------------------------------------------------

mkdir made
cd made || exit 1
for file in u.data u.item ratings.dat ratings.csv combined_data_1.txt BX-Book-Ratings.csv ratings_Books.csv yelp_review.csv \
	events.csv yoochoose-clicks.dat steam-200k.csv usersha1-artmbid-artname-plays.tsv user_artists.dat scrobbles.csv \
	userid-timestamp-artid-artname-traid-traname.tsv behaviors.tsv dataset_TSMC2014_NYC.txt \
	loc-gowalla_totalCheckins.txt pandas.csv r.tsv book1.txt matrix.csv; do
	FILE=$file awk -f "$helpers/civil.awk" -f "$helpers/public-formats.awk" > "$file"
	[ -s "$file" ] || complain "public-formats.awk does not make $file"
done
for file in Streaming_History_Audio_2023.json 1.listens recenttracks.json plays.json plays.avro \
	tracks.json recommendations.json mpd.slice.0-59.json; do
	FILE=$file awk -f "$helpers/civil.awk" -f "$helpers/public-logs.awk" > "$file"
	[ -s "$file" ] || complain "public-logs.awk does not make $file"
done
{ printf '\377\376' && iconv -f UTF-8 -t UTF-16LE book1.txt; } > utf-16 && mv utf-16 book1.txt
a_file_each scrobbles.csv
cut -f 2 Streaming_History_Audio_2023.json.want | sort -u | awk -v OFS='\t' '
	NR == 1 { print "track", "duration" } /^spotify/ && !/:5$/ { print $0, 250000 }' > tracks.tsv
cd .. || exit 1

# Presets are looked for beside the tools.
mkdir pipelines && ln -s "$RECPIPE_ROOT/pipelines/data" pipelines/data
# The importers, with an option that the recipes do not have.
mkdir shims
for tool in import-table import-logs; do
	cat > shims/$tool << END
#!/bin/sh
case " \$* " in *' --on-error '*) exec "$RECPIPE_BIN/$tool" "\$@" ;; esac
exec "$RECPIPE_BIN/$tool" --on-error skip "\$@"
END
done
ln -s "$RECPIPE_ROOT/pipelines/personalize" shims/recpipe-personalize
if command -v duckdb > /dev/null; then
	duckdb -c "COPY (SELECT * FROM read_json('made/plays.json')) TO 'made/plays.parquet'" > /dev/null ||
		complain 'DuckDB does not write Parquet'
else
	echo 'not tried here: DuckDB (a JSON file in its form is read)'
	printf '#!/bin/sh\ncp "%s/made/plays.json" plays.json\n' "$PWD" > shims/duckdb
fi
command -v avrocat > /dev/null || {
	echo 'not tried here: avrocat (a JSON file in its form is read)'
	printf '#!/bin/sh\nsed '\''s/"track_id": \\("[^"]*"\\)/"track_id": {"string": \\1}/'\'' "%s/made/plays.json"\n' "$PWD" > shims/avrocat
}
chmod +x shims/*
PATH=$PWD/shims:$RECPIPE_BIN:$PATH

# ---- the recipes: NAME.sh each, those of the page that README.md has, too, but once -------------

mkdir recipes
awk '/^<!-- formats -->/ { on = 1 } /^$/ && n { on = 0 } on && /^\|.*`/ {
	n++
	while (match($0, /`[^`]*`/)) {
		line = substr($0, RSTART + 1, RLENGTH - 2)
		$0 = substr($0, RSTART + RLENGTH)
		sub(/pipelines\/personalize/, "recpipe-personalize", line)
		print line > sprintf("recipes/README-%02d.sh", n)
	} }' "$RECPIPE_ROOT/README.md"
awk '/^\.EX/ { n++; on = 1; next } /^\.EE/ { on = 0 } on {
	gsub(/\\-/, "-"); gsub(/\\e/, "\\"); gsub(/\\\(aq/, "'\''"); gsub(/\\&/, ""); sub(/^ +/, "")
	printf "%s%s", $0, /\\$/ ? "" : "\n" > sprintf("recipes/page-%02d.sh", n) }' "$RECPIPE_ROOT/man/recpipe-cookbook.7"
sed -i 's/ \\/ /g' recipes/*.sh
[ "$(ls recipes | grep -c README)" -ge 27 ] || complain "README.md has only $(ls recipes | grep -c README) formats"
[ "$(ls recipes | grep -c page)" -ge 31 ] || complain "the page has only $(ls recipes | grep -c page) recipes"
for recipe in recipes/*.sh; do
	[ "$(grep -vc '^--' "$recipe")" -le 3 ] || complain "more than three commands: $(cat "$recipe")"
	for other in recipes/README-*.sh; do
		[ "$recipe" != "$other" ] && [ "${recipe%page*}" != "$recipe" ] && cmp -s "$recipe" "$other" && rm "$recipe" && break
	done
done

# ---- from the file to metrics ---------------------------------------------------------------------

# columns_are WANT GOT: are WANT's columns, by name, those of GOT?
columns_are()
{
	awk -F '\t' -v OFS='\t' 'NR == FNR { if (FNR == 1) n = split($0, name); next }
		FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
		{ row = $at[name[1]]; for (i = 2; i <= n; i++) row = row OFS $at[name[i]]; print row }' "$1" "$2" | cmp -s "$1" -
}
# has_ndcg FILE
has_ndcg() { awk '$1 == "ndcg@10" && $2 + 0 > 0 { found = 1 } END { exit !found }' "$1"; }

ran=0 lost=0
for recipe in recipes/*.sh; do
	grep -q -e '--dry-run' "$recipe" && continue
	rm -rf run
	cp -R made run
	# That a log of Spotify has rows without a track or a length is for the recipe to know.
	all=ON_ERROR=skip
	! grep -q 'preset spotify' "$recipe" || all=ON_ERROR=
	(cd run && env "$all" sh -eu "../$recipe" < /dev/null) > out.txt 2> err.txt
	got=$?
	if [ $got = 3 ] && tail -n 1 err.txt | grep -q '^recpipe-personalize: the model loses to popular lists: .* FLOOR=no goes on)$'; then
		# A score of users and a dozen items: there popular lists may be the better ones indeed.
		lost=$((lost + 1))
		(cd run && env "$all" FLOOR=no sh -eu "../$recipe" < /dev/null) > out.txt 2> err.txt
		got=$?
	fi
	[ $got = 0 ] || {
		complain "exit status $got: $(cat "$recipe") $(tail -n 3 err.txt)"
		continue
	}
	ran=$((ran + 1))
	(cd run && has_ndcg work/metrics.tsv) || complain "no ndcg@10 above 0: $(cat "$recipe")"
	has_ndcg out.txt || complain "no ndcg@10 is shown: $(cat "$recipe")"
	# The files that it reads, of those with bad rows: the last words of the commands.
	bad=0 file=''
	for word in $(set -f; sed '/^avrocat/d; s/ | .*//; s/ > .*//; s/.* //' "$recipe"); do
		case $word in
		scrobbles/*) file=scrobbles.csv ;;
		*) file=$(cd made && ls $word 2> /dev/null) ;;
		esac
		[ ! -f "made/$file.bad" ] || bad=$((bad + $(cat "made/$file.bad"))) its=$file
	done
	rejected=$(awk '/^import-.* rejected$/ { n += $(NF - 1) } END { print n + 0 }' err.txt)
	[ "$rejected" = "$bad" ] && [ "$bad" -gt 0 ] || complain "$rejected rows rejected, and $bad are bad: $(cat "$recipe")"
	case $recipe$its in
	*README*.json | *README*.listens)
		columns_are "made/$its.want" run/log.tsv || complain "another table: $(cat "$recipe")"
		;;
	esac
done
echo "$ran recipes; the models of $lost lose to popular lists, and went on with FLOOR=no"
[ "$lost" -le 3 ] || complain "$lost models lose to popular lists"
exit $failed
