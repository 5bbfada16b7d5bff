#!/bin/sh
# The words of comments, messages, --help, man pages and Markdown: none of the idioms that
# tests/wording.txt lists. An exception stands in tests/wording-allowed.txt, with its reason:
# FILE, TAB, the idiom as it is found, TAB, why. One that is not needed any more is an error.
set -u
cd "$RECPIPE_ROOT" || exit 1
bad=0

# search LIST: "FILE:LINE: found -> proposed" for the prose on standard input
search()
{
	cat > "$RECPIPE_TMP/prose"
	while IFS='	' read -r idiom instead; do
		case $idiom in '' | '#'*) continue ;; esac
		grep -iE -- "$idiom" "$RECPIPE_TMP/prose" |
			while IFS= read -r line; do
				place=${line%%: *}
				printf '%s\n' "${line#*: }" | grep -oiE -- "$idiom" | sed "s|^|$place: |; s|\$| -> $instead|"
			done
	done < "$1"
}

# The negative control: an idiom in a comment, across its lines; in a message of two literals;
# in a page, across lines; in a script. Each must be found, and what is no prose must not.
mkdir "$RECPIPE_TMP/planted"
cd "$RECPIPE_TMP/planted" || exit 1
cat > a.c << 'END'
/* This is wrong
 * usage, and lies. */
static int behind = 1; // a name
int f(void) { return die("the user sorts " PRIu64
	"anew"); }
END
printf '.SH X\n.B keep\nThe rows are counted\naloud .\n' > b.1
printf '# one of them is\n# besides\nx=behind\necho "it knows no bounds"\n' > c.sh
printf '%s\t.\n' 'wrong usage' '\banew\b' '\bbehind\b' 'aloud' '\bbesides\b' 'knows no\b' > ../list
awk -f "$RECPIPE_ROOT/tests/wording.awk" a.c b.1 c.sh | search ../list | sort > ../found
cut -d ' ' -f 1-3 ../found | sed 's/ ->.*//' > ../found.short
printf '%s\n' 'a.c:1: wrong usage' 'a.c:4: anew' 'b.1:1: aloud' 'c.sh:1: besides' 'c.sh:4: knows no' > ../wanted
if ! diff -u ../wanted ../found.short; then
	echo 'the search itself is broken: it must find the planted idioms and no others'
	bad=1
fi
cd "$RECPIPE_ROOT" || exit 1

mkdir "$RECPIPE_TMP/help"
for program in "$RECPIPE_BIN"/*; do
	"$program" --help > "$RECPIPE_TMP/help/$(basename -- "$program").help"
done
{
	find common library tools -name '*.[ch]' | sort | xargs awk -f tests/wording.awk
	find pipelines -type f ! -path 'pipelines/data/*' | sort | xargs awk -f tests/wording.awk
	awk -f tests/wording.awk man/*.[1357] ./*.md
	awk -f tests/wording.awk "$RECPIPE_TMP"/help/*.help | sed "s|^$RECPIPE_TMP/help/\([^.]*\).help|\1 --help|"
} | search tests/wording.txt | sort -t : -k 1,1 -k 2,2n -u > "$RECPIPE_TMP/all"

# What is allowed goes; each entry must take something away.
: > "$RECPIPE_TMP/used"
awk -F '\t' -v used="$RECPIPE_TMP/used" '
	FNR == NR { if ($0 !~ /^(#|$)/) { n++; file[n] = $1; text[n] = tolower($2); if ($3 == "") print $1 ": no reason" }; next }
	{
		place = $0
		sub(/:[0-9]*: .*/, "", place)
		for (i = 1; i <= n; i++)
			if (place == file[i] && index(tolower($0), ": " text[i] " ->")) { taken[i] = 1; next }
		print
	}
	END {
		for (i = 1; i <= n; i++)
			if (!taken[i])
				print file[i] ": \"" text[i] "\" is allowed by tests/wording-allowed.txt, but is not there: remove the entry"
	}' tests/wording-allowed.txt "$RECPIPE_TMP/all" > "$RECPIPE_TMP/left"
if [ -s "$RECPIPE_TMP/left" ]; then
	cat "$RECPIPE_TMP/left"
	echo '^ say it plainly, as proposed (FILE:LINE is where the comment, message or paragraph begins)'
	bad=1
fi

# Comments that name what is not there any more: a file (x.c, x.h), or a name with an
# underscore that no code, page or script has.
stale()
{
	awk -f tests/wording.awk "$@" | grep -oE '^[^:]*:[0-9]*:|[a-zA-Z][a-z0-9A-Z]*(_[a-z0-9A-Z]+)+|[a-z0-9-]+\.[ch]\b' |
		awk '/:$/ { place = $0; next } { print place " " $0 }'
}
strip='{ line = $0
	while (inside || match(line, /\/\*|\/\/|"([^"\\]|\\.)*"/)) {
		if (inside) {
			end = index(line, "*/")
			if (!end) { line = ""; break }
			line = substr(line, end + 2)
			inside = 0
			continue
		}
		token = substr(line, RSTART, RLENGTH)
		gsub(/\\[nt]/, " ", token)
		print substr(line, 1, RSTART - 1)
		line = token == "//" ? "" : substr(line, RSTART + RLENGTH)
		if (token == "/*") inside = 1
		else if (token != "//") print token
	}
	print line }'
sources=$(find common library tools -name '*.[ch]' | sort)
{
	# shellcheck disable=SC2086
	awk "$strip" $sources $(find tests -name '*.[ch]')
	cat man/*.[1357] Makefile tests/checks/*.sh $(find pipelines -type f ! -path 'pipelines/data/*')
	printf 'planted_name\n'
} | grep -oE '[a-zA-Z][a-z0-9A-Z]*(_[a-z0-9A-Z]+)+' | sort -u > "$RECPIPE_TMP/names"
find common library tools tests -name '*.[ch]' | sed 's|.*/||' | sort -u >> "$RECPIPE_TMP/names"
printf '/* planted_name is there, %s_name and %s.c are not. */\n' unplanted unplanted > "$RECPIPE_TMP/stale.c"
# shellcheck disable=SC2086
stale $sources "$RECPIPE_TMP/stale.c" | NAMES="$RECPIPE_TMP/names" awk '
	BEGIN { while ((getline name < ENVIRON["NAMES"]) > 0) known[name] = 1 }
	!($2 in known) && $2 !~ /^[A-Za-z]_[A-Za-z0-9][A-Za-z0-9]?$/ # x_i: mathematics' > "$RECPIPE_TMP/stale"
[ "$(grep -c unplanted "$RECPIPE_TMP/stale")" = 2 ] || { echo 'the search for stale names is broken'; bad=1; }
grep -v unplanted "$RECPIPE_TMP/stale" | while read -r place name; do
	grep -q "^${place%%:*}	$name	." tests/wording-names.txt ||
		echo "$place a comment names $name, which is not there: say what is, or allow it in tests/wording-names.txt"
done > "$RECPIPE_TMP/left"
[ ! -s "$RECPIPE_TMP/left" ] || { cat "$RECPIPE_TMP/left"; bad=1; }
exit $bad
