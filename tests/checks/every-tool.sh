#!/bin/sh
# Every tool of bin/, treated badly in the same ways. How a tool is run on a
# small good input is in tests/every/TOOL/:
#
#	input     the main stream; without it the tool reads none
#	args      its arguments, as sh words; side files of the folder by name;
#	          further options are put where "$@" stands, else behind
#	setup     sh, run first in the copied folder (a server, a generated file)
#	not       lines `TEST reason`: what cannot hold for this tool (or `ERRNO reason`)
#	json      (empty) the main stream is JSON lines, not a table
#	more      further options for the fault sweep (tests/slow/faults.sh), a line a run
#	state     sh for that sweep: prints what the tool did elsewhere
#	renew     sh for that sweep: makes it as it was before
#	whole     sh for that sweep: is $file, of which no two are equal, whole?
#
# every-tool.sh [TOOL].. does only those.
set -u
. "$RECPIPE_ROOT/tests/every/lib.sh"

bad=0
tests=0

complain()
{
	printf '%s: %s: %s\n' "$tool" "$test" "$1"
	[ ! -s err ] || sed 's/^/    stderr: /' err | cut -c 1-300 | head -n 5
	bad=1 complaints=$((complaints + 1))
}

# begin TEST: does it apply? Then what follows is counted as one.
begin()
{
	test=$1
	tests=$((tests + 1))
	! grep -qs "^$test " not
}

# want STATUS GOT [PATTERN]: exit status, and what stderr must say
want()
{
	case " $1 " in
	*" $2 "*) ;;
	*)
		complain "exit status $2, wanted $1"
		return 1
		;;
	esac
	if [ -n "${3:-}" ] && ! grep -qE -- "$3" err; then
		complain "stderr should say $3"
		return 1
	fi
	if [ "$2" != 0 ] && [ "$2" -lt 128 ] && ! grep -q "^$tool: " err; then
		complain "the message should begin with '$tool: '"
		return 1
	fi
}

# The same answer as on the good input?
same()
{
	want 0 "$1" || return
	cmp -s good.out out || complain "stdout differs from that of the plain run"
}

has_option()
{
	cut -f 1 options | grep -qx -- "$1"
}

try_words()
{
	if begin help; then
		"$tool" --help > out 2> err
		want 0 $?
		[ ! -s err ] || complain 'writes to stderr'
		for words in "^Usage: $tool " '^Reads: ' '^Writes: ' '^Examples:' '^Exit status:'; do
			grep -qE "$words" out || complain "no line $words"
		done
		[ "$(sed -n '/^Examples:/,/^$/p' out | grep -c "$tool")" -ge 2 ] || complain 'wants two examples'
		"$tool" -h | cmp -s - out || complain '-h is not --help'
		awk 'length > 100 && /[^ ] [^ ]/ { exit 1 }' out || complain 'a line longer than 100 columns'
		"$tool" --help > /dev/full 2> err
		want 1 $? 'No space left'
	fi
	if begin version; then
		"$tool" --version > out 2> err
		want 0 $?
		head -n 1 out | grep -qE "^$tool \(recpipe\) [0-9]+\.[0-9]+\.[0-9]+\$" || complain 'first line'
		"$tool" -V | cmp -s - out || complain '-V is not --version'
		"$tool" --version > /dev/full 2> err
		want 1 $? 'No space left'
	fi
	if begin bad-option; then
		"$tool" --no-such-thing < /dev/null > out 2> err
		want 2 $? "Try '$tool --help'"
		grep -q -- '--no-such-thing' err || complain 'does not name the option'
		[ ! -s out ] || complain 'writes to stdout'
	fi
	if begin bad-value; then
		# Every option that takes a number refuses what is none, names itself and the value.
		awk -F '\t' '$3 ~ /^(int|seed|size|real|duration|limit)$/ { print $1 }' options > names
		while read -r name; do
			for value in 4x '' nan 0x1p3 99999999999999999999999999999; do
				[ "$value" = 99999999999999999999999999999 ] &&
					grep -qE "^$name	[^	]*	(real|duration)	" options && continue
				go "--$name=$value" < /dev/null > out 2> err
				want 2 $? "$name" || break
			done
		done < names
		awk -F '\t' '$3 == "choice" { print $1 }' options > names
		while read -r name; do
			go "--$name=no-such-choice" < /dev/null > out 2> err
			want 2 $? "no-such-choice"
		done < names
		awk -F '\t' '$3 ~ /^(text|file|output|state)$/ { print $1 }' options > names
		while read -r name; do
			go "--$name=" < /dev/null > out 2> err
			want 2 $? "$name"
		done < names
	fi
	if begin help-letters; then
		# The same letter means the same thing everywhere.
		awk -F '\t' -v tool="$tool" '
			BEGIN { split("h help V version q quiet v verbose o output j threads s seed", w, " ")
				for (i = 1; i in w; i += 2) { name[w[i]] = w[i + 1]; letter[w[i + 1]] = w[i] } }
			NR > 1 && $2 in name && name[$2] != $1 { print "-" $2 " is --" $1; bad = 1 }
			NR > 1 && $1 in letter && letter[$1] != $2 { print "--" $1 " has no -" letter[$1]; bad = 1 }
			NR > 1 && ($7 ~ /^[A-Z][a-z]/ && $7 !~ /^Redis/ || $7 ~ /[^.][.]$/) {
				print "help of --" $1 ": lower case, no full stop"; bad = 1 }
			END { exit bad }' options || complain 'its options'
	fi
}

# Does stderr have nothing but what the good run began with?
said_no_more()
{
	head -c "$(wc -c < err)" good.err | cmp -s - err
}

# Streams that fail, on a good input.
try_output()
{
	if begin dev-full; then
		go < "$feed" > /dev/full 2> err
		want 1 $? 'No space left'
	fi
	if begin closed-stdout; then
		go < "$feed" >&- 2> err
		want 1 $? 'Bad file descriptor|closed'
	fi
	if begin broken-pipe; then
		# A pipe whose reader has gone before the tool begins: whether a reader goes before
		# or after the last byte is a race. A warning of the tool's own may be there.
		rm -f gone
		mkfifo gone
		exec 8<> gone 9> gone 8<&-
		go < "$feed" >&9 2> err
		rc=$?
		exec 9>&-
		if [ -s good.out ]; then want 141 $rc; else want 0 $rc; fi
		said_no_more || complain 'says something when its reader has gone'
		{
			go < "$feed" 2> err
			echo $? > rc
		} | head -n 1 > out
		want '0 141' "$(cat rc)"
		head -n 1 good.out | cmp -s - out || complain 'first line through head'
		said_no_more || complain 'says something when its reader goes'
	fi
	if has_option output && begin output; then
		echo old > result
		go -o result < "$feed" > out 2> err
		want 0 $?
		[ ! -s out ] || complain '-o: stdout is not empty'
		cmp -s good.out result || complain '-o: the file differs from stdout'
		go -o nowhere/result < "$feed" > out 2> err
		want 1 $? nowhere
		ls -A | grep -qE '^\.?result.+' && complain '-o: leaves a temporary behind'
		rm -f result
	fi
	if has_option output && [ "$feed" = input ] && [ -z "$json" ] && begin output-kept; then
		echo old > result
		{ cat input; printf 'one\0two\n'; } > broken
		go -o result < broken > out 2> err
		want 3 $?
		[ "$(cat result)" = old ] || complain '-o: a failed run changed the old file'
		ls -A | grep -qE '^\.?result.+' && complain '-o: leaves a temporary behind'
		rm -f result
	fi
	if begin again; then
		go < "$feed" > out 2> err
		same $?
	fi
	if begin locale; then
		LC_ALL=C.UTF-8 go < "$feed" > out 2> err
		same $?
	fi
	if has_option threads && begin threads; then
		for n in 1 2 3; do
			go --threads "$n" < "$feed" > out 2> err
			same $?
		done
	fi
	if has_option quiet && begin quiet; then
		go -q < "$feed" > out 2> err
		same $?
		[ ! -s err ] || complain 'says something with -q'
	fi
	if has_option verbose && begin verbose; then
		go -v < "$feed" > out 2> err
		same $?
		[ -s err ] || complain 'has no closing line with -v'
	fi
}

# counted READ WRITTEN REJECTED: what --counters says on stderr (err); "-": any number
counted()
{
	sed -n 's/^reporter:counter:recpipe,\(rows-[a-z]*\),\([0-9]*\)$/\1 \2/p' err > counters
	set -- read "$1" written "$2" rejected "$3"
	while [ $# -gt 0 ]; do
		got=$(sed -n "s/^rows-$1 //p" counters)
		case $2 in
		-) [ -n "$got" ] ;;
		*) [ "$got" = "$2" ] ;;
		esac || complain "--counters: rows-$1 is '$got', wanted $2"
		shift 2
	done
}

# What Hadoop Streaming counts are the rows of the main streams; nothing else is different.
try_counters()
{
	begin counters || return
	read=$(wc -l < "$feed")
	[ -n "$json" ] || read=$((read - 1))
	[ "$feed" = input ] && ! grep -qs '^counters-read ' not || read=-
	written=$(($(wc -l < good.out) - 1))
	! grep -qs '^output-is-empty ' not || written=-
	go --counters hadoop < "$feed" > out 2> err
	same $?
	counted "$read" "$written" 0
	grep -v '^reporter:counter:recpipe,rows-' err | cmp -s - good.err ||
		complain '--counters: other lines on stderr than without'
	! has_option quiet || {
		go -q --counters hadoop < "$feed" > out 2> err
		same $?
		counted "$read" "$written" 0
		grep -v '^reporter:counter:recpipe,rows-' err && complain '--counters -q: says more than that'
	}
	[ ! -f more ] || while read -r more; do
		eval "go --counters hadoop $more" < "$feed" > out 2> err
		want 0 $?
		[ ! -s out ] || written=$(($(wc -l < out) - 1))
		case $more in *--packed*) counted "$read" - 0 ;; *) counted "$read" "$written" 0 ;; esac
	done < more
	go --counters tsv < /dev/null > out 2> err
	want 2 $? 'counters'
}

try_input()
{
	if begin closed-stdin; then
		go <&- > out 2> err
		want 1 $? 'standard input'
	fi
	if begin folder; then
		go < . > out 2> err
		want 1 $? 'standard input.*directory'
	fi
	if begin missing-file; then
		go nowhere.tsv < /dev/null > out 2> err
		want 1 $? 'nowhere\.tsv.*No such file'
		[ ! -s out ] || complain 'writes to stdout before all files are open'
	fi
	if begin operand; then
		go input < /dev/null > out 2> err
		same $?
		go -- input < /dev/null > out 2> err
		same $?
		go - < input > out 2> err
		same $?
	fi
	if begin gzip; then
		gzip -n < input > twin
		go < twin > out 2> err
		same $?
		{ gzip -n < input; printf ''; } | head -c "$(($(wc -c < twin) - 5))" > cut
		go < cut > out 2> err
		want 3 $?
		{ cat twin; echo garbage; } > trailing
		go < trailing > out 2> err
		want 3 $?
	fi
	if begin zstd; then
		keep-header -o twin.zst input -- cat
		go < twin.zst > out 2> err
		same $?
		head -c "$(($(wc -c < twin.zst) - 5))" twin.zst > cut
		go < cut > out 2> err
		want 3 $? 'bad zstd data: unexpected end of file'
	fi
	if begin pipe; then
		# Bytes that come in drips, the first line in two.
		{ head -c 3 input; sleep 0.1; tail -c +4 input; } | go > out 2> err
		same $?
	fi
	if begin crlf; then
		sed "s/\$/$(printf '\r')/" input > twin
		go < twin > out 2> err
		same $?
	fi
	if begin bom; then
		{ printf '\357\273\277'; cat input; } > twin
		go < twin > out 2> err
		same $?
	fi
	if begin no-last-lf; then
		head -c -1 input > twin
		go < twin > out 2> err
		same $?
	fi
	if begin nul; then
		{ cat input; printf 'a\0b\n'; } > twin
		go < twin > out 2> err
		want 3 $? "$(($(wc -l < input) + 1)):"
	fi
	if begin long-line; then
		head -c 10000000 /dev/zero | tr '\0' x > long
		{ cat input; tail -n 1 input | tr -d '\n'; cat long; echo; } > twin
		go < twin > out 2> err
		want '0 3' $?
		{ cat input; cat long; echo; } > twin
		go < twin > out 2> err
		want '0 3' $?
		rm -f long twin
	fi
	if begin signals; then
		# It waits for more input: the first signal ends it, whatever it has caught.
		for signal in INT TERM; do
			rm -f wait pid
			mkfifo wait
			BEFORE="timeout -s KILL 60 env --default-signal=INT sh -c 'echo \$\$ > pid; exec \"\$@\"' sh"
			{
				go < wait > out 2> err
				echo $? > rc
			} 2> /dev/null &
			exec 9> wait
			head -c 40 input >&9
			until [ -s pid ]; do sleep 0.05; done
			sleep 0.15
			kill -s $signal "$(cat pid)"
			wait $!
			exec 9>&-
			BEFORE=
			case $signal in INT) want 130 "$(cat rc)" ;; TERM) want 143 "$(cat rc)" ;; esac
		done
	fi
	if begin empty; then
		go < /dev/null > out 2> err
		want 3 $?
	fi
}

try_table()
{
	if begin header-only; then
		head -n 1 input > twin
		go < twin > out 2> err
		want 0 $?
		head -n 1 good.out > want
		head -n 1 out | cmp -s want - || complain 'wants the header on stdout'
	fi
	if begin blank-line; then
		{ cat input; echo; } > twin
		go < twin > out 2> err
		want 3 $? "$(($(wc -l < input) + 1)):.*blank"
	fi
	if begin field-count; then
		{ cat input; tail -n 1 input | tr -d '\n'; printf '\tmore\n'; } > twin
		go < twin > out 2> err
		want 3 $? "$(($(wc -l < input) + 1)):"
	fi
	if begin duplicate-column; then
		# One that it asks for is refused, and named.
		refused=
		for c in $(seq "$(head -n 1 input | awk -F '\t' '{ print NF }')"); do
			awk -v c="$c" 'NR == 1 { split($0, f, "\t"); print $0 "\t" f[c]; next }
				{ print $0 "\tx" }' input > twin
			go < twin > out 2> err
			rc=$?
			[ $rc = 0 ] && continue
			want '2 3' $rc '[:]1: 2 columns are called'
			refused=$c
			break
		done
		[ -n "$refused" ] || complain 'refuses no column that occurs twice'
	fi
	if begin further-columns; then
		# Columns that nobody asked for: two of one name, one without a name.
		awk 'NR == 1 { print "\t" $0 "\tzzz\tzzz"; next } { print "7\t" $0 "\tx\ty" }' input > twin
		go < twin > out 2> err
		want 0 $?
	fi
	if begin header-again; then
		{ cat input; head -n 1 input; } > twin
		go < twin > out 2> err
		want 3 $? "$(($(wc -l < input) + 1)): the header line again"
		{ head -n 1 input; sed 's/$/\r/' input; } > twin
		go < twin > out 2> err
		want 3 $? '[:]2: the header line again'
	fi
	if begin cr-only; then
		tr '\n' '\r' < input > twin
		go < twin > out 2> err
		want 3 $? "a CR inside the header.*tr '.r' '.n'"
		if has_option csv; then
			tr '\t\n' ',\r' < input > twin
			go --csv < twin > out 2> err
			want 3 $? "tr '.r' '.n'"
		fi
	fi
	if begin wrong-kind; then
		# A cure for what is no table, or another kind of one.
		for kind in 'PK\003\004:unzip -p' 'PAR1\025\004:Parquet' \
			'BZh91AY&SY12:bzip2 -dc' '\377\376u\000:UTF-16'; do
			printf "${kind%:*}" > twin
			go < twin > out 2> err
			want 3 $? "${kind##*:}"
		done
		{ printf '{"user": 1}\n{"user": 2}\n'; } > twin
		go < twin > out 2> err
		want '2 3' $? 'JSON: convert with import-logs'
		if has_option csv; then
			tr '\t' ',' < input > twin
			go < twin > out 2> err
			want '2 3' $? 'CSV: add --csv'
			go --csv < input > out 2> err
			want '2 3' $? 'TSV: leave --csv out'
			tr '\t' ';' < input > twin
			go --csv < twin > out 2> err
			want '2 3' $? "separated by ';': convert with import-table"
		fi
	fi
	if begin further-column; then
		# A column that nobody asked for does no harm.
		awk 'NR == 1 { print $0 "\tzzz"; next } { print $0 "\tx" }' input > twin
		go < twin > out 2> err
		want 0 $?
	fi
	if begin column-missing; then
		sed '1s/[^	][^	]*/q&q/g' input > twin
		go < twin > out 2> err
		want '2 3' $? 'column'
	fi
	if begin two-files; then
		{ head -n 1 input; tail -n +2 input | head -n 1; } > one
		{ head -n 1 input; tail -n +3 input; } > two
		go one two < /dev/null > out 2> err
		same $?
		sed '1s/^/x/' two > other
		go one other < /dev/null > out 2> err
		want 3 $? one
		grep -q other err || complain 'headers that differ: names one file only'
	fi
	if has_option no-header && begin no-header; then
		names=$(head -n 1 input | tr '\t' ',')
		tail -n +2 input > twin
		go --no-header --columns "$names" < twin > out 2> err
		rc=$?
		if want 0 $rc; then
			tail -n +2 good.out | cmp -s - out || complain 'the answer without headers differs'
		fi
		grep -qs '^counters-read ' not || {
			go --no-header --columns "$names" --counters hadoop < twin > out 2> err
			grep -qs "^output-is-empty " not && written=- || written=$(wc -l < out)
			counted "$(wc -l < twin)" "$written" 0
		}
		go --no-header < twin > out 2> err
		want 2 $? columns
		# With further options: the main output has no header either, others are as they were.
		[ -n "$json" ] || [ ! -f more ] || while read -r more; do
			case $more in *--packed*) continue ;; esac # it has no lines
			rm -rf more.[a-z]* headed
			mkdir headed
			eval "go $more" < input > headed.out 2> err
			mv more.[a-z]* headed 2> err
			eval "go $more --no-header --columns '$names'" < twin > out 2> err
			want 0 $?
			tail -n +2 headed.out | cmp -s - out || complain "$more: the answer without headers differs"
			for file in headed/*; do
				[ ! -f "$file" ] || grep -qs '^no-header-twins ' not || cmp -s "$file" "${file#headed/}" ||
					complain "$more: ${file#headed/} differs without headers"
			done
		done < more
		rm -rf more.[a-z]* headed
	fi
	if has_option on-error && begin skip; then
		{ cat input; printf 'a\0b\n'; } > twin
		go --on-error=skip --rejects rejected < twin > out 2> err
		same $?
		[ -s err ] || complain 'says nothing of a skipped row'
		printf 'a\0b\n' | cmp -s - rejected || complain 'the rejected row is not in the rejects file'
		go --on-error=skip --counters hadoop < twin > out 2> err
		counted - - 1
		rm -f rejected
	fi
	if has_option max-errors && begin max-errors; then
		# No row is good; more than a number of them are bad; more than a share of all.
		bad_rows='a\0b\na\0b\na\0b\n'
		{ head -n 1 input; printf "$bad_rows"; } > twin
		echo old > result
		kept='-o result'
		! grep -qs '^output-kept ' not || kept=
		go --on-error=skip $kept < twin > out 2> err
		want 3 $? 'all 3 rows are bad'
		[ -z "$kept" ] || ! has_option output || [ "$(cat result)" = old ] || complain 'a failed run changed the old file'
		rm -f result
		{ cat input; printf "$bad_rows"; } > twin
		lines=$(($(wc -l < input) - 1))
		go --on-error=skip --max-errors 3 < twin > out 2> err
		same $?
		go --on-error=skip --max-errors 2 < twin > out 2> err
		want 3 $? ":$((lines + 4)): .*--max-errors allows 2"
		go --on-error=skip --max-errors 99% < twin > out 2> err
		same $?
		go --on-error=skip --max-errors 0.1% < twin > out 2> err
		want 3 $? "3 of $((lines + 3)) rows are bad, and --max-errors allows 0.1 %"
		go --max-errors 3 < input > out 2> err
		want 2 $? '--max-errors requires --on-error=skip'
	fi
}

cd "$RECPIPE_TMP" || exit 1
[ $# -gt 0 ] || set -- "$RECPIPE_BIN"/*
for tool; do
	tool=$(basename -- "$tool")
	test=setup complaints=0
	if ! [ -d "$RECPIPE_ROOT/tests/every/$tool" ]; then
		echo "$tool: there is no tests/every/$tool: write its files input and args (head of tests/checks/every-tool.sh)"
		bad=1
		continue
	fi
	every_enter "$tool"
	RECPIPE_DUMP_OPTIONS=table "$tool" > options || complain 'does not list its options'
	go < "$feed" > good.out 2> err
	rc=$?
	cp err good.err
	if want 0 $rc; then
		[ -s good.out ] || grep -qs '^output-is-empty ' not || complain 'no output on its good input'
		try_words
		try_output
		! has_option counters || try_counters
		if [ "$feed" = input ]; then
			try_input
			[ -n "$json" ] || try_table
		fi
	else
		echo "^ $tool: tests/every/$tool/input with the options of args must be a good run"
	fi
	[ $complaints = 0 ] || echo "^ $tool: mend the tool; where a test cannot hold for it, write" \
		"'TEST reason' into tests/every/$tool/not"
	every_leave
done
echo "$tests tests of $# tools"
exit $bad
