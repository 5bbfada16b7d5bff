# shellcheck shell=sh disable=SC2034,SC2154 # nightly, which sources it, knows the rest
# publish.sh - how nightly's lists go live: to Redis, to a file of packed lists, or to both. Of the script:
# store, REDIS, PREFIX, PACKED, MAX_SHRINK.

# good FIELD: of the last good model; nothing when there is none
good()
{
	[ -f "$store/good.tsv" ] || return 0
	sed -n '2p' "$store/good.tsv" | cut -f "$1"
}

# can_publish: a folder where PACKED cannot be is seen before a night's work
can_publish()
{
	[ -z "$PACKED" ] || { its_folder=$(dirname -- "$PACKED") && [ -d "$its_folder" ] && [ -w "$its_folder" ]; }
}

to_redis()
{
	[ "$REDIS" != none ] || return 0
	load-redis --redis "$REDIS" --prefix "$PREFIX" --items "$1/items.tsv" \
		--popular "$1/popular.tsv" --max-shrink "$MAX_SHRINK" "$1/serving-topk.tsv"
}

# publish FOLDER: all that may fail for want of room is done before Redis is written, and what PACKED names is
# replaced after it, by a rename; the lists before stay for who wants them back
publish()
{
	[ -z "$PACKED" ] || unpack -q --pack -o "$PACKED.new" "$1/serving-topk.tsv" || return
	to_redis "$1" || {
		set -- $?
		[ -z "$PACKED" ] || rm -f -- "$PACKED.new"
		return "$1"
	}
	[ -n "$PACKED" ] || return 0
	[ ! -e "$PACKED" ] || cmp -s -- "$PACKED" "$PACKED.new" || ln -f -- "$PACKED" "$PACKED.before" || return
	mv -f -- "$PACKED.new" "$PACKED"
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

# has_no_lists: sets `its_place`, where lists are to be and none are at all
has_no_lists()
{
	its_place=$PACKED
	[ -z "$PACKED" ] || [ -e "$PACKED" ] || return 0
	its_place=Redis
	[ "$REDIS" != none ] || return 1
	load-redis -q --retries 0 --redis "$REDIS" --prefix "$PREFIX" --status > /dev/null 2>&1
	[ $? = 3 ]
}

# bring_back: the last good lists, where they were lost
bring_back()
{
	its_good=$(good 1)
	[ -n "$its_good" ] && has_no_lists && publish "$store/models/$its_good"
}
