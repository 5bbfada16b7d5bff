#!/bin/sh
# next-track's log: whole rows and one header whatever ends the program, fills the disk,
# renames, cuts or removes the file, and however many processes write; what is lost is
# counted; with --log-sync no answer leaves before its event is on disk.
set -u
cd "$RECPIPE_TMP" || exit 1
# shellcheck source=../complain.sh
. "$RECPIPE_ROOT/tests/complain.sh"
printf 'item\na\nb\nc\n' > items.tsv
header='message	timestamp	user	track	time	latency	recommendation	session	step	source	rank	probability	generation	triggered'
# requests N [WHO]: N requests of users WHO-1, WHO-2, ..
requests()
{
	awk -v n="$1" -v who="${2:-u}" 'BEGIN { OFS = "\t"; print "message", "user", "track", "time"
		for (i = 1; i <= n; i++) print "next", who "-" i, "x", 1 }'
}
# is_whole FILE: one header, in front, then whole rows alone
is_whole()
{
	if command -v flock > /dev/null; then flock -s "$1" cat "$1"; else cat "$1"; fi > seen
	[ "$(tail -c 1 seen | od -An -c | tr -d ' ')" = '\n' ] || complain "$1 does not end with a row"
	awk -F '\t' -v header="$header" -v file="$1" '
		NR == 1 && $0 != header { print file ": no header: " substr($0, 1, 100); exit bad = 1 }
		NR > 1 && (NF != 14 || $1 != "next") { print file ":" NR ": no row: " substr($0, 1, 100); exit bad = 1 }
		END { exit bad }' seen || bad=1
}
# rows FILE..: how many events they have
rows()
{
	cat "$@" | grep -c '^next	'
}
# lost FILE: the last number of events that it says to be lost
lost()
{
	sed -n 's/.*: \([0-9]*\) events are lost.*/\1/p' "$1" | tail -n 1
}

requests 3 > three.tsv
# a log that another process keeps locked: the start waits for it, not for ever
if command -v flock > /dev/null; then
	{
		flock locked.tsv sleep 22 &
		holder=$!
		sleep 0.2
		next-track --items items.tsv --log locked.tsv three.tsv > locked.out 2> locked.said
		echo $? > locked.rc
		kill $holder
	} &
	locked=$!
fi

# ---- a torn end is mended, and nothing else is cut

next-track --items items.tsv --log log.tsv three.tsv > /dev/null || complain 'a new log'
cp log.tsv whole.tsv
size=$(wc -c < log.tsv)
first=$(head -n 1 log.tsv | wc -c)
at=1
while [ $at -lt "$size" ]; do
	head -c $at whole.tsv > log.tsv
	next-track --items items.tsv --log log.tsv three.tsv > /dev/null 2> said || complain "cut at $at: $(cat said)"
	is_whole log.tsv
	kept=$(head -c $at whole.tsv | tr -cd '\n' | wc -c)
	[ "$kept" -gt 0 ] || kept=1
	[ "$(rows log.tsv)" = $((kept - 1 + 3)) ] || complain "cut at $at: $(rows log.tsv) events"
	if [ "$(head -c $at whole.tsv | tail -c 1 | tr '\n' L)" = L ]; then
		[ ! -s said ] || complain "cut at $at: it says $(cat said)"
	else
		grep -q 'log.tsv: dropped a torn last row: "' said || complain "cut at $at: it says $(cat said)"
	fi
	case $at in "$first" | $((size - 2))) at=$((at + 1)) ;; *) at=$((at + 7)) ;; esac
done
{ head -c "$((size - 5))" whole.tsv; head -c 9000 /dev/zero; } > log.tsv # as after a power failure
next-track --items items.tsv --log log.tsv three.tsv > /dev/null 2> said
is_whole log.tsv
[ "$(rows log.tsv)" = 5 ] || complain "NULs at the end: $(rows log.tsv) events"
# refused NAME FORM: status 3, and the file is as it was
refused()
{
	cp "$1" before
	next-track --items items.tsv --log "$1" --log-format "$2" three.tsv > out 2> said
	[ $? = 3 ] || complain "$1 as $2 is not refused"
	[ ! -s out ] || complain "$1 as $2: answers before the refusal"
	cmp -s "$1" before || complain "$1 as $2 was changed"
}
printf 'message\ttimestamp\tuser' > torn-header.tsv
printf 'message\ttimestamp\tuse!' > other.tsv
printf 'my notes' > notes.tsv
printf 'item\na\n' > table.tsv
printf '{"mess' > torn.json
printf '{"track": 1, "ti' > other.json
printf '[1, 2]\n' > array.json
for f in other.tsv notes.tsv table.tsv; do refused $f tsv; done
for f in notes.tsv table.tsv other.json array.json whole.tsv; do refused $f json; done
next-track --items items.tsv --log torn-header.tsv three.tsv > /dev/null 2>&1 || complain 'a torn header'
is_whole torn-header.tsv
next-track --items items.tsv --log torn.json --log-format json three.tsv > /dev/null 2> said || complain 'a torn JSON row'
[ "$(grep -c '^{"message": "next".*}}$' torn.json)" = 3 ] && [ "$(wc -l < torn.json)" = 3 ] ||
	complain "a torn JSON row: $(cat torn.json)"
printf '{"track": 1}\n{"tr' > own.json # rows of another service: rows are added, a torn one goes
next-track --items items.tsv --log own.json --log-format json three.tsv > /dev/null 2> said || complain 'JSON of others'
[ "$(head -n 1 own.json)" = '{"track": 1}' ] && [ "$(wc -l < own.json)" = 4 ] || complain "JSON of others: $(cat own.json)"

# ---- many processes that begin at once, with rows beyond a page, and one torn end before them

rm -f log.tsv
printf 'message\ttime' > log.tsv
long=$(head -c 6000 /dev/zero | tr '\0' y)
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	requests 300 "$i-$long" > "many-$i.tsv"
done
writers=
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	next-track -q --items items.tsv --log log.tsv "many-$i.tsv" > /dev/null 2> "said-$i" &
	writers="$writers $!"
done
for i in $writers; do
	wait "$i" || complain 'one of many failed'
done
is_whole log.tsv
[ "$(cut -f 3 log.tsv | tail -n +2 | sort -u | wc -l)" = 3600 ] || complain "many writers: $(rows log.tsv) of 3600 events"
[ "$(cat said-* | grep -c 'dropped a torn')" = 1 ] || complain "many writers: $(cat said-*)"

# ---- a full disk

# ./full BLOCKS ARGUMENT..: next-track on a disk that takes so many blocks of 512 bytes a file
cat > full << 'END'
#!/bin/sh
trap "" XFSZ
ulimit -S -f "$1"
shift
exec next-track --items items.tsv --log log.tsv "$@"
END
chmod +x full
for memory in 1 2K 8K 64M; do
	rm -f log.tsv
	requests 1000 > thousand.tsv
	{
		./full 8 --log-memory $memory thousand.tsv 2> said
		echo $? > rc
	} | cat > out
	rc=$(cat rc)
	[ $rc = 1 ] || complain "a full disk, $memory: exit status $rc"
	[ "$(wc -l < out)" = 1001 ] || complain "a full disk, $memory: $(wc -l < out) answers"
	is_whole log.tsv
	[ $(($(rows log.tsv) + $(lost said))) = 1000 ] || complain "a full disk, $memory: $(rows log.tsv) events and $(cat said)"
	grep -q 'cannot write to log.tsv: File too large; rows are kept and tried again' said || complain "full: $(cat said)"
done
{
	./full 0 thousand.tsv # not even a header
	echo "$?" >&3
} 2>&1 > /dev/null 3> rc | cat > said
[ "$(cat rc)" = 1 ] && [ "$(lost said)" = 1000 ] || complain "no room at all: $(cat said)"

. "$RECPIPE_ROOT/tests/serving.sh"
serve() # COMMAND..
{
	start_serving "$@"
	asked=0
}
ask() # N: asks N times
{
	n=0
	while [ $n -lt "$1" ]; do
		n=$((n + 1)) asked=$((asked + 1))
		printf 'next\t%s\tx\t1\n' $asked >&8
		read -r line <&9 || { complain "no answer to request $asked"; return; }
		case $line in
		"$asked	"*) ;;
		*) complain "request $asked is answered by $line" ;;
		esac
	done
}
stop() # SIGNAL STATUS
{
	kill "-$1" $server
	wait $server 2> wait.err
	rc=$?
	[ $rc = "$2" ] || complain "SIG$1: exit status $rc"
	exec 8>&- 9<&-
}
# reaches FILE N: the answer goes first, then the event; within ten seconds there are N
reaches()
{
	tries=0
	while [ "$(rows "$1" 2> /dev/null)" != "$2" ] && [ $tries -lt 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	is_whole "$1"
	[ "$(rows "$1")" = "$2" ] || complain "$1: $(rows "$1") events, not $2"
}
# says PATTERN WHAT: within ten seconds
says()
{
	tries=0
	while ! grep -q "$1" said && [ $tries -lt 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	grep -q "$1" said || complain "$2: it says $(cat said)"
}
if command -v prlimit > /dev/null; then
	# part of the events is given up, the rest reaches the disk when there is room again
	rm -f log.tsv
	serve ./full 8 --log-memory 8K
	ask 500
	says 'rows are kept' 'a full disk'
	is_whole log.tsv
	[ "$(wc -c < log.tsv)" -le 4096 ] || complain 'the disk was not full'
	prlimit --pid "$server" --fsize=unlimited
	ask 10
	says 'log.tsv can be written to again' 'room again'
	is_whole log.tsv
	kill -HUP "$server"
	ask 1
	says ' events are lost so far, 0 wait' 'SIGHUP after a loss'
	stop TERM 143
	[ $(($(rows log.tsv) + $(lost said))) = $asked ] || complain "room again: $(rows log.tsv) events of $asked and $(cat said)"
	[ "$(tail -n 1 log.tsv | cut -f 3)" = $asked ] || complain 'room again: the last event is not the last row'

	# SIGHUP while the disk is full: both files have whole rows alone, nothing twice
	rm -f log.tsv
	serve ./full 8
	ask 200
	says 'rows are kept' 'a full disk'
	mv log.tsv old.tsv
	kill -HUP $server
	prlimit --pid $server --fsize=unlimited
	ask 10
	is_whole old.tsv
	reaches log.tsv $((210 - $(rows old.tsv)))
	grep -q 'log.tsv: 0 events are lost so far, [1-9][0-9]* wait' said || complain "SIGHUP with a full disk: $(cat said)"
	stop TERM 143
	cat old.tsv log.tsv | awk -F '\t' -v asked=$asked '$1 == "next" && $3 != ++n { exit bad = 1 } END { exit bad || n != asked }' ||
		complain 'SIGHUP with a full disk: the files do not have all events in order'
	# ended while the disk is full: so many are lost
	rm -f log.tsv
	serve ./full 8
	ask 200
	stop TERM 143
	is_whole log.tsv
	[ $(($(rows log.tsv) + $(lost said))) = 200 ] || complain "SIGTERM with a full disk: $(rows log.tsv) events and $(cat said)"

	# --log-sync: the answer waits, comes when there is room, and never without its event
	rm -f log.tsv
	serve ./full 2 --log-sync
	n=0
	while n=$((n + 1)); printf 'next\t%s\tx\t1\n' $n >&8; [ $n -lt 60 ]; do :; done
	says 'File too large; answers wait for it' 'a full disk with --log-sync'
	prlimit --pid $server --fsize=unlimited
	n=0
	while [ $n -lt 60 ] && read -r line <&9; do
		n=$((n + 1))
		case $line in "$n	"*) ;; *) complain "--log-sync: request $n is answered by $line" ;; esac
	done
	[ $n = 60 ] || complain "--log-sync: $n answers of 60 when there was room again"
	is_whole log.tsv
	[ "$(rows log.tsv)" = 60 ] || complain "--log-sync: $(rows log.tsv) events of 60"
	stop TERM 143
	rm -f log.tsv
	serve ./full 2 --log-sync
	n=0
	while n=$((n + 1)); printf 'next\t%s\tx\t1\n' $n >&8; [ $n -lt 60 ]; do :; done
	says 'answers wait for it' 'a full disk with --log-sync'
	kill -TERM $server
	cat <&9 > out
	wait $server
	rc=$?
	exec 8>&- 9<&-
	[ $rc = 143 ] || complain "--log-sync, SIGTERM in the wait: exit status $rc"
	grep -q 'the last answers are not given' said || complain "--log-sync, SIGTERM in the wait: $(cat said)"
	is_whole log.tsv
	[ "$(wc -l < out)" -le "$(rows log.tsv)" ] || complain "--log-sync: $(wc -l < out) answers, $(rows log.tsv) events"
else
	echo 'prlimit is missing: a disk with room again is not tested'
fi

# ---- removed, cut, renamed, locked

rm -f log.tsv
serve next-track --items items.tsv --log log.tsv
ask 3
reaches log.tsv 3
rm log.tsv
ask 3
reaches log.tsv 3
says 'log.tsv was removed: starting a new file' removed
: > log.tsv # as logrotate's copytruncate
ask 3
reaches log.tsv 3
printf 'next\thalf a row of another' >> log.tsv
ask 3
reaches log.tsv 6
says 'dropped a torn last row: "next.thalf a row of another"' 'a torn row of another writer'
if command -v flock > /dev/null; then
	mkfifo release
	flock log.tsv cat release &
	holder=$!
	until ! flock -n log.tsv true; do sleep 0.05; done
	ask 20 # nobody waits for the lock's holder more than once
	says 'cannot lock log.tsv: .*; rows are kept and tried again' locked
	[ "$(rows log.tsv)" = 6 ] || complain 'rows are written without the lock'
	: > release
	wait $holder
	ask 1
	reaches log.tsv 27
fi
stop TERM 143
# a folder that is gone, and another file in the log's place at SIGHUP
mkdir logs
serve next-track --items items.tsv --log logs/log.tsv
ask 2
reaches logs/log.tsv 2
mv logs gone
kill -HUP $server
ask 2
says 'cannot write to logs/log.tsv: No such file' 'a folder that is gone'
mkdir logs
printf 'my notes\n' > logs/log.tsv
sleep 1.1
ask 2
sleep 0.2
[ "$(cat logs/log.tsv)" = 'my notes' ] || complain 'events are added to what is no log'
rm logs/log.tsv
sleep 1.1
ask 1
reaches logs/log.tsv 5
[ "$(rows gone/log.tsv)" = 2 ] || complain "gone: $(rows gone/log.tsv) events"
# kill -9 loses nothing that was written, and leaves nothing torn
stop KILL 137
is_whole logs/log.tsv

# ---- the order of --log-sync, and what a failing call does

if command -v strace > /dev/null && strace -o /dev/null true 2> /dev/null; then
	rm -f log.tsv
	serve strace -f -o trace -e trace=write,fdatasync next-track --items items.tsv --log log.tsv --log-sync
	ask 20
	exec 8>&-
	wait $server
	exec 9<&-
	# each answer: the row, a sync, then the answer
	awk '/write\([0-9]+, "next/ { row = NR } /fdatasync/ { sync = NR }
		/write\(1, "[0-9]+\\t/ { answers++; if (!(row < sync && sync < NR && row > last)) bad = 1; last = NR }
		END { exit bad || answers != 20 }' trace || complain "--log-sync: $(cat trace)"
	# waiting requests share syncs
	requests 20000 > crowd.tsv
	rm -f log.tsv
	strace -f -c -o counts -e trace=fdatasync next-track --items items.tsv --log log.tsv --log-sync crowd.tsv > out
	syncs=$(awk '$NF == "fdatasync" { print $4 }' counts)
	[ "${syncs:-0}" -ge 1 ] && [ "$syncs" -le 2000 ] || complain "20000 requests: $syncs syncs"
	is_whole log.tsv
	# not one answer leaves before its event is on disk, however much waits, however large it is
	awk 'BEGIN { print "item"; for (i = 0; i < 9; i++) { printf "%d-", i; for (j = 0; j < 3000; j++) printf "x"; print "" } }' > large.tsv
	head -n 1001 crowd.tsv > some.tsv
	for items in items.tsv large.tsv; do
		rm -f log.tsv
		requests=$([ $items = items.tsv ] && echo crowd.tsv || echo some.tsv)
		strace -qq -f -o trace -s 100000000 -e trace=write,fdatasync next-track --items $items --log log.tsv --log-sync \
			$requests > out
		awk '/write\(1, / { answers += gsub(/\\n/, "") }
			/write\([3-9][0-9]*, "(next|message)/ { written += gsub(/\\n/, "") } /fdatasync/ { synced = written }
			answers > 1 && answers > synced { exit bad = 1 }
			END { exit bad || answers < 1001 }' trace || complain "--log-sync, $items: answers before the sync"
	done
	only= # -P FILE: calls about this file alone
	# inject WHAT STATUS PATTERN ARGUMENT..
	inject()
	{
		what=$1 want=$2 pattern=$3
		shift 3
		strace -qq -f -o /dev/null $only -e "trace=${what%%:*}" -e "inject=$what" next-track --items items.tsv "$@" three.tsv > out 2> said
		rc=$?
		[ $rc = "$want" ] || complain "$what: exit status $rc: $(cat said)"
		grep -q "$pattern" said || complain "$what: it says $(cat said)"
	}
	rm -f log.tsv
	inject fdatasync:error=EIO 1 'cannot sync log.tsv: Input/output error' --log log.tsv --log-sync
	[ "$(wc -l < out)" = 1 ] || complain 'answers whose events could not be synced'
	inject fsync:error=EIO 1 'cannot write log.tsv: Input/output error' --log log.tsv --log-sync
	inject flock:error=ENOLCK 0 'log.tsv cannot be locked: No locks available; no other process' --log log.tsv
	is_whole log.tsv
	printf 'torn' >> log.tsv
	inject ftruncate:error=EPERM 1 'cannot remove a torn last row of log.tsv' --log log.tsv
	only='-P log.tsv'
	inject pread64:error=EIO 1 'cannot read log.tsv: Input/output error' --log log.tsv
else
	echo 'strace is missing or may not trace: calls that fail are not tested'
fi
next-track --items items.tsv --log /dev/full --log-sync three.tsv > out 2> said
[ $? = 1 ] && [ ! -s out ] || complain "--log-sync to a device: $(cat said)"
next-track --items items.tsv --log /dev/full three.tsv > out 2> said
[ $? = 1 ] && [ "$(lost said)" = 3 ] && [ "$(wc -l < out)" = 4 ] || complain "a device: $(cat said)"
mkfifo pipe # what is no file gets the header each time
cat pipe > piped &
next-track --items items.tsv --log pipe three.tsv > out || complain 'a pipe as the log'
wait $!
is_whole piped
# a reader that goes away in the middle of a row: the next one, after SIGHUP, begins with a whole row
printf '#!/bin/sh\ntrap "" PIPE\nexec next-track --items items.tsv --log pipe "$@"\n' > no-pipe
chmod +x no-pipe
head -c 20000 pipe > first &
reader=$!
serve ./no-pipe
huge=$(head -c 200000 /dev/zero | tr '\0' h) # more than a pipe holds
printf 'next\t%s\tx\t1\n' "$huge" >&8
read -r line <&9
asked=1
ask 1
wait $reader
says 'cannot write to pipe: Broken pipe' 'a reader that went away'
kill -HUP $server
ask 1 # nobody reads: no answer waits for that
says 'pipe: 1 events are lost so far, 1 wait' 'SIGHUP of a pipe'
cat pipe > second &
reader=$!
sleep 1.1
ask 1
stop TERM 143
wait $reader
is_whole second
[ "$(tail -n 1 second | cut -f 3)" = $asked ] || complain 'a pipe: the last event is missing'
[ "$(rows second)" = 3 ] && [ "$(lost said)" = 1 ] || complain "a pipe: the rest of a row is not counted: $(rows second), $(cat said)"
if command -v flock > /dev/null; then
	wait $locked
	[ "$(cat locked.rc)" = 1 ] && [ ! -s locked.out ] && grep -q 'locked.tsv: another process has locked it' locked.said ||
		complain "locked at the start: exit status $(cat locked.rc), $(cat locked.said)"
fi
exit $bad
