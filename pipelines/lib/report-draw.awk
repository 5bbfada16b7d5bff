# report-draw.awk - writes the gnuplot programs of report-experiment and their data into
# the current folder: K-forest.gp, K-daily.gp, K-arms.gp for experiment K. After quote.awk,
# on effects.tsv health.tsv daily.tsv users.tsv; REPORT_LOWER in the environment has the
# metrics where lower is better, one per line; values.sorted is made of values.tsv by sort.
# Names are data: lines of the block $text, which the program knows by their numbers.

function text(s, tic) {
	texts = texts gnuplot_line(s, tic) "\n"
	return "$text[" ++n_texts "][2:*]"
}
function start(name, height) {
	file = name ".gp"
	texts = ""
	n_texts = 0
	program = "set terminal svg size 860," height " dynamic noenhanced font 'sans-serif,13' background '#ffffff'\n" \
		"set output '" name ".svg'\n" \
		"set datafile separator '\\t'\nset border 3 lc rgb '#888888'\nset tics nomirror textcolor rgb '#222222'\n" \
		"set grid x y lc rgb '#e4e4e4' lt 1\n"
}
function add(line) {
	program = program line "\n"
}
function finish() {
	print "$text << EOD\n" texts "EOD\n" program > file
	close(file)
}
function arm_key(e, arm) {
	return e SUBSEP arm
}
BEGIN {
	FS = "\t"
	SUBSEP = "\n" # in no name
	split("#666666 #1b6ca8 #c8553d #2a9d5c #8e5bb5 #b8860b #d1579a #2b8c8c", color, " ")
	n_lower = split(ENVIRON["REPORT_LOWER"], lowers, "\n")
	for (i = 1; i <= n_lower; i++)
		less_is_good[lowers[i]] = 1
}
FNR == 1 {
	kind++
	split("", col)
	for (i = 1; i <= NF; i++)
		col[$i] = i
	next
}
# effects.tsv
kind == 1 {
	e = $1
	if (!(e in number)) {
		number[e] = ++experiments
		name[experiments] = e
		primary[e] = $3
	}
	k = number[e]
	if ($(col["percent_lower"]) == "" || $(col["percent_upper"]) == "")
		next
	lo = $(col["percent_lower"])
	hi = $(col["percent_upper"])
	good = $(col["percent"]) > 0
	if ($3 in less_is_good || $3 ~ /latency|skips/)
		good = !good
	label = $2 "  " $3
	if ("segment" in col && $(col["segment"]) != "")
		label = label "  " $(col["segment"])
	rows[k]++
	forest[k, rows[k]] = $(col["percent"]) "\t" lo "\t" hi
	color_of[k, rows[k]] = $(col["significant"]) != 1 ? "0x777777" : good ? "0x1a7f37" : "0xb3261e"
	label_of[k, rows[k]] = label
	next
}
# health.tsv
kind == 2 {
	if ($2 == "users") {
		arms[$1]++
		arm[$1, arms[$1]] = $3
		is_arm[arm_key($1, $3)] = arms[$1]
	}
	if ($(col["decision"]) == "broken")
		failed[$1] = 1
	next
}
# daily.tsv: the primary metric, all users
kind == 3 {
	if ($3 != primary[$1] || ("segment" in col && $(col["segment"]) != ""))
		next
	k = number[$1]
	d = $(col["day"])
	if (!((k, d) in day_number)) {
		day_number[k, d] = ++days[k]
		day[k, days[k]] = d
		share[k, days[k]] = $(col["day_share"])
	}
	x = day_number[k, d]
	if ($(col["percent_lower"]) != "")
		by_day[k, $2, x] = $(col["percent"]) "\t" $(col["percent_lower"]) "\t" $(col["percent_upper"])
	next
}
# users.tsv: the value of the primary metric, into memory by experiment and arm
kind == 4 {
	if (!ready) {
		ready = 1
		for (k = 1; k <= experiments; k++) {
			m = primary[name[k]]
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
	}
	for (k = 1; k <= experiments; k++) {
		if (!known[k] || !where[k] || !(arm_key(name[k], $where[k]) in is_arm))
			continue
		v = $above[k]
		if (v == "" || (below[k] && $below[k] + 0 == 0))
			continue
		if (below[k])
			v /= $below[k]
		print k "\t" is_arm[arm_key(name[k], $where[k])] "\t" v + 0 > "values.tsv"
	}
}
END {
	for (k = 1; k <= experiments; k++) {
		e = name[k]
		if (rows[k]) {
			start(k "-forest", 90 + 24 * rows[k])
			data = k "-forest.dat"
			add("set ytics ('' 0)")
			for (i = 1; i <= rows[k]; i++) {
				print rows[k] - i + 1 "\t" forest[k, i] "\t" (e in failed || "-" in failed ? "0x444444" : color_of[k, i]) > data
				add("set ytics add (" text(label_of[k, i], 1) " " rows[k] - i + 1 ")")
			}
			close(data)
			add("set yrange [0.4:" rows[k] + 0.6 "]\nunset key\nset xlabel 'effect, % of the control (interval)'")
			add("set arrow 1 from 0, graph 0 to 0, graph 1 nohead lc rgb '#222222' lw 1.2")
			add("set xrange [*<0:0<*]")
			add("plot '" data "' using 2:1:3:4:5 with xerrorbars lc rgb variable pt 7 ps 0.8 lw 2 notitle")
			finish()
		}
		keep_days(k)
		if (days[k] > 1)
			draw_days(k, name[k])
	}
	close("values.tsv")
	# The histograms: 40 bins from the 0.5 to the 99.5 percentile of all arms; what
	# lies outside is in the outermost bins.
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
		draw_arms(k, name[k])
}
# Days that are drawn: those with a tenth of an average day's tracks, or more. A few
# events after midnight are not a day. Sets at[k, 1] ... at[k, days[k]].
function keep_days(k,    x, kept) {
	kept = 0
	for (x = 1; x <= days[k]; x++)
		if (share[k, x] == "" || share[k, x] * days[k] >= 0.1)
			at[k, ++kept] = x
	days[k] = kept
}
# The effect of each arm as it was at the end of each day; more than 60 days are thinned,
# the last one kept
function draw_days(k, e,    x, step, list, thin, drawn, a, data, points, c) {
	start(k "-daily", 340)
	add("set xlabel 'all events until the end of the day'\nset ylabel 'effect, % of the control'")
	add("set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead lc rgb '#222222' lw 1.2")
	add("set yrange [*<0:0<*]\nset xrange [0.5:" days[k] + 0.5 "]\nset key outside top center horizontal")
	step = int((days[k] + 7) / 8)
	list = ""
	for (x = 1; x <= days[k]; x += step)
		list = list (list == "" ? "" : ", ") text(day[k, at[k, x]], 1) " " x
	add("set xtics (" list ")")
	thin = int((days[k] + 59) / 60)
	list = ""
	drawn = 0
	for (a = 1; a <= arms[e]; a++) {
		data = k "-daily-" a ".dat"
		points = 0
		for (x = days[k] - int((days[k] - 1) / thin) * thin; x <= days[k]; x += thin)
			if ((k, arm[e, a], at[k, x]) in by_day) {
				print x + (a - 1 - arms[e] / 2) * 0.06 "\t" by_day[k, arm[e, a], at[k, x]] > data
				points++
			}
		if (!points)
			continue
		close(data)
		drawn++
		c = color[(a - 1) % 8 + 1]
		list = list (list == "" ? "plot " : ", ") "'" data "' using 1:2:3:4 with yerrorbars lc rgb '" c \
			"' pt 7 ps 0.6 lw 1.5 title " text(arm[e, a], 0) ", '' using 1:2 with lines lc rgb '" c "' lw 1.5 notitle"
	}
	add(drawn ? list : "plot 0 notitle")
	finish()
}
function draw_arms(k, e,    n, lo, hi, bins, width, hit, i, b, list, a, data) {
	n = count[k]
	if (n < 2)
		return
	lo = value[k, 1 + int(0.005 * (n - 1))]
	hi = value[k, 1 + int(0.995 * (n - 1))]
	if (hi <= lo) {
		lo = value[k, 1]
		hi = value[k, n]
	}
	if (hi <= lo)
		return
	bins = 40
	width = (hi - lo) / bins
	for (i = 1; i <= n; i++) {
		b = int((value[k, i] - lo) / width)
		b = b < 0 ? 0 : b >= bins ? bins - 1 : b
		hit[of_arm[k, i], b]++
	}
	start(k "-arms", 340)
	add("set xlabel " text(primary[e] " of a user", 0) "\nset ylabel '% of the users of the arm'")
	add("set yrange [0:*]\nset key outside top center horizontal")
	list = ""
	for (a = 1; a <= arms[e]; a++) {
		if (!size[k, a])
			continue
		data = k "-arms-" a ".dat"
		for (b = 0; b < bins; b++)
			printf "%.9g\t%.6g\n", lo + (b + 0.5) * width, 100 * hit[a, b] / size[k, a] > data
		close(data)
		list = list (list == "" ? "plot " : ", ") "'" data "' using 1:2 with histeps lc rgb '" \
			color[(a - 1) % 8 + 1] "' lw 2 title " text(arm[e, a], 0)
	}
	add(list)
	finish()
}
