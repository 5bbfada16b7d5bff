#!/bin/sh
# serve-http and the HTTP libraries of Python that the course's remote agent posts with, urllib3 (a pool that
# keeps connections) and pycurl (a handle that is used again): sessions, ids and what is refused.
# shellcheck source=../http.sh
. "$RECPIPE_ROOT/tests/http.sh"
python=
for candidate in "${PYTHON:-}" python3 /usr/bin/python3; do
	[ -z "$candidate" ] || ! "$candidate" -c 'import urllib3, pycurl' 2> /dev/null || { python=$candidate; break; }
done
[ -n "$python" ] || {
	echo 'no python3 has urllib3 and pycurl: apt-get install python3-urllib3 python3-pycurl'
	exit 77
}
awk 'BEGIN { OFS = "\t"; print "user", "rank", "item", "score"; for (u = 0; u < 50; u++) print u, 1, 100 + u, 1 }' > topk.tsv
printf 'item\n' > items.tsv
awk 'BEGIN { for (i = 0; i < 200; i++) print i }' >> items.tsv
cat > client.py << 'E2'
import io, json, sys
import pycurl, urllib3

port, library = sys.argv[1:]
pool, handle = urllib3.PoolManager(), pycurl.Curl()

def post(path, body):
    url, data = f"http://127.0.0.1:{port}{path}", json.dumps(body).encode()
    if library == "urllib3":
        reply = pool.request("POST", url, body=data, headers={"Content-Type": "application/json"}, timeout=20)
        return reply.status, json.loads(reply.data)
    out = io.BytesIO()
    handle.setopt(pycurl.URL, url)
    handle.setopt(pycurl.HTTPHEADER, ["Accept: application/json", "Content-Type: application/json"])
    handle.setopt(pycurl.POSTFIELDS, data)
    handle.setopt(pycurl.WRITEDATA, out)
    handle.setopt(pycurl.TIMEOUT, 20)
    handle.perform()
    return handle.getinfo(pycurl.RESPONSE_CODE), json.loads(out.getvalue())

for user in range(50):
    status, reply = post(f"/next/{user}", {"track": 1, "time": 0.75})
    assert (status, reply) == (200, {"user": user, "track": 100 + user}), reply
    status, reply = post(f"/next/{user}", {"track": reply["track"], "time": 1})
    assert status == 200 and isinstance(reply["track"], int), reply
    assert post(f"/last/{user}", {"track": reply["track"], "time": 0.1}) == (200, {"user": user})
assert post("/next/1", {"track": 1})[0] == 400
assert post("/nothing", {})[0] == 404
assert post("/last/1", {"track": 1, "time": 1, "more": "x" * 60000})[0] == 200
assert post("/last/1", {"track": 1, "time": 1, "more": "x" * 70000})[0] == 413
E2
serve --workers 2 -- next-track --replies --recs topk.tsv --items items.tsv --log events.tsv
for library in urllib3 pycurl; do
	"$python" client.py "$port" $library 2> log || complain "$library: $(tail -n 3 log)"
done
stop
[ "$(wc -l < events.tsv)" = 303 ] || complain "the log has $(wc -l < events.tsv) lines, not 303"
exit $bad
