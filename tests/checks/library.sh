#!/bin/sh
# librecpipe as it is installed: what its page shows compiles by pkg-config and runs; every
# failure comes back as a status and a message, with nothing printed by the library and no
# memory lost; no name that is not rcp_*; each header stands alone, in C and in C++.
set -u
cd "$RECPIPE_TMP" || exit 1
[ "$RECPIPE_MODE" = release ] || {
	echo 'only the release build is installed'
	exit 77
}
# shellcheck source=../complain.sh
. "$RECPIPE_ROOT/tests/complain.sh"
make -C "$RECPIPE_ROOT" -s -o all install-lib prefix="$RECPIPE_TMP/here" > log 2>&1 || {
	cat log
	exit 1
}
PKG_CONFIG_PATH=$RECPIPE_TMP/here/lib/pkgconfig
export PKG_CONFIG_PATH
flags=$(pkg-config --cflags recpipe) libs=$(pkg-config --libs recpipe) || exit 1
[ "$(pkg-config --modversion recpipe)" = "$(filter-interactions --version | sed -n '1s/.* //p')" ] ||
	complain 'recpipe.pc has another version than the tools'
# compile SOURCE PROGRAM [FLAG]..
compile()
{
	source=$1 program=$2
	shift 2
	gcc -std=c11 -pedantic -Wall -Wextra -Werror -D_GNU_SOURCE "$@" $flags -o "$program" "$source" \
		$libs -lm -pthread > log 2>&1 || { cat log; complain "$source does not compile"; exit 1; }
}
awk '/^\.EX/ { inside = 1; next } /^\.EE/ { inside = 0 }
	inside { gsub(/\\-/, "-"); gsub(/\\e/, "\\"); print }' "$RECPIPE_ROOT/man/recpipe.3" > page.c
cp "$RECPIPE_ROOT/tests/library/use.c" .
compile page.c page
compile use.c use
compile page.c page-asan -fsanitize=address,undefined -g
compile use.c use-asan -fsanitize=address,undefined -g
for header in here/include/recpipe/*.h; do
	echo "#include <recpipe/$(basename "$header")>" > alone.c
	gcc -std=c99 -pedantic -Wall -Wextra -Werror $flags -fsyntax-only alone.c || complain "$header does not stand alone"
	! command -v g++ > /dev/null || g++ -std=c++11 -Wall -Wextra -Werror $flags -fsyntax-only -x c++ alone.c ||
		complain "$header is no C++"
done

# names ARCHIVE: those that a program could meet and that are not rcp_*
names()
{
	nm -g --defined-only "$1" | awk 'NF == 3 && $3 !~ /^rcp_/ { print $3; n++ } END { exit n > 0 }'
}
names here/lib/librecpipe.a || complain '^ names that others may have, too: librecpipe.a must hide them'
! names "$RECPIPE_BUILD/libcommon.a" > log || complain 'negative control: no names found in libcommon.a'
# ends ARCHIVE: what it calls that prints or exits
ends()
{
	nm -u "$1" | grep -wE 'exit|_exit|printf|fprintf|perror|puts|stderr|stdout|_IO_.*'
}
ends here/lib/librecpipe.a && complain '^ a library does not print or exit'
ends "$RECPIPE_BUILD/libcommon.a" > log || complain 'negative control: libcommon.a neither prints nor exits'

printf 'kind\tid\tbias\tf0\tf1\nmeta\tloss=warp\t0\t0\t0\nitem\tx\t0\t3\t4\nitem\ty\t1\t0\t2\nuser\tu\t0\t1\t1\n' > model.tsv
printf 'item\nx\n' > items.tsv
# expect STATUS TEXT COMMAND..: the status, and stdout and stderr together, of the program
# and of its twin under sanitizers
expect()
{
	wanted=$1 text=$2 program=$3
	shift 3
	for twin in "$program" "$program-asan"; do
		ASAN_OPTIONS=detect_leaks=1:exitcode=98 "./$twin" "$@" > out 2>&1
		rc=$?
		[ $rc = "$wanted" ] || complain "$twin $*: exit status $rc, wanted $wanted"
		printf "$text" | diff -u - out || complain "^ $twin $*: - wanted, + got"
	done
}
expect 0 'item\tlength\nx\t5\ny\t2\n' page model.tsv
expect 0 'item\tlength\nx\t5\n' page model.tsv items.tsv
gzip < model.tsv > model.tsv.gz
expect 0 'item\tlength\nx\t5\ny\t2\n' page model.tsv.gz
expect 1 'cannot open none.tsv: No such file or directory\n' page none.tsv
expect 3 'items.tsv: no column '"'kind'"'; the columns are "item"\n' page items.tsv
expect 3 'model.tsv: no column '"'item'"'; the columns are "kind", "id", "bias", "f0", "f1"\n' page model.tsv model.tsv
sed 's/f1/f2/' model.tsv > gap.tsv
expect 3 "gap.tsv:1: the factors' columns must be f0, f1, ... without a gap: 'f1' is missing\n" page gap.tsv
sed 's/^user/users/' model.tsv > kind.tsv
expect 3 "kind.tsv:5: column 'kind': not one of meta, item_feature, item, user_feature, user: \"users\"\n" page kind.tsv
head -c 60 model.tsv.gz > cut.tsv.gz
expect 3 'cut.tsv.gz: bad gzip data: unexpected end of file\n' page cut.tsv.gz

printf 'user\tweight\na\t1\nb\t0.5\n' > good.tsv
printf 'user\tweight\na\t1\nb\tx\nc\t2\td\n\n\t1\ne\t3\n' > bad.tsv
expect 0 'a 1\nb 0.5\nline 3 rows 2 bad 0\n' use read good.tsv
expect 0 'a 1\nb 0.5\na 1\nb 0.5\nline 3 rows 4 bad 0\n' use read good.tsv good.tsv
expect 3 "a 1\nline 3 rows 2 bad 0\nbad.tsv:3: column 'weight': not a number: \"x\"\n" use read bad.tsv
SKIP=1 expect 0 'a 1\ne 3\nline 7 rows 6 bad 4\n' use read bad.tsv
printf 'user\tweight\na\tx\n' > all-bad.tsv
SKIP=1 expect 3 'line 2 rows 1 bad 1\nall 1 rows are bad: nothing is left\n' use read all-bad.tsv
expect 3 'items.tsv:1: the header differs from that of good.tsv\n' use read good.tsv items.tsv
expect 0 'width 1 status 0\nitems.tsv: no column '"'weight'"'; the columns are "item"\n' use read items.tsv
expect 1 'cannot read .: Is a directory\n' use read .
expect 1 'cannot open none: No such file or directory\n' use read good.tsv none
COLUMNS_ARE=user,weight expect 3 "line 0 rows 1 bad 0\ngood.tsv:1: the header line again; join files with keep-header A B -- cat, or name them one by one\n" use read good.tsv
COLUMNS_ARE=user expect 0 'width 1 status 0\nitems.tsv: no column '"'weight'"'; the columns are "user"\n' use read items.tsv
COLUMNS_ARE=user,user expect 2 'the list of columns: column "user" occurs twice\n' use read good.tsv
COLUMNS_ARE= expect 2 'the list of columns: column 1 of 1 has no name\n' use read good.tsv
COLUMNS_ARE=,, expect 2 'the list of columns: column 1 of 3 has no name\n' use read good.tsv
printf 'user,weight\n"a\tb",1\nb,2"\nc,3\n' > t.csv
CSV=1 expect 3 'a b 1\nline 2 rows 2 bad 0\nt.csv:3: not CSV: a stray double quote: "b,2\\""\n' use read t.csv
CSV=1 SKIP=1 expect 0 'a b 1\nc 3\nline 4 rows 3 bad 1\n' use read t.csv

expect 0 '' use write w.tsv
[ "$(sed -n '1p;3p' w.tsv; wc -l < w.tsv)" = "a	b
1	0.1
100001" ] || complain "what was written: $(head -n 3 w.tsv)"
expect 2 'a field with a TAB, LF or NUL in it: "x\\ty"\n' use write w2.tsv tab
expect 2 'a number that is not finite\n' use write w2.tsv nan
expect 2 'the last row is not ended\n' use write w2.tsv open-row
expect 2 'a row of 1 fields, the first has 2\n' use write w2.tsv width
expect 2 'a row that ends in CR: it would be read as the line'"'"'s end\n' use write w2.tsv cr
expect 2 'there is no header\n' use write w2.tsv empty
expect 2 'a header that begins with the mark of another format: "\\ufeffa"\n' use write w2.tsv bom
expect 0 '' use write w2.tsv abandon
echo old > w2.tsv
expect 2 'a row of 1 fields, the first has 2\n' use write w2.tsv width
[ "$(cat w2.tsv)" = old ] || complain 'a writer that failed replaced the old file'
expect 1 'cannot write to /dev/full: No space left on device\n' use write /dev/full
expect 1 'cannot write none/x: No such file or directory\n' use write none/x
[ "$(find . -name '.*recpipe-*')" = '' ] || complain 'temporary files are left'

# Memory runs out: the call fails, the program goes on. (ASan needs more than the limit.)
{ printf 'user\tweight\na\t1\n'; head -c 30000000 /dev/zero | tr '\0' x; } > long.tsv
./use memory long.tsv > out 2> err
[ $? = 1 ] && grep -q '^next -1$' out && grep -q '^out of memory: [0-9]* bytes$' err ||
	complain "without memory: $(cat out err)"
./use threads w.tsv || complain 'threads that read at once do not agree'
exit $bad
