# events.awk - the columns of a table of events: read_header(), of its header line, sets at[NAME], where a column is,
# name[I], its name, and arm_at[1] to arm_at[arms], those of experiments: the columns that no event has of its own.
function read_header(    known, own, n, i) {
	n = split("message timestamp user track time latency recommendation session step source rank probability " \
		"generation triggered team", known, " ")
	for (i = 1; i <= n; i++)
		own[known[i]]
	for (i = 1; i <= NF; i++) {
		at[$i] = i
		name[i] = $i
		if (!($i in own))
			arm_at[++arms] = i
	}
}
