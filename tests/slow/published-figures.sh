#!/bin/sh
# The figures of the published tables in train-mf(1) and README.md: each is fitted anew with
# the options beside it, by the portable kernel, which gives the same bytes on every
# machine, and must come out to the last digit. WRITE=1 puts what came out into the two.
# SETS are those to run.
. "$RECPIPE_ROOT/tests/published.sh"
page=$RECPIPE_ROOT/man/train-mf.1
# "SET TAB FIGURES TAB OPTIONS" of the page's section.
awk '
	/^\.SS / { inside = /Published tables/ }
	!inside { next }
	{ gsub(/\\-/, "-") }
	match($0, /^[a-z][a-z0-9-]*-[a-z0-9]+, /) { set = substr($0, 1, RLENGTH - 2); next }
	/^0\.[0-9]+ \/ 0\.[0-9]+ --/ { figures = $1 " / " $3; options = substr($0, length(figures) + 2); next }
	/^--/ && figures != "" { print set "\t" figures "\t" options " " $0; figures = "" }' "$page" > figures
[ "$(wc -l < figures)" -ge 7 ] || { echo "only $(wc -l < figures) figures found in the page"; exit 1; }
bad=0 last=
while IFS='	' read -r set figures options; do
	case " ${SETS:-$set} " in *" $set "*) ;; *) continue ;; esac
	[ "$set" = "$last" ] || dataset "$set" > dataset.tsv || exit 1
	last=$set
	# shellcheck disable=SC2086 # options are words
	train-mf -q $options --kernel portable --threads 2 dataset.tsv > model.tsv < /dev/null || exit 1
	export-topk -q --kernel portable --threads 2 --k 20 --exclude dataset.tsv model.tsv > topk.tsv || exit 1
	evaluate-topk -q --dataset dataset.tsv --k 20 --metrics recall,ndcg topk.tsv > metrics.tsv || exit 1
	found=$(awk -F '\t' '$1 == "recall@20" { r = $2 } $1 == "ndcg@20" { n = $2 }
		END { printf "%.4f / %.4f", r, n }' metrics.tsv)
	echo "$set $options: $found"
	[ "$found" != "$figures" ] || continue
	if [ -n "${WRITE:-}" ]; then
		sed -i "s|$figures|$found|" "$page" "$RECPIPE_ROOT/README.md"
	else
		echo "^ the page says $figures; WRITE=1 mends it"
		bad=1
	fi
done < figures
[ -n "$last" ] || { echo "no figures of ${SETS:-any set}"; bad=1; }
exit $bad
