# shellcheck shell=sh disable=SC2034,SC2154 # personalize, which sources it, knows the rest
# personalize-report.sh - what personalize tells at its end: report.txt. Sourced after stages.sh and
# recipe.sh, in WORK.

rows() { printf '%d' "$(($(wc -l < "$1") - 1))"; }

# picture svg|dumb: the learning curve
picture()
{
	[ "$(wc -l < curve.tsv)" -gt 2 ] || return 0
	what=loss column=2 more=
	if awk -F '\t' 'NR > 1 && $3 != "" { found = 1 } END { exit !found }' curve.tsv; then
		what='validation ndcg at 10' column=3
	fi
	if [ "$1" = svg ]; then
		settings="$(FORM=gnuplot awk -f "$lib/palette.awk" "$lib/palette.css")"'
			set terminal svg size 720,420 background "white"; set title "Learning curve";
			set key outside bottom center horizontal; set ylabel "'$what'"'
		if [ $column = 3 ]; then
			settings="$settings; set border 11; set ytics nomirror; set y2tics; set y2label 'loss'"
			more=", 'curve.tsv' every ::1 using 1:2 axes x1y2 with lines dashtype 2 title 'loss'"
		fi
	else
		settings="set terminal dumb 76 20; unset key; set title '$what'"
	fi
	gnuplot -d -e "set datafile separator '\t'; set xlabel 'epoch'; $settings; plot 'curve.tsv' every ::1 \
		using 1:$column with linespoints pointtype 7 pointsize 0.5 title '$what'$more" < /dev/null
}

report()
{
	printf 'personalize: %s\n\n' "$work"

	echo 'Rows'
	case $kind in json | table) printf '  %-12s %10d\n' events "$(rows events.tsv)" ;; esac
	[ -n "$DATASET" ] || says_window
	[ -n "$DATASET" ] || printf '  %-12s %10d\n' positives "$(rows positives.tsv)"
	ITEMS_N=$(rows counts.unsorted) USERS_N=$(rows .user-rows) awk -F '\t' '
		{ printf "  %-12s %10d  (train %d, validation %d, test %d; %d users, %d items)\n", "dataset",
			$1 + $2 + $3, $1, $2, $3, ENVIRON["USERS_N"], ENVIRON["ITEMS_N"] }' .split-rows
	[ -n "$lost" ] || printf '  %-12s %10d  (lists of %d users)\n' served "$(rows serving-topk.tsv)" \
		"$(awk -F '\t' '$1 == "lists" { print $2 }' coverage.tsv)"

	[ -n "$lost" ] || printf '\n%s\n' "$(says_coverage)"
	[ ! -s fallbacks.tsv ] || says_fallbacks

	printf '\nOn the test rows, unseen by training and tuning (stderr over users)\n'
	awk -F '\t' '
		function cell(v, e) { return v == "" ? "-" : sprintf("%.4f%s", v, e == "" ? "" : sprintf(" (%.4f)", e)) }
		FNR == 1 { file++; next }
		$1 !~ /^(precision|recall|ndcg|hit|coverage)@/ { next }
		{ value[file, $1] = $2; error[file, $1] = $3; if (file == 1) name[++n] = $1 }
		END {
			printf "  %-14s %-18s %-18s %-18s\n", "", "model", "popular", "random"
			for (i = 1; i <= n; i++) {
				m = name[i]
				printf "  %-14s %-18s %-18s %s\n", m, cell(value[1, m], error[1, m]),
					cell(value[2, m], error[2, m]), cell(value[3, m], error[3, m])
			}
		}' metrics.tsv popular-metrics.tsv random-metrics.tsv

	echo '  (all of them: metrics.tsv, popular-metrics.tsv, random-metrics.tsv)'
	[ -z "$floor_says" ] || printf '\n%s%s\n' "${lost:+The model loses to popular lists, and nothing is served: }" "$floor_says"
	[ -z "$MODEL" ] || printf '\nThe recipe: %s\n' "$(recipe_says)"
	if [ -z "$other" ]; then
		printf '\nTraining kept epoch %s of %s%s. %s\n' "${best:-?}" "$(rows curve.tsv)" \
			"$([ -n "$lost" ] || echo "; $SERVING_EPOCHS epochs for serving")" \
			"$([ -s curve.svg ] && echo 'Picture: curve.svg')"
		if command -v gnuplot > /dev/null; then picture dumb | tr -d '\f'; fi
	fi

	[ -n "$lost" ] || report_user
}

# report_user: one user's list, and answers
report_user()
{
	title=$(head -n 1 items.tsv | awk -F '\t' '{ for (i = 1; i <= NF; i++) if ($i == "title") print i }')
	printf '\nUser %s listened to, among others\n' "$SHOW_USER"
	SHOW_USER=$SHOW_USER TITLE_COLUMN=${title:-1} awk -F '\t' '
		BEGIN { user = ENVIRON["SHOW_USER"] "\t"; title = ENVIRON["TITLE_COLUMN"] + 0 }
		FNR == 1 { file++; next }
		file == 1 { taken[$1] }
		file == 2 && $1 in taken && n < 10 { n++; print "        " $title }' - items.tsv << END
item
$(SHOW_USER=$SHOW_USER awk -F '\t' '
		BEGIN { user = ENVIRON["SHOW_USER"] "\t" }
		index($0, user) == 1 { found = 1; print $2; next }
		found { exit } # a user has rows in one place' dataset.tsv)
END
	printf '\nand is recommended\n'
	SHOW_USER=$SHOW_USER awk -F '\t' '
		BEGIN { user = ENVIRON["SHOW_USER"] "\t" }
		NR == 1 { print; next }
		index($0, user) == 1 { found = 1; if ($2 <= 10) print; next }
		found { exit } # a list is in one place' serving-topk.tsv |
		join-columns --on item --with items.tsv ${title:+--take title} |
		TITLED=${title:+1} awk -F '\t' 'NR > 1 {
			printf "  %4d  %s  (%.4g)\n", $2, ENVIRON["TITLED"] ? $5 : $3, $4 }'

	if [ "$REDIS" != none ] && [ -f answers.tsv ]; then
		printf '\nAnswered from Redis\n'
		join-columns --on recommendation --with items.tsv --with-on item ${title:+--take title} answers.tsv |
			TITLED=${title:+1} awk -F '\t' 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
				{ printf "  user %-16s %-10s %s\n", $1, $at["source"], ENVIRON["TITLED"] ? $at["title"] : $2 }'
	fi
}

# tell: report.txt, and the picture of the curve, as they are now
tell()
{
	if [ -n "$other" ]; then
		: # no training with a curve
	elif command -v gnuplot > /dev/null; then
		reads curve.tsv
		[ "$(wc -l < curve.tsv)" -le 2 ] || put curve.svg picture svg
	else
		echo 'personalize: gnuplot is not installed: no plot of the learning curve' >&2
	fi
	put .report.raw report && put report.txt shown_lines < .report.raw && rm -f .report.raw ||
		die 1 'the report failed'
	echo
	cat report.txt
}
