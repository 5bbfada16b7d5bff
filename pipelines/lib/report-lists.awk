# report-lists.awk - who had a list, on report-experiment's page: of lists.tsv, which report-sources.awk makes of the
# events, and of coverage.tsv, which personalize makes; after report-read.awk and report-text.awk.

kind == "lists.tsv" && ($1 in number) {
	k = number[$1]
	with_lists[k]++
	list_answers[k, $2] = $3
	list_random[k, $2] = $4
	list_users[k, $2] = $5
	list_had[k, $2] = $6
	list_why[k, $2] = $7
}
kind == "coverage.tsv" {
	covered[$1] = $2
	if (!("count" in col) || $2 !~ /^[0-9]+$/) {
		print "report-experiment: --coverage: not a table users count share, as personalize makes it" | "cat >&2"
		failed_input = 1
		exit 3
	}
}
function of_all(part, all) { return all + 0 > 0 ? sprintf("%.1f&nbsp;%%", 100 * part / all) : "&ndash;" }
# Does the text REASON=USERS come after the other: fewer users, or later in the order of bytes?
function comes_after(a, b,    x, y) {
	split(a, x, "=")
	split(b, y, "=")
	return x[2] + 0 < y[2] + 0 || (x[2] == y[2] && x[1] "" > y[1] "")
}
function reasons_text(text,    m, word, i, j, half, list) {
	m = split(text, word, " ")
	for (i = 2; i <= m; i++)
		for (j = i; j > 1 && comes_after(word[j - 1], word[j]); j--) {
			half = word[j]
			word[j] = word[j - 1]
			word[j - 1] = half
		}
	for (i = 1; i <= m; i++) {
		split(word[i], pair, "=")
		list = add_to(list, pair[2] " <code>" html(pair[1]) "</code>")
	}
	return list == "" ? "&ndash;" : list
}
function column(text, class) { return "<th scope=\"col\"" (class == "" ? "" : " class=\"t\"") ">" text "</th>" }
function write_lists(k,    a, b) {
	if (!with_lists[k])
		return
	print "<h3>Who had a list</h3>\n<p>By the source of each answer: how many answers were random because the recommender had none, " \
		"and how many users had at least one from the recommender itself.</p>"
	print "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Who had a list\"><table>\n<thead><tr>" \
		column("arm", "t") column("answers") column("random fallbacks") column("users") column("with a list") \
		column("without one, by the reason of the first answer", "t") "</tr></thead>\n<tbody>"
	for (a = 1; a <= arms[k]; a++) {
		b = arm[k, a]
		if ((k, b) in list_answers)
			print "<tr><td class=\"t\">" html(label(b)) "</td><td>" list_answers[k, b] "</td><td>" of_all(list_random[k, b], list_answers[k, b]) \
				"</td><td>" list_users[k, b] "</td><td>" of_all(list_had[k, b], list_users[k, b]) "</td><td class=\"t\">" \
				reasons_text(list_why[k, b]) "</td></tr>"
	}
	print "</tbody></table></div>"
}
# What personalize says of the log that the lists were made of.
function write_coverage() {
	if (!("log" in covered))
		return
	print "<section id=\"coverage\">\n<h2>Users with a list</h2>\n<p>" covered["lists"] + 0 " of " covered["log"] + 0 \
		" users of the log that the lists were made of have one (" of_all(covered["lists"], covered["log"]) ")" \
		(covered["folded"] + 0 ? ", " covered["folded"] + 0 " of these by fold-in" : "") ". Without one: " \
		covered["no-positives"] + 0 " have no positive, " covered["thresholds"] + 0 " are below the thresholds, " \
		covered["cold"] + 0 " are cold.</p>\n</section>"
}
