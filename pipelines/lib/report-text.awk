# report-text.awk - the sentences and tables of report-experiment's page; after report-read.awk.

function number_text(x) { return x == "" ? "&ndash;" : sprintf("%.5g", x) }
# What rounds to zero has no sign.
function signed_text(x, form,    text) {
	text = sprintf(form, x)
	return text ~ /^[-+]0(\.0*)?$/ ? substr(text, 2) : text
}
function share(x) { return x == "" ? "&ndash;" : signed_text(x, "%+.2f") }
function chance(x) { return x == "" ? "&ndash;" : x + 0 < 1e-300 ? "&lt; 1e-300" : sprintf("%.2g", x) }
function chance_is(x) { return x + 0 < 1e-300 ? "p&nbsp;&lt;&nbsp;1e-300" : "p&nbsp;=&nbsp;" chance(x) }
function value_text(x, m) { return number_text(x) (x == "" || unit(m) == "" ? "" : "&nbsp;" html(unit(m))) }
# A name as people know it; where a label stands for it, the name is its title.
function named(s) {
	if (s in label_of)
		return "<span title=\"" html(s) "\">" html(label_of[s]) "</span>"
	return "<code>" html(s) "</code>"
}
# Is the experiment's verdict void? HTML of the checks that say so, each once.
function failed(e) { return failed_of[e] (failed_of[e] != "" && failed_of["-"] != "" ? ", " : "") failed_of["-"] }
function is_doubtful(k) { return failed(name[k]) != "" }
# 1: better, -1: worse, 0: neither is shown
function direction_of(i) {
	if (significant[i] != 1 || is_doubtful(of[i]))
		return 0
	return (effect[i] > 0) == !lower_is_better(metric[i]) ? 1 : -1
}
# no sign after "rises by" and "falls by"
function size_of(x, directed) { return directed == 1 && x < 0 ? -x : x }
function signed(i) { return significant[i] == 1 ? "%.4" : "%+.4" }
function has_interval(i) { return lower_end[i] != "" || percent_lower[i] != "" }
function relative(i) { return percent[i] != "" && percent_lower[i] != "" }
# the effect, large, with its interval
function effect_text(i) {
	if (!has_interval(i))
		return "&ndash;"
	return relative(i) ? signed_text(percent[i], "%+.1f") "&nbsp;%" : sprintf("%+.4g", effect[i])
}
function interval_text(i) {
	if (!has_interval(i))
		return ""
	return relative(i) ? signed_text(percent_lower[i], "%+.1f") " to " signed_text(percent_upper[i], "%+.1f") "&nbsp;%" : \
		sprintf("%+.4g to %+.4g", lower_end[i], upper_end[i])
}
# the effect in percent that would probably have been found, or nothing
function detectable(i) {
	if (mde_of[i] == "" || control_mean[i] + 0 == 0)
		return ""
	return sprintf("%.2g", 100 * mde_of[i] / (control_mean[i] < 0 ? -control_mean[i] : control_mean[i]))
}
# what an effect means, as a sentence with its HTML
function verdict(i,    m, text) {
	m = named(metric[i])
	if (segment[i] != "")
		m = m " in segment " named(segment[i])
	if (!has_interval(i))
		return "<strong>no result</strong> for " m ": it does not vary, or there are too few users."
	text = sprintf(signed(i) "g&nbsp;%% (interval %+.2f to %+.2f)", size_of(percent[i], significant[i]), percent_lower[i], percent_upper[i])
	if (!relative(i))
		text = sprintf(signed(i) "g (interval %+.5g to %+.5g)", size_of(effect[i], significant[i]), lower_end[i], upper_end[i])
	text = text ", " chance_is(p_adjusted[i])
	if (is_doubtful(of[i]))
		return "<strong>no verdict</strong>, a health check failed: " m \
			(significant[i] != 1 ? " differs by " : effect[i] > 0 ? " rises by " : " falls by ") text "."
	if (direction_of(i))
		return "<strong class=\"" (direction_of(i) > 0 ? "better\">better" : "worse\">worse") "</strong>: " m \
			(effect[i] > 0 ? " rises by " : " falls by ") text "."
	return "<strong>no difference is shown</strong> in " m ": " text "." (detectable(i) == "" ? "" : \
		" An effect of " detectable(i) "&nbsp;% or more would probably have been detected; there may be smaller ones.")
}
# the same in few words, beside effect and interval
function short_verdict(i) {
	if (!has_interval(i))
		return "<strong>no result</strong>"
	return (is_doubtful(of[i]) ? "<strong>no verdict</strong>" : direction_of(i) > 0 ? "<strong class=\"better\">better</strong>" : \
		direction_of(i) < 0 ? "<strong class=\"worse\">worse</strong>" : "<strong>no difference is shown</strong>") ", " chance_is(p_adjusted[i])
}
# the reason of a decision, with its metric as people know it
function reason_text(i,    k, m, x, longest) {
	k = of[i]
	for (m = 1; m <= metrics[k]; m++) {
		x = metric_name[k, m]
		if (length(x) > length(longest) && index(" " reason[i] " ", " " x " "))
			longest = x
	}
	if (longest == "" || !(longest in label_of))
		return html(reason[i])
	m = index(" " reason[i] " ", " " longest " ")
	return html(substr(reason[i], 1, m - 1)) named(longest) html(substr(reason[i], m + length(longest)))
}
function add_to(list, text) { return list (list == "" ? "" : ", ") text }
# The card: the headline of all treatments, and each one's effect on the primary metric.
function is_primary(i, k) { return of[i] == k && metric[i] == primary[k] && segment[i] == "" }
function write_card(k,    i, better, worse, class, headline, items, decided, shipped, held, continued, many, least, most) {
	for (i = first[k]; i <= n; i++)
		many += is_primary(i, k)
	many = many > 3
	for (i = first[k]; i <= n; i++) {
		if (!is_primary(i, k))
			continue
		decided = decision[i] == "" || (many && decision[i] == "continue") ? "" : " <span class=\"note\">decision: " html(decision[i]) \
			(reason[i] == "" ? "" : " (" reason_text(i) ")") "</span>"
		if (decision[i] == "ship")
			shipped = add_to(shipped, named(treatment[i]))
		else if (decision[i] == "hold")
			held = add_to(held, named(treatment[i]))
		else
			continued = add_to(continued, named(treatment[i]))
		if (direction_of(i) > 0)
			better = add_to(better, named(treatment[i]))
		else if (direction_of(i) < 0)
			worse = add_to(worse, named(treatment[i]))
		else if (detectable(i) != "" && !is_doubtful(k)) {
			least = least == "" || detectable(i) + 0 < least + 0 ? detectable(i) : least
			most = detectable(i) + 0 > most + 0 ? detectable(i) : most
		}
		items = items "<li><span class=\"big\">" effect_text(i) "</span> <span class=\"interval\">" interval_text(i) \
			"</span> <span>Arm " named(treatment[i]) ": " (many ? short_verdict(i) : verdict(i)) decided "</span></li>\n"
	}
	if (is_doubtful(k)) {
		class = "warn"
		headline = "No verdict: a health check failed"
	} else if (by_rules[k]) { # the decision of primary metric and guardrails together
		class = shipped != "" ? "good" : held != "" ? "bad" : "none"
		headline = (shipped == "" ? "" : "Ship: " shipped) (shipped != "" && held continued != "" ? "; " : "") \
			(held == "" ? "" : "Hold: " held) (held != "" && continued != "" ? "; " : "") (continued == "" ? "" : "Continue: " continued)
	} else if (better != "") {
		class = "good"
		headline = "Better: " better (worse == "" ? "" : "; worse: " worse)
	} else if (worse != "") {
		class = "bad"
		headline = "Worse: " worse
	} else {
		class = "none"
		headline = items == "" ? "Nothing to compare: only one arm has users" : "No difference is shown"
	}
	print "<div class=\"card " class "\">\n<p class=\"headline\">" headline "</p>"
	if (is_doubtful(k))
		print "<p><strong>What follows may be wrong.</strong> Health checks that failed: " failed(name[k]) ".</p>"
	if (items != "")
		print "<ul" (many ? " class=\"many\"" : "") ">\n" items "</ul>"
	if (many && most != "")
		print "<p class=\"note\">Where no difference is shown: an effect of " most "&nbsp;% or more" \
			(least == most ? "" : " (in one arm of " least "&nbsp;%)") " would probably have been detected; there may be smaller ones.</p>"
	print "</div>"
}
function write_facts(k,    a, text) {
	for (a = 1; a <= arms[k]; a++)
		text = add_to(text, named(arm[k, a]) (arm[k, a] == control[k] ? " (control) " : " ") users_of[k, a])
	print "<ul class=\"facts\">"
	if (metrics[k] > 0)
		print "<li><span>Primary metric</span> <b>" named(primary[k]) \
		(unit(primary[k]) == "" ? "" : ", in " html(unit(primary[k]))) "</b></li>"
	print "<li><span>Users</span> <b>" users_in[k] + 0 "</b></li>\n<li><span>Users in each arm</span> <b>" text "</b></li>"
	if (name[k] in set_aside)
		print "<li><span>Set aside, in arms that were not planned</span> <b>" set_aside[name[k]] "</b></li>"
	if (days[k] > 0)
		print "<li><span>Days</span> <b>" days[k] "</b></li>"
	print "</ul>"
}
# How a guardrail stands, as analyze-ab(1) decides: passed, failed, or open
function guardrail_state(i) {
	if (direction_of(i) < 0 && !(p_margin[i] != "" && p_margin[i] + 0 < ENVIRON["REPORT_ALPHA"] + 0))
		return "failed"
	if (p_margin[i] != "")
		return p_margin[i] + 0 < ENVIRON["REPORT_ALPHA"] + 0 ? "passed" : "open"
	return p_adjusted[i] != "" || (effect[i] != "" && effect[i] + 0 == 0) ? "passed" : "open"
}
function guardrail_text(i, state,    text) {
	if (has_interval(i))
		text = effect_text(i) " (" interval_text(i) ")" (p_adjusted[i] == "" ? "" : ", " chance_is(p_adjusted[i]))
	if (p_margin[i] != "")
		return text (text == "" ? "" : "; ") (state == "passed" ? "not" : "may be") " worse than its margin: " chance_is(p_margin[i])
	if (p_adjusted[i] != "")
		return text
	if (effect[i] != "" && effect[i] + 0 == 0)
		return "the same in both arms; it does not vary, so it has no p"
	return text (text == "" ? "" : "; ") "no p can be computed, as it does not vary in an arm or has too few users" \
		(state == "open" ? ": it neither passes nor fails" : "")
}
function write_guardrails(k,    i, text, several, state) {
	for (i = first[k]; i <= n; i++) {
		if (of[i] != k || role[i] != "guardrail" || segment[i] != "")
			continue
		state = guardrail_state(i)
		text = text "<li" (state == "failed" ? " class=\"failed\"" : state == "open" ? " class=\"warned\"" : "") "><b>" state "</b> " \
			named(metric[i]) ", arm " named(treatment[i]) ": " guardrail_text(i, state) "</li>\n"
	}
	if (text != "")
		print "<h3>Guardrails</h3>\n<ul class=\"checks\">\n" text "</ul>"
	text = ""
	for (i = first[k]; i <= n; i++)
		if (of[i] == k && role[i] != "guardrail" && (metric[i] != primary[k] || segment[i] != "") && significant[i] == 1 && ++several)
			text = text "<li>Arm " named(treatment[i]) ": " verdict(i) "</li>\n"
	if (text != "")
		print "<details" (several > 4 ? "" : " open") ">\n<summary>Other significant effects</summary>\n<ul>\n" text "</ul>\n</details>"
}
function heading(text, title, sorted) {
	return "<th scope=\"col\"" (sorted == "t" ? " class=\"t\"" : "") "><button type=\"button\" title=\"" title "\">" text "</button></th>"
}
function write_effects_table(k,    i, class) {
	print "<h3>All effects</h3>\n" (effects_of[k] > 30 ? "<details>\n<summary>A table of " effects_of[k] " effects</summary>\n" : "") \
		"<p class=\"note\">A column's button sorts by it.</p>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"All effects\"><table class=\"effects\">"
	print "<thead><tr>" heading("arm", "the arm that is compared with the control", "t") heading("metric", "what is compared", "t") \
		heading("effect %", "effect in percent of the control's mean") heading("interval %", "where the effect in percent lies") \
		heading("p adjusted", "p after adjustment for all comparisons of the experiment") \
		(segments[k] ? heading("segment", "users who are compared, all when empty", "t") : "") \
		heading("control", "mean of the control") heading("treatment", "mean of the arm") heading("effect", "treatment less control") \
		heading("p", "p of this comparison alone") (margins ? heading("p margin", "p of being worse than the margin") : "") \
		heading("detectable", "the effect that would probably have been found") heading("users", "of the control / of the arm") "</tr></thead>\n<tbody>"
	for (i = first[k]; i <= n; i++) {
		if (of[i] != k)
			continue
		class = direction_of(i) > 0 ? " class=\"better\"" : direction_of(i) < 0 ? " class=\"worse\"" : ""
		print "<tr" class "><td class=\"t\">" html(label(treatment[i])) "</td><td class=\"t\">" html(label(metric[i])) \
			(unit(metric[i]) == "" ? "" : ", " html(unit(metric[i]))) "</td><td>" share(percent[i]) "</td><td>" \
			(percent_lower[i] == "" ? "&ndash;" : share(percent_lower[i]) " to " share(percent_upper[i])) "</td><td>" chance(p_adjusted[i]) "</td>" \
			(segments[k] ? "<td class=\"t\">" html(label(segment[i])) "</td>" : "") \
			"<td>" number_text(control_mean[i]) "</td><td>" number_text(treatment_mean[i]) "</td><td>" number_text(effect[i]) \
			"</td><td>" chance(p[i]) "</td>" (margins ? "<td>" chance(p_margin[i]) "</td>" : "") "<td>" number_text(mde_of[i]) \
			"</td><td>" n_control[i] " / " n_treatment[i] "</td></tr>"
	}
	print "</tbody></table></div>" (effects_of[k] > 30 ? "\n</details>" : "")
}
function write_quantiles(k,    i, j, side, rows, q, n_q) {
	n_q = split("0.25 0.5 0.75 0.9 0.99", q, " ")
	for (i = first[k]; i <= n; i++) {
		if (of[i] != k || metric[i] != primary[k] || segment[i] != "" || !((name[k], treatment[i], "quantile1_0.5") in quantile))
			continue
		for (side = rows == "" ? 0 : 1; side <= 1; side++) {
			rows = rows "<tr><td class=\"t\">" html(label(side ? treatment[i] : control[k])) (side ? "" : " (control)") "</td>"
			for (j = 1; j <= n_q; j++)
				rows = rows "<td>" number_text(quantile[name[k], treatment[i], "quantile" side "_" q[j]]) "</td>"
			rows = rows "</tr>\n"
		}
	}
	if (rows != "")
		print "<details>\n<summary>Quantiles</summary>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Quantiles\"><table>\n<thead><tr><th class=\"t\" scope=\"col\">arm</th><th scope=\"col\">25 %</th><th scope=\"col\">median</th>" \
			"<th scope=\"col\">75 %</th><th scope=\"col\">90 %</th><th scope=\"col\">99 %</th></tr></thead>\n<tbody>\n" rows "</tbody></table></div>\n</details>"
}
# One sentence of a check, all of whose rows are at `from` to `last` (of one experiment).
function check_sentence(c, bad, values, p_text,    what) {
	if (c == "srm_chi2" && p_text == "" && !bad)
		return "There is one arm, so there are no sizes to compare."
	if (c == "stray_arm")
		return bad ? "Too many users are in arms that were not planned (" values "): look at the code that assigns." : \
			"Few users are in arms that were not planned (" values "); they are set aside."
	if (c == "srm_chi2")
		return bad ? "The arms do not have the sizes that were planned" p_text ": look at the assignment, and at what filters the log." : \
			"The arms have the sizes that were planned" p_text "."
	if (c == "several_arms")
		return bad ? values " users were in several arms: look at the code that assigns." : values + 0 ? values " users were in several arms." : "No user was in several arms."
	if (c == "clusters")
		return "Clusters in each arm: " values "."
	if (c == "without_arm")
		return bad || values + 0 ? values " users have no arm." : "Every user has an arm."
	if (c == "without_session")
		return "Users without a finished session: " values "."
	if (c == "without_session_share")
		return bad ? "Too many users have no finished session, a share of " values ": are all files of the log there, and to the end?" : \
			"Nearly all users have a finished session (share of those without: " values ")."
	if (c == "pre_overlap")
		return bad ? "What is taken as the time before the experiment reaches into it, or is the same (users with nothing from before: " values ")." : \
			"What is taken as the time before the experiment ends before it began."
	if (c == "before_first_arm")
		return values " users have events before their first arm, which do not count."
	if (c == "overlapping_sessions")
		return values " users have several sessions at the same time."
	if (c == "without_session_chi2")
		return bad ? "The arms differ in the users without a finished session" p_text ": was the log collected to its end?" : \
			"The arms do not differ in the users without a finished session."
	if (c == "followed")
		return bad ? "Events are missing: the share that plays what was recommended before is " values "; are all files of the log there?" : \
			"No events are missing: the share that plays what was recommended before is " values "."
	if (c == "tied_events")
		return values + 0 ? values " events of a user at the same millisecond." : "No two events of a user at the same millisecond."
	if (c == "duplicate_events")
		return values + 0 ? values " events occur twice." : "No event occurs twice."
	if (c == "empty_days")
		return values + 0 ? values " days without events." : "Every day has events."
	what = c
	if (sub(/^pre_/, "", what))
		return (bad ? "The arms differed in " : "The arms did not differ in ") named(what) " before the experiment" p_text "."
	if (sub(/^aa_/, "", what))
		return "Random splits of all users find a difference in " named(what) " in a share of " values (bad ? ", which is not what the test promises." : ".")
	return "The check <code>" html(c) "</code> " (bad ? "failed" : "passed") (values == "" ? "." : ": " values ".")
}
function write_checks_of(e,    i, j, c, values, ps, bad, done, passed, text) {
	split("", done)
	for (i = 1; i <= checks; i++) {
		c = check[i]
		if (check_of[i] != e || (c in done) || c == "users" || c == "srm_df" || c == "srm_g")
			continue
		done[c] = 1
		values = ps = ""
		bad = 0
		for (j = i; j <= checks; j++) {
			if (check_of[j] != e || check[j] != c)
				continue
			values = add_to(values, (check_arm[j] == "" ? "" : named(check_arm[j]) " ") (check_value[j] == "" ? "" : number_text(check_value[j])))
			if (check_p[j] != "" && (ps == "" || check_p[j] + 0 < ps + 0))
				ps = check_p[j]
			bad = check_broken[j] ? 2 : bad == 0 && check_verdict[j] != "ok" && check_verdict[j] != "" ? 1 : bad
		}
		text = "<li" (bad == 2 ? " class=\"failed\"" : bad ? " class=\"warned\"" : "") "><b>" (bad == 2 ? "failed" : bad ? "warning" : "passed") "</b> <span title=\"" html(c) "\">" \
			check_sentence(c, bad, values, ps == "" ? "" : " (" chance_is(ps) ")") "</span></li>\n"
		if (bad)
			printf "%s", text
		else
			passed = passed text
	}
	printf "%s", passed
}
function write_health(k,    i, warned) {
	print "<h3>Can the figures be trusted?</h3>"
	for (i = 1; i <= checks && !warned; i++)
		warned = (check_of[i] == name[k] || check_of[i] == "-") && check_verdict[i] != "ok" && check_verdict[i] != ""
	print is_doubtful(k) ? "<p class=\"warning\">Not before what failed is understood.</p>" : \
		warned ? "<p>No check failed; mind the warnings.</p>" : "<p>Every check passed.</p>"
	print "<ul class=\"checks\">"
	write_checks_of(name[k])
	write_checks_of("-")
	print "</ul>"
}
function write_warnings(    i) {
	if (!warnings && !bad_all)
		return
	print "<section id=\"warnings\">\n<h2>Warnings</h2>\n<div class=\"warning\"><p><strong>To be checked before the figures are used:</strong></p>\n<ul>"
	for (i = 1; i <= warnings && i <= 30; i++)
		print "<li>" html(warning[i]) "</li>"
	if (warnings > 30)
		print "<li>and " warnings - 30 " more</li>"
	if (!warnings)
		print "<li>a check gave a warning: see the list of checks</li>"
	print "</ul></div>\n</section>"
}
function write_all_checks(    i) {
	print "<details>\n<summary>All checks as a table</summary>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"All checks\"><table>"
	print "<thead><tr>" heading("experiment", "the experiment, - for all", "t") heading("name", "the name of the check", "t") heading("arm", "the arm", "t") \
		heading("value", "what was found") heading("p", "of the check's test") heading("check", "ok or warning", "t") \
		heading("decision", "broken where the check leaves no verdict", "t") "</tr></thead>\n<tbody>"
	for (i = 1; i <= checks; i++)
		print "<tr" (check_verdict[i] == "ok" || check_verdict[i] == "" ? "" : " class=\"failed\"") "><td class=\"t\">" html(label(check_of[i])) \
			"</td><td class=\"t\">" html(check[i]) "</td><td class=\"t\">" html(label(check_arm[i])) "</td><td>" number_text(check_value[i]) \
			"</td><td>" chance(check_p[i]) "</td><td class=\"t\">" html(check_verdict[i]) "</td><td class=\"t\">" (check_broken[i] ? "broken" : "") "</td></tr>"
	print "</tbody></table></div>\n</details>"
}
