# namespace.sh - for the tests of tests/cluster, sourced: starts the test again in a network namespace
# that has the loopback alone, so that the ports of daemons are nobody else's and nothing listens to the
# world; where none can be made it says so, and the test goes on with the loopback of this machine.
[ -n "${IN_NAMESPACE:-}" ] || {
	IN_NAMESPACE=1
	export IN_NAMESPACE
	up='ip link set lo up && exec sh "$0"'
	! unshare -n true 2> /dev/null || exec unshare -n sh -c "$up" "$0"
	! unshare -rn true 2> /dev/null || exec unshare -rn sh -c "$up" "$0"
	echo "no network namespace can be made here: on this machine's own loopback"
}
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy
