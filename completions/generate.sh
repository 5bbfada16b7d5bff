#!/bin/sh
# generate.sh TOOL [bash|zsh|fish] - completion of a tool (bash), from the tool's own option table
set -u
name=$(basename -- "$1")
commands=$(RECPIPE_DUMP_OPTIONS=commands "$1" | tr '\n' ' ')
case ${2:-bash} in
zsh | fish)
	RECPIPE_DUMP_OPTIONS=table "$1" | NAME=$name COMMANDS=${commands% } COMPLETED_SHELL=$2 awk -F '\t' \
		-f "$(dirname -- "$0")/others.awk"
	exit
	;;
esac
RECPIPE_DUMP_OPTIONS=table "$1" | NAME=$name COMMANDS=${commands% } awk -F '\t' '
	NR == 1 { name = ENVIRON["NAME"]; next }
	{
		words = words " --" $1 ($1 == "help" ? " --help=all" : "")
		if ($2 != "")
			words = words " -" $2
		either = "--" $1 ($2 != "" ? "|-" $2 : "")
		if ($3 == "choice") {
			gsub(/[|]/, " ", $6)
			cases = cases "\t" either ") COMPREPLY=($(compgen -W \"" $6 "\" -- \"$word\")) ;;\n"
		} else if ($3 ~ /^(file|output|state)$/) {
			cases = cases "\t" either ") mapfile -t COMPREPLY < <(compgen -f -- \"$word\") ;;\n"
		} else if ($4 != "") {
			cases = cases "\t" either ") COMPREPLY=() ;;\n"
		}
	}
	END {
		f = "_recpipe_" name
		gsub(/-/, "_", f)
		printf "# bash completion of %s\n%s()\n{\n", name, f
		printf "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
		printf "\tif [[ $word == \"=\" ]]; then\n\t\tword=\n"
		printf "\telif [[ $before == \"=\" ]]; then\n\t\tbefore=${COMP_WORDS[COMP_CWORD-2]}\n\tfi\n"
		printf "\tcase $before in\n%s", cases
		printf "\t*)\n\t\tif [[ $word == -* ]]; then\n"
		printf "\t\t\tCOMPREPLY=($(compgen -W \"%s\" -- \"$word\"))\n", substr(words, 2)
		if (ENVIRON["COMMANDS"] != "")
			printf "\t\telif ((COMP_CWORD == 1)); then\n\t\t\tCOMPREPLY=($(compgen -W \"%s\" -- \"$word\"))\n",
				ENVIRON["COMMANDS"]
		printf "\t\telse\n\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n\t\tfi\n\t\t;;\n\tesac\n}\n"
		printf "complete -o filenames -F %s %s\n", f, name
	}'
