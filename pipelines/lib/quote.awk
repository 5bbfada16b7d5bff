# quote.awk - text from outside, made harmless for a terminal, gnuplot and a page, by the
# rules of common/base/quote.h, byte for byte the same. For LC_ALL=C: text is bytes.
#
#	shown(s)               as a terminal may have it
#	gnuplot_line(s, tic)   a line of a gnuplot data block
#	html(s)                text or attribute of HTML and SVG
#	js(s)                  a text of JavaScript or JSON, in its quotes, within a page
#
# Values go to awk by the environment (ENVIRON), never by -v, which reads backslashes,
# and never into the program's text.

function quote_start(    i) {
	for (i = 1; i < 256; i++)
		quote_code[sprintf("%c", i)] = i
}

# Length of the UTF-8 character that s begins with (RFC 3629), 0 when none does
function utf8_length(s) {
	if (s ~ /^[\001-\177]/)
		return 1
	if (s ~ /^[\302-\337][\200-\277]/)
		return 2
	if (s ~ /^(\340[\240-\277]|[\341-\354\356\357][\200-\277]|\355[\200-\237])[\200-\277]/)
		return 3
	if (s ~ /^(\360[\220-\277]|[\361-\363][\200-\277]|\364[\200-\217])[\200-\277][\200-\277]/)
		return 4
	return 0
}

# The number of the character that s, n bytes, is
function utf8_point(s, n,    i, p) {
	p = quote_code[substr(s, 1, 1)]
	if (n == 1)
		return p
	p -= n == 2 ? 192 : n == 3 ? 224 : 240
	for (i = 2; i <= n; i++)
		p = p * 64 + quote_code[substr(s, i, 1)] - 128
	return p
}

function is_noncharacter(p) {
	return p % 65536 >= 65534 || (p >= 64976 && p <= 65007)
}

# What steers a terminal or is not to be seen there
function is_hidden(p) {
	return p < 32 || (p >= 127 && p <= 159) || p == 173 || p == 1564 || p == 6158 ||
		(p >= 8203 && p <= 8207) || (p >= 8232 && p <= 8238) || (p >= 8288 && p <= 8303) ||
		p == 65279 || (p >= 65529 && p <= 65531) || (p >= 917504 && p <= 917631) || is_noncharacter(p)
}

# What a page cannot hold or must not obey
function is_refused(p) {
	return (p < 32 && p != 9 && p != 10 && p != 13) || (p >= 127 && p <= 159) ||
		(p >= 8232 && p <= 8238) || (p >= 8294 && p <= 8297) || is_noncharacter(p)
}

# The first character of s as a terminal may have it; quote_took: its bytes
function shown_unit(s,    n, p) {
	n = utf8_length(s)
	quote_took = n ? n : 1
	if (!n)
		return sprintf("\\x%02x", quote_code[substr(s, 1, 1)])
	p = utf8_point(s, n)
	if (!is_hidden(p))
		return substr(s, 1, n)
	if (p == 9 || p == 10 || p == 13)
		return p == 9 ? "\\t" : p == 10 ? "\\n" : "\\r"
	return sprintf(p < 128 ? "\\x%02x" : p < 65536 ? "\\u%04x" : "\\U%08x", p)
}

function shown(s,    out) {
	if (s !~ /[^ -~]/)
		return s
	out = ""
	while (s != "") {
		if (match(s, /^[ -~]+/)) {
			out = out substr(s, 1, RLENGTH)
			s = substr(s, RLENGTH + 1)
		} else {
			out = out shown_unit(s)
			s = substr(s, quote_took + 1)
		}
	}
	return out
}

function gnuplot_line(s, tic,    out, unit, left) {
	out = "="
	left = 44
	while (s != "") {
		unit = shown_unit(s)
		s = substr(s, quote_took + 1)
		left -= length(unit)
		if (left < 0)
			return out "..."
		out = out (tic && unit == "%" ? "%%" : unit)
	}
	return out
}

# s, of which all that is not in `plain` is a character of its own, without what a page must
# not have
function for_page(s, plain,    out, n) {
	out = ""
	while (s != "") {
		if (match(s, plain)) {
			out = out substr(s, 1, RLENGTH)
			s = substr(s, RLENGTH + 1)
			continue
		}
		n = utf8_length(s)
		out = out (n && !is_refused(utf8_point(s, n)) ? substr(s, 1, n) : "\357\277\275")
		s = substr(s, (n ? n : 1) + 1)
	}
	return out
}

function js(s,    out, c) {
	if (s ~ /[^\t\n\r -~]/)
		s = for_page(s, "^[\t\n\r -~]+")
	out = "\""
	while (match(s, /["\\<\t\n\r]/)) {
		c = substr(s, RSTART, 1)
		out = out substr(s, 1, RSTART - 1) (c == "\"" || c == "\\" ? "\\" c : sprintf("\\u%04x", quote_code[c]))
		s = substr(s, RSTART + 1)
	}
	return out s "\""
}

function html(s) {
	gsub(/&/, "\\&amp;", s)
	gsub(/</, "\\&lt;", s)
	gsub(/>/, "\\&gt;", s)
	gsub(/"/, "\\&quot;", s)
	gsub(/'/, "\\&#39;", s)
	gsub(/\r/, "\\&#13;", s)
	return s ~ /[^\t\n -~]/ ? for_page(s, "^[\t\n -~]+") : s
}

BEGIN {
	quote_start()
}
