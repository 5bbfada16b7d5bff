# shellcheck shell=sh
# stage-sort.sh WORK KEY PART - WORK/sorted/PART becomes WORK/in/PART in the order of a field. A
# compressed part that is torn is bad input: WORK/torn gets a line.
set -u
LC_ALL=C
export LC_ALL
rows=$1/in/$3
case $(readlink -- "$rows") in
*.gz)
	gzip -dc < "$rows" > "$1/sorted/.$3" || {
		echo "$3" >> "$1/torn"
		exit 3
	}
	rows=$1/sorted/.$3
	;;
esac
sort -s -t "$(printf '\t')" -k "$2,$2" -o "$1/sorted/.$3" "$rows" && mv "$1/sorted/.$3" "$1/sorted/$3"
