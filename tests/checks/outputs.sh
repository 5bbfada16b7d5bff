#!/bin/sh
# Files that are written: no two outputs of a run to one file, in any tool; nothing is
# left by a kill -9; what a dead run has left goes with the next one; the pipelines
# follow nothing that was planted.
set -u
. "$RECPIPE_ROOT/tests/every/lib.sh"
bad=0
shim=$RECPIPE_BUILD/tests/fail-io.so

complain()
{
	echo "${tool:+$tool: }$1"
	[ ! -s err ] || sed 's/^/    stderr: /' err | cut -c 1-200 | head -n 3
	bad=1
}

# ---- two outputs -------------------------------------------------------------------

# clash WORDS PATTERN: the tool with these words is a usage error that says PATTERN
clash()
{
	eval "go $1" < "$feed" > out 2> err
	rc=$?
	[ $rc = 2 ] || complain "$1: exit status $rc, wanted 2"
	grep -qE -- "$2" err || complain "$1: the message should say $2"
	grep -q "^Try '$tool --help'" err || complain "$1: no hint"
}

two_outputs()
{
	ln -s one same
	[ "$tool" != tune-hparams ] || args='"$@" --param x=float:0:1 --trials 1 -- false' # without a --study
	outputs=$(awk -F '\t' '$3 == "output" || $3 == "state" { print $1 }' options)
	for a in $outputs; do
		for b in $outputs; do
			[ "$a" != "$b" ] || break
			both="option '--($a|$b)': the same file as --($a|$b): "
			clash "--$a one --$b one" "$both\"one\""
			clash "--$a ./one --$b $PWD/../$tool/one" "$both"
			clash "--$a one --$b same" "$both"
			pairs=$((pairs + 1))
		done
		[ "$a" = output ] || ! grep -q '^output' options || case $tool in load-redis) ;; *)
			clash "--$a /dev/stdout" "option '--$a': the same file as standard output: "
			echo header > kept
			go --"$a" kept < "$feed" >> kept 2> err # the redirection's file
			[ $? = 2 ] || complain "--$a kept >> kept: exit status 0"
		esac
	done
	[ ! -e one ] || complain 'a refused run made the file'
	# What writes says so by its kind.
	awk -F '\t' '$3 == "file" && $7 ~ /^(write|keep|every|append|a row for each)/ { print "    --" $1 ": " $7 }' \
		options > wrong
	[ ! -s wrong ] || {
		cat wrong
		complain 'outputs that are not of the kind OPTION_OUTPUT or OPTION_STATE'
	}
}

pairs=0
cd "$RECPIPE_TMP" || exit 1
for path in "$RECPIPE_BIN"/*; do
	name=$(basename -- "$path")
	[ -d "$RECPIPE_ROOT/tests/every/$name" ] || continue
	every_enter "$name"
	RECPIPE_DUMP_OPTIONS=table "$tool" > options
	two_outputs
	every_leave
done
[ "$pairs" -ge 50 ] || complain "only $pairs pairs of outputs were found"

# in FOLDER-OF-A-TOOL
in_tool()
{
	rm -rf "$RECPIPE_TMP/$1"
	every_enter "$1"
}

in_tool analyze-ab
clash '--health - --details -' "option '--(health|details)': the same file as (standard output|--health): \"-\""
clash '-o - --details -' "option '--(details|output)': the same file as --(details|output): \"-\""
go -o /dev/null --health /dev/null --details /dev/null < "$feed" > out 2> err || complain '/dev/null twice'
go --health /dev/stderr < "$feed" > out 2> err || complain '/dev/stderr for one of them'
grep -q '^experiment' err || complain 'nothing on /dev/stderr'

# What is read may be replaced, it has been read; what grows meanwhile must not be read.
in_tool filter-interactions
go < "$feed" > good.out 2> err
go -o input input > out 2> err && cmp -s good.out input || complain 'FILE -o FILE'
clash '-o out --on-error skip --rejects input input' "option '--rejects': the same file as the input: \"input\""
in_tool train-mf
clash '--curve input input' "option '--curve': the same file as the input: \"input\""
clash '--curve ./input' "option '--curve': the same file as the input: \"./input\""
clash '--checkpoint input input' "option '--checkpoint': the same file as the input"
cp input model
clash '--checkpoint model --init model' "option '--checkpoint': the same file as --init"
in_tool next-track
cp input log.tsv
clash '--log log.tsv log.tsv' "option '--log': the same file as the input"
clash '--log items.tsv' "option '--log': the same file as --items"
clash '--log log.tsv < log.tsv' "option '--log': the same file as the input"

# ---- a kill -9, and what it leaves -------------------------------------------------

# begin_writing WORD..: a run that writes `result` and waits for more input on fd 9
begin_writing()
{
	rm -f wait
	mkfifo wait
	"$@" filter-interactions -o result < wait > out 2> err &
	writer=$!
	exec 9> wait
	awk 'BEGIN { print "user\titem\ttime"; for (i = 0; i < 30000; i++) print "u" i "\ti" i "\t0.9" }' >&9
}

end_writing()
{
	kill -s "$1" "$writer"
	wait "$writer" 2> /dev/null
	exec 9>&-
}

tool=
mkdir "$RECPIPE_TMP/killed" && cd "$RECPIPE_TMP/killed" || exit 1
names() { ls -A | grep -c recpipe-; }
echo old > result
begin_writing env
without_name=0
case $(stat -f -c %T .) in
ext* | xfs | btrfs | tmpfs | f2fs) [ "$(names)" = 0 ] || complain 'a file has a name while it is written' ;;
*) without_name=$(names) ;; # not every other file system has files without a name
esac
end_writing KILL
[ "$(names)" = "$without_name" ] && [ "$(cat result)" = old ] || complain 'kill -9: something is left'
rm -f .result.*
named="env ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 FAIL_PROGRAM=filter-interactions FAIL_CALL=tmpfile FAIL_AT=all FAIL_ERRNO=EOPNOTSUPP LD_PRELOAD=$shim"
begin_writing $named
[ "$(names)" = 1 ] || complain 'a file with a name was expected'
end_writing TERM
[ "$(names)" = 0 ] || complain 'SIGTERM: the name is left'

# ---- a large file is on its way to the disk before its end ----------------------------

rm -f result
{ printf 'user\titem\ttime\n'; yes 'listener	a track of some length	0.9' | head -n 1100000; } > large # 39 MB
for fails in '' 'FAIL_CALL=writeback FAIL_AT=all'; do
	env ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0" FAIL_PROGRAM=filter-interactions FAIL_COUNT=count $fails \
		LD_PRELOAD="$shim" filter-interactions -o result large 2> err && cmp -s large result || complain "another answer $fails"
	[ "$(sed -n 's/^writeback	//p' count)" = 2 ] || complain "every 16 MB are sent, not $(grep writeback count)"
	rm -f result count
done
rm -f large
begin_writing $named
end_writing KILL
[ "$(names)" = 1 ] || complain 'kill -9: the name was expected'
dead=$(ls -A | grep recpipe-)
begin_writing $named
[ "$(names)" = 1 ] && [ ! -e "$dead" ] || complain 'the next run leaves what the dead one left'
printf 'user\titem\ttime\nu\ti\t1\n' > rows
filter-interactions -o other < rows
filter-interactions -o result < rows
[ "$(names)" = 1 ] || complain 'a run took away what another one is writing'
exec 9>&-
wait "$writer" && [ "$(wc -l < result)" = 30001 ] || complain 'two runs at once: the later one'
[ "$(names)" = 0 ] || complain 'something is left'

# ---- the pipelines ------------------------------------------------------------------

mkdir "$RECPIPE_TMP/planted" && cd "$RECPIPE_TMP/planted" || exit 1
here=$RECPIPE_ROOT/pipelines
(
	. "$here/lib/stages.sh"
	echo victim > victim
	ln -s victim file.tmp
	ln -s victim file
	put file echo new || exit 1
	[ "$(cat file)" = new ] && [ ! -L file ] && [ "$(stat -c %a file)" = 644 ] || exit 1
	put file sh -c 'echo half; exit 5'
	[ $? = 5 ] && [ "$(cat file)" = new ] || exit 1
	[ "$(cat victim)" = victim ] && [ "$(ls -A | grep -c part)" = 0 ]
) || complain 'put of the pipelines'
echo victim > victim
cp "$RECPIPE_ROOT/tests/every/analyze-ab/input" log.tsv
sh -c 'ln -s victim "page.part.$$"; exec "$0" -o page log.tsv -- --experiment EXP' \
	"$here/report-experiment" > out 2> err || complain "report-experiment: exit status $?"
[ "$(cat victim)" = victim ] || complain 'report-experiment wrote where a link led'
grep -q '<html' page || complain 'report-experiment: no page'
ls -A | grep -q recpipe- && complain 'report-experiment: something is left'
exit $bad
