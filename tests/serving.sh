# serving.sh - a next-track that is asked one request after the other; sourced.
#
#	start_serving COMMAND..  it takes requests by 8 and gives answers by 9; its number in $server,
#	                         what it says in the file said
#	stop_serving             the requests end; complain() of the test tells of a failure

mkfifo ask tell
start_serving()
{
	"$@" < ask > tell 2> said &
	server=$!
	exec 8> ask 9< tell
	printf 'message\tuser\ttrack\ttime\n' >&8
	read -r line <&9
}

stop_serving()
{
	exec 8>&- 9<&-
	wait $server || complain "next-track ended with $?"
}
