# lib.sh - how the loops over all tools run one of them. A tool's folder in
# tests/every/ says it (see tests/checks/every-tool.sh).

# every_enter TOOL: goes into a copy of the tool's folder; sets tool, args, json, feed
every_enter()
{
	tool=$1
	BEFORE=
	cp -R "$RECPIPE_ROOT/tests/every/$tool" "$RECPIPE_TMP/$tool" && cd "$RECPIPE_TMP/$tool" || exit 1
	args=$(cat args)
	json= feed=/dev/null
	[ -f json ] && json=yes
	[ -f input ] && feed=input
	if [ -f setup ]; then
		. ./setup
	fi
}

every_leave()
{
	if [ -f teardown ]; then
		. ./teardown
	fi
	cd "$RECPIPE_TMP" || exit 1
}

# every_tool COMMAND [TOOL]...: the command in the folder of each tool, or of those that are named
every_tool()
{
	does=$1
	shift
	cd "$RECPIPE_TMP" || exit 1
	[ $# -gt 0 ] || set -- "$RECPIPE_BIN"/*
	for tool; do
		every_enter "$(basename -- "$tool")"
		"$does"
		every_leave
	done
	every_tools=$#
}

# every_now N: true; in a build whose tools are slow, a sanitizer's, at one call in N: what is tried
# with every tool there goes round
turn=0
every_now()
{
	[ "$RECPIPE_MODE" = release ] || [ $(((turn += 1) % $1)) = 0 ]
}

# Runs the tool with its arguments and more, where "$@" stands in them or behind
# them; stdin is what the caller gives. BEFORE: words in front (strace ..).
go()
{
	case $args in
	*'$@'*) eval "${BEFORE:-timeout 60} \"\$tool\" $args" ;;
	*) eval "${BEFORE:-timeout 60} \"\$tool\" $args \"\$@\"" ;;
	esac
}

# every_pad: the feed is an input of more than 512 kB, by a further column or a further
# key, where the tool takes one
every_pad()
{
	[ "$feed" = input ] && ! grep -qs '^further-column ' not || return 0
	awk -v json="$json" -v rows="$(wc -l < input)" '
		BEGIN { for (pad = "x"; length(pad) * rows < 600000;) pad = pad pad }
		json { sub(/}$/, ",\"pad\":\"" pad "\"}"); print; next }
		{ print $0 "\t" (NR == 1 ? "pad" : pad) }' input > padded
	feed=padded
}

# every_new FILE: is it what the good run wrote (FILE.good)? Where two are never equal,
# `whole` (in the tool's folder) says of it, $file, whether it is whole.
every_new()
{
	if [ "${1#more.new}" != "$1" ] && [ -f whole ]; then
		(file=$1 && . ./whole)
	else
		cmp -s "$1.good" "$1"
	fi
}
