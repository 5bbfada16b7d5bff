#!/bin/sh
# analyze-ab of one log read in any order, grouped by user, and from --partial and
# --merge by any split of users, merged at once or in steps: the same bytes of all that it writes, whatever the
# options are. The log has days without events, ties, duplicates, users in several
# arms or none, sessions that are cut, users' bytes that are no ASCII.
cd "$RECPIPE_TMP" || exit 1
tab=$(printf '\t')
# log SEED FIRST_DAY: 400 users, some with sessions at once, some with sessions before their arm of Y
log() {
	awk -v seed="$1" -v day="$2" 'BEGIN {
		OFS = "\t"
		srand(seed)
		print "message", "timestamp", "user", "track", "time", "latency", "recommendation", "X", "Y", "source", "reward", "triggered"
		for (u = 0; u < 400; u++) {
			id = u % 10 == 3 ? "п" u : "u" u
			x = rand() < 0.5 ? "C" : rand() < 0.6 ? "T1" : "T2"
			y = rand() < 0.1 ? "" : rand() < 0.5 ? "B" : "A"
			for (s = int(rand() * 5); s >= 0; s--) {
				begun = at = rand() < 0.1 && begun ? begun : (day + int(rand() * 4) * 2) * 86400000 + int(rand() * 86000000)
				early = rand() < 0.1
				if (rand() < 0.02)
					x = "T1"
				heard = int(rand() * 40)
				for (n = 1 + int(rand() * 6); n >= 0; n--) {
					last = n == 0 && rand() < 0.9
					next_track = last ? "" : int(rand() * 40)
					time = int(rand() * 100) / 100
					line = (last ? "last" : "next") OFS sprintf("%.0f", at) OFS id OFS heard OFS time OFS rand() / 7 OFS next_track OFS x OFS (early ? "" : y) OFS (rand() < 0.3 ? "random" : "top") OFS (rand() < 0.2 ? "" : rand()) OFS (rand() < 0.2)
					print line
					if (rand() < 0.01)
						print line
					at += int(rand() * 3)
					heard = rand() < 0.9 ? next_track : 7
				}
			}
		}
	}'
}
log 1 19800 > whole.tsv
log 2 19700 > before.tsv
{ printf 'user\tdevice\n'; awk 'BEGIN {for (u = 0; u < 380; u++) print (u % 10 == 3 ? "п" u : "u" u) "\t" (u * 7 % 3 ? "phone" : "desk")}'; } > users.tsv
shuffle() { head -n 1 "$1"; sed 1d "$1" | awk -v seed="$2" 'BEGIN {srand(seed)} {print rand() "\t" $0}' | LC_ALL=C sort -k 1,1g | cut -f 2-; }
group() { head -n 1 "$1"; sed 1d "$1" | LC_ALL=C sort -t "$tab" -k 3,3 -s; }
shuffle whole.tsv 3 > shuffled.tsv
group shuffled.tsv > grouped.tsv
group before.tsv > before.grouped.tsv
more=distinct:track,mean:reward,share:source=random,sum:reward/count:reward,q75:sum:reward,count:time\>=0.5,share:time\<0.25,distinct_tracks
# parts KIND OPTIONS..: three parts of users and the time before
parts() {
	kind=$1
	shift
	for k in 0 1 2; do
		awk -F '\t' -v k=$k '{n = $3; gsub(/[^0-9]/, "", n)} NR == 1 || n % 3 == k' grouped.tsv > users.$k
		analyze-ab -q --experiment X --experiment Y --partial "$@" users.$k > $kind.$k || return 1
	done
	[ "$(cat users.0 users.1 users.2 | wc -l)" = $(($(wc -l < grouped.tsv) + 2)) ] || { echo 'not a split'; return 1; }
	cat $kind.2 > $kind.one
	sed 1d $kind.0 >> $kind.one
	sed 1d $kind.1 | LC_ALL=C sort >> $kind.one
}
parts plain || exit 1
parts daily --daily --metrics $more || exit 1
parts open --unfinished count || exit 1
parts merged --sessions merged || exit 1
parts pulled --triggered triggered --daily || exit 1
parts time --from 2024-03-19 --to 2024-03-22 || exit 1
analyze-ab -q --experiment X --partial before.grouped.tsv > before.part || exit 1
n=0
run() { analyze-ab --rounds 100 --experiment X --experiment Y --details d --health h --user-table u "$@" > o 2> e; }
keep() { for f in o e d h u; do mv $f $f.$1 || return 1; done; }
# same PARTS WHERE OPTIONS..: WHERE goes with events alone (words); the options with all
same() {
	kind=$1 where=$2
	shift 2
	run $where "$@" whole.tsv || { cat e; return 1; }
	keep 1
	analyze-ab --merge --partial --parts 2 $kind.2 $kind.0 > $kind.two || return 1
	for how in shuffled grouped spilled merged one tree; do
		case $how in
		shuffled) run $where "$@" shuffled.tsv ;;
		spilled) run $where --memory 30K "$@" shuffled.tsv ;;
		grouped) run $where --grouped "$@" grouped.tsv ;;
		merged) run --merge "$@" $kind.1 $kind.2 $kind.0 ;;
		one) run --merge --parts 3 "$@" $kind.one ;;
		tree) run --merge --parts 3 "$@" $kind.1 $kind.two ;;
		esac || { echo "$how: $*"; cat e; return 1; }
		for f in o e d h u; do cmp $f $f.1 || { echo "$how: $where $*"; return 1; }; done
		n=$((n + 1))
	done
}
same plain '' || exit 1
same plain '' --metrics time,sessions,returned,distinct_tracks,q50:time,time/sessions --multi-arm keep || exit 1
same plain '' --test bootstrap --seed 5 || exit 1
same plain '' --test bootstrap --multi-arm keep --metrics time,sessions || exit 1
same plain '' --test mann-whitney --adjust by --interval log || exit 1
same plain '' --sequential --metrics time,time/tracks --margin 0.1 --margin time=0.02 || exit 1
same plain '' --users users.tsv --segment device --metrics time,q90:time,skips/tracks || exit 1
same plain '' --users users.tsv --stratify device --winsorize 0.95 || exit 1
same plain '' --exposure all --metrics time,sessions || exit 1
grep -q 'overlapping_sessions' h.1 && ! grep -q 'before_first_arm' h.1 || { echo 'no overlapping sessions, or an exposure'; cat h.1; exit 1; }
same plain '' --aa 50 --weights C=2 || exit 1
same daily '' --daily --metrics $more || exit 1
same daily '' --daily --metrics time,$more --multi-arm keep || exit 1
same open '--unfinished count' || exit 1
same merged '--sessions merged' || exit 1
grep -q 'before_first_arm' h.1 && ! grep -q 'overlapping_sessions' h.1 || { echo 'overlapping sessions, or no exposure'; cat h.1; exit 1; }
same pulled '--triggered triggered' --daily --multi-arm keep || exit 1
same time '--from 2024-03-19 --to 2024-03-22' || exit 1
# --pre: events, or a part of them
run --metrics time,time/sessions,returned --pre before.tsv whole.tsv && keep 1 || exit 1
run --metrics time,time/sessions,returned --grouped --pre before.grouped.tsv grouped.tsv || exit 1
for f in o e d h u; do cmp $f $f.1 || exit 1; done
run --metrics time,time/sessions,returned --memory 16K --pre before.tsv shuffled.tsv || exit 1
for f in o e d h u; do cmp $f $f.1 || exit 1; done
run --metrics time,time/sessions,returned --merge --pre before.part plain.0 plain.2 plain.1 || exit 1
for f in o e d h u; do cmp $f $f.1 || exit 1; done
# experiments that nobody named: those of the log
analyze-ab -q whole.tsv 2> /dev/null | cut -f 1 | sort -u > named
analyze-ab -q --experiment X --experiment Y whole.tsv > o || exit 1
analyze-ab -q --merge plain.0 plain.1 plain.2 | cmp - o || exit 1
# sessions
analyze-ab -q --experiment X --session-table s.1 whole.tsv > /dev/null || exit 1
analyze-ab -q --experiment X --session-table s.2 --grouped grouped.tsv > /dev/null || exit 1
cmp s.1 s.2 || exit 1
for memory in 4K 40K 200K; do
	analyze-ab -q --experiment X --session-table s.2 --memory $memory shuffled.tsv > /dev/null || exit 1
	cmp s.1 s.2 || { echo "sessions with --memory $memory"; exit 1; }
done
# Events that do not fit wait in TMPDIR, in a file that has no name or, soon, none any more.
TMPDIR=nowhere analyze-ab -q --experiment X --memory 4K shuffled.tsv > o 2> e
[ $? = 1 ] && grep -q '^analyze-ab: cannot make a temporary file in nowhere: No such file' e || { echo 'no TMPDIR:'; cat e; exit 1; }
TMPDIR=nowhere analyze-ab -q --experiment X shuffled.tsv > o 2> e && TMPDIR=nowhere analyze-ab -q --experiment X --memory 10M shuffled.tsv > o.2 2> e && cmp o o.2 ||
	{ echo 'a temporary file for events that fit'; exit 1; }
mkdir spills && TMPDIR=spills analyze-ab -q --experiment X --memory 4K shuffled.tsv | cmp - o && [ -z "$(ls -A spills)" ] ||
	{ echo 'what is left in TMPDIR:'; ls -A spills; exit 1; }
# --plan, with its days
analyze-ab -q --experiment X --plan 0.05 --metrics time,returned whole.tsv > o || exit 1
analyze-ab -q --experiment X --merge --plan 0.05 --metrics time,returned plain.2 plain.1 plain.0 | cmp - o || exit 1
# A tree of merges: the bytes of any other, and, but for the count, of a part of all.
analyze-ab -q --experiment X --experiment Y --partial grouped.tsv > plain.whole || exit 1
analyze-ab -q --experiment X --experiment Y --partial --daily --metrics $more grouped.tsv > daily.whole || exit 1
for kind in plain daily; do
	analyze-ab --merge --partial $kind.0 | cmp - $kind.0 || { echo "$kind: a part is not its own merge"; exit 1; }
	analyze-ab --merge --partial $kind.2 $kind.1 $kind.0 > flat || exit 1
	analyze-ab --merge --partial $kind.2 $kind.0 | analyze-ab --merge --partial --parts 3 $kind.1 - | cmp - flat || exit 1
	analyze-ab --merge --partial $kind.1 $kind.2 > t12 && analyze-ab --merge --partial $kind.0 > t0 &&
		analyze-ab --merge --partial t0 t12 | cmp - flat || exit 1
	awk -F '\t' -v OFS='\t' 'NR == 1 {for (i = 1; i <= NF; i++) if ($i == "part_count") c = i} NR > 1 && $1 == "" {$c = 1} 1' flat | cmp - $kind.whole || exit 1
done
# Without headers.
names=$(head -n 1 plain.0 | tr '\t' ,)
for k in 0 1 2; do
	sed 1d users.$k | analyze-ab -q --experiment X --experiment Y --partial --no-header --columns "$(head -n 1 users.$k | tr '\t' ,)" > bare.$k || exit 1
	sed 1d plain.$k | cmp - bare.$k || { echo "part $k without header"; exit 1; }
done
analyze-ab --merge --partial --no-header --columns "$names" bare.2 bare.0 > bare.two || exit 1
sed 1d plain.two | cmp - bare.two || exit 1
analyze-ab -q --merge --parts 3 --no-header --columns "$names" bare.two bare.1 > bare || exit 1
analyze-ab -q --merge plain.0 plain.1 plain.2 | sed 1d | cmp - bare || exit 1
# A part of nothing is one.
head -n 1 plain.0 > header
head -n 1 users.0 | analyze-ab -q --experiment X --experiment Y --partial > nothing || exit 1
[ "$(wc -l < nothing)" = 2 ] || { cat nothing; exit 1; }
analyze-ab -q --merge --parts 4 plain.0 plain.1 plain.2 nothing > o4 && analyze-ab -q --merge plain.0 plain.1 plain.2 | cmp - o4 || exit 1
# What must be refused.
refused() {
	status=$1 what=$2
	shift 2
	analyze-ab "$@" > /dev/null 2> e
	[ $? = "$status" ] && grep -q "$what" e || { echo "$*:"; cat e; exit 1; }
}
refused 3 'not grouped by user' --experiment X --partial shuffled.tsv
refused 3 'not grouped by user' --experiment X --grouped shuffled.tsv
refused 3 'in two parts' --merge plain.0 plain.1 plain.2 plain.1
printf 'message\ttimestamp\tuser\ttrack\ttime\tlatency\trecommendation\tX\nlast\t1\ta\tt\t1\t1\t\tC\n' | analyze-ab --partial > alone || exit 1
refused 3 'in two parts' --merge alone alone
{ head -n 1 plain.0; sed -s 1d plain.0 plain.1 plain.1 plain.2 | LC_ALL=C sort; } > twice
refused 3 'in two parts' --merge twice
refused 3 'should be 3 parts but there are 2' --merge --parts 3 plain.0 plain.1
refused 3 'should be 2 parts but there are 3' --merge --parts 2 plain.0 plain.1 plain.2
refused 3 'should be 4 parts but there are 3' --merge --parts 4 plain.1 plain.two
refused 3 'should be 3 parts but there are 2' --merge --partial --parts 3 plain.two
refused 3 'no part is complete' --merge header
sed '$d' plain.2 > cut
refused 3 'truncated or missing' --merge plain.0 plain.1 cut
refused 3 'no part is complete' --merge --no-header --columns "$names" /dev/null
refused 3 'no rows' --no-header --columns message,timestamp,user,track,time,latency,recommendation,X /dev/null
refused 3 'no rows' --user-level --experiment X -m time --no-header --columns user,X,time /dev/null
sed 's/^a\t/a\tx/' alone > bad
refused 3 'all 1 rows of users are bad' --merge --on-error skip bad
refused 2 '.parts requires' --parts 3 plain.0
refused 2 'cannot be combined' --merge --partial --metrics time plain.0
sed 2d plain.0 > cut
refused 3 'truncated or missing' --merge cut plain.1 plain.2
refused 3 'without --daily' --merge --daily plain.0 plain.1 plain.2
analyze-ab -q --experiment X --experiment Y --partial --daily users.1 > dated && analyze-ab --merge --partial plain.0 dated > mixed || exit 1
refused 3 'without --daily' --merge --daily mixed
refused 2 'no column .distinct:track' --merge --metrics distinct:track plain.0 plain.1
# Memory: five times the rows of the same users.
awk 'BEGIN {
	OFS = "\t"
	srand(1)
	print "message", "timestamp", "user", "track", "time", "latency", "recommendation", "X"
	for (u = 10000; u < 12000; u++)
		for (i = 0; i < 200; i++)
			print i % 10 == 9 ? "last" : "next", sprintf("%.0f", 1.7e12 + i), u, int(rand() * 1000), 0.5, 0.001, 7, u % 2 ? "C" : "T1"
}' > many.tsv
awk 'NR == 1 || NR % 5 == 0' many.tsv > few.tsv
shuffle many.tsv 5 > many.shuffled.tsv
peak() { analyze-ab -v --no-progress "$@" 2>&1 > /dev/null | sed -n 's/.*[ ,]\([0-9.]*\) MB.*/\1/p'; }
a=$(peak --grouped few.tsv) b=$(peak --grouped many.tsv) c=$(peak --partial many.tsv) d=$(peak --memory 1M many.shuffled.tsv)
[ -n "$a" ] && [ -n "$b" ] && [ -n "$c" ] || { echo 'no peak memory in the closing line'; exit 1; }
case $RECPIPE_BIN in *asan* | *tsan*) ;; *)
	awk -v a="$a" -v b="$b" -v c="$c" -v d="$d" 'BEGIN {exit !(b <= a + 1 && c <= 8 && d <= a + 6)}' ||
		{ echo "memory grows with the rows: $a MB, $b MB; $c MB of --partial, $d MB with --memory 1M"; exit 1; } ;;
esac
echo "$n runs alike; 80,000 and 400,000 rows grouped: $a and $b MB, --partial $c MB, --memory 1M $d MB"
