#!/bin/sh
# Side files of every tool: as CSV, by name or by --side-csv, compressed too; with other names of
# their columns, by --rename and by --side-columns. Each gives the answer of the plain TSV file.
#
# side-files.sh [TOOL]... does only those.
set -u
. "$RECPIPE_ROOT/tests/every/lib.sh"
. "$RECPIPE_ROOT/tests/every/sides.sh"

bad=0
tests=0

# same AS FILE [OPTION]...: the same answer?
same()
{
	as=$1
	shift
	every_now 4 || return
	tests=$((tests + 1))
	side_go "$@" > out 2> err && cmp -s good.out out && return
	echo "$tool: --$option as $as: not the answer of the TSV file"
	head -n 3 err | sed 's/^/    stderr: /'
	bad=1
}

to_csv()
{
	awk -F '\t' -v OFS=, '{ for (i = 1; i <= NF; i++)
		if ($i ~ /[",]/) { gsub(/"/, "\"\"", $i); $i = "\"" $i "\"" }
		$1 = $1; print }' "$1"
}

each()
{
	cp "$file" plain.tsv
	if ! side_go plain.tsv > good.out 2> err; then
		echo "$tool: --$option $file: not a good run:"
		head -n 3 err
		bad=1
		return
	fi
	to_csv "$file" > side.csv
	cp side.csv side.text
	gzip -nc side.csv > side.csv.gz
	cp "$file" tsv.csv
	same 'CSV by its name' side.csv
	same 'CSV, compressed' side.csv.gz
	same 'CSV by --side-csv' side.text --side-csv "$option"
	same 'TSV that is called .csv' tsv.csv
	header=$(head -n 1 "$file")
	sed '1s/[^	][^	]*/q&q/g' "$file" > other
	set --
	for name in $(echo "$header" | tr '\t' ' '); do
		set -- "$@" --rename "$option.$name=q${name}q"
	done
	same 'one with renamed columns' other "$@"
	same 'one with other names' other --side-columns "$option=$(echo "$header" | tr '\t' ',')"
	to_csv other > other.csv
	same 'CSV with renamed columns' other.csv "$@"
	# One that was cut off is an error, also when its last rows are not needed.
	gzip -nc plain.tsv > whole.gz
	head -c "$(($(wc -c < whole.gz) - 5))" whole.gz > torn.gz
	every_now 4 || return
	tests=$((tests + 1))
	side_go torn.gz > out 2> err
	[ $? = 3 ] && grep -q "torn.gz: bad gzip data: unexpected end of file" err || {
		echo "$tool: --$option torn.gz: no error: $(head -n 2 err)"
		bad=1
	}
	# A name that is not there is the command's mistake.
	every_now 4 || return
	side_go "$file" --rename "$option.x=no such" > out 2> err
	[ $? = 2 ] && grep -q "no column 'no such' (--rename)" err || {
		echo "$tool: --rename $option.x: $(head -n 2 err)"
		bad=1
	}
}

sides() { sides_walk each; }
every_tool sides "$@"
echo "$tests tests of $every_tools tools"
exit $bad
