# sides.sh - the side files of a tool, for the loops over all of them: tests/every/TOOL/sides has
# lines `OPTION FILE [ARGS]`, where ARGS are further arguments of the tool, or after `=` all of
# them; sides.sh, when it is there, makes the files in the copied folder, and sides.after (sh) makes
# of the answer on its standard input what is to be compared.

# sides_make: in the tool's folder; every option that names side files must have a line
sides_make()
{
	if [ -f sides.sh ]; then
		. ./sides.sh
	fi
	[ -f sides ] || : > sides
	RECPIPE_DUMP_OPTIONS=table "$tool" | awk -F '\t' 'NR > 1 && $8 == "side" { print $1 }' > named
	cut -d ' ' -f 1 sides | LC_ALL=C sort > listed
	LC_ALL=C sort named | comm -3 - listed > odd
	if [ -s odd ]; then
		echo "$tool: tests/every/$tool/sides must have a line for each side file: $(tr '\n' ' ' < odd)"
		return 1
	fi
}

# sides_walk COMMAND: for each line of sides, with $option, $file and $more; a fault sets bad
sides_walk()
{
	sides_make || bad=1
	while read -r option file more; do
		"$1"
	done < sides
}

# side_go FILE [OPTION]...: the tool with FILE as $option's side file, $more being its ARGS
side_go()
(
	file=$1
	shift
	case $more in
	'= '*) args=${more#= } ;;
	*) set -- "$@" $more ;;
	esac
	if [ -f sides.after ]; then
		go "--$option" "$file" "$@" < "$feed" > answer && . ./sides.after < answer
	else
		go "--$option" "$file" "$@" < "$feed"
	fi
)
