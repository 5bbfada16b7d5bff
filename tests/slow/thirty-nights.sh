#!/bin/sh
# Thirty nights of recpipe-nightly as cron runs it, with a small service in between: each day's listeners are
# played what the lists in Redis say, and the service's logs are the night's input. Night 7 has a bad log, before
# night 13 Redis is lost with all it held, in night 19 the disk is full, in night 25 the tools are replaced while
# they run. Who reads the mail mends it in the morning and runs nightly again. There is a mail when something is
# wrong and only then, and it says what; the lists are there at every moment, in the store and in Redis while it
# runs; nothing that was liked on an earlier day is offered again; `nightly --summary` tells what the script has
# counted itself. One minute of CPU.
#
# NIGHTS (30) and LISTENERS (400) are from the environment; MEND=no: nobody runs nightly again, and what the older
# lists offer again is counted.
set -u
made=store/work; made=$made/serving-topk.tsv # what a run is about to serve
. "$RECPIPE_ROOT/tests/release-only.sh"
# Where only root may mount a file system, in a namespace in which we are root.
if [ "$(id -u)" != 0 ] && unshare -rm true 2> /dev/null; then exec unshare -rm sh "$0"; fi
. "$RECPIPE_ROOT/tests/pipelines.sh"
. "$RECPIPE_ROOT/tests/redis.sh" # with complain.sh
for tool in flock setsid; do command -v $tool > /dev/null || { echo "there is no $tool"; exit 77; }; done
nights=${NIGHTS:-30} listeners=${LISTENERS:-400} mend=${MEND:-yes} tab=$(printf '\t')

# ---- what is installed, and a store whose disk can be full -----------------------------------------

prefix=$RECPIPE_TMP/usr/local
mkdir -p "$prefix/share/recpipe" "$prefix/bin" logs
cp -R "$RECPIPE_BIN/." "$prefix/bin"
cp -R "$RECPIPE_ROOT/pipelines" "$prefix/share/recpipe/pipelines"
ln -s ../../bin "$prefix/share/recpipe/bin"
ln -s ../share/recpipe/pipelines/nightly "$prefix/bin/recpipe-nightly"
PATH=$prefix/bin:$PATH
unset RECPIPE_BIN
disk=''
mkdir store
if mount -t tmpfs -o size=64m none store 2> /dev/null; then
	disk=1
	trap 'kill "${poller:-}" 2> /dev/null; redis_stop; umount -l "$RECPIPE_TMP/store"' EXIT
else
	echo 'no file system can be mounted here: the night of the full disk is left out' >&2
fi

# cron ARG...: recpipe-nightly in cron's environment; what it prints is the mail, which is in mail.txt
cron()
{
	env -i HOME="$RECPIPE_TMP" LOGNAME=recs SHELL=/bin/sh PATH=/usr/bin:/bin REDIS="$url" ITEM_COLUMN=track TIMESTAMP_COLUMN='' \
		MIN_USER=2 MIN_ITEM=2 FACTORS=16 EPOCHS=8 LOSS=ials K=40 SEED=3 THREADS=1 KERNEL=portable GATE=ndcg@10:-60% \
		/bin/sh -c 'exec "$@"' sh "$prefix/bin/recpipe-nightly" "$@" < /dev/null > mail.txt 2>&1
}

good() { sed -n 2p store/good.tsv | cut -f 1; }

# ---- the days ----------------------------------------------------------------------------------

make-world -q --users "$listeners" --tracks 250 --artists 40 --genres 8 --seed 5 -d world || exit 1

# day N: its log is logs/N.tsv
day()
{
	simulate-sessions -q --tracks world/tracks.tsv --embeddings world/embeddings.tsv --users world/users.tsv \
		--sessions "$listeners" --seed 5 --day "$1" -o /dev/null -- next-track -q --items world/tracks.tsv --seed "$1" \
		--redis "$url" --deadline 5s --log "$(printf 'logs/%02d.tsv' "$1")" || complain "day $1: exit status $?"
}

# ---- what is true of each night ------------------------------------------------------------------

# polls: until the file polling goes away, what is called good is whole, and so are the lists in Redis
polls()
{
	while [ -e polling ]; do
		n=$(sed -n 2p store/good.tsv 2> /dev/null | cut -f 1,3)
		its=store/models/${n%%"$tab"*}/serving-topk.tsv
		# The model of which it was told may have become an old one, which goes.
		[ -s "$its" ] || [ "$n" != "$(sed -n 2p store/good.tsv | cut -f 1,3)" ] || echo "$(date +%T): good.tsv says $n, which is not there" >> absent.txt
		if [ ! -e redis-lost ]; then
			users=$(redis hlen recs:lists)
			[ "${users:-0}" -gt 0 ] || [ -e redis-lost ] || echo "$(date +%T): Redis has no lists" >> absent.txt
		fi
		echo >> polls.txt
		sleep 0.05
	done
}

# liked: user TAB track of everything liked in the logs so far, each pair once
liked()
{
	awk -F '\t' -v OFS='\t' 'FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$at["time"] + 0 > 0.5 && !seen[$at["user"], $at["track"]]++ { print $at["user"], $at["track"] }' logs/*.tsv
}

# live_lists: user TAB track of the lists that are in Redis
live_lists() { redis --raw hgetall recs:lists | awk -F '\t' 'NR % 2 { user = $1; next } { for (i = 1; i <= NF; i++) print user "\t" $i }'; }

# silent NIGHT and mailed NIGHT STATUS PATTERN...: what cron got
silent() { [ "$got" = 0 ] && [ ! -s mail.txt ] || complain "night $1: exit status $got: $(head -n 5 mail.txt)"; }
mailed()
{
	its=$1 want=$2
	shift 2
	[ "$got" = "$want" ] || complain "night $its: exit status $got, wanted $want: $(head -n 3 mail.txt)"
	for pattern; do grep -q -e "$pattern" mail.txt || complain "night $its: the mail does not say $pattern: $(cat mail.txt)"; done
	[ "$(good)" = "$before" ] || complain "night $its: another model is called good"
	mails=$((mails + 1))
}

# count: a row of the summary, to expected.txt, as the script counts it: status, pairs, users, lists %, random %. (Of a
# night that did not reach Redis the lists were made.)
count()
{
	runs=$((runs + 1))
	if [ "$got" != 0 ] && [ "$got" != 4 ]; then
		printf '%s\t%s\t-\t-\t-\t-\n' "$runs" "$got" >> expected.txt
		return
	fi
	liked > liked.txt
	sed 1d "$made" > made.txt
	awk -F '\t' -v run="$runs" -v got="$got" -v OFS='\t' '
		FILENAME == "liked.txt" { user[$1]++; item[$2]++; pair[$1, $2]; next }
		FILENAME == "made.txt" { if (!($1 in lists)) { lists[$1]; listed++ } next }
		FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		{
			if (!($at["user"] in known)) { known[$at["user"]]; all++ }
			if ($at["source"] != "") { answers++; random += $at["source"] ~ /^random:/ }
		}
		END {
			for (p in pair) {
				split(p, of, SUBSEP)
				pairs += user[of[1]] >= 2 && item[of[2]] >= 2
			}
			print run, got, pairs, listed, sprintf("%.1f", 100 * sprintf("%.4f", listed / all)),
				sprintf("%.1f", 100 * sprintf("%.4f", random / answers))
		}' liked.txt made.txt logs/*.tsv >> expected.txt
}

# again: what was wrong is mended, and nightly runs again
again()
{
	[ "$mend" = yes ] || return 0
	count
	cron store logs/*.tsv
	got=$?
	silent "$night, again"
}

# upgrade RUNS: tools of another version, each put in its place while the run is under way, which is the one
# after so many
upgrade()
{
	mkdir -p new
	for tool in "$prefix"/bin/*; do
		[ -L "$tool" ] || LC_ALL=C sed "s/$(printf '%s' "$version" | sed 's/[.]/[.]/g')/$newer/g" "$tool" > "new/${tool##*/}"
	done
	chmod +x new/*
	cp -R "$RECPIPE_ROOT/pipelines" new-pipelines
	(cd "$RECPIPE_ROOT" && find pipelines -type f) > pipelines.txt
	until [ "$(ls store/logs | wc -l)" -gt "$1" ]; do sleep 0.01; done
	for tool in new/*; do mv -f "$tool" "$prefix/bin/${tool##*/}"; done
	while read -r file; do
		cp "$RECPIPE_ROOT/$file" new-file && mv -f new-file "$prefix/share/recpipe/$file"
	done < pipelines.txt
}

version=$(train-mf --version | sed -n '1s/.* //p')
# Only its first digit: the linker makes other texts of the end of this one.
newer=$(printf '%s' "$version" | cut -c 1 | tr 0-9 1-90)${version#?}
[ "$version" != "$newer" ] || complain "no other version than $version"

redis_start
: > expected.txt
mails=0 poller='' repeats=0 runs=0
for night in $(seq "$nights"); do
	before=$(good 2> /dev/null)
	day "$night"
	log=$(printf 'logs/%02d.tsv' "$night")
	# What was offered from a list and liked before the list was made. (After a night that failed the list is
	# an earlier one, and within a day it stays as it is.)
	if [ -f list-heard.txt ]; then
		n=$(awk -F '\t' 'NR == FNR { heard[$1, $2]; next } FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
			$at["source"] == "indexed" && ($at["user"], $at["recommendation"]) in heard { n++ } END { print n + 0 }' list-heard.txt "$log")
		[ "$n" = 0 ] || complain "day $night: offered $n times what was liked before"
		repeats=$((repeats + $(awk -F '\t' 'FNR == 1 && FILENAME != last { last = FILENAME; file++ } file == 1 { heard[$1, $2]; next }
			FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
			$at["source"] == "indexed" && ($at["user"], $at["recommendation"]) in heard { n++ } END { print n + 0 }' heard.txt "$log")))
	fi
	case $night in
	7) cp "$log" good-log.tsv && printf 'next\t1\tbroken\n' >> "$log" ;;
	13) : > redis-lost && redis_crash ;;
	19) [ -z "$disk" ] || dd if=/dev/zero of=store/filler bs=4096 2> /dev/null ;;
	25) upgrade "$(ls store/logs | wc -l)" > upgrade.txt 2>&1 & upgrading=$! ;;
	esac
	cron store logs/*.tsv
	got=$?
	case $night in
	7)
		mailed 7 3 "^nightly: exit status 3: " "07.tsv:$(wc -l < "$log"): "
		mv good-log.tsv "$log"
		again
		;;
	13)
		mailed 13 4 "^nightly: exit status 4: " 'redis\|Redis'
		# Who reads the mail starts an empty server and does what the page says.
		redis_start
		cron --republish store
		[ $? = 0 ] && [ ! -s mail.txt ] || complain "night 13, --republish: $(cat mail.txt)"
		[ "$(good)" != "$before" ] || complain 'night 13: its lists are not published'
		liked > list-heard.txt
		rm redis-lost
		;;
	19)
		if [ -n "$disk" ]; then
			mailed 19 1 '^nightly: the disk of .*store is full$'
			rm store/filler
			again
		else
			silent 19
		fi
		;;
	25)
		wait $upgrading || complain "the upgrade: $(cat upgrade.txt)"
		train-mf --version | grep -q " $newer\$" || complain 'the tools are the old ones'
		silent 25
		;;
	*) silent "$night" ;;
	esac
	live_lists > lists.txt
	if [ "$got" = 0 ]; then
		liked > list-heard.txt
		[ "$(good)" != "$before" ] || complain "night $night: no new model"
	fi
	[ -s lists.txt ] || complain "night $night: there are no lists"
	awk -F '\t' 'NR == FNR { heard[$1, $2]; next } ($1, $2) in heard' list-heard.txt lists.txt > again.txt
	[ ! -s again.txt ] || complain "night $night: lists have what was liked, $(wc -l < again.txt) times"
	liked > heard.txt
	count
	[ $bad = 0 ] || exit 1
	if [ -z "$poller" ]; then
		: > polling
		polls &
		poller=$!
	fi
done
rm polling
wait $poller
[ "$(wc -l < polls.txt)" -ge "$nights" ] || complain "only $(wc -l < polls.txt) looks at the lists"
[ ! -e absent.txt ] || complain "lists were absent: $(head -n 3 absent.txt)"

# ---- the summary -----------------------------------------------------------------------------------

cron --summary store
got=$?
[ $got = 0 ] || complain "--summary: exit status $got"
cat mail.txt
awk '$1 ~ /^[0-9]+T[0-9]+Z$/ { print ++n "\t" $2 "\t" $4 "\t" $5 "\t" $7 "\t" $8 }' mail.txt > got.txt
diff expected.txt got.txt || complain '^ the summary (>) is not what was counted (<)'
failures=$(awk -F '\t' '$2 != 0' expected.txt | wc -l)
[ "$failures" = "$mails" ] || complain "$mails mails of $failures failed nights"
grep -q "^$runs runs since .*: $((runs - failures)) published, $failures not\$" mail.txt || complain 'the first line of the summary'
[ "$(sed '1,/^Not published/d' mail.txt | wc -l)" = "$failures" ] || complain 'the reasons of the summary'
[ "$mend" != yes ] || [ "$repeats" = 0 ] || complain "offered $repeats times what was liked on an earlier day"
echo "$nights nights, $mails mails, $(wc -l < polls.txt) looks at the lists; of what was liked, offered again: nothing from before the list was made, and $repeats times what was liked on an earlier day"
[ $bad = 0 ] || exit 1
[ -n "$disk" ] || { echo 'all but the night of the full disk: no file system can be mounted here'; exit 77; }
