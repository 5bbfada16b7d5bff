# report-page.awk - the page of report-experiment: report-page.html with its files, what
# report-text.awk says and report-data.awk has to draw. The environment has REPORT_TITLE,
# REPORT_QUESTION, REPORT_LIB (the folder of the page's files), REPORT_SEQUENTIAL (1 or 0),
# REPORT_LOWER (the metrics where lower is better, one per line), REPORT_ALPHA
# (as analyze-ab has it), and of the foot REPORT_EVENTS,
# REPORT_INPUTS (one per line), REPORT_VERSION and REPORT_COMMAND.

function put_file(file,    line, got) {
	while ((got = (getline line < (ENVIRON["REPORT_LIB"] "/" file))) > 0)
		print line
	close(ENVIRON["REPORT_LIB"] "/" file)
	if (got < 0) {
		print "report-experiment: cannot read " file | "cat >&2"
		exit 1
	}
}
function question(k,    i, text, many) {
	if (ENVIRON["REPORT_QUESTION"] != "")
		return html(ENVIRON["REPORT_QUESTION"])
	for (i = first[k]; i <= n; i++)
		if (of[i] == k && metric[i] == primary[k] && segment[i] == "") {
			text = add_to(text, named(treatment[i]))
			many++
		}
	if (many == 0)
		return named(name[k]) ": nothing to compare yet"
	return (many > 1 ? "Are " : "Is ") (many > 4 ? "the " many " arms" : text) " better than " named(control[k]) " in " named(primary[k]) "?"
}
function write_method() {
	print "<details>\n<summary>How this was computed</summary>"
	print "<p>" (ENVIRON["REPORT_SEQUENTIAL"] + 0 ? "The intervals are valid for any number of looks. " : \
		"The intervals and p are valid for one look, at a time fixed in advance; " \
		"to look repeatedly and stop early, use <code>--sequential</code>. ") \
		"Intervals and <code>p adjusted</code> are adjusted for the number of comparisons, unless <code>--adjust none</code> is given.</p>"
	print "<p>Events are grouped into sessions and users; every arm is compared with the control, user by user. " \
		"An effect in percent is the difference of the means over the size of the control's mean. An effect is significant " \
		"when its adjusted p is below the level that was asked for; the page then says better or worse. A health check that failed voids the verdict. " \
		"With a primary metric and guardrails the decision is ship when the primary metric is better and all guardrails pass, and hold when it is worse or one fails. " \
		"Tests, intervals and their sources are described in the manual page analyze-ab(1).</p>"
	print "<dl class=\"legend\"><dt>effect %, interval %</dt><dd>the difference in percent of the control's mean, and where it lies with the " \
		"confidence that was asked for (95 % unless told otherwise)</dd>" \
		"<dt>p, p adjusted</dt><dd>the chance of a difference at least as large if there were none; adjusted for all comparisons of the experiment (intervals, too)</dd>" \
		"<dt>control, treatment</dt><dd>the means, in the unit that stands after the metric&rsquo;s name; none: a count or a share</dd>" \
		"<dt>detectable</dt><dd>the effect that would probably have been found (absolute)</dd>" \
		"<dt>users</dt><dd>of the control and of the arm</dd></dl>\n</details>"
}
# Panels that report-page.js draws; folded where they would make a page long.
function panels(what, more, long, summary,    text) {
	text = "<div class=\"panels\" data-draw=\"" what "\"" more "></div>"
	return long ? "<details>\n<summary>" summary "</summary>\n" text "\n</details>" : text
}
# where report-page.js draws, and what stands beside it
function write_figures(k,    many, in_sight) {
	many = arms[k] > 5
	in_sight = 12 # metrics, of many
	print "<h3>Effects</h3>\n<p class=\"key\"><span>Point: effect. Bar: interval. " \
		(is_doubtful(k) ? "Without colors, as a health check failed." : "Filled: significant; blue is better, orange is worse. Hollow: not significant.") \
		"</span></p>\n" panels("forests", metrics[k] > in_sight ? " data-end=\"" in_sight "\"" : "")
	if (metrics[k] > in_sight)
		print panels("forests", " data-from=\"" in_sight "\"", 1, metrics[k] - in_sight " more metrics")
	if (k in segments)
		print "<h3>Segments</h3>\n" (segments[k] ? panels("segments", "", many || metrics[k] > in_sight, "Effects in each segment") : \
			"<p>Not drawn: no segment has enough users of both arms.</p>")
	print "<h3>By day</h3>"
	if (drawn_days[k] > 1)
		print "<p class=\"key\"><span>Line and band: effect on " named(primary[k]) " and its interval as they were at the end of each day." \
			"</span><span>Rings: that day alone, of metrics that are sums.</span></p>\n" panels("days", "", many, "Days of each arm")
	else
		print "<p>Not drawn: " (no_daily == "" ? "all events, or all but a few, are from one day." : html(no_daily)) "</p>"
	print "<h3>Users</h3>"
	if (k in width)
		print "<p class=\"key\"><span>Users by " named(primary[k]) (unit(primary[k]) == "" ? "" : ", " html(unit(primary[k]))) \
			", in percent of the arm; the outermost bins include all values beyond them.</span><span>Outline: the control. Upright line: the median.</span></p>\n" \
			panels("users", "", many, "Users of each arm")
	else
		print "<p>Not drawn: all users have the same value.</p>"
	write_quantiles(k)
}
function write_experiment(k) {
	print "<section class=\"experiment\" id=\"experiment-" k "\" data-number=\"" k - 1 "\">\n<p class=\"eyebrow\">Experiment " named(name[k]) "</p>\n<h2>" question(k) "</h2>"
	write_card(k)
	write_facts(k)
	write_guardrails(k)
	if (metrics[k] > 0)
		write_figures(k)
	write_health(k)
	write_lists(k)
	if (metrics[k] > 0)
		write_effects_table(k)
	print "</section>"
}
function write_foot(    i, m, input, text) {
	print "<footer>"
	write_method()
	write_all_checks()
	m = split(ENVIRON["REPORT_INPUTS"], input, "\n")
	for (i = 1; i <= m; i++)
		if (input[i] != "")
			text = add_to(text, "<code>" html(shown(input[i])) "</code>")
	print "<dl>"
	if (first_day != "")
		print "<dt>Period</dt><dd>" html(first_day) " to " html(last_day) " (UTC)</dd>"
	if (ENVIRON["REPORT_EVENTS"] != "")
		print "<dt>Rows read</dt><dd>" html(ENVIRON["REPORT_EVENTS"]) "</dd>"
	print "<dt>Inputs</dt><dd>" text "</dd>\n<dt>Version</dt><dd>" html(ENVIRON["REPORT_VERSION"]) "</dd>"
	print "<dt>Command</dt><dd><code>" html(ENVIRON["REPORT_COMMAND"]) "</code></dd>\n</dl>"
	print "<noscript><p>The drawings need JavaScript; the tables have all figures.</p></noscript>\n</footer>"
}
function write_body(    k) {
	print "<header><h1>" html(ENVIRON["REPORT_TITLE"]) "</h1></header>"
	if (experiments > 1) {
		print "<nav aria-label=\"Experiments\"><ul>"
		for (k = 1; k <= experiments; k++)
			print "<li><a href=\"#experiment-" k "\">" html(label(name[k])) "</a></li>"
		print "</ul></nav>"
	}
	print "<main>"
	for (k = 1; k <= experiments; k++)
		write_experiment(k)
	write_coverage()
	write_warnings()
	print "</main>"
	write_foot()
}
function first_line(file,    line) {
	if ((getline line < file) <= 0)
		line = ""
	close(file)
	sub(/^[^:]*: /, "", line)
	return line
}
END {
	if (failed_input)
		exit 3
	no_daily = first_line("no-daily")
	for (k = 1; k <= experiments; k++)
		keep_days(k)
	sort_values()
	template = ENVIRON["REPORT_LIB"] "/report-page.html"
	while ((got = (getline line < template)) > 0) {
		if (line ~ /^<title>/)
			print "<title>" html(ENVIRON["REPORT_TITLE"]) "</title>"
		else if (line ~ /^<link rel='stylesheet' href='[^']*'>$/ || line ~ /^<script src='[^']*'><\/script>$/) {
			element = line ~ /^<link/ ? "style" : "script"
			split(line, part, "'")
			print "<" element ">"
			put_file(part[element == "style" ? 4 : 2])
			print "</" element ">"
		} else if (line == "BODY")
			write_body()
		else if (line == "DATA")
			write_data()
		else
			print line
	}
	if (got < 0)
		exit 1
}
