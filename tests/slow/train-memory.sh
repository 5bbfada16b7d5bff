#!/bin/sh
# The memory of training on five million shuffled interactions: at most 16 bytes an
# interaction and 16 bytes a factor over a fixed 30 MB, ids included, for every loss.
cd "${RECPIPE_TMP:-$(mktemp -d)}" || exit 1
"$RECPIPE_BUILD/tests/bench-generate" --rows 5300000 --users 100000 --items 20000 --seed 1 > events.tsv || exit 1
build-dataset -q --weight sum --test 0.01 --validation 0.01 events.tsv > sorted.tsv 2> /dev/null || exit 1
{ head -1 sorted.tsv; sed 1d sorted.tsv | shuf --random-source=events.tsv; } > dataset.tsv
rm events.tsv sorted.tsv
rows=$(awk -F '\t' '$4 == "train" { n++ } END { print n }' dataset.tsv)
for options in '--loss warp' '--loss bpr --optimizer adadelta' '--loss logistic' '--loss warp-kos' \
	'--loss ials' '--loss ials --solver exact'; do
	train-mf -v $options --factors 32 --epochs 2 --stop-users 500 --threads 2 dataset.tsv 2> said > model.tsv || exit 1
	sides=$(grep -c -e '^item' -e '^user' model.tsv)
	awk -v rows="$rows" -v sides="$sides" -v what="$options" '
		/ MB$/ {
			most = (16 * rows + 16 * sides * 32) / 1e6 + 30
			printf "%s: %s MB of %.0f\n", what, $(NF - 1), most
			exit !($(NF - 1) <= most)
		}' said || exit 1
done
