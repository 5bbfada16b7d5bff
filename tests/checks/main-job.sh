#!/bin/sh
# The main job, by its command lines as they are documented: on the sample data, and
# on logs of a real run where those are at hand. Counts are held against awk over the
# raw input, lists against what users have; a second run must give the same bytes.
set -u
cd "$RECPIPE_TMP" || exit 1
bad=0
say()
{
	printf '%s\n' "$*"
	bad=1
}
tab=$(printf '\t')
rows() { echo $(($(wc -l < "$1") - 1)); }

server=
trap '[ -z "$server" ] || kill "$server" 2> /dev/null' EXIT
url=
if command -v redis-server > /dev/null && command -v redis-cli > /dev/null; then
	redis-server --port 0 --unixsocket "$RECPIPE_TMP/socket" --save '' --dir "$RECPIPE_TMP" \
		> redis.log 2>&1 &
	server=$!
	url=unix://$RECPIPE_TMP/socket
	tries=0
	until [ "$(redis-cli -s socket ping 2> /dev/null)" = PONG ] || [ $tries = 50 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
fi

# rest: from dataset.tsv to served lists
rest()
{
	train-mf --loss warp --factors 64 --epochs 30 --learning-rate 0.05 < dataset.tsv > model.tsv &&
	export-topk --k 100 --exclude dataset.tsv < model.tsv > topk.tsv &&
	evaluate-topk --dataset dataset.tsv --k 10,20,100 < topk.tsv > metrics.tsv &&
	train-mf --loss warp --factors 64 --epochs 12 --learning-rate 0.05 --fit-splits all < dataset.tsv > serving.tsv &&
	export-topk --k 100 --exclude dataset.tsv --exclude-splits all < serving.tsv > serving-topk.tsv ||
		say "$where: a command of the main job failed"
	cut -f 2 dataset.tsv | keep-header sort -u > items.tsv
	[ -z "$url" ] || load-redis --redis "$url" --prefix recs --items items.tsv < serving-topk.tsv ||
		say "$where: load-redis failed"
}

# overlap LISTS SPLITS: how many listed pairs are in the dataset's rows of these splits
overlap()
{
	awk -F '\t' -v splits="$2" '
		FNR == 1 { file++; next }
		file == 1 && index(splits, $4) { has[$1, $2] }
		file == 2 && (($1, $3) in has) { n++ }
		END { print n + 0 }' dataset.tsv "$1"
}

# checked: what must hold on any data
checked()
{
	[ "$(overlap topk.tsv train,validation)" = 0 ] || say "$where: a list holds a train or validation item"
	[ "$(overlap topk.tsv test)" -gt 0 ] || say "$where: no list holds any test item"
	[ "$(overlap serving-topk.tsv train,validation,test)" = 0 ] || say "$where: an item is served to who had it"
	cut -f 1,2 dataset.tsv | tail -n +2 | sort | uniq -d | grep . && say "$where: a pair occurs twice"
	awk -F '\t' 'NR > 1 { n[$4]++ } END { exit !(n["train"] && n["validation"] && n["test"]) }' dataset.tsv ||
		say "$where: a split is empty"
	# precision@10 by its definition, over users with test rows
	awk -F '\t' '
		FNR == 1 { file++; next }
		file == 1 && $4 == "test" { test[$1, $2]; if (!($1 in user)) { user[$1]; users++ } }
		file == 2 && $2 <= 10 && (($1, $3) in test) { hits++ }
		file == 3 && $1 == "precision@10" { d = $2 - hits / 10 / users; exit !(d < 1e-9 && d > -1e-9) }' \
		dataset.tsv topk.tsv metrics.tsv || say "$where: precision@10 is not what awk computes"
	if [ -n "$url" ]; then
		line=$(tail -n 1 serving-topk.tsv)
		user=${line%%"$tab"*}
		redis-cli -s ../socket --raw HGETALL recs:lists > redis.txt
		awk -F '\t' -v user="$user" '$1 == user { printf "%s%s", tab, $3; tab = "\t" } END { print "" }' \
			serving-topk.tsv > list.txt
		grep -A 1 -x -F -e "$user" redis.txt | grep -q -x -F -f list.txt ||
			say "$where: Redis does not hold the list of user $user"
		[ "$(cut -f 1 serving-topk.tsv | tail -n +2 | uniq | wc -l)" = $(($(wc -l < redis.txt) / 2)) ] ||
			say "$where: Redis does not hold a list for each user"
	fi
}

# same FILE..: equal in folder and in folder.2
same()
{
	for f; do
		cmp "$where/$f" "$where.2/$f" || say "$where: another $f at the second run"
	done
}

# ---- the sample data -------------------------------------------------------------

data=$RECPIPE_ROOT/pipelines/data/ml-latest-small
gzip -dc "$data/ratings.csv.gz" | head -n 1 | grep -q "$(printf '\r')\$" || say 'ratings.csv has lost its CRLF'
for folder in movielens movielens.2; do
	where=movielens
	mkdir $folder && cd $folder || exit 1
	filter-interactions --csv --user userId --item movieId --time rating --min 3.5 \
		"$data/ratings.csv.gz" > positives.tsv || say 'filter-interactions failed'
	build-dataset --user userId --item movieId --min-user-interactions 5 --min-item-interactions 5 \
		--test 0.3 --validation 0.1 --seed 42 < positives.tsv > dataset.tsv 2> said || say 'build-dataset failed'
	rest
	checked
	cd ..
done
same positives.tsv dataset.tsv model.tsv topk.tsv metrics.tsv serving.tsv serving-topk.tsv
cd movielens || exit 1
want=$(gzip -dc "$data/ratings.csv.gz" | awk -F , 'NR > 1 && $3 >= 3.5' | wc -l)
[ "$(rows positives.tsv)" = "$want" ] || say "positives: $(rows positives.tsv), awk finds $want"
want=$(gzip -dc "$data/ratings.csv.gz" | awk -F , '
	NR > 1 && $3 >= 3.5 && !(($1, $2) in pair) { pair[$1, $2]; u[$1]++; i[$2]++ }
	END { for (p in pair) { split(p, id, SUBSEP); n += u[id[1]] >= 5 && i[id[2]] >= 5 } print n }')
[ "$(rows dataset.tsv)" = "$want" ] || say "dataset: $(rows dataset.tsv) rows, awk finds $want"
awk -F '\t' 'NR > 1 { n[$4]++; all++ }
	END { t = n["test"] / all; v = n["validation"] / all; exit !(t > .29 && t < .31 && v > .09 && v < .11) }' \
	dataset.tsv || say 'the shares of the splits are off'
# Far above popular lists (0.20), or something in the training broke.
awk -F '\t' '$1 == "ndcg@10" { exit !($2 > 0.23) }' metrics.tsv || say "ndcg@10 fell: $(grep ndcg@10 metrics.tsv)"
cd ..

# ---- a real log ------------------------------------------------------------------

logs=${RECPIPE_SHARED:-$RECPIPE_ROOT/../shared}/data/botify-logs
if [ -f "$logs/20250511-personalized.r1.json.gz" ]; then
	for folder in botify botify.2; do
		where=botify
		mkdir $folder && cd $folder || exit 1
		cp "$logs"/20250511-personalized.r*.json.gz . || exit 1
		import-logs 20250511-personalized.r*.json.gz > events.tsv &&
		filter-interactions --above 0.5 < events.tsv > positives.tsv &&
		build-dataset --item track --min-user-interactions 5 --min-item-interactions 5 \
			--test 0.3 --validation 0.1 --seed 42 < positives.tsv > dataset.tsv 2> said ||
			say 'botify: a command before the dataset failed'
		rest
		checked
		cd ..
	done
	same events.tsv positives.tsv dataset.tsv model.tsv topk.tsv metrics.tsv serving.tsv serving-topk.tsv
	cd botify || exit 1
	want=$(gzip -dc ./*.json.gz | wc -l)
	[ "$(rows events.tsv)" = "$want" ] || say "events: $(rows events.tsv), the logs have $want lines"
	want=$(gzip -dc ./*.json.gz | awk -F '"time": ' '{ split($2, t, /[,}]/); n += t[1] > 0.5 } END { print n }')
	[ "$(rows positives.tsv)" = "$want" ] || say "positives: $(rows positives.tsv), awk finds $want"
	cd ..
	# A partial run: nearly nothing is left, and build-dataset says so.
	import-logs "$logs/20240310-aa-sticky.r1.json.gz" | filter-interactions --above 0.5 |
		build-dataset --item track --min-user-interactions 5 --min-item-interactions 5 \
			--test 0.3 --validation 0.1 --seed 42 > little.tsv 2> said
	grep -Eq '(took|with) [0-9]+ pairs' said || say "build-dataset does not say what the thresholds took: $(cat said)"
	[ "$(rows little.tsv)" -gt 0 ] || grep -qi 'nothing\|no row\|empty\|no pair' said ||
		say "build-dataset does not say that nothing is left: $(cat said)"
else
	echo "the logs are not at hand: only the sample data was run"
fi
exit $bad
