# fixtures.sh - the files that the documents' examples read; sourced, in the folder
# where they are to lie. Small, made from a seed and from the sample data.
#
# A page whose example means another file by the same name makes it in for_PAGE.

make-world -q --seed 1 --users 300 --tracks 400 --artists 60 --genres 6 -d w
simulate-sessions -q --tracks w/tracks.tsv --embeddings w/embeddings.tsv --users w/users.tsv \
	--sessions-per-user 6 --seed 1 -o events.tsv -- \
	next-track -q --items w/tracks.tsv --experiment PERSONALIZED=2 --arm C=random --arm T1=random
cp w/tracks.tsv catalog.tsv
awk -F '\t' -v OFS='\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; print "item", "title", "artist", "genre" }
	NR > 1 { print $at["item"], "Track " $at["item"], $at["artist"], "genre " $at["artist"] % 6 }' catalog.tsv > items.tsv

# The service's JSON logs, two replicas of one run.
awk -F '\t' '
	NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
	{
		rest = $at["recommendation"] == "" ? "" : ", \"recommendation\": " $at["recommendation"]
		printf "{\"message\": \"%s\", \"timestamp\": %s, \"user\": %s, \"track\": %s, \"time\": %s, \"latency\": %s%s, " \
			"\"experiments\": {\"PERSONALIZED\": \"%s\"}}\n", $at["message"], $at["timestamp"], $at["user"],
			$at["track"], $at["time"], $at["latency"], rest, $at["PERSONALIZED"] > "run.r" NR % 2 + 1 ".json"
	}' events.tsv
gzip -n run.r1.json run.r2.json
cp run.r1.json.gz replica1.json.gz
cp run.r2.json.gz replica2.json.gz
cat > foreign.json << 'END'
{"uid": "u1", "payload": {"id": "a"}, "played_ms": 90000, "duration_ms": 180000, "at": "2025-05-11T10:00:00Z", "track": "a", "timestamp": 1}
{"uid": "u2", "payload": {"id": "b"}, "played_ms": 200000, "duration_ms": 200000, "at": "2025-05-11T10:01:00+02:00", "track": "b", "timestamp": 2}
END

filter-interactions -q --above 0.5 -o positives.tsv events.tsv
build-dataset -q --item track --timestamp timestamp --test 0.3 --validation 0.1 --seed 42 -o dataset.tsv positives.tsv
train-mf -q --factors 8 --epochs 4 -o model.tsv dataset.tsv
train-mf -q --factors 8 --epochs 4 --fit-splits all -o serving.tsv dataset.tsv
for i in $(seq 16); do
	sum-gram -q --side items --chunk "$i/16" -o "chunk.$i" model.tsv
done
export-topk -q --k 100 --exclude dataset.tsv -o topk.tsv model.tsv
export-topk -q --k 200 --exclude dataset.tsv -o long-topk.tsv model.tsv
awk -F '\t' -v OFS='\t' 'NR == 1 || NR % 9 == 0 { print $1, $2 }' dataset.tsv > dislikes.tsv
awk -F '\t' -v OFS='\t' 'NR == 1 { print "user" } NR > 1 && !seen[$1]++ { print $1 }' dataset.tsv > users.tsv
data=$RECPIPE_ROOT/pipelines/data/ml-latest-small
gzip -dc "$data/ratings.csv.gz" | tr -d '\r' | sed 20001q | gzip -n > ratings.csv.gz
gzip -dc ratings.csv.gz | tr , '\t' | sed '1s/.*/user	item	rating	timestamp/' > ratings.tsv
cp ratings.tsv ratings-all.tsv
