#!/bin/sh
# The README's examples of tools in other people's stacks: each block marked
# <!-- check NAME --> is run as it stands, and must print the block behind it.
set -u
cd "$RECPIPE_TMP" || exit 1
server=
trap '[ -z "$server" ] || kill "$server" 2> /dev/null' EXIT
if command -v redis-server > /dev/null && command -v redis-cli > /dev/null; then
	redis-server --port 0 --unixsocket "$RECPIPE_TMP/socket" --save '' --dir "$RECPIPE_TMP" \
		> redis.log 2>&1 &
	server=$!
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ "$(redis-cli -s "$RECPIPE_TMP/socket" ping 2> /dev/null)" = PONG ] && break
		sleep 0.1
	done
fi
# Blocks become NAME.sh and NAME.want.
awk '
	/^<!-- check / { name = $3; block = 0; next }
	/^```/ && name != "" {
		if (inside) { inside = 0; if (++block == 2) name = "" }
		else { inside = 1; file = name (block ? ".want" : ".sh") ; printf "" > file }
		next
	}
	inside { print > file }' "$RECPIPE_ROOT/README.md"
bad=0 ran=0
for script in *.sh; do
	[ -f "$script" ] || break
	name=${script%.sh}
	if grep -q redis: "$script"; then
		if [ -z "$server" ]; then
			echo "$name: not run, there is no redis-server"
			continue
		fi
		# The documented address becomes that of the private server.
		sed -i.was -e "s|redis-cli -u redis://127.0.0.1:6379/0|redis-cli -s $RECPIPE_TMP/socket|" \
			-e "s|redis://127.0.0.1:6379/0|unix://$RECPIPE_TMP/socket|" "$script"
	fi
	mkdir "$name" && (cd "$name" && sh -eu "../$script" < /dev/null > ../"$name.got" 2> ../"$name.err") || {
		echo "$name: exit status not 0"
		bad=1
	}
	cat "$name.err"
	if ! diff -u "$name.want" "$name.got"; then
		echo "^ README, block $name (- as written, + as it is)"
		bad=1
	fi
	ran=$((ran + 1))
done
[ $ran -ge 3 ] || {
	[ -z "$server" ] || { echo "only $ran blocks found in README.md"; bad=1; }
}
exit $bad
