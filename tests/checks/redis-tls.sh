#!/bin/sh
# Redis by TLS: the recipe for stunnel in recpipe-operations(7), with other addresses, carries load-redis and
# next-track; a server whose certificate is another one's is refused.
set -u
cd "$RECPIPE_TMP" || exit 1
for needed in stunnel openssl redis-server; do
	command -v $needed > /dev/null || { echo "$needed is missing"; exit 77; }
done
bad=0 server='' tunnel=''
complain()
{
	echo "$1"
	bad=1
}
trap 'kill $server $tunnel 2> /dev/null' EXIT
quietly() { "$@" > log 2>&1 || { cat log; echo "failed: $*"; exit 1; }; }
for name in ca other; do
	quietly openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$name" -keyout $name.key -out $name.pem
done
quietly openssl req -newkey rsa:2048 -nodes -subj /CN=redis.example.org -keyout redis.key -out redis.csr
printf 'subjectAltName=DNS:redis.example.org\n' > ext
quietly openssl x509 -req -in redis.csr -CA ca.pem -CAkey ca.key -set_serial 7 -days 2 -extfile ext -out redis.pem
for try in 1 2 3 4 5; do
	port=$((20000 + ($$ + try * 997) % 20000))
	redis-server --port 0 --tls-port $port --bind 127.0.0.1 --tls-cert-file redis.pem --tls-key-file redis.key \
		--tls-ca-cert-file ca.pem --tls-auth-clients no --save '' --dir "$PWD" > server.log 2>&1 &
	server=$!
	tries=0
	until grep -qE 'Ready to accept|Server initialized' server.log || ! kill -0 $server 2> /dev/null || [ $tries -gt 200 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
	! grep -qi 'bad directive\|unknown' server.log || { echo 'this redis-server has no TLS'; exit 77; }
	kill -0 $server 2> /dev/null && break
done
# tunnel CA: the recipe of the page
tunnel()
{
	[ -z "$tunnel" ] || { kill $tunnel; wait $tunnel 2> /dev/null; }
	awk '/^\.EX/ { inside = 1; next } /^\.EE/ { inside = 0 } inside && /etc.stunnel/ { recipe = 1 } !inside { recipe = 0 }
		recipe { gsub(/\\-/, "-"); print }' "$RECPIPE_ROOT/man/recpipe-operations.7" |
		sed -e "s|^accept = .*|accept = $PWD/tunnel.s|; s|^connect = .*|connect = 127.0.0.1:$port|" \
			-e "s|^CAfile = .*|CAfile = $PWD/$1|" > recipe.conf
	[ "$(grep -c = recipe.conf)" = 6 ] || { echo "the recipe: $(cat recipe.conf)"; exit 1; }
	{ printf 'foreground = yes\npid =\n'; cat recipe.conf; } > stunnel.conf
	rm -f tunnel.s
	stunnel stunnel.conf > tunnel.log 2>&1 &
	tunnel=$!
	tries=0
	until [ -S tunnel.s ] || [ $tries -gt 200 ]; do
		tries=$((tries + 1))
		sleep 0.05
	done
	[ -S tunnel.s ] || { cat tunnel.log; echo 'stunnel did not start'; exit 1; }
}
url=unix://$PWD/tunnel.s
printf 'user\trank\titem\tscore\nu1\t1\t7\t1\n' > topk.tsv
printf 'item\n7\n8\n' > items.tsv
printf 'message\tuser\ttrack\ttime\nnext\tu1\t8\t1\n' > ask.tsv
tunnel ca.pem
timeout 60 load-redis -q --redis "$url" --items items.tsv topk.tsv || complain 'load-redis through the tunnel'
[ "$(next-track --redis "$url" --deadline 20s ask.tsv | awk -F '\t' 'NR == 2 { print $2, $3 }')" = '7 indexed' ] ||
	complain 'next-track through the tunnel'
tunnel other.pem
timeout 60 load-redis -q --redis "$url" --items items.tsv topk.tsv > /dev/null 2>&1
[ $? = 4 ] || complain 'a server with the wrong certificate is not refused'
exit $bad
