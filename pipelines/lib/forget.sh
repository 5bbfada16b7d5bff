# shellcheck shell=sh disable=SC2034,SC2154 # forget, which sources it, knows the rest
# forget.sh - the places a user is taken out of. Sourced after stages.sh and positives.sh. The user is
# FORGET_USER in the environment: any bytes but TAB and LF, which no shell and no awk program reads.

# told PLACE WHAT COUNT: a row of the table
told() { printf '%s\t%s\t%s\n' "$(shown "$1")" "$2" "$3"; }

# replace FILE NEW: NEW, beside it, becomes FILE, with its owner, mode and time
replace()
{
	chmod --reference="$1" -- "$2" && { chown --reference="$1" -- "$2" 2> /dev/null || :; } &&
		touch -r "$1" -- "$2" && sync -- "$2" && mv -f -- "$2" "$1" || die 1 "cannot replace $1"
}

# sweep_parts FOLDER: what a run that was killed has left
sweep_parts() { find "$1" -maxdepth 1 -name '.forget.*' -exec rm -f {} +; }

# part FOLDER: sets `part` to the name of a new file there
part() { part=$(mktemp "$1/.forget.XXXXXX") || die 1 "cannot write in $1"; }

# ---- nightly's folder ------------------------------------------------------------------

# forget_rows FILE PROGRAM: rows of a table that the awk program names go; the header stays. Of a link it is the
# file that the link names. (awk takes no operand: a name with = would be an assignment.)
forget_rows()
{
	[ -f "$1" ] || return 0
	its_file=$(readlink -f -- "$1")
	its_count=$(awk -F '\t' 'BEGIN { user = ENVIRON["FORGET_USER"] } FNR > 1 && ('"$2"') { n++ } END { print n + 0 }' < "$its_file") ||
		die 1 "cannot read $1"
	[ "$its_count" -gt 0 ] || return 0
	part "$(dirname -- "$its_file")"
	awk -F '\t' 'BEGIN { user = ENVIRON["FORGET_USER"] } FNR == 1 || !('"$2"')' < "$its_file" > "$part" ||
		die 1 "cannot write $part"
	replace "$its_file" "$part"
	told "$1" rows "$its_count"
}

# without_user: of a table on standard input, the rows that are neither the user's own, with OWN=1, nor, with
# PEOPLE=1, have the user as an item; the ranks of a list close up. To the file NEW; prints how many rows are less.
without_user()
{
	awk 'BEGIN { FS = OFS = "\t"; user = ENVIRON["FORGET_USER"]; new = ENVIRON["NEW"]
			own = ENVIRON["OWN"] == 1; people = ENVIRON["PEOPLE"] == 1 }
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; print > new; next }
		at["user"] && $(at["user"]) "" != last { last = $(at["user"]) ""; gone = 0 }
		(own && at["user"] && last == user) || (people && at["item"] && $(at["item"]) "" == user) { n++; gone++; next }
		gone && at["rank"] { $(at["rank"]) -= gone }
		{ print > new }
		END { print n + 0 }'
}

# forget_item FILE: with --people the user goes as an item, out of a table with such a column
forget_item()
{
	[ -n "$people" ] && [ -f "$1" ] || return 0
	its_file=$(readlink -f -- "$1")
	part "$(dirname -- "$its_file")"
	its_count=$(OWN='' PEOPLE=1 NEW=$part without_user < "$its_file") || die 1 "cannot write $part"
	if [ "$its_count" -gt 0 ]; then
		replace "$its_file" "$part"
		told "$1" 'rows with the user as an item' "$its_count"
	fi
	rm -f -- "$part"
}

# forget_report FILE: what a report says of a user's list, if it is this one's
forget_report()
{
	[ -f "$1" ] && USER_SHOWN=$(shown "$FORGET_USER") awk '
		$0 == "User " ENVIRON["USER_SHOWN"] " listened to, among others" { found = 1 } END { exit !found }' < "$1" || return 0
	its_file=$(readlink -f -- "$1")
	part "$(dirname -- "$its_file")"
	awk '/^User .* listened to, among others$/ { exit } { print }' < "$its_file" > "$part" || die 1 "cannot write $part"
	replace "$its_file" "$part"
	told "$1" 'the list that it shows' 1
}

forget_store()
{
	if [ -e "$store/work" ]; then
		# A link to a folder elsewhere stays, for the next run; what is in the folder goes.
		[ ! -L "$store/work" ] || find -H "$store/work" -mindepth 1 -delete || die 1 "cannot empty $store/work"
		[ -L "$store/work" ] || rm -rf -- "$store/work" || die 1 "cannot remove $store/work"
		told "$store/work" 'the folder of the last run, which the next one makes again' 1
	fi
	set +f
	for its_folder in "$store"/models/*; do
		[ -d "$its_folder" ] || continue
		sweep_parts "$its_folder"
		for its_file in "$its_folder"/serving-topk.tsv "$its_folder"/topk.tsv "$its_folder"/heard.tsv; do
			forget_rows "$its_file" '$1 "" == user'
		done
		for its_table in serving-topk topk heard popular items; do
			forget_item "$its_folder/$its_table.tsv"
		done
		for its_file in "$its_folder"/serving.tsv "$its_folder"/serving-[1-9].tsv; do
			forget_rows "$its_file" '($1 == "user" || $1 == "user_feature") && $2 "" == user'
		done
		forget_report "$its_folder/report.txt"
	done
	set -f
}

# ---- logs --------------------------------------------------------------------------------

# log_kind FILE: json, csv or tsv
log_kind()
{
	[ "$FORMAT" = auto ] || { echo "$FORMAT"; return; }
	file_kind "$1"
}

# unpacked FILE: its bytes
unpacked()
{
	case $1 in
	*.gz) gzip -dc < "$1" ;;
	*.zst) zstd -dcq < "$1" ;;
	*.xz) xz -dc < "$1" ;;
	*) cat < "$1" ;;
	esac
}

# packed_as FILE: standard input as such a file is packed
packed_as()
{
	case $1 in
	*.gz) gzip -c ;;
	*.zst) zstd -qc ;;
	*.xz) xz -c ;;
	*) cat ;;
	esac
}

# users_by_line KIND FILE: the user of each line of a plain file, in its order; of tables the header's line is
# first
users_by_line()
{
	case $1 in
	json)
		eval "set -- $import_words"' $(import_others json) -- "$2"' # words in quotes
		import-logs -q "$@" | NAME=user its_column
		;;
	csv) filter-interactions -q --csv --where "$USER_COLUMN!=" -- "$2" | NAME=$USER_COLUMN its_column ;;
	tsv) NAME=$USER_COLUMN its_column < "$2" ;;
	esac
}

# its_column: of the table on standard input, the column that NAME names
its_column()
{
	awk -F '\t' '
		NR == 1 {
			sub(/^\357\273\277/, ""); sub(/\r$/, "")
			for (i = 1; i <= NF; i++) if ($i == ENVIRON["NAME"]) { at = i; n++ }
			if (n != 1) exit 3
		}
		{ sub(/\r$/, ""); print $at }'
}

# state FILE: differs when another process has written it
state() { stat -c '%i %s %y' -- "$1"; }

# forget_log FILE: false when it cannot be read line by line. Compressed files are unpacked beside it. Of a
# symbolic link it is the file that the link names, where the rows are.
forget_log()
{
	its_file=$(readlink -f -- "$1") its_status=0
	its_folder=$(dirname -- "$its_file")
	sweep_parts "$its_folder"
	its_form=$(log_kind "$1")
	part "$its_folder"
	its_plain=$part
	part "$its_folder"
	its_users=$part
	part "$its_folder"
	its_new=$part
	part "$its_folder"
	its_gone=$part
	forget_lines "$1" || its_status=1
	rm -f -- "$its_plain" "$its_users" "$its_new" "$its_gone"
	return $its_status
}

# not_by_line FILE: what is wrong with it; false
not_by_line()
{
	shown "forget: $1: not a row in each line with a user (USER_COLUMN=$USER_COLUMN): it stays as it is" >&2
	return 1
}

# has_rows FILE N WHOSE: is FILE, read alone, N rows, all of the user (its) or none (others)? Lines that are not rows of
# their own (a list over several lines, lines of two rows and of none) have the right number together, but not apart.
has_rows()
{
	users_by_line "$its_form" "$1" | N=$2 WHOSE=$3 awk 'NR > 1 { n++; its += $0 "" == ENVIRON["FORGET_USER"] }
		END { exit !(n + 0 == ENVIRON["N"] && its + 0 == (ENVIRON["WHOSE"] == "its" ? n + 0 : 0)) }'
}

forget_lines()
{
	its_state=$(state "$its_file")
	unpacked "$1" > "$its_plain" || { shown "forget: $1 cannot be read" >&2; return 1; }
	[ -s "$its_plain" ] || return 0
	case $its_form:$IMPORT in json:*'[]'*) not_by_line "$1"; return ;; esac # --each: a line of no rows may be anywhere
	users_by_line "$its_form" "$its_plain" > "$its_users" || :
	its_head=0
	[ "$its_form" != json ] || its_head=1
	# With fewer users than lines the one of a line would be that of another.
	its_lines=$(awk 'END { print NR }' < "$its_plain")
	[ "$(tail -n +$((its_head + 1)) "$its_users" | awk 'END { print NR }')" = "$its_lines" ] || { not_by_line "$1"; return; }
	its_count=$(HEAD=$its_head USERS=$its_users NEW=$its_new GONE=$its_gone awk '
		BEGIN { user = ENVIRON["FORGET_USER"]; users = ENVIRON["USERS"]; new = ENVIRON["NEW"]; gone = ENVIRON["GONE"]
			head = ENVIRON["HEAD"] == 1
			if (head) getline line < users }
		(getline line < users) <= 0 { exit 1 }
		{ its = line "" == user && (NR > 1 || head); n += its; print > (its ? gone : new) }
		NR == 1 && !head { print > gone }
		END { print n + 0 }' < "$its_plain") || die 1 "cannot write $its_new"
	[ "$its_count" -gt 0 ] || return 0
	has_rows "$its_gone" "$its_count" its && { [ ! -s "$its_new" ] ||
		has_rows "$its_new" $((its_lines - its_count - 1 + its_head)) others; } || { not_by_line "$1"; return; }
	packed_as "$1" < "$its_new" > "$its_plain" || die 1 "cannot write $its_plain"
	[ "$(state "$its_file")" = "$its_state" ] || {
		shown "forget: $1 was written meanwhile: it stays as it is" >&2
		return 1
	}
	replace "$its_file" "$its_plain"
	told "$1" rows "$its_count"
}

# ---- Redis ---------------------------------------------------------------------------------

# cli WORD...: redis-cli at REDIS, a URL as load-redis takes it: redis-cli would take its USER@ for a password
cli()
{
	its_url=$REDIS its_user=
	case $REDIS in *://*@*)
		its_user=${REDIS#*://}
		its_user=${its_user%%@*}
		its_url=${REDIS%%://*}://${REDIS#*@}
		;;
	esac
	[ -z "$its_user" ] || set -- --user "$its_user" "$@"
	case $its_url in
	unix://*'?db='*)
		its_path=${its_url#unix://}
		redis-cli -s "${its_path%\?db=*}" -n "${its_path##*\?db=}" --no-auth-warning "$@"
		;;
	unix://*) redis-cli -s "${its_url#unix://}" --no-auth-warning "$@" ;;
	*) redis-cli -u "$its_url" --no-auth-warning "$@" ;;
	esac
}

# One key in a call: the user's own field of a hash of lists, or key; with --people also the user among ids.
# KEYS: the key. ARGV: user, people, prefix.
FORGET_LUA='
local key, user, people, n = KEYS[1], ARGV[1], ARGV[2] == "1", 0
local rest = string.sub(key, #ARGV[3] + 2)
local type = redis.call("type", key).ok
local function without(text)
	local kept, all = {}, text .. "\t"
	local pairs_of = string.find(rest, "neighbors$")
	local from, step = {}, pairs_of and 2 or 1
	for id in string.gmatch(all, "([^\t]*)\t") do from[#from + 1] = id end
	for i = 1, #from, step do
		if from[i] ~= user then
			for k = i, math.min(i + step - 1, #from) do kept[#kept + 1] = from[k] end
		end
	end
	return table.concat(kept, "\t"), #kept ~= #from
end
local function less(part) -- than the description of the generation says
	local meta = string.sub(key, 1, #key - #part) .. "meta"
	if redis.call("hexists", meta, part) == 1 then redis.call("hincrby", meta, part, -1) end
end
-- The lists of --layout string and list are keys, those of --shards hashes, of a generation that its name finds.
local generation, owner = string.match(rest, "^gen:([^:]+):u:(.*)$")
generation = generation or string.match(rest, "^gen:([^:]+):%d+$")
local function less_of_generation()
	for _, meta in ipairs({ARGV[3] .. ":meta", ARGV[3] .. ":previous:meta"}) do
		if redis.call("hget", meta, "generation") == generation then redis.call("hincrby", meta, "lists", -1) end
	end
end
if owner == user then
	less_of_generation()
	return redis.call("del", key)
end
local is_meta = string.find(rest, "meta$") or string.find(rest, "stage$") or string.find(rest, "published$")
if type == "hash" and not is_meta then
	local catalog = string.find(rest, "items$")
	if people or not (catalog or string.find(rest, "neighbors$")) then
		if not catalog then n = n + redis.call("hdel", key, user) end
		-- What is loaded in parts and not published yet counts its lists, too.
		local staged = generation or string.match(rest, "^([^:]+):lists$")
		local record = ARGV[3] .. ":" .. (staged or "") .. ":stage"
		if staged and n > 0 and redis.call("exists", record) == 1 then redis.call("hincrby", record, "forgotten", 1) end
		local part = string.match(rest, "lists$") or string.match(rest, "neighbors$")
		if part and n > 0 then less(part) end
		if generation and n > 0 then less_of_generation() end
	end
	if people then
		local cursor = "0"
		repeat
			local page = redis.call("hscan", key, cursor, "count", 1000)
			cursor = page[1]
			for i = 1, #page[2], 2 do
				local text, changed = without(page[2][i + 1])
				if changed and catalog then
					local last = redis.call("hlen", key) - 1
					local moved = redis.call("hget", key, tostring(last))
					redis.call("hset", key, page[2][i], moved)
					redis.call("hdel", key, tostring(last))
					less("items")
					n = n + 1
				elseif changed then
					redis.call("hset", key, page[2][i], text)
					n = n + 1
				end
			end
		until cursor == "0"
	end
elseif type == "string" and people then
	local text, changed = without(redis.call("get", key))
	if changed then
		local left = redis.call("pttl", key)
		redis.call("set", key, text)
		if left > 0 then redis.call("pexpire", key, left) end
		n = 1
	end
elseif type == "list" and people then
	n = redis.call("lrem", key, 0, user)
end
return n'

forget_redis()
{
	[ "$(cli ping 2> /dev/null)" = PONG ] || die 4 "Redis does not answer at $REDIS"
	its_pattern=$(printf '%s' "$PREFIX" | sed 's/[][*?\\^-]/\\&/g')
	part "$store"
	its_keys=$part
	cli --scan --pattern "$its_pattern:*" > "$its_keys" || die 4 "Redis does not answer at $REDIS"
	while IFS= read -r its_key <&3; do
		its_count=$(cli EVAL "$FORGET_LUA" 1 "$its_key" "$FORGET_USER" "${people:-0}" "$PREFIX" 9>&-) &&
			case $its_count in '' | *[!0-9]*) false ;; esac ||
			die 4 "Redis refuses to forget in $its_key: $its_count"
		[ "$its_count" = 0 ] || told "$REDIS $its_key" lists "$its_count"
	done 3< "$its_keys"
	rm -f -- "$its_keys"
}

# ---- packed lists ---------------------------------------------------------------------------

# has_packed: PACKED is there, or the lists before it are, and both can be replaced. Of a symbolic link it is the file
# that the link names, as with nightly.
has_packed()
{
	[ ! -L "$PACKED" ] || PACKED=$(readlink -f -- "$PACKED") || return
	{ [ -f "$PACKED" ] || [ -f "$PACKED.before" ]; } && [ -w "$(dirname -- "$PACKED")" ]
}

# forget_all_packed: what nightly publishes, the lists before, and what a nightly that was killed has left there
forget_all_packed()
{
	its_folder=$(dirname -- "$PACKED") its_name=$(basename -- "$PACKED")
	set +f
	rm -f -- "$PACKED.new" "$PACKED.before.new" "$its_folder/.$its_name.new.recpipe-"* || die 1 "cannot remove $PACKED.new"
	set -f
	forget_packed "$PACKED"
	forget_packed "$PACKED.before"
}

# forget_packed FILE: the user's list, and with --people the user among the items of others, whose ranks close up
forget_packed()
{
	[ -f "$1" ] || return 0
	its_file=$(readlink -f -- "$1")
	sweep_parts "$(dirname -- "$its_file")"
	part "$(dirname -- "$its_file")"
	its_plain=$part
	part "$(dirname -- "$its_file")"
	unpack -q -- "$its_file" > "$its_plain" || die 1 "cannot read the lists of $1"
	its_count=$(OWN=1 PEOPLE=$people NEW=$part without_user < "$its_plain") || die 1 "cannot write $part"
	if [ "$its_count" -gt 0 ]; then
		unpack -q --pack < "$part" > "$its_plain" || die 1 "cannot pack the lists of $1"
		replace "$its_file" "$its_plain"
		told "$1" rows "$its_count"
	fi
	rm -f -- "$its_plain" "$part"
}

# ---- what remains -------------------------------------------------------------------------

remains()
{
	set +f
	for its_folder in "$store"/models/*; do
		[ -d "$its_folder" ] || continue
		told "$its_folder" 'remains: a model that was trained with this user among others; it goes when nightly has made KEEP newer ones' 1
	done
	set -f
	[ -z "$(find "$store/logs" -name '*.log' 2> /dev/null)" ] ||
		told "$store/logs" 'remains: messages of nightly, which may quote a bad row; they go after four times KEEP runs' 1
	[ $# -gt 0 ] || told logs 'remains: no log was named; a nightly that reads logs with this user knows the user again' 1
	[ "$REDIS$PACKED" != none ] || told 'live lists' 'remains: neither REDIS nor PACKED is given; the lists that are live go with the next publication' 1
	told 'other copies' 'remains: logs in HDFS, backups, and what read the logs before' 1
}
