# palette.awk - the light colors of palette.css for programs: awk -f palette.awk palette.css
#
# Prints lines `name #rrggbb`; with FORM=c in the environment, defines of C: PALETTE_GOOD, and
# PALETTE_SERIES, the list of all series.

function add(name, color) {
	if (!c) {
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
	c = ENVIRON["FORM"] == "c"
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
