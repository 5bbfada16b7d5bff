# summary.awk - nightly's runs.tsv of the last seven days, as a table for people; SUMMARY_SINCE is the
# first day that counts, as 20240131. After quote.awk.
BEGIN { since = ENVIRON["SUMMARY_SINCE"] }
FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
substr($at["run"], 1, 8) < since { next }
{
	n++
	run[n] = $at["run"]; status[n] = $at["status"]; seconds[n] = $at["seconds"]; rows[n] = $at["rows"]
	value[n] = $at["value"]; covered[n] = $at["coverage"]; fell[n] = $at["fallbacks"]; users[n] = $at["users"]
	why[n] = $at["what"]
	# A run can fail after its lists went live.
	if (is_live[n] = status[n] == "0" || why[n] ~ /^the model [0-9TZ]+ is live, but /) published++
	else not_published++
}
function part(x, form) { return x == "" ? "-" : sprintf(form, x) }
END {
	printf "%d runs since %s-%s-%s: %d published, %d not\n\n", n, substr(since, 1, 4), substr(since, 5, 2),
		substr(since, 7, 2), published, not_published
	printf "%-17s %6s %8s %10s %8s %9s %8s %9s\n", "run", "status", "seconds", "pairs", "users", "metric", "lists %", "random %"
	for (i = 1; i <= n; i++)
		printf "%-17s %6s %8s %10s %8s %9s %8s %9s\n", run[i], status[i], seconds[i], part(rows[i], "%s"), part(users[i], "%s"),
			part(value[i], "%.4f"), part(covered[i] == "" ? "" : 100 * covered[i], "%.1f"),
			part(fell[i] == "" ? "" : 100 * fell[i], "%.1f")
	reasons("Not published", 0)
	reasons("Published, but", 1)
}
# The runs that are live or not, and have something to say.
function reasons(head, live,    i, any) {
	for (i = 1; i <= n; i++)
		if (is_live[i] == live && (status[i] != "0" || why[i] != ""))
			printf "%s%s: %s%s\n", (any++ ? "" : "\n" head "\n"), run[i],
				(status[i] == "0" ? "" : "exit status " status[i] ": "), shown(why[i])
}
