# report-sources.awk - who had a list: after events.awk, of events with a column source, for each experiment and arm
# how many answers there were, how many of these were random fallbacks, of how many users, how many of them had an
# answer of the recommender that was asked, and the reasons of the others. A source is the recommender that answered,
# and after a colon why the one before it did not; in an arm that asks for random tracks nobody needs a list.
BEGIN {
	FS = "\t"
	SUBSEP = "\n" # in no name
}
NR == 1 {
	read_header()
	if (!("source" in at) || !("user" in at))
		exit
	source = at["source"]
	user = at["user"]
	next
}
$source != "" {
	why = $source
	sub(/^[^:]*:?/, "", why)
	for (a = 1; a <= arms; a++) {
		if ($arm_at[a] == "")
			continue
		key = name[arm_at[a]] SUBSEP $arm_at[a]
		answers[key]++
		fell[key] += $source ~ /^random:/
		if ($source == "random")
			continue
		who = key SUBSEP $user
		if (!(who in state)) {
			state[who] = why
			users[key]++
		} else if (why == "") {
			state[who] = ""
		}
	}
}
END {
	for (who in state) {
		split(who, part, SUBSEP)
		key = part[1] SUBSEP part[2]
		if (state[who] == "")
			listed[key]++
		else
			without[key SUBSEP state[who]]++
	}
	for (all in without) {
		split(all, part, SUBSEP)
		key = part[1] SUBSEP part[2]
		reasons[key] = reasons[key] (key in reasons ? " " : "") part[3] "=" without[all]
	}
	print "experiment\tarm\tanswers\trandom\tusers\tlisted\treasons"
	for (key in answers) {
		split(key, part, SUBSEP)
		printf "%s\t%s\t%d\t%d\t%d\t%d\t%s\n", part[1], part[2], answers[key], fell[key], users[key], listed[key], reasons[key]
	}
}
