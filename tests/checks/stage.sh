#!/bin/sh
# stage on this machine: the rows of a plain pipe, parts of whole keys, the new folder whole or not
# at all; what fails is tried again or not, by its status, and its words reach the user; tries that
# are killed and tasks that run twice change nothing.
set -u
. "$RECPIPE_ROOT/tests/release-only.sh"
. "$RECPIPE_ROOT/tests/pipelines.sh"
stage=$RECPIPE_ROOT/pipelines/stage
T=$(printf '\t')

mkdir in few
seq 1 3000 | awk '{ print "u" $1 * 7919 % 100 "\ti" $1 }' > all
head -n 1000 all > in/part-a
sed -n '1001,2500p' all | gzip > in/part-b.gz
tail -n +2501 all > in/part-c
: > in/part-d
echo junk > in/_junk

status 0 "$stage" -v --in in --out mapped --map 'grep -v 3; true'
cat mapped/part-* > got
grep -v 3 all | cmp - got || complain 'a map is not the command on all rows'
[ -f mapped/_SUCCESS ] || complain 'no _SUCCESS'
printf 'rows_in\t3000\nrows_out\t%d\n' "$(wc -l < got)" | cmp - mapped/_counters || complain 'wrong counters'
[ "$(ls mapped | wc -l)" = 6 ] || complain "not the parts that went in: $(ls mapped)"

count='awk -F "\t" "{ n[\$1]++ } END { for (u in n) print u \"\t\" n[u] }" | sort'
status 0 "$stage" --in in --out counted --key 1 --parts 7 --reduce "$count"
sort counted/part-* > got
cut -f 1 all | sort | uniq -c | awk '{ print $2 "\t" $1 }' | sort | cmp - got || complain 'a key was cut in two'
[ "$(ls counted/part-* | wc -l)" = 7 ] || complain 'not 7 parts'
[ "$(find counted -name 'part-*' -size 0 | wc -l)" = 0 ] || complain 'a part is empty'
head -n 5 all | cut -f 2 > few/part-a
status 0 "$stage" --in few --out by-item --key 1 --parts 20 --reduce cat
cat by-item/part-* > got
sort few/part-a | cmp - got || complain 'more parts than keys'

mkdir eleven
for n in 01 02 03 04 05 06 07 08 09 10 11; do echo x > eleven/part-$n; done
status 0 "$stage" --faults 30 --in eleven --out numbers --map 'echo "$STAGE_PART"'
cat numbers/part-* > got
seq 0 10 | cmp - got || complain "the numbers of the parts: $(tr '\n' ' ' < got)"

# Faults.
for share in 20 60; do
	status 0 "$stage" --faults $share --in in --out faults-$share --key 1 --parts 9 --reduce "$count"
	status 0 "$stage" --in in --out plain-$share --key 1 --parts 9 --reduce "$count"
	diff -r faults-$share plain-$share > /dev/null || complain "$share % of faults change the result"
done

# What is tried again: one that is killed, or fails with 1 or 4; not one with 2 or 3.
for status in 1 4 killed; do
	rm -f tried.*
	[ $status = killed ] && end='kill -KILL $$' || end="exit $status"
	status 0 "$stage" --in mapped --out again-$status --map "read -r first; [ -f \"$PWD/tried.\$first\" ] ||
		{ touch \"$PWD/tried.\$first\"; echo \"\$first\"; $end; }; echo \"\$first\"; cat"
	diff mapped/part-00001 again-$status/part-00001 > /dev/null || complain "status $status: not tried again well"
done
for status in 1 2 3 4; do
	rm -f tries
	status $status "$stage" --in in --out failed --attempts 3 --map "echo x >> \"$PWD/tries\"; cat > rows.\$\$
		head -n 1 rows.\$\$; echo 'no good: $status' >&2; exit $status"
	grep -q "part-0000[0-9]: no good: $status" err.txt || complain "status $status: its words are lost: $(cat err.txt)"
	grep -q "failed with status $status" err.txt || complain "status $status is not said"
	least=3 most=9
	case $status in 2 | 3) least=1 most=3 ;; esac
	[ "$(wc -l < tries)" -ge $least ] && [ "$(wc -l < tries)" -le $most ] || complain "status $status: $(wc -l < tries) tries"
	[ ! -e failed ] || complain "status $status leaves a folder"
done
status 1 "$stage" --in in --out failed --attempts 2 --map 'kill -KILL $$'
[ -z "$(find . -name '*._stage.*')" ] || complain "a folder is left: $(ls)"

# What is no file is not taken for an empty part; a torn part is bad input; any name will do.
mkdir broken lines torn
ln -s nowhere broken/part-a
echo row > "lines/part
a"
gzip < all | head -c 900 > torn/part-a.gz
status 1 "$stage" --in broken --out failed --map cat
grep -q 'cannot read .*/broken/part-a' err.txt || complain "a link to nowhere is a part: $(cat err.txt)"
status 1 "$stage" --in lines --out failed --map cat
status 3 "$stage" --in torn --out failed --map cat
grep -q '^part-00000: .*gzip' err.txt || complain "what is torn is not said: $(cat err.txt)"
! grep -q stage-task.sh err.txt || complain "an error of the script itself: $(cat err.txt)"
status 3 "$stage" --in torn --out failed --key 1 --reduce cat
grep -q '^stage: part-00000: .*torn' err.txt || complain "--key: what is torn is not said: $(cat err.txt)"
mkdir "in {} 'n" && cp all "in {} 'n/part"
status 0 "$stage" --in "in {} 'n" --out "out {} 'n" --key 1 --parts 2 --reduce cat
[ "$(cat "out {} 'n"/part-* 2> /dev/null | wc -l)" = 3000 ] || complain 'braces in a name'

# A stage that is killed leaves nothing that looks like a result, and the next one cleans up.
begin "$stage" --jobs 4 --in in --out killed --map "touch '$PWD/begun'; sleep 1; cat"
soon test -e begun
kill -KILL $pid
wait $pid 2> /dev/null
[ ! -e killed ] || complain 'a killed stage leaves a folder'
all_gone # its tasks go on, and end
status 0 "$stage" --in in --out killed --map cat
[ -z "$(find . -maxdepth 1 -name '*._stage.*')" ] || complain "what a killed stage left stays: $(ls)"
rm begun
begin "$stage" --in in --out ended --map "touch '$PWD/begun'; sleep 3; cat"
soon test -e begun
kill -TERM $pid
wait $pid
[ $? = 143 ] || complain 'not 143 after SIGTERM'
[ ! -e ended ] && [ -z "$(find . -maxdepth 1 -name 'ended._stage.*')" ] || complain "SIGTERM leaves: $(ls)"

# What is there stays; what the input's counters say must come.
echo old > mapped/mark
status 1 "$stage" --in in --out mapped --map cat
grep -q 'is there already' err.txt && [ "$(cat mapped/mark)" = old ] || complain 'a folder that is there is touched'
rm mapped/part-00001
status 1 "$stage" --in mapped --out short --map cat
grep -q 'rows were read' err.txt && [ ! -e short ] || complain "a part that is gone is not seen: $(cat err.txt)"

# Side files and counters of tools.
echo side > 'a side'
status 0 "$stage" --in in --out sides --side 'a side' --map 'cat > /dev/null; cat "a side"; echo reporter:counter:recpipe,rejected,2 >&2; echo a word >&2'
[ "$(cat sides/part-00000)" = side ] || complain 'a side file is not there'
grep -q "recpipe,rejected${T}6" sides/_counters || complain "a tool's counters are not summed: $(cat sides/_counters)"
grep -q 'part-00000: a word' err.txt && ! grep -q reporter err.txt || complain 'what a task says does not come through'
echo 'case $* in *" -d "*) ;; *) exit 1 ;; esac' > no-hadoop
status 1 env HADOOP="sh $PWD/no-hadoop" STREAMING=false "$stage" --engine hadoop --in "$PWD/in" --out "$PWD/never" --side 'a side' --map cat
grep -q 'Hadoop cannot have this name: .*/a side$' err.txt || complain "a blank in the name of a side file is not explained: $(cat err.txt)"

for words in '--map cat --key 1' '--map cat --reduce cat' '--reduce cat' '--engine mpi --map cat' '--key 0 --reduce cat' \
	'--key 1 --parts x --reduce cat' '' '--map'; do
	# shellcheck disable=SC2086
	status 2 "$stage" --in in --out never $words
done
status 2 "$stage" --out never --map cat
status 1 "$stage" --in nowhere --out never --map cat
mkdir deep deep/_logs
cp in/* deep
status 0 "$stage" --in deep --out read --map cat
mkdir deep/more
status 1 "$stage" --in deep --out never --map cat
grep -q 'a folder among the parts, which is not read: .*/deep/more$' err.txt && [ ! -e never ] || complain "a folder is left out: $(cat err.txt)"
ln -s nowhere out-link
status 1 "$stage" --in in --out out-link --map 'touch ran; cat'
grep -q 'out-link is there already' err.txt && [ -z "$(find . -name ran)" ] || complain "a link in place of the new folder is seen late: $(cat err.txt)"
exit "$failed"
