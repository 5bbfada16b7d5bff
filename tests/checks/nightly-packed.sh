#!/bin/sh
# nightly to packed lists, with the units' own settings and log: JSON lines of a service, rotated and compressed;
# the lists that are served are those of the last good model, the ones before are beside them; they come back when
# they are lost; nothing is published by half when there is no room or Redis refuses, and the next run finishes what
# kill -9 has cut short at any step; and forget finds a user there.
set -u
. "$RECPIPE_ROOT/tests/release-only.sh"
. "$RECPIPE_ROOT/tests/pipelines.sh"
for tool in redis-server redis-cli flock setsid; do
	command -v $tool > /dev/null || { echo "there is no $tool"; exit 77; }
done
here=$RECPIPE_ROOT/pipelines packaging=$RECPIPE_ROOT/packaging/systemd
PATH=$RECPIPE_BIN:$PATH
export MIN_USER=2 MIN_ITEM=2 K=5 METRICS=5 THREADS=1 KERNEL=portable EPOCHS=2 FACTORS=4 LOSS=ials FLOOR=no

# The service's log, as the unit has it written, with an experiment that began on the second day.
mkdir lib log
(
	. "$packaging/recpipe-serve-http.default"
	printf 'user\trank\titem\tscore\nu1\t1\ti1\t1\n' | unpack --pack -o lib/topk.packed
	log=$(printf '%s' "$NEXT_TRACK_LOG_OPTIONS" | sed "s|/var/log/recpipe|$RECPIPE_TMP/log|")
	ring 40 8 20 > ring.tsv
	awk -F '\t' 'BEGIN { OFS = "\t"; print "message", "user", "track", "time", "timestamp" } NR > 1 { print "next", $1, $2, $3, $4 }' ring.tsv > asked.tsv
	half=$(($(wc -l < asked.tsv) / 2))
	cd lib || exit 1
	# shellcheck disable=SC2086
	head -n $half ../asked.tsv | next-track -q $NEXT_TRACK_OPTIONS $log > /dev/null || exit
	mv ../log/events.jsonl ../log/events-20260102.jsonl && gzip ../log/events-20260102.jsonl
	# shellcheck disable=SC2086
	{ head -n 1 ../asked.tsv; tail -n +$((half + 1)) ../asked.tsv; } |
		next-track -q --experiment x=2 $NEXT_TRACK_OPTIONS $log > /dev/null
) || complain 'no log by the settings of the unit'
[ "$(zcat -f log/events*.jsonl* | wc -l)" = "$(sed 1d asked.tsv | wc -l)" ] || complain 'the log lacks rows'
rm lib/topk.packed

# unit WANT [NAME=VALUE]...: what the unit of the night runs
command=$(sed -n "s/^ExecStart=\/bin\/sh -c '\(.*\)'\$/\1/p" "$packaging/recpipe-nightly.service" | sed 's/\$\$/$/g; s|/usr/bin/recpipe-nightly|"$nightly"|')
case $command in *'"$nightly"'*) ;; *) complain 'the unit runs something else' ;; esac
export nightly="$here/nightly"
sed "s|/var/lib/recpipe|$RECPIPE_TMP/lib|; s|/var/log/recpipe|$RECPIPE_TMP/log|" "$packaging/recpipe-nightly.default" > settings
unit()
{
	want=$1
	shift
	status "$want" env "$@" sh -c 'set -a; . ./settings; [ -z "${MORE:-}" ] || eval "$MORE"; set +a; '"$command"
}
# live FILE: the rows of the lists that are served
live() { unpack "$1" | cmp -s - "lib/store/models/$2/serving-topk.tsv"; }
good() { sed -n 2p lib/store/good.tsv | cut -f 1; }

unit 0
[ ! -s err.txt ] && [ ! -s out.txt ] || complain "the unit is not silent: $(cat err.txt)"
first=$(good)
live lib/topk.packed "$first" && [ ! -e lib/topk.packed.before ] && [ ! -e lib/topk.packed.new ] ||
	complain "the first night: $(ls lib)"
printf 'message\tuser\ttrack\ttime\ttimestamp\nnext\tu1\ti1\t1\t1\n' | next-track -q --recs lib/topk.packed | grep -q '	indexed	' ||
	complain 'next-track does not serve what was published'
rm -r lib/store/work
sleep 1
unit 0 SEED=7 GATE=none
second=$(good)
[ "$first" != "$second" ] && live lib/topk.packed "$second" && live lib/topk.packed.before "$first" ||
	complain 'the second night: not its lists, or not those before them'
# The same lists again are no reason to lose those before.
status 0 env PACKED=lib/topk.packed "$nightly" --republish lib/store
live lib/topk.packed "$second" && live lib/topk.packed.before "$first" || complain '--republish'
status 2 "$nightly" --republish lib/store
said 'requires REDIS or PACKED'
# What is lost comes back with a night that publishes nothing.
rm lib/topk.packed
unit 3 SEED=8
said 'topk.packed had no lists: the last good ones are there again'
live lib/topk.packed "$second" || complain 'lists that were lost did not come back'
unit 1 MORE='PACKED=no/such/folder/x'
said 'PACKED=no/such/folder/x is no file, or its folder cannot be written to'
unit 1 MORE="PACKED=$RECPIPE_TMP/lib"
said 'PACKED=.*/lib is no file'
# Redis away: the file keeps what it has, both get the lists later.
unit 4 SEED=9 GATE=none MORE="REDIS=unix://$RECPIPE_TMP/socket"
said 'The next run, or --republish, publishes these lists'
live lib/topk.packed "$second" && [ ! -e lib/topk.packed.new ] || complain 'Redis is away, and the file was written'
redis-server --port 0 --unixsocket "$RECPIPE_TMP/socket" --save '' --dir "$RECPIPE_TMP" > redis.log 2>&1 &
server=$!
trap 'kill "$server" 2> /dev/null' EXIT
answers() { [ "$(redis-cli -s socket ping 2> /dev/null)" = PONG ]; }
soon answers
status 0 env PACKED=lib/topk.packed "REDIS=unix://$RECPIPE_TMP/socket" "$nightly" --republish lib/store
[ "$(good)" != "$second" ] && live lib/topk.packed "$(good)" && live lib/topk.packed.before "$second" &&
	[ "$(redis-cli -s socket hlen recs:lists)" -gt 10 ] || complain 'lists that waited are not live in both places'
# Where one place has lost them the other, which may have been rolled back, stays as it is.
generation=$(redis-cli -s socket hget recs:meta generation)
rm lib/topk.packed
unit 3 SEED=8 MORE="REDIS=unix://$RECPIPE_TMP/socket"
said 'topk.packed had no lists: the last good ones are there again'
live lib/topk.packed "$(good)" && [ -n "$generation" ] && [ "$(redis-cli -s socket hget recs:meta generation)" = "$generation" ] ||
	complain 'lists that the file had lost came back elsewhere'
mv lib/topk.packed.before lib/topk.packed
redis-cli -s socket flushall > /dev/null
unit 3 SEED=8 MORE="REDIS=unix://$RECPIPE_TMP/socket"
said 'Redis had no lists: the last good ones are there again'
live lib/topk.packed "$second" && [ "$(redis-cli -s socket hlen recs:lists)" -gt 10 ] || complain 'lists that Redis had lost came back elsewhere'
rm lib/topk.packed
redis-cli -s socket flushall > /dev/null
unit 3 SEED=8 MORE="REDIS=unix://$RECPIPE_TMP/socket"
said 'topk.packed and Redis had no lists'

# kill -9 at each step of a publication: what is live is whole, and the next run finishes it.
mkdir shims
ln -s "$RECPIPE_BIN"/* shims/
for tool in unpack load-redis mv ln; do
	rm -f shims/$tool
	printf '#!/bin/sh\nreal=%s\n' "$(command -v $tool)" > shims/$tool
	cat >> shims/$tool << 'END'
for last; do :; done
case ${0##*/}:${AT:-} in
unpack:unpack | load-redis:load-redis) "$real" "$@" && kill -9 $PPID ;;
mv:.before) case $last in *.packed.before) kill -9 $PPID; exit 1 ;; esac ;;
mv:topk.packed) case $last in */topk.packed) kill -9 $PPID; exit 1 ;; esac ;;
mv:fails) case $last in *.packed) echo 'mv: no' >&2; exit 1 ;; esac ;;
ln:links) exit 1 ;;
esac
exec "$real" "$@"
END
	chmod +x shims/$tool
done
seed=20 more=REDIS=unix://$RECPIPE_TMP/socket
for step in unpack load-redis .before topk.packed; do
	was=$(good) seed=$((seed + 1))
	sleep 1
	unit 137 SEED=$seed GATE=none AT="$step" RECPIPE_BIN="$RECPIPE_TMP/shims" MORE="$more"
	flock lib/store/.lock true # the tool that killed it may not have ended yet
	[ "$(good)" = "$was" ] && [ -f lib/store/publishing.tsv ] && live lib/topk.packed "$was" || complain "killed at $step: other lists are live"
	unit 3 SEED=8 MORE="$more"
	[ "$(good)" != "$was" ] && [ ! -e lib/store/publishing.tsv ] && live lib/topk.packed "$(good)" && live lib/topk.packed.before "$was" &&
		[ -z "$(find lib -name '*.new*')" ] || complain "killed at $step: not finished: $(find lib -name '*.new*') $(cat err.txt)"
done
# A rename that fails when Redis has the lists: they wait, as Redis cannot be asked to forget them.
was=$(good)
sleep 1
unit 1 SEED=30 GATE=none AT=fails RECPIPE_BIN="$RECPIPE_TMP/shims" MORE="$more"
said 'The next run, or --republish, publishes these lists'
live lib/topk.packed "$was" || complain 'a rename failed, and other lists are live'
# The lists before where the disk, or the kernel, has no second name for a file; the mode that the file was given.
chmod 604 lib/topk.packed
rm lib/topk.packed.before
status 0 env PACKED=lib/topk.packed AT=links RECPIPE_BIN="$RECPIPE_TMP/shims" "$nightly" --republish lib/store
[ "$(good)" != "$was" ] && live lib/topk.packed "$(good)" && live lib/topk.packed.before "$was" && [ "$(stat -c %a lib/topk.packed)" = 604 ] ||
	complain "without hard links: $(ls -l lib)"
# A symbolic link, and a name with blanks: the file that the link names is replaced.
mkdir 'lib/a folder'
cp lib/topk.packed.before 'lib/a folder/the lists'
ln -s 'a folder/the lists' lib/link.packed
status 0 env PACKED=lib/link.packed "$nightly" --republish lib/store
[ -L lib/link.packed ] && live 'lib/a folder/the lists' "$(good)" && live 'lib/a folder/the lists.before' "$was" && [ ! -e lib/link.packed.before ] ||
	complain "a symbolic link: $(ls -l lib 'lib/a folder')"
# No room for the file: nothing is live that was not.
now=$(good)
(
	trap '' XFSZ
	ulimit -f 1
	PACKED=lib/topk.packed exec "$nightly" --republish lib/store > /dev/null 2> room.txt
)
[ $? = 1 ] && live lib/topk.packed "$now" || complain "without room: $(cat room.txt)"

# forget: the user's list, with --people the user in the lists of others.
cp lib/topk.packed were.packed
cp lib/topk.packed lib/topk.packed.new
cp lib/topk.packed lib/.topk.packed.new.recpipe-0123456789abcdef
zcat -f log/events*.jsonl* > both.jsonl # an experiment begins in it
status 0 env PACKED=lib/topk.packed "$here/forget" u3 lib/store both.jsonl
unpack lib/topk.packed > now.tsv
unpack were.packed | awk -F '\t' '$1 != "u3"' | cmp -s - now.tsv && unpack --check lib/topk.packed &&
	! unpack lib/topk.packed.before | grep -q '^u3	' || complain 'forget: other rows than those of the user'
[ "$(wc -l < both.jsonl)" = "$(sed 1d asked.tsv | awk '$2 != "u3"' | wc -l)" ] || complain "forget: a log in which an experiment begins: $(cat err.txt)"
[ "$(grep -c 'lib/topk.packed.*	rows	5$' out.txt)" = 2 ] || complain "forget: $(cat out.txt)"
[ -z "$(find lib -name '.forget.*' -o -name '*.new*')" ] && ! grep -q 'neither REDIS nor PACKED' out.txt || complain 'forget: what it leaves, or says'
status 0 env PACKED=lib/topk.packed "$here/forget" --people i4 lib/store
awk -F '\t' -v OFS='\t' 'NR > 1 && $1 != last { last = $1; n = 0 } NR > 1 { if ($3 == "i4") next; $2 = ++n } { print }' now.tsv > want.tsv
for file in lib/store/models/*/*.tsv; do
	case ${file##*/} in serving-topk.tsv | topk.tsv | popular.tsv | items.tsv | heard.tsv) ;; *) continue ;; esac
	awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
		$(at["item"]) == "i4" { exit 1 }
		NR > 1 && at["rank"] { if (at["user"] && $(at["user"]) != last) n = 0; last = $(at["user"]); if ($(at["rank"]) != ++n) exit 1 }' "$file" ||
		complain "forget --people: i4 is in $file, or the ranks there are not 1, 2, 3"
done
status 0 env PACKED=lib/topk.packed "$nightly" --republish lib/store
! unpack lib/topk.packed | cut -f 3 | grep -qx i4 || complain 'forget --people: --republish brings i4 back'
unpack lib/topk.packed > now.packed.tsv
cmp -s now.packed.tsv want.tsv && [ "$(wc -l < want.tsv)" -lt "$(wc -l < now.tsv)" ] || complain 'forget --people: not the lists without i4'
status 0 env PACKED=lib/link.packed "$here/forget" u5 lib/store
[ -L lib/link.packed ] && ! unpack lib/link.packed | grep -q '^u5	' && ! unpack 'lib/a folder/the lists.before' | grep -q '^u5	' || complain 'forget: by a link'
status 1 env PACKED=lib/none.packed "$here/forget" u7 lib/store
said 'PACKED=lib/none.packed: there is no such file'
exit $failed
