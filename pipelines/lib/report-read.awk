# report-read.awk - reads what report-experiment's page is made of: with quote.awk,
# report-text.awk, report-data.awk, report-lists.awk and report-page.awk, on labels.tsv metrics.tsv effects.tsv health.tsv
# details.tsv lists.tsv coverage.tsv daily.tsv users.tsv said, in their folder; writes values.tsv there.
#
# Afterwards: experiments, name[k]; of experiment k its arms (arm[k, a], arms[k], users_of[k, a],
# control[k]), its metrics (metric_name[k, m], metrics[k], primary[k]), its rows of effects
# (n of them, of[i] == k) and of health; in all of them names as analyze-ab writes them.

function label(s) { return s in label_of ? label_of[s] : s }
function unit(s) { return s in unit_of ? unit_of[s] : s ~ /^(q[0-9.]+:)?(mean_request_latency|latency|first_ms)$/ ? "ms" : "" }
function lower_is_better(m) { return m in direction ? direction[m] == "lower" : m in less_is_good || m ~ /latency|skips/ }
function text_of(column) { return (column in col) ? $(col[column]) : "" }
BEGIN {
	FS = "\t"
	SUBSEP = "\n" # in no name
	n_lower = split(ENVIRON["REPORT_LOWER"], lowers, "\n")
	for (i = 1; i <= n_lower; i++)
		less_is_good[lowers[i]] = 1
}
FNR == 1 {
	kind = FILENAME
	sub(/.*\//, "", kind)
	if (kind != "said") {
		split("", col)
		for (i = 1; i <= NF; i++)
			col[$i] = i
		if (kind == "labels.tsv" && !(("name" in col) && ("label" in col))) {
			print "report-experiment: --labels: the columns name and label are needed" | "cat >&2"
			failed_input = 1
			exit 3
		}
		next
	}
}
kind == "labels.tsv" {
	if (text_of("label") != "")
		label_of[text_of("name")] = text_of("label")
	if (text_of("unit") != "")
		unit_of[text_of("name")] = text_of("unit")
}
kind == "metrics.tsv" && text_of("direction") != "" {
	direction[text_of("name")] = text_of("direction")
}
kind == "effects.tsv" {
	n++
	if (!($1 in number)) {
		number[$1] = ++experiments
		name[experiments] = $1
		primary[experiments] = $3
		first[experiments] = n
	}
	k = number[$1]
	of[n] = k
	effects_of[k]++
	treatment[n] = $2
	metric[n] = $3
	n_control[n] = text_of("n_control")
	n_treatment[n] = text_of("n_treatment")
	control_mean[n] = text_of("control_mean")
	treatment_mean[n] = text_of("treatment_mean")
	effect[n] = text_of("effect")
	lower_end[n] = text_of("effect_lower")
	upper_end[n] = text_of("effect_upper")
	percent[n] = text_of("percent")
	percent_lower[n] = text_of("percent_lower")
	percent_upper[n] = text_of("percent_upper")
	p[n] = text_of("p")
	p_adjusted[n] = text_of("p_adjusted")
	mde_of[n] = text_of("mde")
	significant[n] = text_of("significant")
	segment[n] = text_of("segment")
	decision[n] = text_of("decision")
	reason[n] = text_of("reason")
	role[n] = text_of("role")
	p_margin[n] = text_of("p_margin")
	if (segment[n] != "")
		segments[k] += lower_end[n] != "" || percent_lower[n] != "" ? 1 : 0
	if ("p_margin" in col)
		margins = 1
	if (role[n] == "primary") {
		primary[k] = $3
		by_rules[k] = 1
	}
	if (role[n] == "guardrail") {
		guardrails[k]++
		is_guardrail[k, $3] = 1
	}
	if (!((k, $3) in metric_number)) {
		metric_number[k, $3] = ++metrics[k]
		metric_name[k, metrics[k]] = $3
	}
	is_treatment[k, $2] = 1
	if (segment[n] == "" && n_treatment[n] + 0 > users_treated[k, $2] + 0)
		users_treated[k, $2] = n_treatment[n]
	if (segment[n] == "" && n_control[n] + 0 > users_control[k] + 0)
		users_control[k] = n_control[n]
}
kind == "health.tsv" {
	checks++
	check_of[checks] = $1
	check[checks] = $2
	check_arm[checks] = $3
	check_value[checks] = $4
	check_p[checks] = $5
	check_verdict[checks] = $6
	check_broken[checks] = text_of("decision") == "broken"
	if ($6 != "ok" && $6 != "")
		bad_all++
	if (check_broken[checks]) {
		if (!(($1, $2) in failed_check)) {
			failed_check[$1, $2] = 1
			failed_of[$1] = failed_of[$1] (failed_of[$1] == "" ? "" : ", ") "<code>" html($2) "</code>"
		}
	}
	if ($2 == "stray_arm")
		set_aside[$1] = add_to(set_aside[$1], named($3) " " $4)
	lists_arms = $2 == "users" || $2 == "clusters" # with --cluster the check is of those
	if (lists_arms && !($1 in number)) { # one arm: no effects
		number[$1] = ++experiments
		name[experiments] = $1
		first[experiments] = n + 1
	}
	k = ($1 in number) ? number[$1] : 0
	if (lists_arms && k && !((k, $3) in arm_number)) {
		arm_number[k, $3] = ++arms[k]
		arm[k, arms[k]] = $3
		users_of[k, arms[k]] = $2 == "users" ? $4 : (k, $3) in is_treatment ? users_treated[k, $3] : users_control[k]
		users_in[k] += users_of[k, arms[k]]
		if (!((k, $3) in is_treatment) && !(k in control))
			control[k] = $3
	}
}
kind == "details.tsv" && ($1 in number) {
	if ($3 == primary[number[$1]] && $4 ~ /^quantile[01]_/ && !(($1, $2, $4) in quantile))
		quantile[$1, $2, $4] = $5
}
# The primary metric, all users, as it was at the end of each day; `daily` is what the day
# added for each user, of metrics that are sums.
kind == "daily.tsv" && ($1 in number) {
	k = number[$1]
	d = text_of("day")
	if ($3 != primary[k] || text_of("segment") != "")
		next
	if (!((k, d) in day_number)) {
		day_number[k, d] = ++days[k]
		day[k, days[k]] = d
		share_of[k, days[k]] = text_of("day_share")
	}
	x = day_number[k, d]
	if (first_day == "" || d < first_day)
		first_day = d
	if (last_day == "" || d > last_day)
		last_day = d
	if (text_of("percent_lower") != "")
		by_day[k, $2, x] = number_or_null(text_of("percent")) "," number_or_null(text_of("percent_lower")) "," \
			number_or_null(text_of("percent_upper"))
	if ($3 !~ /^(sessions|tracks|time|latency|skips|(sum|count):[^\/]*)$/)
		next
	all_control = text_of("control_mean") * text_of("n_control")
	all_treated = text_of("treatment_mean") * text_of("n_treatment")
	if (text_of("n_control") > 0 && text_of("n_treatment") > 0) {
		here = (all_control - before_control[k, $2]) / text_of("n_control")
		there = (all_treated - before_treated[k, $2]) / text_of("n_treatment")
		if (here > 0)
			that_day[k, $2, x] = sprintf("%.6g", 100 * (there - here) / here)
	}
	before_control[k, $2] = all_control
	before_treated[k, $2] = all_treated
}
# the value of each primary metric, into memory by experiment and arm
kind == "users.tsv" {
	if (!found_columns) {
		found_columns = 1
		for (k = 1; k <= experiments; k++)
			find_columns(k)
	}
	for (k = 1; k <= experiments; k++) {
		if (!known[k] || !where[k] || !((k, $where[k]) in arm_number))
			continue
		v = $above[k]
		if (v == "" || (below[k] && $below[k] + 0 == 0))
			continue
		if (below[k])
			v /= $below[k]
		print k "\t" arm_number[k, $where[k]] "\t" v + 0 > "values.tsv"
	}
}
kind == "said" && /^[^:]*: warning: / {
	sub(/^[^:]*: warning: /, "")
	if (++warnings <= 30)
		warning[warnings] = $0
}
function find_columns(k,    m, slash) {
	m = primary[k]
	sub(/^q[0-9.]+:/, "", m)
	above[k] = m
	below[k] = ""
	if (!(m in col) && (slash = index(m, "/")) > 0) {
		above[k] = substr(m, 1, slash - 1)
		below[k] = substr(m, slash + 1)
	}
	known[k] = (above[k] in col) && (below[k] == "" || below[k] in col)
	above[k] = col[above[k]]
	below[k] = below[k] == "" ? 0 : col[below[k]]
	where[k] = col[name[k]]
}
