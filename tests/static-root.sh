# static-root.sh - the archive of make $1 (static, static-arm64) alone, in an empty root, by
# chroot; sourced. Every program says its version there; a pipeline gives the bytes of the
# ordinary build; Redis is reached by its socket, and HTTP answered at one. $2, if given, is
# the static emulator that runs the programs.
set -u
cd "$RECPIPE_TMP" || exit 1
target=$1
emulator=${2:+/emulator}
if [ "$(id -u)" = 0 ]; then
	enter() { exec env -i "$(command -v chroot)" "$PWD/root" $emulator "$@"; }
elif unshare --user --map-root-user true 2> /dev/null; then
	enter() { exec env -i "$(command -v unshare)" --user --map-root-user "$(command -v chroot)" "$PWD/root" $emulator "$@"; }
else
	echo 'chroot needs root or user namespaces'
	exit 77
fi
inside() { (enter "$@"); }
. "$RECPIPE_ROOT/tests/redis.sh"
bad=0
make -C "$RECPIPE_ROOT" "$target" > log 2>&1 || {
	tail -n 20 log
	exit 1
}
# The one warning that is known: names of hosts are looked up by libraries of the system.
grep 'warning:' log | grep -v "Using 'getaddrinfo'" && complain 'warnings'
archive=$(sed -n 's/^ *TAR *//p' log)
mkdir root && gzip -dc "$RECPIPE_ROOT/$archive" | tar -x -C root || exit 1
top=$(ls root)
[ -z "${2:-}" ] || cp "$2" root/emulator || exit 1
bin=/$top/bin
[ -z "$(find root -name '*.so*')" ] || complain 'there are libraries in it'
for program in "$RECPIPE_BIN"/*; do
	name=$(basename "$program")
	[ "$(inside "$bin/$name" --version 2>&1 | head -n 1)" = "$("$program" --version | head -n 1)" ] ||
		complain "$name does not say its version in an empty root"
	! LC_ALL=C readelf -d "root$bin/$name" | grep NEEDED || complain "$name is linked with shared libraries"
done
[ -s "root/$top/share/man/man1/train-mf.1" ] && [ -s "root/$top/LICENSE" ] || complain 'no pages, no license'

awk 'BEGIN { print "user\ttrack\ttime"; for (u = 0; u < 60; u++) for (i = 0; i < 20; i++)
	print "u" u "\tt" (u * 7 + i * i) % 90 "\t" (i % 5) / 4 }' > events.tsv
pipeline()
{
	"$@/filter-interactions" --above 0.2 < events.tsv |
		"$@/build-dataset" --item track --test 0.3 --seed 1 > dataset.tsv &&
		"$@/train-mf" --kernel portable --factors 8 --epochs 3 --threads 2 < dataset.tsv > model.tsv &&
		"$@/export-topk" --k 5 < model.tsv > topk.tsv
}
pipeline "$RECPIPE_BIN" 2> err && cat dataset.tsv model.tsv topk.tsv > ordinary || complain "the ordinary build: $(cat err)"
pipeline inside "$bin" 2> err && cat dataset.tsv model.tsv topk.tsv > static || complain "the static build: $(cat err)"
cmp ordinary static || complain 'the static build gives other bytes'
[ "$(wc -l < topk.tsv)" -gt 100 ] || complain 'no lists'

# load-redis names a generation with bytes of /dev/urandom: the one file that it asks for.
mkdir root/dev && head -c 64 /dev/urandom > root/dev/urandom
redis_folder=$PWD/root
redis_start
inside "$bin/load-redis" -q --redis unix:///s --prefix recs < topk.tsv 2> err || complain "load-redis: $(cat err)"
[ "$(redis hlen recs:lists)" = 60 ] || complain "load-redis in an empty root: $(redis hlen recs:lists) lists"

# The front and a worker of the archive, from lists in a file.
cp topk.tsv root/topk.tsv
awk 'BEGIN { print "item\ttitle"; for (i = 0; i < 90; i++) print "t" i "\ttitle " i }' > root/items.tsv
enter "$bin/serve-http" --listen unix:/http --items /items.tsv -- $emulator "$bin/next-track" --replies --recs /topk.tsv \
	--items /items.tsv 2> said &
server=$!
for _ in $(seq 200); do
	grep -q 'listening at' said && break
	kill -0 $server 2> /dev/null || break
	sleep 0.05
done
answer=$(curl -s -m 20 --unix-socket root/http -d '{"track": "t1", "time": 0.5}' http://here/next/u3)
track=$(printf '%s' "$answer" | sed -n 's/^{"user": "u3", "track": "\(t[0-9]*\)"}$/\1/p')
[ -n "$track" ] && grep -q "^u3	[0-9]*	$track	" topk.tsv ||
	complain "serve-http in an empty root: $answer $(cat said)"
kill $server && wait $server
[ $? = 143 ] || complain "serve-http in an empty root does not end by SIGTERM: $(cat said)"
exit $bad
