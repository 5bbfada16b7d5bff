# palette.awk - the light colors of palette.css for programs: awk -f palette.awk palette.css
#
# Prints lines `name #rrggbb`; with FORM=c in the environment, defines of C: PALETTE_GOOD, and
# PALETTE_SERIES, the list of all series; with FORM=gnuplot, commands that set its line types,
# border and grid.

function add(name, color) {
	if (form == "gnuplot") {
		if (name ~ /^series-/)
			print "set linetype " substr(name, 8) " lc rgb '" color "';"
		else if (name == "soft")
			print "set border 3 lc rgb '" color "'; set tics nomirror;"
		else if (name == "line")
			print "set grid lc rgb '" color "' lt 1;"
	}
	if (!c) {
		if (form != "gnuplot")
			print name, color
		return
	}
	if (name ~ /^series-/)
		series = series (series == "" ? "" : ", ") "\"" color "\""
	else {
		gsub(/-/, "_", name)
		print "#define PALETTE_" toupper(name) " \"" color "\""
	}
}
BEGIN {
	form = ENVIRON["FORM"]
	c = form == "c"
	if (c)
		print "/* Made from palette.css by palette.awk: change the palette instead. */"
}
/^@media/ {
	exit
}
{
	while (match($0, /--[a-z0-9-]+: #[0-9a-f]+;/)) {
		pair = substr($0, RSTART + 2, RLENGTH - 3)
		$0 = substr($0, RSTART + RLENGTH)
		split(pair, part, ": ")
		add(part[1], part[2])
		n++
	}
}
END {
	if (!n) {
		print "palette.awk: no color" | "cat >&2"
		exit 1
	}
	if (c)
		print "#define PALETTE_SERIES " series
}
