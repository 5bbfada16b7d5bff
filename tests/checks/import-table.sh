#!/bin/sh
# The table `you have, you type` of README.md: each of its commands reads the file in its form,
# made by tests/helpers/public-formats.awk with one bad row in twenty, and gives the table that it
# should; so does the command that it prints. checks/cookbook goes on from there.
set -u
cd "$RECPIPE_TMP" || exit 1
bad=0
complain()
{
	printf '%s: %s\n' "$file" "$1"
	bad=1
}
awk '/^<!-- formats -->/ { on = 1 } /^$/ && seen { on = 0 } on && /^\|.*`import-table/ {
	seen = 1
	match($0, /`import-table [^`>]* >/)
	print substr($0, RSTART + 1, RLENGTH - 3) }' "$RECPIPE_ROOT/README.md" > commands
[ "$(wc -l < commands)" -ge 17 ] || { echo "README.md: only $(wc -l < commands) formats in its table"; exit 1; }

# same_columns WANT GOT: are WANT's columns, by name, those of GOT? In the order that `sort` makes.
same_columns()
{
	awk -F '\t' -v OFS='\t' 'NR == FNR { if (FNR == 1) n = split($0, name); next }
		FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
		{ row = $at[name[1]]; for (i = 2; i <= n; i++) row = row OFS $at[name[i]]; print row }' "$1" "$2" | $sort > columns
	$sort "$1" | cmp - columns
}

helpers=$RECPIPE_ROOT/tests/helpers
. "$helpers/a-file-each.sh"
while read -r command; do
	file=${command##* } sort=cat
	case $file in scrobbles/*) file=scrobbles.csv sort=sort ;; esac
	FILE=$file awk -f "$helpers/civil.awk" -f "$helpers/public-formats.awk" > made
	case $file in
	book1.txt) { printf '\377\376'; iconv -f UTF-8 -t UTF-16LE made; } > "$file" ;;
	scrobbles.csv) a_file_each made && mv made "$file" ;;
	*) mv made "$file" ;;
	esac
	[ -s "$file" ] || { complain 'public-formats.awk does not make it'; continue; }
	eval "$command --on-error skip --rejects rejected" > got 2> said || { complain "exit status $?: $(tail -n 1 said)"; continue; }
	same_columns "$file.want" got || { complain 'the table is another one'; cat said; }
	rejected=$(awk '/ rejected$/ { print $(NF - 1) }' said)
	[ "$rejected" = "$(cat "$file.bad")" ] || complain "$rejected rows rejected, and $(cat "$file.bad") are bad"
	# The command that it prints, of a pipe and without a guess.
	explicit=$(grep '^import-table --explicit ' said)
	eval "$explicit" > again 2> /dev/null || complain "exit status $? of $explicit"
	cmp got again || complain 'the printed command gives another table'
	[ $sort = sort ] || gzip -c "$file" | eval "${explicit% *}" 2> /dev/null | cmp - got || complain 'the file in a pipe gives another table'
done < commands

# Memory does not depend on the length of the text.
file=long.csv
[ "$RECPIPE_MODE" != release ] || (
	ulimit -v 40000
	{ echo user,item,time; yes 'a,"b ""c""",1710083521' | head -n 1500000; } | import-table -q | tail -n 1 > last
	printf 'a\tb "c"\t1710083521000\n' | cmp - last
) || complain 'it does not do with 40 MB'
# Nor on what a row's list makes of it; and one bad element, the last, leaves none of its rows.
[ "$RECPIPE_MODE" != release ] || (
	ulimit -v 60000
	awk 'BEGIN { print "id,list"; for (row = 0; row < 2; row++) { for (i = 0; i < 1000; i++) printf "abc"
		printf ","; for (i = 0; i < 60000; i++) printf "%d|", i % 10; print row ? "x" : "7" } print "z,5" }' > lists.csv
	import-table -q --split-list list --list-separator '|' --number list --on-error skip lists.csv 2> said |
		awk -F '\t' 'NR > 1 { n++; sum += $2; wide += length($1) } END { print n, sum, wide }' > last
	echo 60002 270012 180003001 | cmp - last
) || complain "a long list does not do with 60 MB: $(cat said)"
echo "$(wc -l < commands) formats"
exit $bad
