# shellcheck shell=sh disable=SC2034,SC2154 # stage knows the rest
# stage-engines.sh - how stage runs its tasks: by xargs, Slurm, Hadoop Streaming, Spark.

TAB=$(printf '\t')

# open_work: a folder beside the output, where it can be renamed from. Those that killed runs left go.
open_work()
{
	for old in "$out"._stage.*; do
		[ -d "$old" ] || continue
		(flock -n 9 && rm -rf -- "$old") 9>> "$old/lock"
	done
	work=$(mktemp -d "$out._stage.XXXXXX") || die 1 "cannot write beside $out"
	trap 'rm -rf -- "$work"' EXIT
	trap 'end_children; exit 129' HUP
	trap 'end_children; exit 130' INT
	trap 'end_children; exit 143' TERM
	exec 9>> "$work/lock"
	flock -n 9 || die 1 "cannot lock $work"
	mkdir "$work/in" "$work/tries" "$work/done" "$work/folder" "$work/out" || exit 1
	echo "$attempts $faults" > "$work/limits" || exit 1
	prepare "$work/folder"
	child=
}

# end_children: what runs is told to end
end_children()
{
	touch "$work/stop"
	[ -z "$child" ] || kill "$child" 2> /dev/null
}

# in_back COMMAND...: so that a signal is heeded at once
in_back()
{
	"$@" 9>&- &
	child=$!
	wait "$child"
	set -- $?
	child=
	return "$1"
}

# prepare FOLDER: the command and the side files
prepare()
{
	quote_sh "$TOOLS"
	printf 'set -u\nPATH=%s:$PATH\nLC_ALL=C\nexport PATH LC_ALL\n%s\n' "$quoted" "$command" > "$1/command" || exit 1
	printf '%s' "$sides" | while IFS= read -r file; do
		ln -s -- "$file" "$1/" || exit 1
	done || die 1 'two side files of one name'
}

# list_parts: work/list has the names of the input's parts
list_parts()
{
	find -H "$in" -mindepth 1 -maxdepth 1 -type d ! -name '_*' ! -name '.*' > "$work/folders" || exit 1
	[ ! -s "$work/folders" ] || die 1 "a folder among the parts, which is not read: $(head -n 1 "$work/folders")"
	find -H "$in" -maxdepth 1 ! -type d ! -name '_*' ! -name '.*' | sort > "$work/files" || exit 1
	n=0
	while IFS= read -r file; do
		# A name with a line end comes as two that are not there.
		[ -f "$file" ] && [ -r "$file" ] || die 1 "cannot read $file"
		ln -s -- "$file" "$work/in/$(printf 'part-%05d' "$n")" || exit 1
		n=$((n + 1))
	done < "$work/files"
	[ "$n" -gt 0 ] || die 1 "no parts in $in"
	ls "$work/in" > "$work/list"
}

# each SCRIPT: a script of lib for every part of work/list
each() { xargs -r -P "$jobs" -n 1 sh "$lib/$1" "$work" "$key" < "$work/list"; }

# say_torn: the end, when the sort has met a compressed part that is torn
say_torn()
{
	[ -e "$work/torn" ] || return 0
	echo 3 > "$work/refused"
	die 3 "$(head -n 1 "$work/torn"): a compressed file that is torn"
}

# number_parts: the names of as many parts as were asked for
number_parts() { PARTS=$parts awk 'BEGIN { for (i = 0; i < ENVIRON["PARTS"] + 0; i++) printf "part-%05d\n", i }'; }

# cut_by_key: work/in becomes parts of whole keys, in the order of the keys
cut_by_key()
{
	mkdir "$work/sorted" "$work/cut" || exit 1
	in_back each stage-sort.sh || {
		say_torn
		die 1 'cannot sort the rows'
	}
	before=$(find "$work/sorted" -type f -exec cat {} + | wc -l)
	in_back merge || die 1 'cannot cut the rows'
	number_parts | (cd "$work/cut" && xargs touch) || exit 1
	after=$(find "$work/cut" -type f -exec cat {} + | wc -l)
	[ "$before" = "$after" ] || die 1 "of $before rows $after came through the sort"
	rm -rf "$work/sorted" "$work/in"
	mv "$work/cut" "$work/in" && ls "$work/in" > "$work/list" || exit 1
}

merge()
{
	find "$work/sorted" -type f | sort | tr '\n' '\0' | sort -m -s -t "$TAB" -k "$key,$key" --files0-from=- |
		KEY=$key PARTS=$parts ROWS=$before TO=$work/cut awk -F '\t' '
		BEGIN { key = ENVIRON["KEY"] + 0; parts = ENVIRON["PARTS"] + 0; rows = ENVIRON["ROWS"] + 0; to = ENVIRON["TO"] }
		$key "" != last || NR == 1 {
			last = $key ""
			part = int((NR - 1) * parts / rows)
			if (part != now || NR == 1) {
				if (NR > 1) close(file)
				now = part
				file = sprintf("%s/part-%05d", to, part)
			}
		}
		{ print > file }
		END { if (NR != rows) exit 1 }'
}

# missing: the parts of work/list that are not done
missing()
{
	while IFS= read -r part; do
		[ -d "$work/done/$part" ] || printf '%s\n' "$part"
	done < "$work/list"
}

# run_tasks: on this machine, or by Slurm, until every part is there
run_tasks()
{
	rounds=0
	cp "$work/list" "$work/wanted"
	[ "$faults" = 0 ] || SHARE=$faults awk '{ print } (NR * 37) % 100 < ENVIRON["SHARE"] + 0' "$work/list" > "$work/wanted"
	while [ -s "$work/wanted" ]; do
		[ "$rounds" -le "$attempts" ] || die 1 'tasks end without a result, and without a reason'
		in_back "run_$engine"
		[ ! -e "$work/stop" ] || say_failure
		[ ! -s "$work/refused" ] || exit "$(cat "$work/refused")"
		missing > "$work/wanted"
		rounds=$((rounds + 1))
	done
}

# cut_by_spark: the same parts, which Spark's shuffle makes
cut_by_spark()
{
	mv "$work/in" "$work/uncut" && mkdir "$work/in" && number_parts > "$work/list" || exit 1
}

# Spark as the one that starts tasks, and with a key sorts the rows.
run_spark()
{
	cp "$lib/stage-task.sh" "$work/task" || return
	# shellcheck disable=SC2086
	$SPARK "$lib/stage-spark.py" "$work" "${key:-0}" "$parts" > "$work/spark.log" 2>&1 && return
	[ ! -e "$work/stop" ] || return 0
	say_torn
	grep -a 'Error\|Exception' "$work/spark.log" | tail -n 3 | shown_lines >&2
	echo 1 > "$work/refused"
	die 1 'the Spark job failed'
}

run_local() { xargs -r -P "$jobs" -n 1 sh "$lib/stage-task.sh" "$work" < "$work/wanted"; }

# Slurm has arrays of 1000 tasks at most, by default.
run_slurm()
{
	count=$(wc -l < "$work/wanted")
	width=$((count < 1000 ? count : 1000))
	cp "$lib/stage-task.sh" "$work/task" || return
	quote_sh "$work"
	# shellcheck disable=SC2016
	printf '#!/bin/sh\nwork=%s\nawk -v i="$SLURM_ARRAY_TASK_ID" -v n=%s "NR %% n == i" "$work/wanted" |
while read -r part; do sh "$work/task" "$work" "$part" < /dev/null; done\n' "$quoted" "$width" > "$work/job"
	# shellcheck disable=SC2086
	$SBATCH --quiet --wait --output="$work/slurm.%a" --array="0-$((width - 1))%$jobs" "$work/job" 2> "$work/sbatch.err" && return
	# A job that was canceled, before its first task too, is no refusal: what is missing is run again.
	[ ! -s "$work/sbatch.err" ] || [ -n "$(find "$work/tries" -maxdepth 1 -name 'part-*' -print -quit)" ] || {
		shown_lines < "$work/sbatch.err" >&2
		echo 4 > "$work/refused"
		die 4 'Slurm takes no job'
	}
}

# say_failure: what the task said that has ended the stage
say_failure()
{
	IFS=$TAB read -r status try < "$work/stop" || die 1 'stopped'
	said=${try##*/}
	[ ! -f "$try/err" ] || shown_lines < "$try/err" | sed "/^reporter:/d; s/^/${said%.*}: /" >&2
	[ "$status" -gt 0 ] && [ "$status" -le 4 ] || {
		shown "stage: ${said%.*} failed with status $status" >&2
		exit 1
	}
	die "$status" "${said%.*} failed with status $status"
}

# publish: out, counters, what was said; then the new folder's name
publish()
{
	while IFS= read -r part; do
		mv "$work/done/$part/out" "$work/out/$part" || exit 1
		[ "$level" = 0 ] || [ ! -s "$work/done/$part/err" ] || sed '/^reporter:/d' "$work/done/$part/err" | shown_lines | sed "s/^/$part: /" >&2
	done < "$work/list" || die 1 'a part has gone'
	find "$work/done" -name counters -exec cat {} + | add_counters > "$work/out/_counters" || exit 1
	compare "$(counter rows_in "$work/out/_counters")" "$([ ! -f "$in/_counters" ] || counter rows_out "$in/_counters")"
	: > "$work/out/_SUCCESS" || exit 1
	mv -T "$work/out" "$out" 2> /dev/null || die 1 "$out has come to be there meanwhile"
	cp "$out/_counters" "$work/counters"
}

# add_counters: sums by name, in order
add_counters() { awk -F '\t' '{ n[$1] += $2 } END { for (i in n) printf "%s\t%.0f\n", i, n[i] }' | sort; }

# counter NAME FILE
counter() { NAME=$1 awk -F '\t' '$1 == ENVIRON["NAME"] { print $2 }' "$2"; }

# compare READ DUE: with what made the input
compare()
{
	[ -z "$2" ] || [ "$1" = "$2" ] || die 1 "$1 rows were read of $in, whose _counters says $2"
}

say_counters() { awk -F '\t' '{ print "stage: " $1 " " $2 }' "$work/counters" | shown_lines >&2; }

# write_pipe FOLDER: what an engine runs
write_pipe()
{
	mark=$(od -An -N 12 -tx1 /dev/urandom | tr -d ' \n')
	mark=$(printf '\001stage-%s' "$mark")
	printf '%s\n' "$command" > "$1/stage-command" && cp "$lib/stage-pipe.sh" "$1/" || exit 1
	quote_sh "$TOOLS"
	printf 'TOOLS=%s\nMARK=%s\nATTEMPTS=%s\nFAULTS=%s\n' "$quoted" "'$mark'" "$attempts" "$faults" > "$1/stage-settings" || exit 1
}

# say_marked FILE: the first failure that rows with the mark tell
say_marked()
{
	status=$(awk -F '\t' 'NR == 1 { print $2 }' "$1")
	awk -F '\t' 'NR == 1 { task = $3 } $3 == task' "$1" | cut -f 4- | shown_lines >&2
	case $status in
	[1-4]) die "$status" "a task failed with status $status" ;;
	*) die 1 "a task failed with status ${status:-unknown}" ;;
	esac
}

# ---- Hadoop Streaming: folders of HDFS, or of the disk where there is no HDFS --------------

files() { # shellcheck disable=SC2086
	$HADOOP fs "$@"
}

# plain NAME...: Hadoop takes names apart at commas, # and the like
plain()
{
	for name; do
		case $name in *[!A-Za-z0-9_./:=@%+~-]*) die 1 "Hadoop cannot have this name: $name" ;; esac
	done
}

run_hadoop()
{
	in=${in%/} out=${out%/}
	plain "$in" "$out"
	work=$(mktemp -d "${TMPDIR:-/tmp}/stage.XXXXXX") || exit 1
	plain "$work"
	made=$out._stage.$(od -An -N 6 -tx1 /dev/urandom | tr -d ' \n')
	trap 'rm -rf -- "$work"' EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	mkdir "$work/run" && write_pipe "$work" || exit 1
	files -test -d "$in" 2> /dev/null || die 1 "no folder $in"
	! files -test -e "$out" 2> /dev/null || die 1 "$out is there already"
	ship=$work/stage-command,$work/stage-pipe.sh,$work/stage-settings
	while IFS= read -r side; do
		[ -z "$side" ] || plain "$side"
		ship=$ship${side:+,$side}
	done << END
$sides
END
	tries=1
	until stream; do
		! job_met_torn && job_may_do && [ "$tries" -lt "$attempts" ] || {
			drop
			! job_met_torn || die 3 "a compressed file in $in is torn"
			grep -a 'Error\|Exception\|failed' "$work/log" | tail -n 5 | shown_lines >&2
			die 1 'the Hadoop job failed'
		}
		files -rm -r -f -skipTrash "$made" > /dev/null 2>&1
		tries=$((tries + 1))
	done
	take_counters
	if [ "$(counter stage.failed "$work/all")" ]; then
		files -cat "$made/part-*" 2> /dev/null | grep -a "^$mark$TAB" > "$work/marked"
		drop
		say_marked "$work/marked"
	fi
	publish_hadoop
}

# job_met_torn: in the words of Java and zlib
job_met_torn() { grep -aq 'EOFException: Unexpected end of input\|IOException: \(invalid \|incorrect .* check\|not a gzip\|stored gzip\)' "$work/log"; }

# job_may_do: may another job come to its end? Without daemons, which try no task twice; and where it was
# not for a task, but for YARN: a machine that dies may confuse the master of a job.
job_may_do() { grep -q 'job_local\|failed with state FAILED due to: \(Invalid event\|Application\)' "$work/log"; }

drop() { files -rm -r -f -skipTrash "$made" > /dev/null 2>&1; }

# stream: the job. Whole lines are keys, without values: Streaming adds a TAB nowhere then.
stream()
{
	set -- -D mapreduce.input.fileinputformat.split.minsize=9223372036854775807 \
		-D "textinputformat.record.delimiter=
" -D stream.map.output=keyonlytext -D stream.reduce.input=keyonlytext -D stream.reduce.output=keyonlytext \
		-D mapreduce.map.maxattempts="$attempts" -D mapreduce.reduce.maxattempts="$attempts"
	if [ -n "$key" ]; then
		set -- "$@" -D mapreduce.job.reduces="$parts" -D "mapreduce.partition.keycomparator.options=-k$key,$key" \
			-D "mapreduce.partition.keypartitioner.options=-k$key,$key" \
			-D mapreduce.job.output.key.comparator.class=org.apache.hadoop.mapreduce.lib.partition.KeyFieldBasedComparator \
			-files "$ship" -partitioner org.apache.hadoop.mapred.lib.KeyFieldBasedPartitioner \
			-mapper /bin/cat -reducer 'sh stage-pipe.sh'
	else
		set -- "$@" -D mapreduce.job.reduces=0 -files "$ship" -mapper 'sh stage-pipe.sh'
	fi
	# shellcheck disable=SC2086
	(cd "$work/run" && $STREAMING "$@" -input "$in" -output "$made") > "$work/log" 2>&1
}

# take_counters: work/all, GROUP.NAME of every counter of the job; work/counters, ours
take_counters()
{
	awk '/ Counters: [0-9]+$/ { count = 0; next } # those of the job are the last ones
		/^\t[^\t]/ { group = substr($0, 2); sub(/:? *$/, "", group); next }
		/^\t\t.*=[0-9]+$/ {
			name = n = $0; sub(/^\t\t/, "", name); sub(/=[0-9]+$/, "", name); sub(/.*=/, "", n)
			line[++count] = group "." name "\t" n; next }
		END { for (i = 1; i <= count; i++) print line[i] }' "$work/log" > "$work/all"
	read_rows=$(counter 'Map-Reduce Framework.Map input records' "$work/all")
	written=$(counter 'Map-Reduce Framework.Map output records' "$work/all")
	if [ -n "$key" ]; then
		came=$(counter 'Map-Reduce Framework.Reduce input records' "$work/all")
		[ "$read_rows" = "$came" ] || {
			drop
			die 1 "of $read_rows rows $came came through the sort"
		}
		written=$(counter 'Map-Reduce Framework.Reduce output records' "$work/all")
	fi
	{
		printf 'rows_in\t%s\nrows_out\t%s\n' "$read_rows" "$written"
		awk -F '\t' '$1 !~ /^(File System Counters|Map-Reduce Framework|Job Counters|Shuffle Errors|File (In|Out)put Format Counters|stage)\./ {
			sub(/\./, ",", $1); print $1 "\t" $2 }' "$work/all"
	} | add_counters > "$work/counters"
}

publish_hadoop()
{
	due=$(files -cat "$in/_counters" 2> /dev/null) || due=
	printf '%s\n' "$due" > "$work/due"
	due=$(counter rows_out "$work/due")
	[ -z "$due" ] || [ "$due" = "$read_rows" ] || drop
	compare "$read_rows" "$due"
	files -put "$work/counters" "$made/_counters" 2> "$work/log" && ! files -test -e "$out" 2> /dev/null &&
		files -mv "$made" "$out" 2>> "$work/log" && files -test -e "$out/_SUCCESS" 2> /dev/null || {
		shown_lines < "$work/log" >&2
		drop
		die 1 "cannot make $out"
	}
}
