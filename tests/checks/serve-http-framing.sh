#!/bin/sh
# serve-http: a request whose end or target a proxy may have seen otherwise is refused, its connection closed,
# and nothing that came after it is taken for a request. The text of /metrics is UTF-8, whatever bytes arms have.
# shellcheck source=../http.sh
. "$RECPIPE_ROOT/tests/http.sh"
printf 'user\trank\titem\tscore\nu\t1\t7\t2\n' > topk.tsv
printf 'item\n7\n' > items.tsv
serve --timeout 20s -- next-track --replies --recs topk.tsv --items items.tsv --log events.tsv
second='GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'
# raw WANT FORMAT: what a request, and another one after it, are answered
raw()
{
	# shellcheck disable=SC2059
	got=$(printf "$2" | "$client" "$port" raw)
	[ "$got" = "$1" ] || complain "$2: $got, wanted $1"
}
post='POST /last/u HTTP/1.1\r\nHost: x\r\n'
body='{"track": 9, "time": 0.5}'
twice='400 {"error": "more than one Content-Length or Transfer-Encoding"}'
raw "$twice" "${post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n$second"
raw "$twice" "${post}Content-Length: 0\r\nContent-Length: 37\r\n\r\n$second"
raw "$twice" "${post}content-length: 25\r\nContent-Length: 25\r\n\r\n$body$second"
raw "$twice" "${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n$second"
for coding in gzip 'gzip, chunked' xchunked ''; do
	raw '501 {"error": "a Transfer-Encoding other than chunked"}' "${post}Transfer-Encoding: $coding\r\n\r\n$second"
done
raw '400 {"error": "a blank before the colon of a header"}' "${post}Content-Length : 37\r\n\r\n$second"
folded='400 {"error": "a header that is folded, begins with a blank, has a NUL, or does not end in CR LF"}'
for fold in 'Content-Length:\r\n 37' 'Content-Length: \r\n\t37' 'Content-Length: 1\r\n 0' 'X: a\r\n b\r\nContent-Length: 25' \
	'Content-Len: 25\r\n gth' 'Transfer-Encoding:\r\n chunked'; do
	raw "$folded" "$post$fold\r\n\r\n$second"
done
raw "$folded" "POST /last/u HTTP/1.1\r\n Content-Length: 37\r\nHost: x\r\n\r\n$second"
for line in 'Content-Length: 25\0x\r\n' 'Transfer-Encoding: chunked\0x\r\n' 'Content-Length: 25\nX: y\r\n' 'X: y\nContent-Length: 25\r\n' 'X: \0y\r\n' '\0\r\n' '\0\0\0X: y\r\n' ':\r\nX: y\r\n' 'X: y\rZ: x\r\n'; do
	raw "$folded" "$post$line\r\n$second"
done
raw "$folded" "POST /last/u HTTP/1.1\nHost: x\r\nContent-Length: 25\r\n\r\n$body$second"
raw '400 {"error": "a Transfer-Encoding, which HTTP/1.0 does not have"}' "POST /last/u HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n$second"
first_line='400 {"error": "a blank too many, or a control character, in the first line"}'
raw "$first_line" "GET\0x /healthz HTTP/1.1\r\nHost: x\r\n\r\n$second"
raw "$first_line" "GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n$second"
for target in '/last/u\0v' '/last/u v' '/last/u\tv' '/last/u\177v'; do
	raw "$first_line" \
		"POST $target HTTP/1.1\r\nHost: x\r\nContent-Length: 25\r\n\r\n$body$second"
done
[ "$(wc -l < events.tsv)" = 1 ] || complain 'a request that was refused is in the log'
# What is clear is answered, and what comes after it, too: blanks around a value, an empty one.
raw '200 {"user": "u"}
200 {"status": "ok"}' "${post}X:\r\nY: \t y z\r\nContent-Length:  \t25\r\n\r\n$body${second%????}Connection: close\r\n\r\n"
raw '200 {"user": "u"}
200 {"status": "ok"}' "${post}Transfer-Encoding: Chunked\r\n\r\n19\r\n$body\r\n0\r\n\r\n${second%????}Connection: close\r\n\r\n"
raw '200 {"user": "u"}
200 {"status": "ok"}' "${post}Content-Length: 25\r\n\r\n$body${second%????}Connection: close\r\n\r\n"
stop

# Who leaves in the middle of a request takes no connection until --timeout.
serve --timeout 1h --connections 40 -- next-track --replies --recs topk.tsv --items items.tsv
"$client" "$port" leave 30
"$client" "$port" leave 30 # some of them have to wait for the first ones
patiently 400 counts_below recpipe_connections 3 || complain 'connections whose clients have left stay'
stop

cat > worker.sh << 'E2'
IFS= read -r header
printf 'request\tstatus\tuser\trecommendation\tgeneration\tsource\tarm\n'
tab=$(printf '\t')
while IFS="$tab" read -r request message user rest; do
	printf '%s\tok\t%s\t[1]\tg\303\ts\377"\\x\0y\ta\303\251\342\202z\n' "$request" "$user"
done
E2
serve -- sh worker.sh
raw '200 {"user": "u"}' "${post}Connection: close\r\nContent-Length: 25\r\n\r\n$body"
printf 'GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | "$client" "$port" raw > metrics
for line in 'recpipe_answers_total{source="s\357\277\275\"\\\\x\357\277\275y"} 1' 'recpipe_arm_answers_total{experiment="arm",arm="a\303\251\357\277\275\357\277\275z"} 1' \
	'recpipe_generation_info{generation="g\357\277\275"} 1'; do
	# shellcheck disable=SC2059
	grep -qxF "$(printf "$line")" metrics || complain "/metrics has not: $line"
done
stop
exit $bad
