#!/bin/sh
# put-hdfs and get-hdfs with Kerberos: a KDC and an HttpFS that wants SPNEGO, in front of the HDFS of
# hdfs-local, in a network namespace that has the loopback alone. With a ticket of kinit, without
# one, and with a delegation token.
set -u
. "$RECPIPE_ROOT/tests/hadoop.sh"
for tool in krb5kdc kdb5_util kadmin.local kinit; do
	command -v $tool > /dev/null || {
		echo "there is no $tool"
		exit 77
	}
done
curl --version | grep -q SPNEGO || {
	echo 'curl is built without SPNEGO'
	exit 77
}
. "$RECPIPE_ROOT/tests/pipelines.sh"
. "$RECPIPE_ROOT/tests/hdfs.sh"
PATH=$RECPIPE_BIN:$PATH
httpfs_pid='' kdc=''
trap 'kill $httpfs_pid $kdc; "$pipelines/hdfs-local" stop hdfs' EXIT

mkdir krb
KRB5_CONFIG=$PWD/krb/krb5.conf KRB5_KDC_PROFILE=$PWD/krb/kdc.conf KRB5CCNAME=$PWD/krb/tickets
export KRB5_CONFIG KRB5_KDC_PROFILE KRB5CCNAME
cat > "$KRB5_CONFIG" << 'END'
[libdefaults]
 default_realm = TEST
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
[realms]
 TEST = {
  kdc = 127.0.0.1:8888
 }
[domain_realm]
 localhost = TEST
END
cat > "$KRB5_KDC_PROFILE" << END
[kdcdefaults]
 kdc_listen = 127.0.0.1:8888
 kdc_tcp_listen = 127.0.0.1:8888
[realms]
 TEST = {
  database_name = $PWD/krb/principal
  key_stash_file = $PWD/krb/stash
  acl_file = $PWD/krb/acl
 }
END
{
	kdb5_util create -s -r TEST -P of-this-test &&
		kadmin.local -r TEST addprinc -randkey HTTP/localhost &&
		kadmin.local -r TEST ktadd -k krb/http.keytab HTTP/localhost &&
		kadmin.local -r TEST addprinc -randkey listener &&
		kadmin.local -r TEST ktadd -k krb/listener.keytab listener
} > krb/log 2>&1 || { cat krb/log; exit 1; }
krb5kdc -n -r TEST > krb/kdc.log 2>&1 &
kdc=$!
"$pipelines/hdfs-local" start hdfs > /dev/null || exit 1

mkdir -p httpfs/conf
echo '<configuration><property><name>fs.defaultFS</name><value>hdfs://127.0.0.1:8020</value></property></configuration>' > httpfs/conf/core-site.xml
echo of-this-test > httpfs/conf/secret
{
	echo '<configuration>'
	while read -r name value; do
		printf '<property><name>hadoop.http.authentication.%s</name><value>%s</value></property>\n' "$name" "$value"
	done << END
type kerberos
kerberos.principal HTTP/localhost@TEST
kerberos.keytab $PWD/krb/http.keytab
signature.secret.file $PWD/httpfs/conf/secret
END
	echo '</configuration>'
} > httpfs/conf/httpfs-site.xml
httpfs -Djava.security.krb5.conf="$KRB5_CONFIG"

make_logs
url=webhdfs://localhost:14000
status 1 put --retries 1 --negotiate logs "$url/day"
said 'HTTP status 401'
kinit -k -t krb/listener.keytab listener || exit 1
status 1 put --retries 1 --user root logs "$url/day"
said 'HTTP status 401: .*--negotiate'
status 0 put --negotiate logs "$url/day"
status 0 get --negotiate "$url/day" back
same_there back logs || complain "with a ticket: $(cat diff.out)"
curl -s 'http://127.0.0.1:9870/webhdfs/v1/day?op=LISTSTATUS&user.name=x' > list
grep -q '"owner":"listener"' list && ! grep -q '"owner":"root"' list || complain "not the user of the ticket: $(cat list)"
curl -s --negotiate -u : "http://localhost:14000/webhdfs/v1/?op=GETDELEGATIONTOKEN" |
	sed 's/.*"urlString":"\([^"]*\)".*/\1/' > token
rm krb/tickets
status 1 get --negotiate "$url/day" other
status 0 get --token-file token "$url/day" other
same_there other logs || complain "with a token: $(cat diff.out)"
status 0 put --token-file token small "$url/small"
exit $failed
