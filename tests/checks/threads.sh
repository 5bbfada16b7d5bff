#!/bin/sh
# Files read by several threads: output, rejected lines, messages and status are those of one
# thread, for files of some blocks with every kind of bad row, wherever it lies.
set -u
cd "$RECPIPE_TMP" || exit 1
bad=0
# same COMMAND: with -j 1, 2, 3 and 7
same()
{
	for j in 1 2 3 7; do
		rm -f rejected
		sh -c "$1" threads "$j" > out.$j 2> err.$j
		echo $? >> err.$j
		[ ! -f rejected ] || cat rejected >> err.$j
		# What a run that fails has written is part of a table, and not the same part.
		[ "$(sed -n 1p err.$j)" ] && grep -qx '[123]' err.$j && [ $j != 1 ] && : > out.$j && : > out.1
		cmp out.1 out.$j && cmp err.1 err.$j || {
			echo "^ -j $j of: $1"
			bad=1
		}
	done
}
# holds TEXT: what the last command said
holds()
{
	grep -qF -- "$1" err.7 || {
		echo "not said: $1:"
		head -c 300 err.7
		bad=1
	}
}
awk 'BEGIN {
	srand(5)
	print "user\titem\ttime"
	for (i = 0; i < 90000; i++)
		printf "u%d\ti%d\t%s\n", rand() * 1000, rand() * 1000, i % 7 ? sprintf("%.3f", rand()) : sprintf("%.9fe-1", rand() * 10)
}' > good.tsv
[ "$(wc -c < good.tsv)" -gt 1000000 ] || bad=1
# Every 2000th row is bad in one of several ways; the last line has no end.
awk 'NR % 2000 != 77 { print; next }
	{ way = int(NR / 2000) % 7 }
	way == 0 { print "" }
	way == 1 { print $1 "\t" $2 }
	way == 2 { print $0 "\tmore" }
	way == 3 { print "user\titem\ttime" }
	way == 4 { print $1 "\t" $2 "\tx" }
	way == 5 { print "\t" $2 "\t1" }
	way == 6 { print $0 "\r" }' good.tsv > bad.tsv
printf 'u\ti\t0.75' >> bad.tsv
{ printf '\357\273\277'; sed "s/\$/$(printf '\r')/" good.tsv; } > crlf.tsv
{ head -n 30000 good.tsv; printf 'u\ti\t'; head -c 3000000 /dev/zero | tr '\0' 1; tail -n 3000 good.tsv; } > long.tsv
{ head -n 50000 good.tsv; printf 'u\0\ti\t1\n'; tail -n 20000 good.tsv; } > nul.tsv
gzip -k bad.tsv
head -c 400000 bad.tsv.gz > cut.gz

same 'filter-interactions -j $1 good.tsv'
[ "$(wc -l < out.7)" -gt 20000 ] || bad=1
same 'filter-interactions -j $1 --on-error=skip --rejects rejected --user user bad.tsv good.tsv bad.tsv'
holds '78 rejected'
same 'filter-interactions -j $1 bad.tsv good.tsv'
holds 'bad.tsv:77: '
same 'filter-interactions -j $1 good.tsv bad.tsv'
holds 'bad.tsv:77: a blank line'
same 'filter-interactions -j $1 --on-error=skip --max-errors 30 --rejects rejected good.tsv bad.tsv bad.tsv'
holds 'that is bad row 31, and --max-errors allows 30'
same 'filter-interactions -j $1 --on-error=skip --max-errors 0.01% bad.tsv'
holds 'and --max-errors allows 0.01 %'
same 'filter-interactions -j $1 --where item=i7 --above 0.25 --user user crlf.tsv'
same 'filter-interactions -j $1 long.tsv good.tsv'
same 'filter-interactions -j $1 --on-error=skip long.tsv < /dev/null'
same 'filter-interactions -j $1 nul.tsv'
holds 'nul.tsv:50001: a NUL byte'
same 'cat bad.tsv | filter-interactions -j $1 --on-error=skip'
same 'filter-interactions -j $1 --on-error=skip bad.tsv.gz'
same 'filter-interactions -j $1 --on-error=skip cut.gz'
holds 'unexpected end of file'
same 'tail -n +2 bad.tsv | filter-interactions -j $1 --no-header --columns user,item,time --on-error=skip'
same 'filter-interactions -j $1 --no-header --columns user,item,time < good.tsv'
holds '(standard input):1: the header line again'
same '(echo time; sleep 0.1; echo 0.75; sleep 0.1; echo x) | filter-interactions -j $1'
holds '(standard input):3: column'
# ---- CSV: some rows of several lines, and a value with a quote, a comma or a TAB now and then ----
awk -F '\t' 'NR == 1 { print "user,item,time,note"; next }
	{
		note = NR % 13 == 0 ? "\"a,\"\"b\"" : NR % 17 == 0 ? "\"two\nlines\"" : NR % 19 == 0 ? "a\tTAB" : "plain"
		printf "%s,%s,%s,%s\n", NR % 3 ? $1 : "\"" $1 "\"", $2, $3, note
	}' good.tsv > good.csv
# Every 2000th line is bad in one of several ways; the last value does not end.
awk 'NR % 2000 != 77 { print; next }
	{ way = int(NR / 2000) % 7 }
	way == 0 { print "" }
	way == 1 { print "a,b" }
	way == 2 { print "u\"x,i,0.75,plain" }
	way == 3 { print "user,item,time,note" }
	way == 4 { print "u,i,x,plain" }
	way == 5 { print ",i,0.75,plain" }
	way == 6 { print "\"u\"x,i,0.75,\"two" }' good.csv > bad.csv
{ cat bad.csv; printf 'u,i,0.75,"no\nend'; } > open.csv
{ printf '\357\273\277'; sed "s/\$/$(printf '\r')/" good.csv; } > crlf.csv
{ head -n 30000 good.csv; printf 'u,i,0.75,"'; head -c 3000000 /dev/zero | tr '\0' '\n'; printf '"\n'; tail -n 3000 good.csv; } > tall.csv
[ "$(wc -c < good.csv)" -gt 1500000 ] || bad=1
same 'filter-interactions --csv -j $1 good.csv'
[ "$(wc -l < out.7)" -gt 20000 ] || bad=1
holds 'TABs or line ends inside CSV values became spaces'
same 'filter-interactions --csv -j $1 --on-control=fail good.csv'
holds 'good.csv:17: not CSV: a TAB or line end inside a value'
same 'filter-interactions --csv -j $1 --on-control=fail --on-error=skip --rejects rejected good.csv bad.csv'
same 'filter-interactions --csv -j $1 --on-error=skip --rejects rejected --user user bad.csv good.csv open.csv'
holds ' rejected'
same 'filter-interactions --csv -j $1 bad.csv'
holds 'bad.csv:77: a blank line'
same 'sed 77d bad.csv | filter-interactions --csv -j $1'
holds '(standard input):2076: 2 fields, the header has 4'
same 'sed "/^\$/d; /^a,b\$/d" bad.csv | filter-interactions --csv -j $1'
holds 'not CSV: a stray double quote: "u\"x,i,0.75,plain"'
same 'tail -n +13000 good.csv | filter-interactions --csv -j $1 --no-header --columns user,item,time,note'
same '{ cat good.csv; printf "u,i,0.75,\"no\nend"; } | filter-interactions --csv -j $1'
holds 'not CSV: a quoted value does not end'
same 'filter-interactions --csv -j $1 --on-error=skip crlf.csv tall.csv'
same 'cat tall.csv | filter-interactions --csv -j $1 --where item=i7 --users-seen rejected --user user'
same 'build-dataset --csv -j $1 --weight sum --on-error=skip --rejects rejected bad.csv good.csv'
# ---- logs ----
# Every 3000th line is bad in one of several ways; times in and out of the plain form.
awk 'BEGIN {
	srand(9)
	for (i = 1; i <= 30000; i++) {
		time = i % 11 ? sprintf("1746994%06d", rand() * 1e6) : i % 2 ? "\"1746994000000\"" : "1.747e12"
		line = sprintf("{\"message\": \"next\", \"timestamp\": %s, \"user\": %d, \"track\": \"%s\", \"time\": %.2f, \"latency\": %.9f, \"recommendation\": null, \"experiments\": {\"A\": \"C\"}}",
			time, rand() * 999, i % 500 ? "t" i : "t\\t\\u00e9", rand(), rand())
		way = i % 3000 == 7 ? int(i / 3000) % 5 : -1
		if (way == 0)
			line = substr(line, 1, 60)
		else if (way == 1)
			line = ""
		else if (way == 2)
			sub(/"A"/, "\"B\"", line)
		else if (way == 3)
			sub(/"timestamp": [^,]*/, "\"timestamp\": 1e30", line)
		else if (way == 4)
			sub(/"time": [^,]*/, "\"time\": {}", line)
		print line
	}
}' > log.json
grep -v '1e30' log.json | awk 'length > 60 && !/"B"/ && !/{}/' > well.json
{ printf '\357\273\277'; sed "s/\$/$(printf '\r')/" well.json; } > crlf.json
{ cat well.json; printf '{"message": "next", "user": "'; head -c 2000000 /dev/zero | tr '\0' u; echo '"}'; cat well.json; } > long.json
[ "$(wc -c < well.json)" -gt 3000000 ] || bad=1
same 'import-logs -j $1 well.json crlf.json'
[ "$(wc -l < out.7)" -gt 50000 ] || bad=1
same 'import-logs -j $1 --on-error=skip --rejects rejected well.json log.json'
holds '10 rejected'
same 'import-logs -j $1 log.json'
holds 'log.json:7: byte 61'
same 'import-logs -j $1 well.json log.json'
same 'import-logs -j $1 --on-error=skip --max-errors 8 log.json'
holds 'log.json:24007: '
same 'import-logs -j $1 --message next --set from=@FILENAME --map "who=.user|.track" --on-error=skip log.json long.json well.json'
same 'import-logs -j $1 --timestamp-unit s --on-error=skip log.json'
holds 'is implausible'
same 'sed "s/1746994/1746/; s/1.747e12/1747/" well.json | import-logs -j $1'
holds 'is implausible'
same '{ tr -d "\\n" < well.json | sed "s/}}{/}},{/g; s/^/[/"; echo "]"; } | import-logs -j $1'
# Arrays: on one line, an element a line, an element on several lines; with bad elements, and a string with an LF.
{ printf '['; sed '$!s/$/,/' well.json | tr -d '\n'; echo ']'; } > one-line.json
{ echo '['; sed '$!s/$/,/; s/, "user"/,\n  "user"/' well.json; echo ']'; } > lines.json
{ echo '['; grep . log.json | sed '$!s/$/,/; 20000s/"next"/"ne\nxt"/; /^.\{60\},$/d; 25000s/^/7, "a,b", /'; echo ']'; } > array.json
head -c 2500000 lines.json > open.json
sed '20001s/,$//' lines.json > comma.json
same 'import-logs -j $1 one-line.json'
cp out.7 array.tsv
import-logs well.json | cmp - array.tsv || bad=1
same 'import-logs -j $1 lines.json one-line.json'
holds ' TABs or line ends inside JSON values became spaces'
same 'import-logs -j $1 array.json'
holds 'array.json:6006: element 6005, byte 157: '
same 'import-logs -j $1 --on-error=skip --rejects rejected array.json one-line.json'
holds ' rejected'
same 'import-logs -j $1 --on-error=skip --max-errors 6 array.json'
same 'import-logs -j $1 open.json'
holds "the array has no ']' at its end"
same 'import-logs -j $1 comma.json'
holds "expected ',' or ']' after an element"
same 'cat lines.json | import-logs -j $1 --each . --on-control=fail'
# Odd elements that a part has, an array that begins anew in the middle, values one after another.
sed '9000s/^/7, "a]{,b", null, [1, {}],/; 15000s/^/{} /' lines.json > odd.json
sed '12001s/,$/] [/' lines.json > twice.json
same 'import-logs -j $1 --on-error=skip --rejects rejected odd.json'
holds "odd.json:15000: after element 7504: expected ',' or ']' after an element"
same 'import-logs -j $1 twice.json'
holds 'extra data after the array'
same 'import-logs -j $1 --each . well.json'
cp out.7 values.tsv
import-logs well.json | cmp - values.tsv || bad=1
same 'import-logs -j $1 --each . --on-error=skip --rejects rejected --map user=. --map whole=.user array.json log.json'
# --each: one long list with bad elements, lists on lines, lists in lists.
{ printf '{"name": "x", "items": [\n'; sed '$!s/$/,/' well.json; echo ']}'; } > list.json
{ printf '{"name": "x", "items": [\n'; sed '/^.\{0,60\}$/d' log.json | sed '$!s/$/,/; 9000s/^/7, "a,b", [],/'; echo ']}'; } > bad-list.json
short()
{
	awk -v q='"' 'NR % 5 == 1 { printf "{%sid%s: %d, %sitems%s: [", q, q, NR, q, q }
		{ printf "%s%s", $0, NR % 5 ? ", " : "]}\n" } END { if (NR % 5) print "]}" }' "$@" | sed 's/, \]}$/]}/'
}
short well.json > short.json
grep -v '^.\{0,60\}$' log.json | short > bad-short.json
{ echo '{"days": ['; sed '$!s/$/,/' bad-short.json; echo ']}'; } > days.json
same 'import-logs -j $1 --each ".items[]" list.json'
cp out.7 list.tsv
import-logs well.json | cmp - list.tsv || bad=1
same 'import-logs -j $1 --each ".items[]" --map "from=\$.name" short.json list.json'
same 'import-logs -j $1 --each ".items[]" bad-list.json'
holds 'bad-list.json:1: element 6005, byte '
same 'import-logs -j $1 --each ".items[]" --map "from=\$.name" --on-error=skip --rejects rejected bad-list.json list.json'
same 'import-logs -j $1 --each ".items[]" --on-error=skip --max-errors 5 bad-list.json'
holds 'that is bad row 6, and --max-errors allows 5'
same 'import-logs -j $1 --each ".items[]" bad-short.json'
holds 'bad-short.json:1201: element 5, '
same 'import-logs -j $1 --each ".items[]" --map "id=\$.id" --on-error=skip --rejects rejected bad-short.json'
same 'import-logs -j $1 --each ".days[].items[]" days.json'
holds 'days.json:1: element 1201.5, '
same 'import-logs -j $1 --each ".days[].items[]" --map "id=\$.id" --on-error=skip --rejects rejected days.json'
same 'import-logs -j $1 --each ".none[]" short.json'
holds 'led to no list (values read: '
same 'import-logs -j $1 --on-control=fail well.json'
holds 'a TAB or line end inside a value'

# What nobody reads any more is not written: SIGPIPE ends it.
{
	filter-interactions -j 3 --above 0 good.tsv good.tsv good.tsv good.tsv good.tsv
	echo $? > rc
} 2> err | head -n 1 > out
[ "$(cat out rc)" = "$(printf 'user\titem\ttime\n141')" ] && [ ! -s err ] || { cat out rc err; bad=1; }
filter-interactions -j 3 good.tsv > /dev/full 2> err
[ $? = 1 ] && grep -q 'cannot write to standard output' err || bad=1
same 'build-dataset -j $1 --weight sum --test 0.2 good.tsv'
[ "$(wc -l < out.7)" -gt 50000 ] || bad=1
same 'build-dataset -j $1 --weight sum --on-error=skip --rejects rejected bad.tsv good.tsv bad.tsv'
holds ' rejected'
same 'build-dataset -j $1 --weight sum bad.tsv'
same 'build-dataset -j $1 --on-error=skip crlf.tsv bad.tsv.gz'
same 'build-dataset -j $1 --memory 1M nul.tsv'
same 'build-dataset -j $1 --memory 1M --partial --on-error=skip nul.tsv good.tsv'
awk 'NR == 1 { print $0 "\ttimestamp"; next } { print $0 "\t" (NR % 5000 ? NR : "") }' good.tsv > timeless.tsv
same 'build-dataset -j $1 timeless.tsv'
holds 'rows have no readable time'
same 'build-dataset -j $1 --test last:1 --on-error=skip timeless.tsv'

exit $bad
