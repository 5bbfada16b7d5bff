#!/bin/sh
# forget: a user goes from the store's models, from Redis (what is live, the generation before, the lists
# that changed since; with --people also as an item) and from logs of each kind, compressed ones too,
# whatever bytes the id has, and nobody else does; a log that cannot be read line by line stays; kill -9
# at any moment leaves whole files, and another run ends the work.
set -u
. "$RECPIPE_ROOT/tests/release-only.sh"
. "$RECPIPE_ROOT/tests/pipelines.sh"
for tool in redis-server redis-cli flock setsid; do
	command -v $tool > /dev/null || { echo "there is no $tool"; exit 77; }
done
here=$RECPIPE_ROOT/pipelines
PATH=$RECPIPE_BIN:$PATH
redis-server --port 0 --unixsocket "$RECPIPE_TMP/socket" --save '' --dir "$RECPIPE_TMP" > redis.log 2>&1 &
server=$!
trap 'kill "$server" 2> /dev/null' EXIT
answers() { [ "$(redis-cli -s socket ping 2> /dev/null)" = PONG ]; }
soon answers
export REDIS="unix://$RECPIPE_TMP/socket" MIN_USER=2 MIN_ITEM=2 K=5 METRICS=5 THREADS=1 KERNEL=portable EPOCHS=2 FACTORS=4 \
	LOSS=ials GATE=none FLOOR=no

# The hostile ids take the place of u3, u5 and u7.
odd="\$(touch bitten)'\"\\\\n*"
ring 40 8 20 | ODD=$odd awk -F '\t' 'BEGIN { OFS = "\t" } $1 == "u3" { $1 = ENVIRON["ODD"] } $1 == "u5" { $1 = "-x" } $1 == "u7" { $1 = "1e3" }
	$1 == "u8" { $1 = "1000" } { print }' > log.tsv
status 0 "$here/nightly" store log.tsv
sleep 1
status 0 "$here/nightly" store log.tsv
redis-cli -s socket hset recs:delta u9 'i1	i2' "$odd" 'i1	i2' > /dev/null
gzip -k log.tsv
tr '\t' , < log.tsv | sed 's/"/""/; s/^\(\$.*\),\(i[0-9]*,[^,]*,[^,]*\)$/"\1",\2/' > log.csv
ODD=$odd awk -F '\t' 'NR > 1 { u = $1; gsub(/[\\"]/, "\\\\&", u)
	printf "{\"message\": \"next\", \"timestamp\": %s, \"user\": \"%s\", \"track\": \"%s\", \"time\": %s, \"latency\": 0, \"recommendation\": null, \"experiments\": {}}\n", $4, u, $2, $3 }' log.tsv > log.json
touch -d 2020-01-02 log.json
chmod 640 log.json

# has USER: where it is found, as a whole field
has()
{
	U=$1 awk -F '\t' '{ for (i = 1; i <= NF; i++) if ($i "" == ENVIRON["U"]) { print FILENAME; exit } }' log.tsv
	gzip -dc log.tsv.gz | U=$1 awk -F '\t' '$1 "" == ENVIRON["U"] { print "log.tsv.gz"; exit }'
	filter-interactions -q --csv --where "user=$1" log.csv | sed 1d | grep -q . && echo log.csv
	import-logs -q log.json | U=$1 awk -F '\t' '$3 "" == ENVIRON["U"] { print "log.json"; exit }'
	for file in $(find store -type f -name '*.tsv'); do
		U=$1 awk -F '\t' '{ for (i = 1; i <= NF; i++) if ($i "" == ENVIRON["U"]) { print FILENAME; exit } }' "$file"
	done
	for key in recs:lists recs:previous:lists recs:delta; do
		[ "$(redis-cli -s socket hexists $key "$1")" = 0 ] || echo $key
	done
}
places=$(has "$odd" | sort -u | wc -l)
[ "$places" -ge 12 ] || complain "the user is in $places places only: $(has "$odd")"
rest() { for key in lists previous:lists; do redis-cli -s socket --raw hgetall recs:$key | paste - - | grep -v -F -e "$1	" | sort; done; }
rest "$odd" > before.txt
lists=$(redis-cli -s socket hget recs:meta lists)
U=$odd awk -F '\t' '$1 "" != ENVIRON["U"]' log.tsv > want.tsv

status 0 "$here/forget" "$odd" store log.tsv log.tsv.gz log.csv log.json
[ -z "$(has "$odd")" ] || complain "still in: $(has "$odd")"
cmp -s want.tsv log.tsv || complain 'log.tsv lost something else'
gzip -dc log.tsv.gz | cmp -s want.tsv - || complain 'log.tsv.gz lost something else'
[ "$(import-logs -q log.json | wc -l)" = "$(wc -l < want.tsv)" ] && [ "$(stat -c %a log.json)" = 640 ] &&
	[ "$(date -r log.json +%Y)" = 2020 ] || complain 'log.json: rows, mode or time'
[ "$(wc -l < log.csv)" = "$(wc -l < want.tsv)" ] || complain 'log.csv lost something else'
rest "$odd" | cmp -s - before.txt || complain 'the lists of others changed'
[ "$(redis-cli -s socket hget recs:meta lists)" = $((lists - 1)) ] || complain 'the number of lists is not one less'
[ ! -e bitten ] && [ ! -e store/work ] || complain 'a program in an id, or the last run is left'
grep -q 'remains: a model that was trained' out.txt && awk -F '\t' 'NF != 3 { exit 1 }' out.txt || complain "the table: $(cat out.txt)"
cp log.tsv.gz same.gz
ls -i log.tsv.gz > inode.txt
status 0 "$here/forget" "$odd" store log.tsv log.tsv.gz log.csv log.json
! grep -v -e remains -e '^place' out.txt || complain 'there was something left to forget'
cmp -s same.gz log.tsv.gz && ls -i log.tsv.gz | cmp -s - inode.txt || complain 'a file without the user was written'
status 0 "$here/nightly" store log.tsv
[ -z "$(has "$odd")" ] || complain "after the next night again in: $(has "$odd")"

# An id that looks like an option, and one that is the same number as another.
status 2 "$here/forget" -x store log.tsv
status 0 "$here/forget" -- -x store log.tsv
[ -z "$(has -x | grep -v -e '^log.tsv.gz' -e '^log.csv' -e '^log.json')" ] || complain "-x is still in: $(has -x)"
has 1000 > before.txt
for place in '^log.tsv$' '^store/models/[^/]*/serving-topk.tsv$' '^store/models/[^/]*/heard.tsv$' '^store/models/[^/]*/serving.tsv$' '^recs:lists$'; do
	grep -q "$place" before.txt && has 1e3 | grep -q "$place" || complain "1000 or 1e3 is not in $place: nothing would be seen"
done
# By a link: the file that it names is another one, the link stays.
mkdir links
ln -s ../log.tsv links/today.tsv
status 0 "$here/forget" 1e3 store links/today.tsv
[ -z "$(has 1e3 | grep -e '^log.tsv$' -e '^store/' -e '^recs:')" ] && has 1000 | cmp -s - before.txt ||
	complain "not 1e3 alone: $(has 1e3) and of 1000 $(has 1000 | diff before.txt -)"
[ -L links/today.tsv ] && [ ! -L log.tsv ] && [ -z "$(find . -name '.forget.*')" ] || complain 'the link, or parts'
status 2 "$here/forget" '' store
status 2 "$here/forget" "a	b" store
status 1 "$here/forget" u1 no-such-store
status 1 "$here/forget" u1 store no-such-log
# What cannot be read line by line stays.
printf '{"user": "u9",\n"track": "i1"}\n' > lines.json
{ cat log.json && echo '{"user": '; } > torn.json
printf 'user,item\n"u9\nu1",i1\n' > quoted.csv
for file in lines.json torn.json quoted.csv; do
	cp $file was
	status 3 "$here/forget" u9 store $file
	said "^forget: $file: not a row in each line"
	cmp -s was $file || complain "$file was changed"
done
# As many rows as lines, but not one in each: a list over two lines, and --each with a line of two and one of none.
printf '[{"user": "u9", "track": "i1"},\n{"user": "u1", "track": "i2"}]\n' > list.json
printf '{"user": "u9", "tracks": [{"id": 1}, {"id": 2}]}\n{"user": "u1", "tracks": []}\n' > each.json
for file in list.json each.json; do
	cp $file was
	case $file in list*) words='--each . --map user=.user --map track=.track' ;;
	*) words='--each .tracks[] --map user=$.user --map track=.id' ;;
	esac
	for user in u9 u1; do
		IMPORT=$words status 3 "$here/forget" $user store $file
		said "^forget: $file: not a row in each line"
		cmp -s was $file || complain "$file was changed for $user"
	done
done
# A log that grows meanwhile stays, and a run that fails leaves no copy of it.
mkdir shims grown
gzip -c log.tsv > grown/log.tsv.gz
real_gzip=$(command -v gzip)
cat > shims/gzip << END
#!/bin/sh
[ "\$*" != -c ] || [ ! -e fails ] || exit 1
[ "\$*" != -c ] || printf 'u9\ti1\t1\t1\n' | "$real_gzip" -c >> grown/log.tsv.gz
exec "$real_gzip" "\$@"
END
chmod +x shims/gzip
PATH=$PWD/shims:$PATH status 3 "$here/forget" u9 store grown/log.tsv.gz
said 'grown/log.tsv.gz was written meanwhile'
[ "$(gzip -dc grown/log.tsv.gz | wc -l)" = $(($(wc -l < log.tsv) + 1)) ] || complain 'what was written meanwhile is lost'
: > fails
PATH=$PWD/shims:$PATH status 1 "$here/forget" u9 store grown/log.tsv.gz
[ -z "$(find grown -name '.forget.*')" ] || complain 'a copy of a log is left'
# Links in a store, and a store whose name awk would take for an assignment.
mkdir -p a=b/models/m elsewhere/work
for u in u1 u2; do printf '%s\t1\ti1\t1\n' $u; done | sed '1i user	rank	item	score' > elsewhere/topk.tsv
cp elsewhere/topk.tsv elsewhere/work
cp elsewhere/topk.tsv a=b/models/m/serving-topk.tsv
ln -s ../../../elsewhere/topk.tsv a=b/models/m/topk.tsv
ln -s ../elsewhere/work a=b/work
REDIS=none status 0 "$here/forget" u2 a=b
for file in a=b/models/m/serving-topk.tsv elsewhere/topk.tsv; do
	[ "$(grep -c '^u' < $file)" = 2 ] || complain "$file: $(cat $file)"
done
[ -L a=b/models/m/topk.tsv ] && [ -L a=b/work ] && [ -z "$(ls -A elsewhere/work)" ] || complain 'the links, or what the last run left'
hold store/.lock
status 4 "$here/forget" u9 store
said 'a nightly is at work'
kill $holder
wait $holder 2> /dev/null
REDIS=unix:///no/socket status 4 "$here/forget" u9 store
# A user of Redis in the URL, as load-redis takes it; a password there is refused, and not printed.
redis-cli -s socket acl setuser cleaner on '>secret' '~*' +@all > /dev/null
redis-cli -s socket hset recs:lists guest i1 > /dev/null
REDIS="unix://cleaner@$RECPIPE_TMP/socket?db=0" REDISCLI_AUTH=secret status 0 "$here/forget" guest store
[ "$(redis-cli -s socket hexists recs:lists guest)" = 0 ] || complain 'by a user of Redis nothing is forgotten'
REDIS="unix://cleaner:secret@$RECPIPE_TMP/socket" status 2 "$here/forget" u9 store
said 'no password in the URL'
! grep -q secret out.txt err.txt || complain 'the password is printed'

# Items that are people: out of the lists of others, too.
redis-cli -s socket hset recs:lists u1 'u20	u21	u2' u20 'u1	u2' > /dev/null
redis-cli -s socket set recs:popular 'u21	u20	u2' > /dev/null
redis-cli -s socket hset recs:neighbors u20 'u2	0.5' u21 'u20	0.9	u2	0.1' > /dev/null
status 0 "$here/forget" u20 store
[ "$(redis-cli -s socket --raw hget recs:lists u1)" = 'u20	u21	u2' ] && [ "$(redis-cli -s socket hexists recs:neighbors u20)" = 1 ] ||
	complain 'an item was taken for a person'
status 0 "$here/forget" --people u20 store
[ "$(redis-cli -s socket --raw hget recs:lists u1)" = 'u21	u2' ] && [ "$(redis-cli -s socket --raw get recs:popular)" = 'u21	u2' ] &&
	[ "$(redis-cli -s socket hexists recs:neighbors u20)" = 0 ] && [ "$(redis-cli -s socket --raw hget recs:neighbors u21)" = 'u2	0.1' ] ||
	complain 'a person is still in lists, popular or neighbors'

# kill -9, again and again: each file is the old or the new one; then to the end.
mkdir logs
for n in 1 2 3 4 5 6; do gzip -c log.tsv > "logs/$n.tsv.gz"; done
cp logs/1.tsv.gz old.gz
for pause in 0.05 0.1 0.15 0.2 0.3 0.4; do
	killed $pause "$here/forget" u11 store logs/1.tsv.gz logs/2.tsv.gz logs/3.tsv.gz logs/4.tsv.gz logs/5.tsv.gz logs/6.tsv.gz
	for file in logs/*.gz; do
		cmp -s $file old.gz || { gzip -t $file && ! gzip -dc $file | grep -q '^u11	'; } || complain "torn: $file"
	done
done
status 0 "$here/forget" u11 store logs/1.tsv.gz logs/2.tsv.gz logs/3.tsv.gz logs/4.tsv.gz logs/5.tsv.gz logs/6.tsv.gz
for file in logs/*.gz; do gzip -dc $file | grep -q '^u11	' && complain "u11 is in $file"; done
[ -z "$(find logs store -name '.forget.*')" ] || complain "left: $(find logs store -name '.forget.*')"
[ "$(redis-cli -s socket hexists recs:lists u11)" = 0 ] || complain 'u11 is in Redis'

# Each layout: the user's lists alone go, and both generations stay whole, so that one can go back.
ODD=$odd awk 'BEGIN { OFS = "\t"; print "user", "rank", "item", "score"; n = split("u1 u2 a:u:u2", user, " "); user[++n] = ENVIRON["ODD"]
	for (u = 1; u <= n; u++) for (r = 1; r <= 3; r++) print user[u], r, "i" r, 1 / r }' > layouts.tsv
for words in '--layout hash' '--layout hash --shards 3' '--layout string' '--layout list'; do
	redis-cli -s socket flushall > /dev/null
	for time in 1 2; do load-redis -q --redis "$REDIS" $words layouts.tsv || complain "$words: load-redis"; done
	for user in u2 "$odd"; do
		status 0 "$here/forget" "$user" store
		[ "$(grep -c '	lists	1$' out.txt)" = 2 ] || complain "$words: not the lists of two generations: $(cat out.txt)"
	done
	load-redis --status --redis "$REDIS" > status.txt 2> err.txt || complain "$words: $(cat err.txt)"
	grep -qx 'lists	2' status.txt && ! grep -q 'missing	.' status.txt || complain "$words: $(cat status.txt)"
	load-redis -q --rollback --redis "$REDIS" 2> err.txt || complain "$words: there is no way back: $(cat err.txt)"
done
# In a generation whose parts are loaded and not published: it can be published, without the user.
sed -n '1p; /^u1	/p; /^u2	/p' layouts.tsv > part1.tsv
sed '/^u1	/d; /^u2	/d' layouts.tsv > part2.tsv
for words in '' '--shards 3'; do
	redis-cli -s socket flushall > /dev/null
	for k in 1 2; do load-redis -q --redis "$REDIS" --stage g --part $k/2 $words part$k.tsv || complain "part $k $words"; done
	status 0 "$here/forget" u2 store
	[ "$(grep -c '	lists	1$' out.txt)" = 1 ] || complain "staged $words: $(cat out.txt)"
	load-redis -q --redis "$REDIS" --stage g --part 1/2 $words part1.tsv || complain "the part again $words"
	load-redis -q --redis "$REDIS" --publish g --parts 2 2> err.txt || complain "it cannot be published $words: $(cat err.txt)"
	load-redis --status --redis "$REDIS" > status.txt 2> err.txt || complain "staged $words: $(cat err.txt)"
	grep -qx 'lists	3' status.txt && ! redis-cli -s socket --raw keys '*' | while read -r key; do
		[ "$(redis-cli -s socket type "$key")" != hash ] || redis-cli -s socket hexists "$key" u2
	done | grep -q 1 || complain "staged $words: the user is there: $(cat status.txt)"
done
exit $failed
