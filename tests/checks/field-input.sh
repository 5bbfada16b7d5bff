#!/bin/sh
# Files from the field (../shared/cases/field): the commands that people typed give the right table, or a
# message with its cure; and the cure gives the right table. Skipped where the files are not.
set -u
cases=${RECPIPE_SHARED:-$RECPIPE_ROOT/../shared}/cases/field
[ -d "$cases" ] || {
	echo "there is no $cases"
	exit 77
}
cd "$RECPIPE_TMP" || exit 1
PATH=$RECPIPE_BIN:$PATH
bad=0
complain()
{
	printf '%s: %s\n' "$case" "$*"
	bad=1
}
# enter CASE: a copy of its folder, and its commands, one per line
enter()
{
	case=$1
	cd "$RECPIPE_TMP" || exit 1
	cp -R "$cases/$case" "$case" && chmod -R u+w "$case" || complain 'no such case'
	cd "$RECPIPE_TMP/$case" || exit 1
	tr ';' '\n' < cmd | sed 's/^ *//' > ../commands
	[ -s ../commands ] || complain 'no commands'
}
# says STATUS WORDS: each of the commands ends so, with a message that has the words
says()
{
	while read -r command; do
		sh -c "$command" > ../out 2> ../err < /dev/null
		got=$?
		[ $got = "$1" ] || complain "exit status $got, wanted $1: $command $(cat ../err)"
		grep -qF -e "$2" ../err || complain "no cure ($2): $command $(cat ../err)"
	done < ../commands
}
# is TABLE COMMAND: what it writes; the table with `:` for TAB and blanks for line ends
is()
{
	sh -c "$2" > ../out 2> ../err < /dev/null || complain "exit status $?: $2 $(tail -n 2 ../err)"
	[ "$(tr '\t\n' ': ' < ../out)" = "$1 " ] || complain "wanted $1: $2 gives $(cat ../out)"
}

enter separators
says 3 'convert with import-table'
is 'user:item:time 276725:034545104X:0' 'import-table --map user=User-ID,item=ISBN,time=Book-Rating bx.csv'
is 'user:item:time:timestamp 1:1193:5:978300760000 1:661:3:978302109000' \
	'import-table --columns user,item,time,timestamp r.dat'
is 'user:item:weight:split 276725:034545104X:1:train' \
	'import-table --map user=User-ID,item=ISBN bx.csv | build-dataset'

enter dates-in-tables
sed -i 2d ../commands # which has no need of the time, and says that it is left out
says 3 '--timestamp-unit iso'
is 'user:item:timestamp 34:18:1656105611000 34:18:1656105613000 28:16:1656105619000' \
	'import-table --map user=UserId,item=ItemId,timestamp=Timestamp --select user,item,timestamp g516.csv'
is 'user:item:weight:split:timestamp 28:16:1:train:1656105619000 34:18:1:train:1656105613000' \
	'build-dataset --csv --user UserId --item ItemId --timestamp Timestamp --timestamp-unit iso g516.csv'
build-dataset --no-header --columns user,timestamp,aid,artist,tid,item lk.tsv 2>&1 > /dev/null | grep -q 'timestamp-unit iso' ||
	complain 'a date that is left out without a word'
is 'user_000001:Fuck Me Im Famous:1:train:1241478537000' \
	'build-dataset --no-header --columns user,timestamp,aid,artist,tid,item --timestamp-unit iso lk.tsv'
is 'timestamp:item 1241478537000:Fuck Me Im Famous' \
	'import-table --columns user,timestamp,aid,artist,tid,item --select timestamp,item lk.tsv'

enter iso-forms
sh -c "$(cat cmd)" > ../out 2> ../err || complain "exit status $?"
# All but the 30th of February and the form without separators.
cut -d '"' -f 12 r | tr '\n' ' ' > ../rejected
[ "$(cat ../rejected)" = '2022-02-30T00:00:00Z 20220403T173820Z ' ] || complain "rejected are $(cat ../rejected)"
[ "$(sed 1d ../out | cut -f 2 | tr '\n' ' ')" = "1597896000000 1597896000000 1425584453324 1649007500123 1649007500000 \
1648944000000 1597863600000 0 1483228800000 -1000 1649007480000 " ] || complain "other times: $(cut -f 2 ../out)"

enter event-kinds
says 3 'filter-interactions --where COLUMN=WORD'
is 'timestamp:visitorid:event:itemid:transactionid 1433222276276:599528:transaction:356475:4000' \
	'filter-interactions --csv --where event=transaction rr.csv'
is 'user:item:value 257597:355908:1 287857:5206:3 599528:356475:5' \
	"import-table --map user=visitorid,item=itemid --value 'event: view=1 addtocart=3 transaction=5' --select user,item,value rr.csv"

enter unnamed-column
is 'user:item:weight:split a:x:1:train b:y:1:train' "$(cat cmd)"
is 'user:item:time a:x:0.9 b:y:0.7' 'import-table pd.csv'

enter json-array
is 'message:timestamp:user:track:time:latency:recommendation ::a:1::: ::a:2:::' "$(cat cmd)"
is 'message:timestamp:user:track:time:latency:recommendation :1649007500000:a:1::: :1649007560000:a:2:::' \
	"$(cat cmd) --map timestamp=.ts --timestamp-unit iso"

enter cr-only-csv
says 3 'convert with import-table'
is 'user:item:rating 1:a:5 2:b:4 3:c:1' 'import-table cr.csv'
is 'user:item:rating 1:a:5 2:b:4' 'import-table cr.tsv'
exit $bad
