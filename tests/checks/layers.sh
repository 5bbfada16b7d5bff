#!/bin/sh
# Who may include whom: a file of common/ only its own layer and those below;
# tools no other tool; hiredis only in services; the services archive of its own.
set -u
cd "$RECPIPE_ROOT" || exit 1
awk '
	BEGIN {
		n = split("base data streams frame domain learning services", names, " ")
		for (i = 1; i <= n; i++) {
			level[names[i]] = i
			order = order (i > 1 ? ", " : "the layers are, from the lowest: ") names[i]
		}
	}
	FNR == 1 {
		split(FILENAME, part, "/")
		own = part[1] == "common" ? part[2] : ""
		if (part[1] == "common" && !(own in level))
			complain("is in no layer: move it into one; " order)
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
		if (own != "" && !slash)
			complain("includes " target ": write the layer too, as in \"base/span.h\"")
		if (slash) {
			layer = substr(target, 1, slash - 1)
			if (!(layer in level))
				complain("includes " target ": no layer is called " layer "; " order)
			else if (own != "" && level[layer] > level[own])
				complain("includes " target ", a layer above its own: move the file up or what it needs down; " order)
		}
	}
	function complain(what) {
		print FILENAME ":" FNR ": " what
		bad = 1
	}
	END { exit bad }' $(find common tools -name '*.[ch]') || exit 1

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
