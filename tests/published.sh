# published.sh - the data of the published tables; sourced by tests/slow/published-*.sh.
# Goes into a folder for the files, and skips where the data is not there.
shared=${RECPIPE_SHARED:-$RECPIPE_ROOT/../shared}/data
[ -d "$shared/ml-1m-lcfn" ] && [ -d "$shared/lastfm-lightgcn" ] && [ -d "$shared/hetrec2011-lastfm-2k" ] ||
	{ echo "no ml-1m-lcfn, lastfm-lightgcn and hetrec2011-lastfm-2k"; exit 77; }
dir=${RECPIPE_TMP:-$(mktemp -d)}
cd "$dir" || exit 1

# Train and test rows as published: user, item, split.
dataset()
{
	printf 'user\titem\tsplit\n'
	case $1 in
	ml-1m-lcfn)
		for part in train test; do
			gzip -dc "$shared/$1/$part.txt.gz" | tr -d '\r' |
				awk -v OFS='\t' -v part=$part '{ for (k = 2; k <= NF; k++) print $1, $k, part }'
		done ;;
	lastfm-lightgcn)
		for part in data1:train test1:test; do
			gzip -dc "$shared/$1/${part%:*}.txt.gz" |
				awk -v OFS='\t' -v part="${part#*:}" '{ print $1, $2, part }'
		done ;;
	*) # nothing is published: a random fifth (of another seed) is the test
		gzip -dc "$shared/$1/user_artists.dat.gz" | tr -d '\r' |
			build-dataset --user userID --item artistID --test 0.2 --seed 2 |
			awk -F '\t' -v OFS='\t' 'NR > 1 { print $1, $2, $4 }' ;;
	esac
}
