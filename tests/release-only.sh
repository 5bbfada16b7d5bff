# release-only.sh - sourced by checks that run whole pipelines many times: other builds, whose tools are
# slow, skip them.
[ "$RECPIPE_MODE" = release ] || {
	echo 'whole pipelines, many times: the release build runs them'
	exit 77
}
