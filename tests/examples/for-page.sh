# for-page.sh - what single pages mean by the names of files; sourced by the check. A page
# that needs a program which is not here writes its name into .missing.

# by_tab NAME: a table from lines of fields with a blank between them
by_tab() { tr ' ' '\t' > "$1"; }

for_ab_split_1()
{
	printf '%s\n' 'name arm weight recommender' 'NEW C 1 random' 'NEW T1 1 indexed' | by_tab experiments.tsv
}
for_ab_split() { for_ab_split_1; }

for_analyze_ab_1()
{
	cp events.tsv before.tsv
	awk 'BEGIN { print "user\tarm\trevenue"; for (u = 1; u < 200; u++) print u "\t" (u % 2 ? "C" : "T1") "\t" u % 7 }' > users.tsv
}
for_analyze_ab() { cp events.tsv events.r1.tsv; }

for_bow_cosine_1()
{
	printf 'item\tdescription\nc1\tthe song of the sea\nc2\tsongs of sea and wind\nc3\ta piano piece\n' > candidates.tsv
	cp candidates.tsv items.tsv
	printf 'user\titem\tdescription\nu1\tl1\tsea songs\n' > liked.tsv
}
for_bow_cosine() { for_bow_cosine_1; }

for_build_dataset_1()
{
	# Half of the rows lie after the start of 2025, whatever day the simulator plays.
	awk -F '\t' -v OFS='\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
		NR > 1 { $at["timestamp"] = sprintf("%.0f", 1735689600000 + (NR % 2 ? 1 : -1) * NR * 1000) } { print }' positives.tsv > new
	mv new positives.tsv
}

for_evaluate_policy_1()
{
	# Each user's list was recommended from at random; what stands first in it is heard longer.
	awk -F '\t' -v OFS='\t' 'FNR == 1 { file++; next } file == 1 && n[$1] < 5 { item[$1, ++n[$1]] = $3 }
		END {
			print "message", "timestamp", "user", "track", "time", "latency", "recommendation", "probability"
			for (u in n) if (n[u] == 5) for (s = 1; s <= 20; s++) {
				k = 1 + (s * 7 + u) % 5
				print "next", s * 1000, u, "seed", 1, 0, item[u, k], 0.2
				print "last", s * 1000 + 500, u, item[u, k], 1 / k, 0, "", ""
			}
		}' topk.tsv > events.tsv
	awk -F '\t' 'NR == 1 || $2 <= 5' topk.tsv > new
	mv new topk.tsv
	awk 'BEGIN { print "recommendation\tposition\tprobability\tclick"; for (i = 0; i < 400; i++) print i % 4 "\t" 1 + i % 2 "\t0.5\t" i % 3 }' > shown.tsv
	printf '%s\n' 'position item probability' '1 0 0.2' '1 2 0.8' '2 1 0.4' '2 3 0.6' | by_tab policy.tsv
}
for_evaluate_policy() { for_evaluate_policy_1; }

for_evaluate_topk_1()
{
	awk -F '\t' -v OFS='\t' 'NR == 1 { $1 = "uid"; $2 = "position"; $3 = "movie" } { print }' topk.tsv > lists.tsv
}

for_export_topk_1()
{
	awk -F '\t' -v OFS='\t' '{ print $3, $4, $2 }' events.tsv | sed '1s/.*/user	item	timestamp/' > history.tsv
}

for_fit_item_drift_1() { sed 500q ratings.tsv | cut -f 1,2,4 > pairs.tsv; }
for_fit_item_drift() { sed -i '2,300s/^\([0-9]*\)	[0-9]*/\1	42/' ratings.tsv; }

for_fold_in_1() { printf '%s\n' 'user item' 'new1 1' 'new1 2' 'new2 7' | by_tab new-users.tsv; }
for_fold_in() { for_fold_in_1; }

for_filter_interactions_1()
{
	awk -F '\t' -v OFS='\t' '{ print $0, NR == 1 ? "event" : NR % 2 ? "cart" : "view" }' events.tsv > new
	mv new events.tsv
}

for_import_logs_1()
{
	for r in 1 2; do cp run.r$r.json.gz 20250511-personalized.r$r.json.gz; done
	gzip -c foreign.json > plays.json.gz
	mkdir users
	printf '{"id": "a", "endTime": "2024-05-01 10:00", "msPlayed": 90000, "duration_ms": 180000}\n' > users/ann.json
	for n in 1 2; do
		printf '{"payload": {"user_id": "u%s", "listens": [{"recording_msid": "a", "listened_at": 1700000000}]}}\n' $n > listens$n.json
	done
	printf '[{"ts": "2022-04-03T17:38:20Z", "ms_played": 5, "spotify_track_uri": "s:1"}]\n' > Streaming_History_Audio_0.json
	printf '%s\n' 'track duration' 's:1 10' | by_tab tracks.tsv
}
for_import_logs() { cp foreign.json log.json; }

for_join_columns_1()
{
	printf '%s\n' 'user age' '1 20' '2 30' | by_tab panel.tsv
	awk -F '\t' -v OFS='\t' '{ print $3, $4, $5 }' events.tsv > interactions.tsv
	awk -F '\t' -v OFS='\t' 'NR == 1 { print "user", "item", "time" } NR > 1 && !seen[$3, $4]++ { print $3, $4, $5 }' \
		events.tsv > plays.tsv
}
for_join_columns() { sed '1s/item/movieId/' items.tsv > movies.tsv; }

for_blend_topk_1() { recommend-baseline -q --k 100 --exclude dataset.tsv -o popular.tsv dataset.tsv; }
for_blend_topk() { for_blend_topk_1; }
for_compare_topk_1()
{
	recommend-baseline -q --k 100 --exclude dataset.tsv -o popular.tsv dataset.tsv
	awk -F '\t' -v OFS='\t' 'NR == 1 { print "user", "age" } NR > 1 { print $1, NR % 2 ? "young" : "old" }' \
		users.tsv > ages.tsv
}
for_compare_topk() { for_compare_topk_1; }

for_keep_header_1()
{
	cut -f 1,3,4 topk.tsv > scores.tsv
	printf 'user\titem\nu\tt4711\n' | gzip > may.tsv.gz
	cp may.tsv.gz june.tsv.gz
}
for_keep_header()
{
	printf 'item\ttitle\n1\tMozart\n' > a.tsv
	gzip -c a.tsv > b.tsv.gz
}

for_load_redis_1()
{
	printf '%s\n' 'user item' '4711 1' '4711 2' | by_tab topk.tsv
	sed '1s/track/item/' positives.tsv > plays.tsv
}

for_next_track_1()
{
	printf '%s\n' 'message user track time' 'next 17 42 0.8' 'last 17 43 0.1' | by_tab requests.tsv
	cp requests.tsv ask.tsv
	rm events.tsv
	load-redis -q --redis "$url" --items items.tsv topk.tsv
}
for_next_track() { for_next_track_1; }

for_recommend_items_1()
{
	export-topk -q --similar items --as neighbors --k 20 -o neighbors.tsv model.tsv
}
for_recommend_items() { for_recommend_items_1; }

for_score_pairs_1()
{
	for_recommend_items_1
	awk -F '\t' -v OFS='\t' 'NR == 1 || NR % 5 == 0 { print $1, $3 }' topk.tsv > candidates.tsv
	awk -F '\t' -v OFS='\t' '{ print $1, NR == 1 ? "feature" : $4 }' items.tsv > genres.tsv
	awk -F '\t' -v OFS='\t' '{ print $1, NR == 1 ? "feature" : NR % 2 ? "young" : "old" }' users.tsv > ages.tsv
	train-mf -q --factors 8 --epochs 2 --user-features ages.tsv --item-features genres.tsv -o model.tsv dataset.tsv
}
for_score_pairs() { for_score_pairs_1; }

for_unpack_1()
{
	train-mf -q --factors 8 --epochs 4 --packed -o model.packed dataset.tsv
	export-topk -q --k 100 --exclude dataset.tsv --packed -o lists.packed model.tsv
	id=$(awk -F '\t' 'NR == 2 { print $1 }' topk.tsv)
	sed "s/^$id	/u17	/" topk.tsv | rerank-topk -q --k 100 --packed -o lists.packed
}
for_unpack() { for_unpack_1; }

# The world in other forms: JSON lines, and numpy's format (perl writes the floats).
for_simulate_sessions()
{
	awk -F '\t' 'NR > 1 { printf "{\"track\": %s, \"artist\": \"%s\"}\n", $1, $2 }' w/tracks.tsv > t.json
	awk -F '\t' 'NR > 1 { printf "{\"user\": %s, \"interests\": [%s], \"consume_bias\": %s, \"consume_sharpness\": %s}\n",
		$1, $2, $3, $4 }' w/users.tsv > u.json
	perl -e '<>; while (<>) { chomp; my (undef, @f) = split /\t/; $w = @f; $n++; $data .= pack "f<*", @f }
		my $head = "{\x27descr\x27: \x27<f4\x27, \x27fortran_order\x27: False, \x27shape\x27: ($n, $w), }";
		$head .= " " x (63 - (10 + length $head) % 64) . "\n";
		print "\x93NUMPY\x01\x00", pack("v", length $head), $head, $data' w/embeddings.tsv > e.npy
	printf '#!/bin/sh\nexec next-track --items w/tracks.tsv\n' > mine.py
	chmod +x mine.py
}

# Nothing but the logs: what a page reads, it has made before.
only_logs() { find . -mindepth 1 -maxdepth 1 ! -name 'run.r*.json.gz' -exec rm -rf {} +; }
for_README_md() { only_logs; }
for_recpipe_formats_5()
{
	awk -F '\t' '{ print (NR == 1 ? "movieId,title,artist" : $1 ",\"" $2 ", the song\"," $3) }' items.tsv > movies.csv
	awk -F '\t' '{ print $1 "," $2 "," $3 }' items.tsv | gzip -c > movies.csv.gz
}
for_recpipe_7() { only_logs; }
for_train_items_1()
{
	sed '1s/track/item/' positives.tsv > plays.tsv
	for part in 1 2; do
		awk -F '\t' -v part=$part 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
			NR == 1 || $at["user"] % 2 + 1 == part' plays.tsv > users$part.tsv
	done
}
for_train_items() { for_train_items_1; }
for_build_dataset_1() { for_train_items_1; }


for_train_mf_1() { ln -s "$RECPIPE_ROOT/pipelines" pipelines; }

for_import_table_1()
{
	gzip -dc ratings.csv.gz > ratings.csv
	sed 1d ratings.csv | sed 's/,/::/g' > ratings.dat
	cp "$RECPIPE_ROOT"/tests/cases/import-table/kinds/shop.csv .
	printf 'at,item\n13.5.2024 10:00,a\n14.5.2024 7:30,b\n' > plays.csv
	printf '%s\n' 'user track ms_played' 'ann a 90000' | by_tab plays.tsv
	printf '%s\n' 'track duration' 'a 180000' | by_tab tracks.tsv
}
for_import_table() { for_import_table_1; }

for_checksum_hdfs_1()
{
	seq 1 1000 > part-00000
	seq 1 2000 > part-00001
	cp -- part-00000 day.json.gz
}
for_checksum_hdfs() { for_checksum_hdfs_1; }
