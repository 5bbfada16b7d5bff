#!/bin/bash
# Every command block of README.md, of the manual pages and of each tool's --help runs as
# it is written, on the files that tests/examples makes, and ends with exit status 0. The
# documented Redis is a private one. What cannot run here stands in tests/examples/not-run
# with the reason; an entry there that fits no block is a failure.
set -u
. "$RECPIPE_ROOT/tests/redis.sh"
redis_start
examples=$RECPIPE_ROOT/tests/examples

# The blocks: NAME.N.sh for block N of a page, of README.md, of a --help.
mkdir blocks fixtures
for page in "$RECPIPE_ROOT"/man/*.[1357]; do
	case $page in
	*/recpipe-seminar.7) continue ;; # checks/seminar runs it
	*/recpipe-cookbook.7) continue ;; # checks/cookbook
	*/recpipe.3) continue ;;         # it is C: checks/library
	esac
	awk -v to="blocks/$(basename "$page")" '
		/^\.SH / { examples = $2 == "EXAMPLES" }
		/^\.EX/ { n++; text = ""; inside = 1; next }
		/^\.EE/ {
			inside = 0
			# A table or a drawing is no command: outside EXAMPLES, a block counts when it
			# begins with a tool of ours or a variable.
			print (examples ? "example" : "other") > (to "." n ".kind")
			printf "%s", text > (to "." n ".sh")
		}
		inside { gsub(/\\-/, "-"); gsub(/\\e/, "\\"); gsub(/\\\(aq/, "'\''"); gsub(/\\&/, ""); text = text $0 "\n" }' "$page"
done
awk '/^```sh/ { n++; inside = 1; next } /^```/ { inside = 0 } /^<!-- check / { checked = 1 }
	inside { if (checked) { inside = 0; checked = 0; next } print > ("blocks/README.md." n ".sh") }
	/^```$/ { checked = 0 }' "$RECPIPE_ROOT/README.md"
tools=
for program in "$RECPIPE_BIN"/*; do
	name=$(basename -- "$program")
	tools="$tools|$name"
	"$program" --help | awk -v to="blocks/$name.help" '
		/^Examples:/ { inside = 1; next } /^$/ { inside = 0 }
		inside { if (/^  [^ ]/) n++; print > (to "." n ".sh") }'
done
for kind in blocks/*.kind; do
	[ "$(cat "$kind")" = example ] || head -n 1 "${kind%.kind}.sh" | grep -qE "^(${tools#|}|[a-z_]+=) ?" ||
		rm -f -- "${kind%.kind}.sh"
done

# not-run: NAME.N, then the reason. The entry must fit a block.
while IFS='	' read -r name reason; do
	case $name in '' | '#'*) continue ;; esac
	if [ -f "blocks/$name.sh" ] && [ -n "$reason" ]; then
		mv "blocks/$name.sh" "blocks/$name.not-run"
	else
		complain "tests/examples/not-run: $name is no block, or has no reason"
	fi
done < "$examples/not-run"

# Beside || a failure inside would be overlooked: set -e is off there.
(set -eu; cd fixtures; . "$examples/fixtures.sh") > log 2>&1
[ $? = 0 ] || {
	cat log
	exit 1
}

# The pipelines, by the names that make install gives them.
mkdir installed
for pipeline in backtest personalize; do
	ln -s "$RECPIPE_ROOT/pipelines/$pipeline" "installed/recpipe-$pipeline"
done
PATH=$PWD/installed:$PATH

. "$examples/for-page.sh"
ran=0 folder='' missing=''
for script in $(printf '%s\n' blocks/*.sh | sort -V); do
	block=$(basename "$script" .sh)
	page=${block%.*}
	if [ "$page" != "$folder" ]; then
		folder=$page
		cp -R fixtures "$page"
		redis flushall > /dev/null
		hook=for_$(printf '%s' "${page%.help}" | tr -c 'a-zA-Z0-9\n' _)
		if command -v "$hook" > /dev/null; then
			(set -eu; cd "$page"; "$hook")
			[ $? = 0 ] || complain "$hook failed"
		fi
		[ ! -f "$page/.missing" ] || missing="$missing $(cat "$page/.missing")"
	fi
	[ ! -f "$page/.missing" ] || continue
	sed -i -e "s|redis://127.0.0.1:6379/0|$url|g" -e "s|unix:///run/redis.sock|$url|g" \
		-e "s|redis-cli -u $url|redis-cli|g" -e "s|redis-cli |redis-cli -s $redis_folder/s |g" \
		-e "s|/var/log/|$PWD/$page/|g" "$script"
	(cd "$page" && timeout 600 bash -euo pipefail "../$script" < /dev/null) > out 2> err
	rc=$?
	[ $rc = 0 ] || [ $rc = 141 ] || complain "$block: exit status $rc
$(cat "$script")
$(tail -n 5 err)"
	ran=$((ran + 1))
done
[ $ran -gt 80 ] || complain "only $ran blocks found"
[ -z "$missing" ] || echo "not tried here, missing:$missing"
exit $bad
