# a-file-each.sh - sourced. a_file_each FILE: scrobbles/NAME.csv of the lines of FILE that have NAME and a
# TAB in front (public-formats.awk).
a_file_each()
{
	mkdir -p scrobbles
	cut -f 1 "$1" | sort -u | while read -r its_name; do
		grep -a "^$its_name	" "$1" | sed "s/^$its_name	//" > "scrobbles/$its_name.csv"
	done
}
