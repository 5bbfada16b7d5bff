# fallbacks.awk - how many answers of a log were random fallbacks: after events.awk, of events with a column source, a
# line for all and one for each arm; nothing for other tables.
BEGIN { FS = "\t" }
NR == 1 {
	read_header()
	if (!("source" in at))
		exit
	source = at["source"]
	next
}
$source != "" {
	random = $source ~ /^random:/
	all++
	fell += random
	for (a = 1; a <= arms; a++) {
		key = name[arm_at[a]] " " $arm_at[a]
		if ($arm_at[a] != "") {
			of[key]++
			falls[key] += random
		}
	}
}
END {
	if (!all)
		exit
	printf "all\t%d\t%d\t%.4f\n", all, fell, fell / all
	for (key in of)
		printf "%s\t%d\t%d\t%.4f\n", key, of[key], falls[key], falls[key] / of[key] | "sort"
}
