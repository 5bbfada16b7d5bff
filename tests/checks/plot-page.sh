#!/bin/sh
# The page of plot-embeddings with 50,000 points in a real browser, driven by real
# mouse and keyboard events through its debugging pipe: wheel to zoom, drag, a click
# for the neighbors, typing into the search, another column's colors; how long each
# takes is printed. Pictures of what was seen stay in the test's folder when
# KEEP_PICTURES names one. Skipped where there is no Chromium.
set -eu
command -v python3 > /dev/null || { echo 'python3 is missing'; exit 77; }
browser=
for b in chromium chromium-browser google-chrome; do
	command -v $b > /dev/null && browser=$b && break
done
[ -n "$browser" ] || { echo 'no Chromium is here: the page was not tried'; exit 77; }
cd "$RECPIPE_TMP"
# 25 clusters of 2,000 points in 32 dimensions
awk 'BEGIN { OFS = "\t"; srand(3);
	printf "item\ttitle\tgenre\tyear\n" > "i.tsv"
	printf "kind\tid\tbias" > "m.tsv"
	for (f = 0; f < 32; f++) printf "\tf%d", f > "m.tsv"
	print "" > "m.tsv"
	for (c = 0; c < 25; c++) { for (f = 0; f < 32; f++) at[f] = rand() * 2 - 1
		for (i = 0; i < 2000; i++) { printf "item\tx%d-%d\t0", c, i > "m.tsv"
			for (f = 0; f < 32; f++) printf "\t%.4f", at[f] + rand() - .5 > "m.tsv"
			print "" > "m.tsv"
			printf "x%d-%d\tTrack %d of artist %d\tgenre %d\t%d\n", c, i, i, c, c, 1950 + i % 70 > "i.tsv" } } }'
plot-embeddings --format html --metadata i.tsv --color genre -o map.html m.tsv
grep -qE 'https?://|src=|@import|fetch\(|XMLHttp' map.html && { echo 'the page asks the network for something'; exit 1; }
cat > drive.py <<'END_PY'
import base64, json, os, subprocess, sys, time

browser, page, pictures = sys.argv[1:]
# Chromium reads commands from file 3 and answers on file 4, each JSON text ended by NUL.
command_read, command_write = os.pipe()
answer_read, answer_write = os.pipe()
def give_pipes():
    a, b = os.dup(command_read), os.dup(answer_write)
    os.dup2(a, 3)
    os.dup2(b, 4)
chrome = subprocess.Popen(
    [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
     "--remote-debugging-pipe", "--user-data-dir=" + os.path.abspath("profile"),
     "--window-size=1200,800", "about:blank"],
    preexec_fn=give_pipes, close_fds=False, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
os.close(command_read)
os.close(answer_write)
rest, number, session, errors = b"", 0, None, []

def receive():
    global rest
    while b"\0" not in rest:
        piece = os.read(answer_read, 1 << 20)
        if not piece:
            sys.exit("the browser has gone")
        rest += piece
    text, rest = rest.split(b"\0", 1)
    return json.loads(text)

def call(method, **params):
    global number
    number += 1
    message = {"id": number, "method": method, "params": params}
    if session:
        message["sessionId"] = session
    os.write(command_write, json.dumps(message).encode() + b"\0")
    while True:
        answer = receive()
        if answer.get("method") == "Runtime.exceptionThrown":
            errors.append(answer["params"]["exceptionDetails"].get("text"))
        if answer.get("method") == "Network.requestWillBeSent":
            url = answer["params"]["request"]["url"]
            if not url.startswith(("file:", "data:")):
                errors.append("a request: " + url)
        if answer.get("id") == number:
            assert "error" not in answer, (method, answer)
            return answer["result"]

def js(text):
    answer = call("Runtime.evaluate", expression=text, awaitPromise=True, returnByValue=True)
    assert "exceptionDetails" not in answer, (text, answer)
    return answer["result"].get("value")

def frame():
    js("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

def mouse(kind, x, y, **more):
    call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

def picture(name):
    frame()
    if pictures:
        with open(os.path.join(pictures, name + ".png"), "wb") as f:
            f.write(base64.b64decode(call("Page.captureScreenshot")["data"]))

def click(x, y, count=1):
    for kind in ("mousePressed", "mouseReleased"):
        mouse(kind, x, y, button="left", clickCount=count)

def timed(name, text, most):
    took = js("(() => { const t = performance.now(); %s; return performance.now() - t; })()" % text)
    print(f"{name}: {took:.0f} ms")
    assert took < most, name + " takes too long"

try:
    target = [t for t in call("Target.getTargets")["targetInfos"] if t["type"] == "page"][0]
    session = call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
    for domain in ("Runtime", "Page", "Network"):
        call(domain + ".enable")
    call("Emulation.setDeviceMetricsOverride", width=1200, height=800, deviceScaleFactor=1, mobile=False)
    begin = time.time()
    call("Page.navigate", url="file://" + os.path.abspath(page))
    while js("document.readyState") != "complete" or js("typeof state") != "object":
        time.sleep(0.05)
    frame()
    print(f"open: {1000 * (time.time() - begin):.0f} ms for {js('n')} points")
    assert js("n") == 50000
    picture("1-open")
    # a picture of 25 clusters is not one blot: colors on the canvas
    seen = js("""(() => { const d = pen.getImageData(0, 0, canvas.width, canvas.height).data, c = new Set();
        let drawn = 0; for (let i = 0; i < d.length; i += 4) if (d[i + 3]) { drawn++; c.add(d[i] >> 5 << 6 | d[i + 1] >> 5 << 3 | d[i + 2] >> 5); }
        return [drawn / (d.length / 4), c.size]; })()""")
    assert 0.02 < seen[0] < 0.9 and seen[1] >= 8, seen
    timed("draw all", "draw()", 1000)
    timed("search all titles", "search('artist 7')", 500)
    timed("color by year", "colorBy(2)", 1000)
    timed("nearest of all", "nearest(85, 10)", 1000)
    timed("point under the mouse", "pick(400, 400)", 200)
    js("search(''); colorBy(data.color)")
    # the wheel: the point under the mouse stays there
    scale = js("state.scale")
    x, y = js("[px(85), py(85)]")
    mouse("mouseWheel", x, y, deltaX=0, deltaY=-600)
    frame()
    assert abs(js("state.scale") / scale - 2.4596) < 0.01, "the wheel does not zoom"
    assert js("Math.hypot(px(85) - %f, py(85) - %f)" % (x, y)) < 1.5, "zoom loses its center"
    picture("2-zoom")
    # drag
    before = js("[state.x, state.y]")
    mouse("mousePressed", 300, 300, button="left", clickCount=1)
    for step in range(1, 6):
        mouse("mouseMoved", 300 + 10 * step, 300 + 4 * step, button="left", buttons=1)
    mouse("mouseReleased", 350, 320, button="left", clickCount=1)
    after = js("[state.x, state.y]")
    assert (after[0] - before[0], after[1] - before[1]) == (50, 20), "drag does not move"
    assert js("state.selected") == -1, "a drag is no click"
    # a click: neighbors, in the list as on the map
    mouse("mouseWheel", 350, 320, deltaX=0, deltaY=-2400)
    x, y = js("""(() => { const box = canvas.getBoundingClientRect(); for (const i of state.order) {
        const x = px(i), y = py(i); if (x > 50 && y > 50 && x < box.width - 150 && y < box.height - 50) return [x, y]; } })()""")
    click(x, y)
    frame()
    selected = js("state.selected")
    assert selected >= 0 and js("Math.hypot(px(state.selected) - %f, py(state.selected) - %f)" % (x, y)) < 1.5
    rows = js("[...document.querySelectorAll('#near li')].map(l => l.innerText)")
    assert len(rows) == 10 and js("document.querySelector('#near h2').textContent").startswith("Nearest to Track"), rows
    same = js("state.near.filter(([j]) => Math.floor(j / 2000) === Math.floor(state.selected / 2000)).length")
    assert same >= 9, ("neighbors of other clusters", same)
    picture("3-neighbors")
    # a neighbor in the list is a button
    x, y = js("(() => { const b = document.querySelector('#near button').getBoundingClientRect(); return [b.x + 9, b.y + 9]; })()")
    want = js("state.near[0][0]")
    click(x, y)
    assert js("state.selected") == want, "the list's button selects nothing"
    assert js("px(state.selected) >= 0 && px(state.selected) < canvas.getBoundingClientRect().width"), "out of sight"
    # search by typing
    js("fit(); redraw(); element('search').focus()")
    call("Input.insertText", text="TRACK 19 of artist 7")
    frame()
    assert js("state.matches") == 1 and "1 found" in js("element('found').innerText"), "search"
    js("element('search').select()")
    call("Input.insertText", text="artist 7")
    assert js("state.matches") == 2000, js("state.matches")
    picture("4-search")
    js("element('search').select()")
    call("Input.insertText", text="no such title")
    assert js("state.matches") == 0
    js("element('search').select()")
    for kind in ("keyDown", "keyUp"):
        call("Input.dispatchKeyEvent", type=kind, key="Delete", code="Delete", windowsVirtualKeyCode=46)
    assert js("state.found") is None, "an empty search shows everything"
    # colors by another column, chosen with the keyboard
    js("element('color').focus()")
    for kind in ("keyDown", "keyUp"):
        call("Input.dispatchKeyEvent", type=kind, key="ArrowDown", code="ArrowDown", windowsVirtualKeyCode=40)
    frame()
    assert js("element('color').selectedOptions[0].textContent") == "year", js("element('color').value")
    assert js("new Set(state.colors).size") > 60 and js("element('legend').children.length") == 5
    picture("5-color")
    # a double click shows everything again
    x, y = 10, 10
    js("state.scale *= 3")
    click(x, y, 1)
    click(x, y, 2)
    assert abs(js("state.scale") / scale - 1) < 1e-6, "double click"
    assert not errors, errors
finally:
    chrome.kill()
    chrome.wait()
END_PY
timeout 100 python3 drive.py "$browser" map.html "${KEEP_PICTURES:-}"
