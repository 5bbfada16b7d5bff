# wording.awk - the prose of source files, one piece a line: FILE:LINE: text, where LINE is
# the first line of the piece. Of C: each comment, and string literals that stand in a row
# joined as the compiler joins them. Of shell and awk: comments, and what echo and printf print.
# Of man pages and Markdown: paragraphs. A piece is one line, so that a line break hides nothing.
function out(   t) {
	t = piece
	gsub(/[ \t]+/, " ", t)
	if (t != "" && t != " ")
		print file ":" begin ": " t
	piece = ""
	literal = 0
}
function add(text) {
	if (piece == "")
		begin = FNR
	piece = piece text
}
FNR == 1 {
	if (NR > 1)
		last()
	file = FILENAME
	comment = literal = example = 0
	piece = ""
	kind = FILENAME ~ /\.[ch]$/ ? "c" : FILENAME ~ /\.[1357]$/ ? "man" : FILENAME ~ /\.(md|help)$/ ? "text" : "sh"
}
function last() {
	if (piece != "")
		out()
}
kind == "c" {
	rest = $0
	while (rest != "") {
		if (comment) {
			end = index(rest, "*/")
			text = end ? substr(rest, 1, end - 1) : rest
			sub(/^[ \t]*\*[ \t]?/, "", text)
			if (text ~ /^[ \t]*$/ && piece != "") { out() } else add(text " ")
			if (!end)
				break
			rest = substr(rest, end + 2)
			comment = 0
			out()
		} else if (match(rest, /\/\*|\/\/|"([^"\\]|\\.)*"|'([^'\\]|\\.)*'/)) {
			between = substr(rest, 1, RSTART - 1)
			token = substr(rest, RSTART, RLENGTH)
			rest = substr(rest, RSTART + RLENGTH)
			# What stands between two literals of one text: blanks, and PRIu64 and the like.
			if (literal && between !~ /^[ \t]*(PRI[a-zA-Z0-9]*[ \t]*)?$/)
				out()
			if (token == "/*") {
				if (literal)
					out()
				comment = 1
			} else if (token == "//") {
				if (literal)
					out()
				add(rest)
				out()
				rest = ""
			} else if (token ~ /^"/ && $0 !~ /^#include/) {
				literal = 1
				token = substr(token, 2, length(token) - 2)
				gsub(/\\n|\\t/, " ", token)
				add(token)
			}
		} else {
			if (literal && rest !~ /^[ \t]*(PRI[a-zA-Z0-9]*[ \t]*)?\\?$/)
				out()
			break
		}
	}
	next
}
kind == "man" {
	if ($0 ~ /^\.(EX|nf)/) example = 1
	if ($0 ~ /^\.(EE|fi)/) example = 0
	if ($0 ~ /^\.\\"/ || $0 == "." || $0 == "") { if (piece != "") out(); next }
	if (/^\.(SH|SS|TP|PP|IP|EX|EE|RS|RE|TH|nf|fi)/ || example) { if (piece != "") out() }
	text = $0
	gsub(/\\f[BIRP]|\\&|\\c$/, "", text)
	gsub(/\\-/, "-", text)
	if (!sub(/^\.(BR|IR|RB|RI|B|I|BI|IB) /, "", text))
		sub(/^\.[A-Z][A-Z] ?/, "", text)
	add(text " ")
	next
}
kind == "text" {
	if ($0 ~ /^[ \t]*$|^```|^[|#-]/ && piece != "")
		out()
	add($0 " ")
	next
}
{ # sh: comments that follow one another are one piece
	if (match($0, /^[ \t]*#+!?/)) {
		if (!comment && piece != "")
			out()
		comment = 1
		add(substr($0, RSTART + RLENGTH) " ")
		next
	}
	if (piece != "")
		out()
	comment = 0
	if ($0 ~ /echo |printf |say |complain |usage|warn |die |[ \t]# /) {
		add($0)
		out()
	}
}
END { last() }
