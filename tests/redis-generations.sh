# redis-generations.sh - two small generations with all of their parts, and whether one of
# them is live; sourced after redis.sh. $words: the options of the layout at hand.

# Two generations of 30 lists, with a catalog and popular items of their own.
for seed in old new; do
	awk -v seed=$seed 'BEGIN { OFS = "\t"; print "user", "rank", "item"
		for (u = 1; u <= 30; u++)
			for (k = 1; k <= 5; k++)
				print "u" u, k, seed "-" u "-" k }' > $seed.tsv
	awk -v seed=$seed 'BEGIN { print "item"; for (i = 0; i < 9; i++) print seed "-item-" i }' > $seed-items.tsv
	printf 'item\n%s-hit\n' $seed > $seed-popular.tsv
	awk -v seed=$seed 'BEGIN { OFS = "\t"; print "item", "neighbor", "weight"
		for (i = 1; i <= 7; i++)
			for (k = 1; k <= 3; k++)
				print seed "-" i, seed "-near-" i "-" k, 1 / 2 ^ k }' > $seed-neighbors.tsv
done
load() # SEED OPTION..
{
	seed=$1
	shift
	timeout 60 load-redis --redis "$url" --prefix p --items $seed-items.tsv --popular $seed-popular.tsv \
		--neighbors $seed-neighbors.tsv --timeout 5s "$@" $seed.tsv
}

# want.SEED: what `whole` has to find
for seed in old new; do
	{
		printf '%s-item-8\n%s-hit\n30\n9\n1\n7\n' $seed $seed
		awk 'NR > 1' $seed-neighbors.tsv | cut -f 2,3 | paste - - -
		awk 'NR > 1' $seed.tsv | cut -f 3 | paste - - - - -
	} > want.$seed
done

# whole WHAT SEED: every part of exactly that generation is live; in any layout
whole()
{
	{
		printf '%s\n' 'hget p:items 8' 'get p:popular' 'hmget p:meta lists items popular neighbors' 'hvals p:neighbors'
		[ -n "$words" ] || echo 'hvals p:lists'
	} | redis --raw > got
	case $words in
	--shards*) for i in 0 1 2 3; do echo "hvals p:gen:$(id):$i"; done | redis --raw ;;
	*string) redis --raw keys "p:gen:$(id):u:*" | sed 's/^/get /' | redis --raw ;;
	*list) redis --raw keys "p:gen:$(id):u:*" | sed 's/^/lrange /; s/$/ 0 -1/' | redis --raw | paste - - - - - ;;
	esac >> got
	sort -t - -k 2,2n -o got got
	sort -t - -k 2,2n want.$2 | cmp -s - got ||
		complain "$1 ($words): what is live is not $2: $(sort -t - -k 2,2n want.$2 | diff - got | head -n 4 | tr '\n' ' ')"
}
# clean WHAT: nothing is left of what was not published
clean()
{
	printf '%s\n' 'hget p:meta generation' 'hget p:previous:meta generation' 'keys p:*' | redis --raw > left
	left=$(awk 'NR < 3 { mine = mine (NR > 1 ? "|" : "") ($0 == "" ? "none" : $0); next }
		$0 !~ "^p:(previous:)?(lists|items|popular|neighbors|meta)$|^p:gen:(" mine "):" && $0 != "" { print }' left | head -n 3)
	[ -z "$left" ] || complain "$1 ($words): these are left: $(echo $left)"
}
# says WHAT STATUS PATTERN..: of the load before, whose status is $rc
says()
{
	what=$1 status=$2
	shift 2
	[ "$rc" = "$status" ] || complain "$what ($words): exit status $rc, not $status: $(cat err)"
	for pattern; do
		grep -qE -- "$pattern" err || complain "$what ($words): it says $(cat err), not $pattern"
	done
}
# staged PART: the name of the staged key
cat > staged << 'END'
redis-cli -s s --raw keys "p:[0-9]*:$1" | grep -v ':gen:'
END
id() { redis --raw hget p:meta generation; }
