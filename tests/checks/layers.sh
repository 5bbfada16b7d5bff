#!/bin/sh
# Who may include and call whom: a file of common/ only its own layer and those below (so
# nothing below frame knows of options and usage errors); library/ what lies below learning;
# tools no other tool; hiredis only in services; the services archive of its own.
set -u
cd "$RECPIPE_ROOT" || exit 1

# layers: checks common/ and tools/ of the working directory. The headers come twice: the
# first time for the names that each layer has.
layers()
{
	awk '
	BEGIN {
		n = split("base data streams domain learning frame services", names, " ")
		for (i = 1; i <= n; i++) {
			level[names[i]] = i
			order = order (i > 1 ? ", " : "the layers are, from the lowest: ") names[i]
		}
		level["library"] = level["learning"] - 0.5
	}
	FNR == 1 {
		split(FILENAME, part, "/")
		own = part[1] == "common" ? part[2] : part[1] == "library" ? "library" : ""
		in_comment = 0
		split("", is_own)
		if (!learn && part[1] == "common" && !(own in level))
			complain("is in no layer: move it into one; " order)
	}
	learn {
		if (/^[a-zA-Z_].*[(]/ && match($0, /[a-z_][a-z0-9_]*[(]/)) {
			name = substr($0, RSTART, RLENGTH - 1)
			if (name !~ /^__/ && (!(name in level_of) || level[own] < level_of[name])) {
				level_of[name] = level[own]
				layer_of[name] = own
			}
		}
		next
	}
	/^[ \t]*#[ \t]*include[ \t]/ {
		target = $0
		sub(/^[^<"]*[<"]/, "", target)
		sub(/[>"].*/, "", target)
		if (target ~ /^hiredis/ && own != "services")
			complain("includes " target ": only common/services may; include \"services/redis.h\" instead")
		if ($0 !~ /"/)
			next
		if (target ~ /\.c$/ && target !~ /\.inc\.c$/)
			complain("includes the source " target ": include its header, or name it .inc.c")
		if (target ~ /\.\./)
			complain("includes " target ": write layer/file.h, from common/, without ..")
		slash = index(target, "/")
		if (own != "" && own != "library" && !slash)
			complain("includes " target ": write the layer too, as in \"base/span.h\"")
		if (slash) {
			layer = substr(target, 1, slash - 1)
			if (!(layer in level))
				complain("includes " target ": no layer is called " layer "; " order)
			else if (own != "" && level[layer] > level[own])
				complain("includes " target ", a layer above its own: move the file up or what it needs down; " order)
		}
		next
	}
	own != "" {
		line = code($0)
		if (line ~ /^static / && match(line, /[a-z_][a-z0-9_]*[(]/))
			is_own[substr(line, RSTART, RLENGTH - 1)] = 1
		# A call, or the name of a function as a value (one word alone may be a variable).
		while (match(line, /[A-Za-z_][A-Za-z0-9_]*[(]?/)) {
			name = substr(line, RSTART, RLENGTH)
			before = RSTART > 1 ? substr(line, RSTART - 1, 1) : ""
			line = substr(line, RSTART + RLENGTH)
			if (!sub(/[(]$/, "", name) && name !~ /_/)
				continue
			if (name in level_of && level_of[name] > level[own] && !(name in is_own) &&
			    before != "." && before != ">")
				complain("uses " name " of " layer_of[name] ", a layer above its own: return what is wrong to the caller, or take what is needed as an argument; " order)
		}
	}
	# The line without comments and texts.
	function code(text,    out, at, end) {
		for (;;) {
			if (in_comment) {
				if (!(end = index(text, "*/")))
					return out
				in_comment = 0
				text = substr(text, end + 2)
			}
			if (!(at = match(text, /"([^"\\]|\\.)*"|\/[*]/)))
				return out text
			out = out substr(text, 1, at - 1) " "
			in_comment = substr(text, at, 2) == "/*"
			text = substr(text, at + RLENGTH)
		}
	}
	function complain(what) {
		print FILENAME ":" FNR ": " what
		bad = 1
	}
	END { exit bad }' learn=1 $(find common -name '*.h') learn=0 $(find common library tools -name '*.[ch]')
}
layers || exit 1

# Can it fail? A file more in a copy of the tree; the last one is as it should be.
mkdir "$RECPIPE_TMP/tree" && cp -R common "$RECPIPE_TMP/tree" && cp -R library "$RECPIPE_TMP/tree" &&
	mkdir "$RECPIPE_TMP/tree/tools" || exit 1
control()
{
	(cd "$RECPIPE_TMP/tree" && cat > "$1" && layers > "$RECPIPE_TMP/found")
	found=$?
	rm "$RECPIPE_TMP/tree/$1"
	if [ "$2" = good ]; then
		[ $found = 0 ] && return
	else
		[ $found != 0 ] && ! grep -v "^$1:" "$RECPIPE_TMP/found" &&
			grep -q "$2" "$RECPIPE_TMP/found" && return
	fi
	echo "negative control: $1: not found ($2), or found where nothing is: $(cat "$RECPIPE_TMP/found")"
	exit 1
}
control common/domain/bad.c 'includes frame/options.h' << 'END'
#include "frame/options.h"
END
control common/domain/bad.c 'uses usage_error of frame' << 'END'
void usage_error(const char *format, ...);
END
control common/domain/bad.c 'bad.c:2: uses option_given of frame' << 'END'
/* a comment
 * of lines */ static int n(void) { return option_given("user"); }
END
control common/streams/bad.c 'uses program_start of frame' << 'END'
static const void *start = (const void *)program_start;
END
control common/learning/bad.c 'uses finish of frame' << 'END'
static int end(void) { return /* at last */ finish(0); }
END
control common/data/bad.c 'uses table_open of streams' << 'END'
static void *open(void) { return table_open(0, 0, 0); }
END
control library/bad.c 'includes learning/loss.h' << 'END'
#include "learning/loss.h"
END
control library/bad.c 'uses usage_error of frame' << 'END'
static void f(void) { usage_error("x"); }
END
control common/domain/good.c good << 'END'
#include "streams/column.h"
/* usage_error("it is frame that calls it")
 * option_given("user") */
static const char *const TEXT = "usage_error(\"x\")"; /* finish(0) */
static int finish(int x) { return x; }
static int done(struct table *t) { return finish(t->option_given + t->run_report(1)); }
END

# Only tools that include services/ carry hiredis.
for tool in "$RECPIPE_BIN"/*; do
	name=$(basename -- "$tool")
	[ "$(head -c 2 "$tool")" = '#!' ] && continue
	if ! grep -qs '^#include "services/' tools/"$name".c tools/"$name"/*.c &&
		ldd "$tool" | grep -q hiredis; then
		echo "$name is linked with hiredis and includes no service: what of common/ that it uses includes services/?"
		exit 1
	fi
done
