# report-data.awk - what report-page.js draws, as JSON; after report-read.awk.

function number_or_null(x) { return x ~ /^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$/ ? sprintf("%.6g", x) : "null" }
# Names of arms and metrics are written once, then by their numbers.
function write_arms(k,    a) {
	printf "\"arms\":["
	for (a = 1; a <= arms[k]; a++)
		printf "%s{\"label\":%s,\"users\":%s,\"control\":%s}", a == 1 ? "" : ",", js(label(arm[k, a])), \
			number_or_null(users_of[k, a]), arm[k, a] == control[k] ? "true" : "false"
	print "],"
}
function write_metrics(k,    m, x) {
	printf "\"metrics\":["
	for (m = 1; m <= metrics[k]; m++) {
		x = metric_name[k, m]
		printf "%s{\"label\":%s,\"unit\":%s,\"lower\":%s,\"primary\":%s,\"guardrail\":%s}\n", m == 1 ? "" : ",", js(label(x)), \
			js(unit(x)), lower_is_better(x) ? "true" : "false", x == primary[k] ? "true" : "false", \
			(k, x) in is_guardrail ? "true" : "false"
	}
	print "],"
}
# Rows: arm, metric, segment, percent and its interval, effect and its interval, significant,
# p adjusted, mean of the control and of the treatment.
function write_effects(k,    i, comma) {
	printf "\"effects\":["
	for (i = first[k]; i <= n; i++) {
		if (of[i] != k)
			continue
		printf "%s[%d,%d,%s,%s,%s,%s,%s,%s,%s,%d,%s,%s,%s]\n", comma, arm_number[k, treatment[i]] - 1, \
			metric_number[k, metric[i]] - 1, segment[i] == "" ? "\"\"" : js(label(segment[i])), number_or_null(percent[i]), \
			number_or_null(percent_lower[i]), number_or_null(percent_upper[i]), number_or_null(effect[i]), \
			number_or_null(lower_end[i]), number_or_null(upper_end[i]), significant[i] == 1, number_or_null(p_adjusted[i]), \
			number_or_null(control_mean[i]), number_or_null(treatment_mean[i])
		comma = ","
	}
	print "],"
}
# Days that are drawn: those with a tenth of an average day's tracks, or more. A few
# events after midnight are not a day. More than 90 are thinned, the last one kept.
function keep_days(k,    x, kept, thin, list) {
	kept = 0
	for (x = 1; x <= days[k]; x++)
		if (share_of[k, x] == "" || share_of[k, x] * days[k] >= 0.1)
			list[++kept] = x
	thin = int((kept + 89) / 90)
	drawn_days[k] = 0
	for (x = kept < 1 ? 1 : kept - int((kept - 1) / thin) * thin; x <= kept; x += thin)
		at[k, ++drawn_days[k]] = list[x]
}
function write_days(k,    x, a, comma) {
	printf "\"days\":["
	for (x = 1; x <= drawn_days[k]; x++)
		printf "%s%s", x == 1 ? "" : ",", js(day[k, at[k, x]])
	printf "],\n\"daily\":["
	for (a = 1; a <= arms[k]; a++) {
		printf "%s[", a == 1 ? "" : ","
		comma = ""
		for (x = 1; x <= drawn_days[k]; x++) {
			if (!((k, arm[k, a], at[k, x]) in by_day))
				continue
			printf "%s[%d,%s,%s]", comma, x - 1, by_day[k, arm[k, a], at[k, x]], number_or_null(that_day[k, arm[k, a], at[k, x]])
			comma = ","
		}
		printf "]\n"
	}
	print "],"
}
# The histograms: 40 bins from the 0.5 to the 99.5 percentile of all arms; what lies outside
# is in the outermost bins.
function sort_values(    line, f, k) {
	close("values.tsv")
	system("sort -t '\t' -k 1,1n -k 3,3g values.tsv > values.sorted")
	while ((getline line < "values.sorted") > 0) {
		split(line, f, "\t")
		k = f[1]
		count[k]++
		value[k, count[k]] = f[3]
		of_arm[k, count[k]] = f[2]
		size[k, f[2]]++
	}
	close("values.sorted")
	for (k = 1; k <= experiments; k++)
		make_bins(k)
}
function make_bins(k,    m, lo, hi, i, b) {
	m = count[k]
	if (m < 2)
		return
	lo = value[k, 1 + int(0.005 * (m - 1))]
	hi = value[k, 1 + int(0.995 * (m - 1))]
	if (hi <= lo) {
		lo = value[k, 1]
		hi = value[k, m]
	}
	if (hi <= lo)
		return
	low_end[k] = lo
	width[k] = (hi - lo) / 40
	for (i = 1; i <= m; i++) {
		b = int((value[k, i] - lo) / width[k])
		hit[k, of_arm[k, i], b < 0 ? 0 : b >= 40 ? 39 : b]++
		seen_in[k, of_arm[k, i]]++
		if (2 * seen_in[k, of_arm[k, i]] >= size[k, of_arm[k, i]] && !((k, of_arm[k, i]) in median))
			median[k, of_arm[k, i]] = value[k, i]
	}
}
function write_bins(k,    a, b) {
	if (!(k in width)) {
		print "\"bins\":null}"
		return
	}
	printf "\"bins\":{\"low\":%s,\"width\":%s,\"median\":[", number_or_null(low_end[k]), number_or_null(width[k])
	for (a = 1; a <= arms[k]; a++)
		printf "%s%s", a == 1 ? "" : ",", number_or_null(median[k, a])
	printf "],\"share\":["
	for (a = 1; a <= arms[k]; a++) {
		printf "%s[", a == 1 ? "" : ","
		for (b = 0; b < 40; b++)
			printf "%s%.4g", b == 0 ? "" : ",", size[k, a] ? 100 * hit[k, a, b] / size[k, a] : 0
		print "]"
	}
	print "]}}"
}
function write_data(    k) {
	print "["
	for (k = 1; k <= experiments; k++) {
		printf "%s{\"name\":%s,\"doubtful\":%s,", k == 1 ? "" : ",", js(label(name[k])), is_doubtful(k) ? "true" : "false"
		write_arms(k)
		write_metrics(k)
		write_effects(k)
		write_days(k)
		write_bins(k)
	}
	print "]"
}
