#!/bin/sh
# html.sh FOLDER - the manual pages as HTML, with links between them and an index.
set -u
LC_ALL=C
export LC_ALL
folder=$1
command -v mandoc > /dev/null || { echo 'html: mandoc is missing: apt-get install mandoc' >&2; exit 1; }
mkdir -p "$folder" || exit 1
cat > "$folder/style.css" << 'END'
body { max-width: 50em; margin: 2em auto; padding: 0 1em; font-family: sans-serif; line-height: 1.4; color: #222; }
pre, code, .Bd { font-family: monospace; font-size: 0.92em; overflow-x: auto; }
table.head, table.foot { width: 100%; color: #666; font-size: 0.85em; }
td.head-vol { text-align: center; } td.head-rtitle, td.foot-os { text-align: right; }
h1 { font-size: 1.15em; border-bottom: 1px solid #ccc; } h2 { font-size: 1.02em; }
a { color: #0645ad; text-decoration: none; } dt { margin-top: 0.6em; } a.permalink { color: inherit; }
END
{
	printf '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>recpipe</title>\n'
	printf '<link rel="stylesheet" href="style.css">\n</head>\n<body>\n<h1>recpipe: manual pages</h1>\n<dl>\n'
	for page in man/*.[1357]; do
		name=$(basename "$page")
		# Links only to pages that are there.
		mandoc -T html -O style=style.css,man=%N.%S.html "$page" > "$folder/$name.html.new" || exit 1
		awk -v pages="$(cd man && echo ./*.[1357])" '
			BEGIN { n = split(pages, p, " "); for (i = 1; i <= n; i++) { sub(/^\.\//, "", p[i]); is[p[i]] = 1 } }
			{
				out = ""
				while (match($0, /<a class="Xr" href="[^"]*\.html">[^<]*<\/a>/)) {
					link = substr($0, RSTART, RLENGTH); name = link
					sub(/^<a class="Xr" href="/, "", name); sub(/\.html">.*/, "", name)
					text = link; sub(/^[^>]*>/, "", text); sub(/<\/a>$/, "", text)
					out = out substr($0, 1, RSTART - 1) (name in is ? link : text)
					$0 = substr($0, RSTART + RLENGTH)
				}
				$0 = out $0
				# man(7) has no cross references: <b>name</b>(N) becomes one.
				out = ""
				while (match($0, /<b>[a-z0-9-]+<\/b>\([1-8]\)/)) {
					link = substr($0, RSTART, RLENGTH); name = link
					sub(/^<b>/, "", name); sub(/<\/b>\(/, ".", name); sub(/\)$/, "", name)
					out = out substr($0, 1, RSTART - 1) (name in is ? "<a href=\"" name ".html\">" link "</a>" : link)
					$0 = substr($0, RSTART + RLENGTH)
				}
				print out $0
			}' "$folder/$name.html.new" > "$folder/$name.html" && rm "$folder/$name.html.new" || exit 1
		printf '<dt><a href="%s.html">%s(%s)</a></dt>\n' "$name" "${name%.?}" "${name##*.}"
		printf '<dd>%s</dd>\n' "$(sed -n '/^\.SH NAME/{n;s/^.*\\- //;s/\\-/-/g;s/&/\&amp;/g;s/</\&lt;/g;p;q;}' "$page")"
	done
	printf '</dl>\n</body>\n</html>\n'
} > "$folder/index.html.new" && mv "$folder/index.html.new" "$folder/index.html" || exit 1
echo "$folder/index.html"
