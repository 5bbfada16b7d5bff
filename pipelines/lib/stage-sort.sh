# shellcheck shell=sh
# stage-sort.sh WORK KEY PART - WORK/sorted/PART becomes WORK/in/PART in the order of a field.
set -u
LC_ALL=C
export LC_ALL
case $(readlink -- "$1/in/$3") in
*.gz) gzip -dc < "$1/in/$3" > "$1/sorted/.$3" && sort -s -t "$(printf '\t')" -k "$2,$2" -o "$1/sorted/.$3" "$1/sorted/.$3" ;;
*) sort -s -t "$(printf '\t')" -k "$2,$2" -o "$1/sorted/.$3" "$1/in/$3" ;;
esac && mv "$1/sorted/.$3" "$1/sorted/$3"
