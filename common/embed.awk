# embed.awk - a page and what it links to as a C header: awk -f embed.awk DIR/page.html
#
# The lines <link rel='stylesheet' href='FILE'> and <script src='FILE'></script> become the
# contents of FILE, relative to the page. DATA; at the beginning of a line of a script is where
# the tool writes the data: what stands before it is PAGE_HEAD, the rest PAGE_TAIL.

function put(line) {
	gsub(/[\\"]/, "\\\\&", line)
	print "\t\"" line "\\n\""
}
function put_file(name,    line, got) {
	while ((got = (getline line < (folder name))) > 0) {
		if (line ~ /^DATA;/ && !halves++) {
			print ";\nstatic const char PAGE_TAIL[] ="
			sub(/^DATA/, "", line)
		}
		put(line)
	}
	if (got < 0)
		fail("cannot read " folder name)
	close(folder name)
}
function fail(what) {
	print FILENAME ": " what | "cat >&2"
	failed = 1
	exit 1
}
BEGIN {
	print "/* Made from a page by common/embed.awk: change the page instead. */"
	print "static const char PAGE_HEAD[] ="
}
FNR == 1 {
	folder = FILENAME
	sub(/[^\/]*$/, "", folder)
}
/^<link rel='stylesheet' href='[^']*'>$/ || /^<script src='[^']*'><\/script>$/ {
	element = /^<link/ ? "style" : "script"
	split($0, part, "'")
	put("<" element ">")
	put_file(part[element == "style" ? 4 : 2])
	put("</" element ">")
	next
}
{
	put($0)
}
END {
	if (failed)
		exit 1
	if (halves != 1)
		fail("no script has a line that begins with DATA;")
	print ";"
}
