#!/bin/sh
# Text that bites, as arm, experiment, choice, user, item, title, study, column and file
# name, through everything that draws, writes pages, runs scripts or speaks to people:
# no file appears, the exit status is right, and nothing that a terminal would obey is on
# standard error, in a report or in a mail. Every byte from 1 to 255 is among it.
set -u
cd "$RECPIPE_TMP" || exit 1
LC_ALL=C
export LC_ALL
pipelines=$RECPIPE_ROOT/pipelines
lib=$pipelines/lib
. "$lib/quote.sh"
bad=0
say()
{
	printf '%s\n' "$*" | cat -v
	bad=1
}

# Words that bite, a line each; a name of a file has no slash.
cat > words << 'END'
`touch bitten`
$(touch bitten)
";system("touch bitten");"
';system('touch bitten');'
";touch bitten;"
';touch bitten;'
"`touch bitten`
EOD
@bite
a"b'c
\
a\tb\\n
%s%n%d
{/Bold_x}^2
</script><script>alert(1)</script>
<b>&amp;"onload="x
-rf
~
*
a=b
1e3
#a
END
{
	printf '\033]0;x\007\n\302\23331m\n\342\200\256cod.exe\n\342\201\246\330\234\n\342\200\250\n\357\273\277\n'
	printf '\377\376\n\342\200\n\310\200\n'
} >> words
awk 'BEGIN { for (i = 1; i < 256; i++) if (i != 9 && i != 10 && i != 13) printf "x%cy\n", i }' > bytes
sed -e '/^-/d' -e 's,/,_,g' words > names

# harmless FILE WHAT: is it text that no terminal obeys?
harmless()
{
	if awk '/[\001-\010\013-\037\177]|\302[\200-\237]|\342\200[\213-\217\250-\256]|\342\201[\246-\251]|\330\234|\357\273\277/ { found = 1 }
		END { exit !found }' "$1" || ! iconv -f UTF-8 -t UTF-8 "$1" > iconv.out 2>&1; then
		say "$2: bytes that a terminal obeys: $(head -n 3 "$1" | cut -c 1-300)"
	fi
}
# status WANT COMMAND..: its exit status, its messages, and what it must not have done
status()
{
	want=$1
	shift
	"$@" > out 2> err
	got=$?
	case " $want " in
	*" $got "*) ;;
	*) say "exit status $got, wanted $want: $* ($(tail -n 3 err))" ;;
	esac
	harmless err "$*"
	unbitten "$*"
}
unbitten()
{
	found=$(find . "$RECPIPE_TMP" -name 'bitten*' 2> /dev/null | head -n 1)
	if [ -n "$found" ]; then
		say "a file appeared: $*"
		find . "$RECPIPE_TMP" -name 'bitten*' -exec rm -f {} +
	fi
}

# ---- names of files and columns, values: every tool ------------------------------

printf 'user\titem\ttime\nu\ti\t0.9\n' > good.tsv
printf 'user\titem\ttime\nu\ti\tx\033[31m\302\233\342\200\256\n' > wrong.tsv
while IFS= read -r name; do
	cp good.tsv "./$name"
	status 0 filter-interactions "$name"
	cp wrong.tsv "./$name"
	status 3 filter-interactions "$name"
	status 1 filter-interactions "no $name" good.tsv
	status 1 filter-interactions -o "no/$name" good.tsv
	status 2 filter-interactions --time "$name" good.tsv
	status 2 filter-interactions --above "x$name" good.tsv
	rm -f -- "./$name"
	status 0 filter-interactions -o "$name" good.tsv
	cmp -s good.tsv "./$name" || say "not written: $name"
	rm -f -- "./$name"
done < names
name=$(printf 'a\nfilter-interactions: b\033[31m\302\233\r\t\342\200\256')
for tool in "$RECPIPE_BIN"/*; do
	for argument in "$name" "--$name" "--output=no/$name/" "--columns=$name" "--user=$name" "--item=$name" "--threads=$name" \
		"--seed=$name" "--study=$name" "--experiment=$name" "--redis=redis://$name" "--map=$name" "--arm=$name"; do
		timeout 10 "$tool" "$argument" < /dev/null > out 2> err
		case $? in
		0) say "$tool takes $argument" ;;
		esac
		harmless err "$tool $argument"
		[ "$(grep -c '^filter-interactions: b' err)" = 0 ] || say "$tool: a message within a message: $argument"
	done
done
unbitten 'every tool'
name=$(printf 'm\033[31m\n\302\233')
status 1 "$pipelines/personalize" "$name" "no $name"
status 2 "$pipelines/personalize" "-$name"
status 1 "$pipelines/nightly" "$name" "no $name"
status 2 "$pipelines/nightly" "-$name"
status 2 env KEEP="$name" "$pipelines/nightly" store good.tsv
status 2 "$pipelines/demo" "-$name"
status 2 "$pipelines/simulate-experiment" "-$name"
status 2 "$pipelines/report-experiment" "-$name"
status 1 "$pipelines/report-experiment" "no $name"

# ---- a server's words -------------------------------------------------------------

if command -v python3 > /dev/null; then
	cat > server.py << 'END'
import socket, sys
s = socket.socket(socket.AF_UNIX); s.bind('socket'); s.listen(9); print('up', flush=True)
while True:
    c, _ = s.accept()
    try:
        while c.recv(65536): c.sendall(b'-ERR \x1b]0;x\x07 \xc2\x9b31m \xe2\x80\xae %s %n \x9b\r\n' * 40)
    except OSError: pass
END
	python3 server.py > server.up 2> /dev/null &
	server=$!
	trap 'kill $server 2> /dev/null' EXIT
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ -s server.up ] && break
		sleep 0.1
	done
	printf 'user\trank\titem\tscore\nu\t1\ti\t1\n' > lists.tsv
	status '1 3 4' load-redis --redis unix://socket --status
	grep -q 'x07' err || say "the server's words are not told: $(cat err)"
	status '1 3 4' load-redis --redis unix://socket lists.tsv
	status '1 3 4' next-track --redis unix://socket good.tsv
	kill $server 2> /dev/null
fi

# ---- pages of experiments -----------------------------------------------------------

# events [FILE]..: a log in which the lines are arms of an experiment that bites, too
events()
{
	cat "$@" | awk 'BEGIN { OFS = "\t"; srand(5)
			print "message", "timestamp", "user", "track", "time", "latency", "recommendation", "`touch bitten` \"E\" \033[31m" }
		{ arm[++arms] = $0 }
		END { for (u = 0; u < arms * 6; u++) for (day = 0; day < 2; day++) for (n = 0; n < 3; n++)
			print n < 2 ? "next" : "last", sprintf("%.0f", 1700000000000 + day * 86400000 + u * 1000 + n * 100), "u" u, n, rand() + (u % arms % 3) / 5,
				rand(), n < 2 ? n + 1 : "", arm[u % arms + 1] }'
}
# page FILE [SCRIPTS]: no element that we did not write, no character that it must not have
page()
{
	[ "$(grep -o '<script' "$1" | wc -l)" = "${2:-0}" ] && [ "$(grep -o '</script' "$1" | wc -l)" = "${2:-0}" ] &&
		! grep -q '<b>&\|<img' "$1" || say "$1: text became elements"
	! awk '/[\001-\010\013\014\016-\037\177]|\302[\200-\237]|\342\200[\250-\256]|\342\201[\246-\251]/ { found = 1 } END { exit !found }' "$1" ||
		say "$1: control characters in a page"
	iconv -f UTF-8 -t UTF-8 "$1" > iconv.out 2>&1 || say "$1: not UTF-8"
}
events words > events.tsv
events bytes > each.tsv
awk 'BEGIN { OFS = "\t"; print "name", "label", "unit" } NR % 3 == 0 { print $0, "L" $0, "<script>" $0 }' words > labels.tsv
bite='"`touch bitten`'
for log in events each; do
	status 0 "$pipelines/report-experiment" -o "$bite $log.html" -t "</title><script> $bite \$(touch bitten)" --labels labels.tsv \
		--question "<img src=x onerror=alert(1)> $bite \$(touch bitten)" $log.tsv
	page "$bite $log.html" 2
done
for text in "';system('touch bitten');'" '`touch bitten`' 'EOD' '@bite' '%s%n%d' 'cod.exe' '<img' '<b>'; do
	HTML=$text awk "$QUOTE_AWK"'BEGIN { print html(ENVIRON["HTML"]) }' > want
	grep -qF "$(cat want)" "$bite events.html" || say "not on the page: $text"
	HTML=$text awk "$QUOTE_AWK"'BEGIN { t = js(ENVIRON["HTML"]); print substr(t, 2, length(t) - 2) }' > want
	[ "$text" = '<img' ] || sed -n '/application.json/,/<\/script>/p' "$bite events.html" | grep -qF "$(cat want)" || say "not in a drawing: $text"
done
# The same as JSON, where a name may have a line end, and a file's name that bites.
awk -F '\t' 'NR > 1 { gsub(/[^ -~]/, "?", $8); gsub(/["\\]/, "\\\\&", $8)
	printf "{\"message\":\"%s\",\"timestamp\":%s,\"user\":\"%s\",\"track\":%s,\"time\":%s,\"latency\":%s,\"recommendation\":%s,\"experiments\":{\"E\":\"%s\"}}\n",
		$1, $2, $3, $4, $5, $6, $7 == "" ? "null" : $7, (++n % 2 ? "\\nEOD\\nsystem(\\\"touch bitten\\\")\\n\\u001b[31m\\u009b\\u202e" : "") $8 }' \
	events.tsv > "$bite.json"
sed -i 's/"user":"u\([0-9]*\)\(".*"E":"\)[^E]*EOD/"user":"u\1\2\\nEOD/' "$bite.json"
status 0 "$pipelines/report-experiment" -o json.html "$bite.json"
page json.html 2
TMPDIR="$RECPIPE_TMP/t \`touch bitten\`\$(touch bitten)\"'\\ x"
mkdir -p "$TMPDIR"
export TMPDIR
status 0 "$pipelines/report-experiment" -o folder.html events.tsv
TMPDIR=$RECPIPE_TMP

# ---- studies --------------------------------------------------------------------------

choices=$(grep -v '[,=]' words | paste -s -d , -) # an = after an @ would be a condition
status 0 tune-hparams -q --study "s \$(touch bitten).tsv" --param "c=choice:$choices" --param x=float:0:1 --sampler random --trials 60 -- \
	'echo "{c}" > /dev/null; echo '"'{c}'"' {c} > /dev/null; echo {x}'
if command -v gnuplot > /dev/null; then
	for kind in history parallel slice; do
		status 0 tune-hparams plot --kind $kind --study "s \$(touch bitten).tsv"
		tr -d '\f' < out > drawn
		harmless drawn "plot $kind on a terminal"
		for name in '"`touch bitten`' "';system('touch bitten');'" '$(touch bitten)'; do
			status 0 tune-hparams plot --kind $kind --study "s \$(touch bitten).tsv" -o "$name$kind.svg"
			grep -q '</svg>' "$name$kind.svg" || say "no picture $name$kind.svg"
			status 0 tune-hparams plot --kind $kind --study "s \$(touch bitten).tsv" -o "$name.png"
		done
	done
	for text in '`touch bitten`' '>EOD<' '@bite' '%s%n%d' '{/Bold_x}^2' 'x1b]0;x'; do
		grep -q "<text.*$text" '$(touch bitten)slice.svg' || say "a choice is not on its axis: $text"
	done
fi
status 0 tune-hparams best --as-shell --study "s \$(touch bitten).tsv"
eval "printf '%s\n' $(cat out)" | sed -n 2p > got
tune-hparams best --study "s \$(touch bitten).tsv" | awk -F '\t' 'NR == 2 { print $3 }' > want
cmp -s want got || say 'the best trial as words of sh is not what it was'
printf '\033]0;x\007\302\233\n' > noise
status 0 tune-hparams -q --study noise.tsv --param "c=choice:$choices" --trials 3 -- 'cat noise >&2; [ $HP_TRIAL -gt 1 ] && echo 1' 
if command -v python3 > /dev/null; then
	cat > terminal.py << 'END'
import os, pty, sys
child, master = pty.fork()
if child == 0: os.execvp(sys.argv[1], sys.argv[1:])
said = b''
while True:
    try: part = os.read(master, 65536)
    except OSError: break
    if not part: break
    said += part # an end of line may come in two parts
os.write(1, said.replace(b'\r\n', b'\n'))
sys.exit(os.waitpid(child, 0)[1] >> 8)
END
	for mode in history 'top --k 60' best 'best --as-shell'; do
		# shellcheck disable=SC2086
		status 0 env TERM=dumb python3 terminal.py tune-hparams $mode --study "s \$(touch bitten).tsv"
		[ -s out ] || say "$mode shows nothing"
		harmless out "$mode on a terminal"
	done
	status 0 env TERM=dumb python3 terminal.py tune-hparams history --study noise.tsv
	harmless out 'what a trial said, on a terminal'
	events words > events.tsv
	status 0 env TERM=dumb NO_COLOR=1 python3 terminal.py analyze-ab -q events.tsv
	grep -q 'x1b' out || say 'the arms are not shown'
	harmless out 'analyze-ab on a terminal'
fi

# ---- a map of items -------------------------------------------------------------------

cat words bytes | awk 'BEGIN { OFS = "\t"; print "kind", "id", "bias", "f0", "f1" }
	{ print "item", $0, 0, NR % 7 / 7 + 0.1, NR % 11 / 11 + 0.1 }' > map.tsv
cat words bytes | awk 'BEGIN { OFS = "\t"; print "item", "title", "</script>`touch bitten`\033[31m" } { print $0, "t" $0, $0 }' > items.tsv
status 0 plot-embeddings --format html --metadata items.tsv -o '"`touch bitten`.html' map.tsv
[ "$(grep -c '<script' '"`touch bitten`.html')" = "$(grep -c '</script>' '"`touch bitten`.html')" ] || say 'a title ends the script of the map'
[ "$(grep -o '</script>' '"`touch bitten`.html' | wc -l)" -le 2 ] || say 'a title ends the script of the map'
! awk '/[\001-\010\013\014\016-\037\177]|\302[\200-\237]|\342\200[\250-\256]/ { found = 1 } END { exit !found }' '"`touch bitten`.html' ||
	say 'control characters in the page of the map'
status 0 plot-embeddings --format svg --metadata items.tsv --color title -o map.svg map.tsv
page map.svg
if command -v python3 > /dev/null; then
	python3 - '"`touch bitten`.html' map.svg words bytes << 'END' || bad=1
import json, re, sys, xml.etree.ElementTree as tree
page, svg = open(sys.argv[1], encoding='utf-8').read(), tree.parse(sys.argv[2])
def plain(line):
    out = ''
    while line:
        for n in (1, 2, 3, 4):
            try: c = line[:n].decode(); break
            except UnicodeDecodeError: c = None
        if c is None: n, c = 1, '\ufffd'
        p = ord(c)
        if p < 9 or 10 < p < 13 or 13 < p < 32 or 126 < p < 160 or 0x2027 < p < 0x202f or 0x2065 < p < 0x206a: c = '\ufffd'
        out += c; line = line[n:]
    return out
want = sorted(plain(b't' + w) for f in sys.argv[3:] for w in open(f, 'rb').read().split(b'\n')[:-1])
data = json.loads(re.search(r'const data =\n(.*?)\n?;\nfunction ', page, re.S).group(1))
if sorted(data['titles']) != want: sys.exit('titles of the map are others')
titles = sorted(t.text for t in svg.iter('{http://www.w3.org/2000/svg}title'))
if titles != want: sys.exit('titles of the picture are others')
END
fi

# ---- the main job, with ids and titles that bite -----------------------------------------

cat words bytes | head -n 60 > ids
awk 'BEGIN { OFS = "\t"; print "user", "item", "time" }
	{ id[++n] = $0 }
	END { for (u = 1; u <= n; u++) for (i = 0; i < 14; i++) print id[u], id[(u * 7 + i * i + i) % n + 1], 0.9 }' ids > "logs \`touch bitten\`.tsv"
awk 'BEGIN { OFS = "\t"; print "item", "title" } { print $0, "T" $0 }' ids > titles.tsv
work='work $(touch bitten)"'\'' \'
REDIS=none KERNEL=portable FACTORS=4 EPOCHS=2 MIN_USER=1 MIN_ITEM=1 K=5 ITEMS=titles.tsv
export REDIS KERNEL FACTORS EPOCHS MIN_USER MIN_ITEM K ITEMS
command -v redis-server > /dev/null && command -v redis-cli > /dev/null && REDIS=private
status 0 "$pipelines/personalize" "$work" "logs \`touch bitten\`.tsv"
harmless out 'the report of personalize'
status 0 env TUNE=2 TUNE_LOSSES=ials "$pipelines/personalize" "$work" "logs \`touch bitten\`.tsv"
status '1 2 3' env TUNE=1 SEED='1;touch bitten' PATIENCE='$(touch bitten)' "$pipelines/personalize" tuned "logs \`touch bitten\`.tsv"
status '1 2' env IMPORT='--map * $(touch bitten)' "$pipelines/personalize" imported '"`touch bitten`.json'
for user in 'a\tb\\n' '\' '`touch bitten`' "a\"b'c" 1e3 a=b '%s%n%d'; do
	status 0 env SHOW_USER="$user" "$pipelines/personalize" "$work" "logs \`touch bitten\`.tsv"
	grep -qF "User $user listened to" out || say "the report is not about $user"
	[ "$(sed -n '/listened to, among others/,/and is recommended/p' out | wc -l)" -gt 5 ] || say "what $user took is not in the report"
	[ "$(sed -n '/and is recommended/,$p' out | grep -c '^ *[0-9]*  T')" = 5 ] || say "$user is offered nothing"
	if [ $REDIS = private ]; then
		USER_SHOWN=$user awk -F '\t' '$1 == "next" && $2 "" == ENVIRON["USER_SHOWN"] { n++ } END { exit n != 3 }' "$work/requests.tsv" ||
			say "not asked for $user"
	fi
done
user=$(printf '\033]0;x\007')
status 0 env SHOW_USER="$user" "$pipelines/personalize" "$work" "logs \`touch bitten\`.tsv"
harmless out 'the report about a user that steers terminals'
unset ITEMS

# A night that fails, and its mail, also when a program of others has its say.
mkdir talks
printf '#!/bin/sh\nprintf "\\033[31m\\302\\233 it failed\\n" >&2\nexit 1\n' > talks/build-dataset
chmod +x talks/build-dataset
for tools in "$RECPIPE_TMP/talks" "$RECPIPE_BIN"; do
	status '1 2 3' env REDIS=none MAIL_COMMAND='cat > mail' ITEM_COLUMN="$([ "$tools" != "$RECPIPE_BIN" ] && echo item || printf 'no\033[31m $(touch bitten)')" \
		RECPIPE_BIN="$tools" "$pipelines/nightly" 'store `touch bitten`' "logs \`touch bitten\`.tsv"
	grep -q 'it failed\|no column' mail || say "a mail of nothing: $(cat mail)"
	harmless mail 'the mail'
done

# The closed loop, with arms and a folder that bite.
status 0 env REDIS=none USERS=60 TRACKS=40 ARTISTS=8 GENRES=3 TUNE=0 SESSIONS=2 FACTORS=4 \
	PREFIX='`touch bitten`' "$pipelines/simulate-experiment" 'loop `touch bitten`'
harmless out 'the verdict'
page 'loop `touch bitten`/report.html' 2
exit $bad
