#!/bin/sh
# Every tool of bin/ is given what it cannot read: each file of another kind, as its main input and
# as each of its side files. It must end with the exit status of bad data, write nothing, and say in
# one line what kind it is and the command that cures it. Of a terminal as standard input it must
# say that it reads it. tests/every/TOOL has its good input (see every-tool.sh), and in `kinds` what
# else it reads: lines `KIND reason`, `KIND OPTION reason` of a side file (sides.sh).
#
# wrong-kind.sh [TOOL]... does only those.
set -u
. "$RECPIPE_ROOT/tests/every/lib.sh"
. "$RECPIPE_ROOT/tests/every/sides.sh"

bad=0
tests=0

complain()
{
	printf '%s: %s %s: %s\n' "$tool" "$kind" "$as" "$1"
	[ ! -s err ] || sed 's/^/    stderr: /' err | cut -c 1-400 | head -n 5
	bad=1
}

# The kinds: name, what the message says of it, what makes the bytes: printf's text, or with `:` sh
# that reads the TSV at hand. A name in capitals is text, of which a table tool may look for a column
# that an option named first (2).
kinds()
{
	cat << 'END'
zip	a zip archive: unpack with unzip -p FILE	PK\003\004\024\000\000\000\010\000ratings.csv
xlsx	a spreadsheet: convert with libreoffice .*then import-table	PK\003\004\024\000\006\000\010\000\000\000!\000\300\300\000\000\000\000\000\000\000\000\000\000\023\000\000\000[Content_Types].xml
ods	a spreadsheet: convert with libreoffice .*then import-table	PK\003\004\024\000\006\000\000\000\000\000!\000\300\300\000\000\000\000\000\000\000\000\000\000\010\000\000\000mimetypeapplication/vnd.oasis.opendocument.spreadsheet
xls	a spreadsheet: convert with libreoffice .*then import-table	\320\317\021\340\241\261\032\341\000\000
parquet	a Parquet file: convert with duckdb -c "COPY 'FILE' TO '/dev/stdout' .*import-table	PAR1\025\004\025 \025$L\025\004
orc	an ORC file: .*read_orc.*import-table	ORC\n\006\022\004\010\002P\000
arrow	an Arrow .Feather. file: .*read_feather.*import-table	ARROW1\000\000\377\377\377\377\250\003
feather	a Feather file: .*read_feather.*import-table	FEA1\000\000\000\000
avro	an Avro file: convert with python3 -m fastavro FILE . import-logs	Obj\001\004\024avro.codec
hdf5	an HDF5 file: .*read_hdf.*import-table	\211HDF\r\n\032\n\000
pickle	a Python pickle.*read_pickle.*import-table	\200\005\225A\004\000\000\000\000\000\000\214\006pandas
pickle-2	a Python pickle.*read_pickle.*import-table	\200\002ccopy_reg\n_reconstructor\n
npy	a NumPy array: .*numpy.savetxt.*import-table	\223NUMPY\001\000v\000{'descr'
rds	an R object: .*readRDS.*import-table	X\n\000\000\000\003\000\004\002\002
sqlite	an SQLite database: convert with sqlite3 .*import-table	SQLite format 3\000\020\000
sequence	a Hadoop sequence file: convert with hadoop fs -text FILE	SEQ\006\031org.apache.hadoop.io.Text
bzip2	compressed by bzip2: unpack with bzip2 -dc	BZh91AY&SY\001\002
lz4	compressed by lz4: unpack with lz4 -dc	\004\042\115\030\144\100
snappy	compressed by Snappy: unpack with snzip -dc	\377\006\000\000sNaPpY\000
lzop	compressed by lzop: unpack with lzop -dc	\211LZO\000\r\n\032\n
compress	compressed by compress: unpack with gzip -dc	\037\235\220\001
lzma	compressed by lzma: unpack with xz -dc	]\000\000\200\000\377
lzip	compressed by lzip: unpack with lzip -dc	LZIP\001\014
7z	a 7z archive: unpack with 7z x -so FILE	7z\274\257\047\034\000\004
rar	a rar archive: unpack with unrar p -inul FILE	Rar!\032\007\001\000
tar	a tar archive: list it with tar -tf FILE	:head -c 257 /dev/zero; printf 'ustar\00000'
tar.gz	a tar archive: .*tar -xOf FILE NAME	:{ head -c 257 /dev/zero; printf 'ustar\00000'; } | gzip -n
twice	compressed twice: unpack with gzip -dc	:gzip -n | gzip -n
parquet.gz	first unpack with gzip -dc: it is a Parquet file: convert with duckdb	:printf 'PAR1\025\004\025' | gzip -n
utf16	UTF-16 text: convert with import-table, or iconv -f UTF-16 -t UTF-8	:printf '\377\376'; iconv -f UTF-8 -t UTF-16LE
utf16be	UTF-16 text: convert with import-table, or iconv -f UTF-16BE	:iconv -f UTF-8 -t UTF-16BE
CR	alone. convert with import-table, or tr '.r' '.n'	:tr '\n' '\r'
CSV	looks like CSV.* (add --csv|add --side-csv OPTION|import-table)	:tr '\t' ','
SEMICOLONS	separated by ';': convert with import-table	:tr '\t' ';'
BARS	separated by '.': convert with import-table	:tr '\t' '|'
COLONS	separated by '::': convert with import-table	:sed 's/\t/::/g'
BLANKS	separated by blanks: convert with import-table	:tr '\t' ' '
JSON	looks like JSON: convert with import-logs	:printf '{"user":1,"item":2}\n{"user":2,"item":3}\n'
ARRAY	looks like a JSON array: convert with import-logs	:printf '[{"user":1,"item":2},{"user":2,"item":3}]'
OBJECT	looks like JSON: convert with import-logs --each [.]	:printf '{\n "user": 1\n}\n'
PAGE	looks like a web page or XML.*fetch it again	:printf '<!DOCTYPE html>\n<html>\n'
END
}

# make KIND MADE: the bytes, from the TSV on standard input
make()
{
	case $2 in
	:*) eval "${2#:}" ;;
	*) printf "$2" ;;
	esac
}

# says KIND SAYS: a log's importer says it of some kinds in other words
says()
{
	case $json$1 in
	yesCR) echo "tr '.r' '.n'" ;;
	yesOBJECT) echo 'add --each [.]' ;;
	yesPAGE) echo "$2" ;;
	yes[A-Z]*) echo 'looks like a table: convert with import-table' ;;
	*) echo "$2" ;;
	esac
}

# check KIND SAYS FILE: the run has ended with $rc
check()
{
	case $1 in
	[A-Z]*) status='2 3' ;;
	*) status=3 ;;
	esac
	tests=$((tests + 1))
	case " $status " in
	*" $rc "*) ;;
	*)
		complain "exit status $rc, wanted $status"
		return
		;;
	esac
	# The header of a log's table is written before its first event is read.
	[ ! -s out ] || { [ -n "$json" ] && [ "$status" = '2 3' ]; } || complain 'writes to stdout'
	[ "$(wc -l < err)" -eq 1 ] || complain 'wants one line'
	says=$(says "$1" "$2")
	grep -qE -- "^$tool: .*$says" err || complain "stderr should say $says"
	grep -qF -- "$3" err || complain "does not name $3"
}

main_input()
{
	plain=input
	if [ -n "$json" ]; then
		plain=plain
		printf 'user\titem\ttime\n1\t2\t0.5\n' > plain
	fi
	while IFS='	' read -r kind says made; do
		grep -qs "^$kind " kinds && continue
		every_now 13 || continue
		make "$kind" "$made" < "$plain" > "wrong.$kind"
		as='as standard input'
		go < "wrong.$kind" > out 2> err
		rc=$?
		check "$kind" "$says" '(standard input)'
		case $kind in zip | CSV | ARRAY) ;; *) continue ;; esac
		grep -qs '^operand ' not && continue
		as='as a file'
		go "wrong.$kind" < /dev/null > out 2> err
		rc=$?
		check "$kind" "$says" "wrong.$kind"
	done
}

side_file()
{
	json= as="as --$option"
	while IFS='	' read -r kind says made; do
		case $kind in zip | parquet.gz | utf16 | CR | CSV | SEMICOLONS | BLANKS | JSON | ARRAY) ;; *) continue ;; esac
		grep -qs "^$kind $option " kinds && continue
		every_now 10 || continue
		make "$kind" "$made" < "$file" > "side.of-$kind"
		side_go "side.of-$kind" > out 2> err
		rc=$?
		check "$kind" "$says" "side.of-$kind"
	done < ../table
}

# What is typed is read, after a line that says so, but for -q.
terminal()
{
	kind='a terminal' as='as standard input'
	for quiet in '' -q; do
		every_now 2 || continue
		tests=$((tests + 1))
		case $args in
		*'"$@"'*) echo "set -- $quiet; $tool $args" ;;
		*) echo "$tool $args $quiet" ;;
		esac > run.sh
		timeout 60 script -qec 'sh run.sh > out 2> err' /dev/null < input > /dev/null
		want=0
		[ -n "$quiet" ] || want=1
		says="^$tool: reading standard input, a terminal: end it with Ctrl-D, or give a file: $tool ... < FILE\$"
		[ "$(grep -c "$says" err)" = $want ] || complain "wants $want lines $says"
		cmp -s good.out out || complain 'the answer differs'
	done
}

one_tool()
{
	if [ "$feed" = input ]; then
		go < input > good.out 2> /dev/null
		main_input < ../table
		terminal
	fi
	sides_walk side_file
}

kinds > "$RECPIPE_TMP/table"
every_tool one_tool "$@"
echo "$tests tests of $every_tools tools"
exit $bad
