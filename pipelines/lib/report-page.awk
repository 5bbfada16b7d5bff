# report-page.awk - writes the page of report-experiment. After quote.awk, in the folder of
# effects.tsv health.tsv details.tsv said, and of the drawings (K-forest.part and so on);
# the environment has REPORT_TITLE, REPORT_STYLE (the file of the styles), REPORT_SEQUENTIAL
# (1 or 0) and REPORT_LOWER (the metrics where lower is better, one per line).

function number_text(x) { return x == "" ? "&ndash;" : sprintf("%.5g", x) }
function share(x) { return x == "" ? "&ndash;" : sprintf("%+.2f", x) }
function less_good(m) { return m in less_is_good || m ~ /latency|skips/ }
function chance(x) { return x == "" ? "&ndash;" : x + 0 < 1e-300 ? "&lt; 1e-300" : sprintf("%.2g", x) }
function chance_is(x) { return x + 0 < 1e-300 ? "p&nbsp;&lt;&nbsp;1e-300" : "p&nbsp;=&nbsp;" chance(x) }
# the checks that leave an experiment without a verdict, each once; "" when none did
function failed(e) { return failed_of[e] (failed_of[e] != "" && failed_of["-"] != "" ? ", " : "") failed_of["-"] }
function drawing(file, what,    line, any) {
	while ((getline line < (file ".part")) > 0) {
		if (!any)
			print "<figure>"
		any = 1
		if (line ~ /^<svg role/)
			line = line " aria-label=\"" html(what) "\""
		print line
	}
	close(file ".part")
	if (any)
		print "<figcaption>" html(what) "</figcaption>\n</figure>"
	return any
}
function style(    line, got) {
	while ((got = (getline line < ENVIRON["REPORT_STYLE"])) > 0)
		print line
	if (got < 0) {
		print "report-experiment: cannot read " ENVIRON["REPORT_STYLE"] | "cat >&2"
		exit 1
	}
}
function first_line(file,    line) {
	if ((getline line < file) <= 0)
		line = ""
	close(file)
	sub(/^[^:]*: /, "", line)
	return line
}
# no sign after "rises by" and "falls by"
function size_of(x, directed) { return directed == 1 && x < 0 ? -x : x }
function signed(i) { return significant[i] == 1 ? "%.4" : "%+.4" }
# what an effect means, as a sentence with its HTML
function verdict(i,    m, text, mde) {
	m = "<code>" html(metric[i]) "</code>"
	if (segment[i] != "")
		m = m " in segment <code>" html(segment[i]) "</code>"
	if (lower_end[i] == "" && percent_lower[i] == "")
		return "<strong>no result</strong> for " m ": it does not vary, or there are too few users."
	text = sprintf(signed(i) "g&nbsp;%% (interval %+.2f to %+.2f)", size_of(percent[i], significant[i]), percent_lower[i], percent_upper[i])
	if (percent[i] == "" || percent_lower[i] == "")
		text = sprintf(signed(i) "g (interval %+.5g to %+.5g)", size_of(effect[i], significant[i]), lower_end[i], upper_end[i])
	text = text ", " chance_is(p_adjusted[i])
	if (failed(name[of[i]]) != "")
		return "<strong>no verdict</strong>, a health check failed: " m \
			(significant[i] != 1 ? " differs by " : effect[i] > 0 ? " rises by " : " falls by ") text "."
	if (significant[i] == 1) {
		if ((effect[i] > 0) == !less_good(metric[i]))
			return "<strong class=\"better\">better</strong>: " m (effect[i] > 0 ? " rises by " : " falls by ") text "."
		return "<strong class=\"worse\">worse</strong>: " m (effect[i] > 0 ? " rises by " : " falls by ") text "."
	}
	mde = ""
	if (mde_of[i] != "" && control_mean[i] + 0 != 0)
		mde = sprintf(" An effect of %.2g&nbsp;%% or more would probably have been detected; there may be smaller ones.", \
			100 * mde_of[i] / (control_mean[i] < 0 ? -control_mean[i] : control_mean[i]))
	return "<strong>no difference is shown</strong> in " m ": " text "." mde
}
BEGIN {
	FS = "\t"
	SUBSEP = "\n" # in no name
	n_lower = split(ENVIRON["REPORT_LOWER"], lowers, "\n")
	sequential = ENVIRON["REPORT_SEQUENTIAL"] + 0
	for (i = 1; i <= n_lower; i++)
		less_is_good[lowers[i]] = 1
	title = ENVIRON["REPORT_TITLE"]
}
FNR == 1 {
	kind = FILENAME
	sub(/.*\//, "", kind)
	if (kind == "said") {
		# has no header
	} else {
		split("", col)
		for (i = 1; i <= NF; i++)
			col[$i] = i
		next
	}
}
kind == "effects.tsv" {
	n++
	if (!($1 in seen)) {
		seen[$1] = ++experiments
		name[experiments] = $1
		primary[experiments] = $3
		first[experiments] = n
	}
	of[n] = seen[$1]; treatment[n] = $2; metric[n] = $3
	n_control[n] = $(col["n_control"]); n_treatment[n] = $(col["n_treatment"])
	control_mean[n] = $(col["control_mean"]); treatment_mean[n] = $(col["treatment_mean"])
	effect[n] = $(col["effect"])
	lower_end[n] = $(col["effect_lower"]); upper_end[n] = $(col["effect_upper"])
	percent[n] = $(col["percent"])
	percent_lower[n] = $(col["percent_lower"]); percent_upper[n] = $(col["percent_upper"])
	p[n] = $(col["p"]); p_adjusted[n] = $(col["p_adjusted"]); mde_of[n] = $(col["mde"])
	significant[n] = $(col["significant"])
	segment[n] = ("segment" in col) ? $(col["segment"]) : ""
	if ("segment" in col)
		segments = 1
	if ("p_margin" in col) {
		margins = 1
		p_margin[n] = $(col["p_margin"])
	}
}
kind == "health.tsv" {
	checks++
	check_of[checks] = $1; check[checks] = $2; check_arm[checks] = $3
	check_value[checks] = $4; check_p[checks] = $5; check_verdict[checks] = $6
	if ($6 != "ok" && $6 != "")
		bad_all++
	if ($(col["decision"]) == "broken") {
		if (!(($1, $2) in failed_check)) {
			failed_check[$1, $2] = 1
			failed_of[$1] = failed_of[$1] (failed_of[$1] == "" ? "" : ", ") "<code>" html($2) "</code>"
		}
	}
	if ($2 == "users") {
		arms[$1]++
		arm[$1, arms[$1]] = $3
		size[$1, arms[$1]] = $4
	}
}
kind == "details.tsv" {
	if ($3 == primary[seen[$1]] && $4 ~ /^quantile[01]_/ && !(($1, $2, $4) in quantile))
		quantile[$1, $2, $4] = $5
}
kind == "said" && /^[^:]*: warning: / {
	sub(/^[^:]*: warning: /, "")
	if (++warnings <= 30)
		warning[warnings] = $0
}
END {
	print "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">"
	print "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
	print "<title>" html(title) "</title>\n<style>"
	style()
	print "</style>\n</head>\n<body>\n<h1>" html(title) "</h1>"
	print "<section id=\"health\">\n<h2>Can the figures be trusted?</h2>"
	if (warnings || bad_all) {
		print "<div class=\"warning\"><p><strong>Not before these warnings are checked:</strong></p>\n<ul>"
		for (i = 1; i <= warnings && i <= 30; i++)
			print "<li>" html(warning[i]) "</li>"
		if (warnings > 30)
			print "<li>and " warnings - 30 " more</li>"
		if (!warnings)
			print "<li>a check gave a warning: see the table</li>"
		print "</ul></div>"
	} else
		print "<p class=\"ok\">Every check passed: sizes of the arms, users in several arms, finished sessions, lost, tied and duplicate events, empty days.</p>"
	print "<details>\n<summary>All checks</summary>\n<div class=\"wide\"><table>"
	print "<thead><tr><th class=\"t\">experiment</th><th class=\"t\">check</th><th class=\"t\">arm</th><th>value</th><th>p</th><th class=\"t\">verdict</th></tr></thead>\n<tbody>"
	for (i = 1; i <= checks; i++)
		print "<tr" (check_verdict[i] == "ok" ? "" : " class=\"failed\"") "><td class=\"t\">" html(check_of[i]) "</td><td class=\"t\">" html(check[i]) \
			"</td><td class=\"t\">" html(check_arm[i]) "</td><td>" number_text(check_value[i]) "</td><td>" \
			chance(check_p[i]) "</td><td class=\"t\">" html(check_verdict[i]) "</td></tr>"
	print "</tbody></table></div>\n</details>\n</section>"
	for (k = 1; k <= experiments; k++) {
		e = name[k]
		print "<section id=\"experiment-" k "\">\n<h2>" html(e) "</h2>"
		doubtful = failed(e) != ""
		if (doubtful)
			print "<p class=\"warning\"><strong>No verdict: what follows may be wrong.</strong> Health checks that failed: " failed(e) ".</p>"
		text = ""
		for (a = 1; a <= arms[e]; a++)
			text = text (a == 1 ? "" : ", ") "<code>" html(arm[e, a]) "</code> " size[e, a]
		print "<p>Users: " text ".</p>\n<h3>Verdict</h3>\n<ul>"
		for (i = first[k]; i <= n && of[i] == k; i++)
			if (metric[i] == primary[k] && segment[i] == "")
				print "<li>Arm <code>" html(treatment[i]) "</code>: " verdict(i) "</li>"
		print "</ul>"
		text = ""
		for (i = first[k]; i <= n && of[i] == k; i++)
			if ((metric[i] != primary[k] || segment[i] != "") && significant[i] == 1)
				text = text "<li>Arm <code>" html(treatment[i]) "</code>: " verdict(i) "</li>\n"
		if (text != "")
			print "<p>Other significant effects:</p>\n<ul>\n" text "</ul>"
		print "<p>" (sequential ? "The intervals are valid for any number of looks. " : \
			"The intervals and p are valid for one look, at a time fixed in advance; " \
			"to look repeatedly and stop early, use <code>--sequential</code>. ") \
			"Intervals are not adjusted for the number of comparisons; p is.</p>"
		print "<h3>All effects</h3>\n<div class=\"wide\"><table>"
		print "<thead><tr><th class=\"t\">arm</th><th class=\"t\">metric</th>" \
			(segments ? "<th class=\"t\">segment</th>" : "") \
			"<th>users</th><th>control</th><th>treatment</th><th>effect</th><th>effect %</th>" \
			"<th>interval %</th><th>p</th><th>p adjusted</th>" \
			(margins ? "<th>p margin</th>" : "") "<th>detectable</th></tr></thead>\n<tbody>"
		for (i = first[k]; i <= n && of[i] == k; i++) {
			class = ""
			if (significant[i] == 1 && !doubtful)
				class = (effect[i] > 0) == !less_good(metric[i]) ? " class=\"better\"" : " class=\"worse\""
			print "<tr" class "><td class=\"t\">" html(treatment[i]) "</td><td class=\"t\">" html(metric[i]) "</td>" \
				(segments ? "<td class=\"t\">" html(segment[i]) "</td>" : "") "<td>" n_control[i] " / " n_treatment[i] \
				"</td><td>" number_text(control_mean[i]) "</td><td>" number_text(treatment_mean[i]) "</td><td>" \
				number_text(effect[i]) "</td><td>" share(percent[i]) "</td><td>" share(percent_lower[i]) " .. " \
				share(percent_upper[i]) "</td><td>" chance(p[i]) "</td><td>" chance(p_adjusted[i]) "</td>" \
				(margins ? "<td>" chance(p_margin[i]) "</td>" : "") "<td>" number_text(mde_of[i]) "</td></tr>"
		}
		print "</tbody></table></div>"
		drawing(k "-forest", "Effects with their intervals; " \
			(doubtful ? "without colors, as a health check failed" : "green better, red worse, gray not significant"))
		print "<h3>By day</h3>"
		if (!drawing(k "-daily", "Effect on " primary[k] " as it was at the end of each day; a day with few events is merged into the next")) {
			text = first_line("no-daily")
			print "<p>Not drawn: " (text == "" ? "all events, or all but a few, are from one day." : html(text)) "</p>"
		}
		print "<h3>Users</h3>"
		if (!drawing(k "-arms", "Users by " primary[k] "; the outermost bins include all values beyond them")) {
			print "<p>Not drawn: all users have the same value.</p>"
		}
		n_q = split("0.25 0.5 0.75 0.9 0.99", q, " ")
		rows = ""
		for (i = first[k]; i <= n && of[i] == k; i++) {
			if (metric[i] != primary[k] || segment[i] != "" || !((e, treatment[i], "quantile1_0.5") in quantile))
				continue
			for (side = rows == "" ? 0 : 1; side <= 1; side++) {
				rows = rows "<tr><td class=\"t\">" (side ? html(treatment[i]) : "control") "</td>"
				for (j = 1; j <= n_q; j++)
					rows = rows "<td>" number_text(quantile[e, treatment[i], "quantile" side "_" q[j]]) "</td>"
				rows = rows "</tr>\n"
			}
		}
		if (rows != "")
			print "<div class=\"wide\"><table>\n<thead><tr><th class=\"t\">arm</th><th>25 %</th><th>median</th>" \
				"<th>75 %</th><th>90 %</th><th>99 %</th></tr></thead>\n<tbody>\n" rows "</tbody></table></div>"
		print "</section>"
	}
	print "</body>\n</html>"
}
