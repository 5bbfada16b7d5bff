# shellcheck shell=sh disable=SC2034,SC2154 # nightly, which sources it, knows the rest
# publish.sh - how nightly's lists go live: to Redis, to a file of packed lists, or to both. Of the script:
# store, REDIS, PREFIX, PACKED, MAX_SHRINK.

# good FIELD: of the last good model; nothing when there is none
good()
{
	[ -f "$store/good.tsv" ] || return 0
	sed -n '2p' "$store/good.tsv" | cut -f "$1"
}

# can_publish: a PACKED that cannot be written is seen before a night's work. Of a symbolic link it is the file that
# the link names, as with -o of every tool.
can_publish()
{
	[ -n "$PACKED" ] || return 0
	its_file=$PACKED
	[ ! -L "$PACKED" ] || its_file=$(readlink -f -- "$PACKED") || return
	its_folder=$(dirname -- "$its_file")
	[ -d "$its_folder" ] && [ -w "$its_folder" ] && { [ ! -e "$its_file" ] || [ -f "$its_file" ]; } && PACKED=$its_file
}

to_redis()
{
	[ "$REDIS" != none ] || return 0
	load-redis --redis "$REDIS" --prefix "$PREFIX" --items "$1/items.tsv" \
		--popular "$1/popular.tsv" --max-shrink "$MAX_SHRINK" "$1/serving-topk.tsv"
}

# pack_lists FOLDER: what will be PACKED, with its mode and, if that is allowed, its owner, is PACKED.new, and what
# will be PACKED.before is PACKED.before.new. A second name takes no room, but the kernel refuses one for a file of
# another user, and some disks know none.
pack_lists()
{
	rm -f -- "$PACKED.new" "$PACKED.before.new" && unpack -q --pack -o "$PACKED.new" "$1/serving-topk.tsv" || return
	[ -e "$PACKED" ] || return 0
	chown --reference="$PACKED" -- "$PACKED.new" 2> /dev/null || :
	chmod --reference="$PACKED" -- "$PACKED.new" || return
	! cmp -s -- "$PACKED" "$PACKED.new" && ! cmp -s -- "$PACKED" "$PACKED.before" 2> /dev/null || return 0
	ln -- "$PACKED" "$PACKED.before.new" 2> /dev/null ||
		{ cp -p -- "$PACKED" "$PACKED.before.new" && sync -- "$PACKED.before.new"; }
}

# replace_packed: by renames alone. A run that is killed between them has both names on the lists before.
replace_packed()
{
	[ ! -e "$PACKED.before.new" ] || mv -f -- "$PACKED.before.new" "$PACKED.before" || return
	mv -f -- "$PACKED.new" "$PACKED"
}

# publish FOLDER: all that may fail for want of room is done before Redis is written, and what PACKED names is
# replaced after it. Sets `half_published` when Redis has the lists and PACKED does not.
publish()
{
	half_published=
	{ [ -z "$PACKED" ] || pack_lists "$1"; } && to_redis "$1" || {
		set -- $?
		[ -z "$PACKED" ] || rm -f -- "$PACKED.new" "$PACKED.before.new"
		return "$1"
	}
	[ -z "$PACKED" ] || replace_packed || { half_published=1; return 1; }
}

# finish_publishing: a model that passed all guards, and whose run was killed while it was published, may be live
# or not. Now it is, or Redis's guards refuse it.
finish_publishing()
{
	[ -f "$store/publishing.tsv" ] || return 0
	publish "$store/models/$(sed -n '2p' "$store/publishing.tsv" | cut -f 1)"
	status=$?
	case $status in
	0) mv -f -- "$store/publishing.tsv" "$store/good.tsv" ;;
	3) rm -f -- "$store/publishing.tsv" ;;
	*) return $status ;;
	esac
}

# redis_is_empty: it answers, and there are no lists at all
redis_is_empty()
{
	[ "$REDIS" != none ] || return 1
	load-redis -q --retries 0 --redis "$REDIS" --prefix "$PREFIX" --status > /dev/null 2>&1
	[ $? = 3 ]
}

# bring_back: the last good lists, where they were lost and nowhere else: what is there may have been rolled back.
# Sets `its_place`.
bring_back()
{
	its_good=$(good 1) its_place=
	[ -n "$its_good" ] || return 1
	[ -z "$PACKED" ] || [ -e "$PACKED" ] || { pack_lists "$store/models/$its_good" && replace_packed && its_place=$PACKED; }
	! redis_is_empty || { to_redis "$store/models/$its_good" && its_place=${its_place:+$its_place and }Redis; }
	[ -n "$its_place" ]
}
