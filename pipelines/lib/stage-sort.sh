# shellcheck shell=sh
# stage-sort.sh WORK PART KEY - WORK/sorted/PART becomes WORK/in/PART in the order of a field.
set -u
LC_ALL=C
export LC_ALL
case $(readlink -- "$1/in/$2") in
*.gz) gzip -dc < "$1/in/$2" > "$1/sorted/.$2" && sort -s -t "$(printf '\t')" -k "$3,$3" -o "$1/sorted/.$2" "$1/sorted/.$2" ;;
*) sort -s -t "$(printf '\t')" -k "$3,$3" -o "$1/sorted/.$2" "$1/in/$2" ;;
esac && mv "$1/sorted/.$2" "$1/sorted/$2"
