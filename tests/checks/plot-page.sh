#!/bin/sh
# The page of plot-embeddings with 50,000 points in a real browser, driven by real mouse
# and keyboard events through its debugging pipe: wheel to zoom, drag (frames are counted),
# a click for the neighbors, search over all columns, colors, cells of several values,
# filter, brush, density, names of clusters that do not overlap, keys, dark, a phone;
# contrast, names and focus; no request. How long each takes is printed. Pictures stay when
# KEEP_PICTURES names a folder. Skipped where there is no Chromium.
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
	printf "item\ttitle\tartist\tgenre\tyear\n" > "i.tsv"
	printf "kind\tid\tbias" > "m.tsv"
	for (f = 0; f < 32; f++) printf "\tf%d", f > "m.tsv"
	print "" > "m.tsv"
	for (c = 0; c < 25; c++) { for (f = 0; f < 32; f++) at[f] = rand() * 2 - 1
		for (i = 0; i < 2000; i++) { printf "item\tx%d-%d\t0", c, i > "m.tsv"
			for (f = 0; f < 32; f++) printf "\t%.4f", at[f] + rand() - .5 > "m.tsv"
			print "" > "m.tsv"
			printf "x%d-%d\tTrack %d of %d\tRadio %s %d\tgenre %d%s\t%d\n", c, i, i, c, i % 2 ? "Head" : "Foot", c, c,
				i % 10 ? "" : "|live", 1950 + i % 70 > "i.tsv" } } }'
plot-embeddings -q --method umap --iterations 100 --format html --metadata i.tsv --color genre -o map.html m.tsv
grep -qE 'https?://|src=|@import|fetch\(|XMLHttp' map.html && { echo 'the page asks the network for something'; exit 1; }
# 25 MB for 200,000 points
[ "$(wc -c < map.html)" -lt $((50000 * 125)) ] || { echo "50,000 points are $(wc -c < map.html) bytes"; exit 1; }
# two clusters, most of whose cells are empty, and a point far away
awk 'BEGIN { OFS = "\t"; srand(4)
	print "item", "title", "genre" > "far-items.tsv"
	print "kind", "id", "bias", "f0", "f1" > "far.tsv"
	for (i = 0; i < 600; i++) {
		print "item", "y" i, 0, i == 7 ? 40 : i % 2 * 4 + rand(), rand() > "far.tsv"
		print "y" i, "Track " i, i % 10 < 6 ? "" : i % 2 ? "rock" : "jazz" > "far-items.tsv" } }'
plot-embeddings -q --format html --metadata far-items.tsv --color genre -o far.html far.tsv
cat > drive.py <<'END_PY'
import os, sys, time
sys.path.insert(0, os.environ["RECPIPE_ROOT"] + "/tests/helpers")
from browser import Browser

keep = os.environ.get("KEEP_PICTURES", "")
with Browser(sys.argv[1], 1200, 800) as b:
    js, frame, mouse, click = b.js, b.frame, b.mouse, b.click

    def picture(name):
        frame()
        if keep:
            b.picture(os.path.join(keep, name + ".png"))

    def timed(name, text, most):
        took = js("(() => { const t = performance.now(); %s; return performance.now() - t; })()" % text)
        print(f"{name}: {took:.0f} ms")
        assert took < most, name + " takes too long"

    def cpu():
        """CPU seconds of the browser, all its processes."""
        ticks, family = 0, {b.chrome.pid}
        stats = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/stat" % pid) as f:
                    part = f.read().rsplit(")", 1)[1].split()
                stats.append((int(pid), int(part[1]), int(part[11]) + int(part[12])))
            except (OSError, IndexError):
                pass
        for pid, parent, used in sorted(stats):
            if pid in family or parent in family:
                family.add(pid)
                ticks += used
        return ticks / os.sysconf("SC_CLK_TCK")

    begin = time.time()
    b.open("map.html")
    print(f"open: {1000 * (time.time() - begin):.0f} ms for {js('n')} points, WebGL: {js('!!gl')}")
    assert js("n") == 50000 and js("!!gl")
    picture("1-open")
    # a picture of 25 clusters is not one blot: colors on the canvas
    seen = js("""(() => { draw(); const w = gl.drawingBufferWidth, h = gl.drawingBufferHeight, d = new Uint8Array(4 * w * h), c = new Set();
        gl.readPixels(0, 0, w, h, gl.RGBA, gl.UNSIGNED_BYTE, d);
        let drawn = 0; for (let i = 0; i < d.length; i += 4) if (d[i + 3]) { drawn++; c.add(d[i] >> 5 << 6 | d[i + 1] >> 5 << 3 | d[i + 2] >> 5); }
        return [drawn / (d.length / 4), c.size]; })()""")
    assert 0.003 < seen[0] < 0.9 and seen[1] >= 8, seen
    # clusters have the names of their genres; no label lies on another one
    names = js("state.clusters.map(c => c.name)")
    assert len(set(names)) >= 15 and all(n.startswith("genre ") for n in names), names
    def overlaps():
        return js("""state.labels.filter((a, i) => state.labels.some((b, j) => j < i && a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3])).length""")
    assert js("state.labels.length") >= 10 and overlaps() == 0, "labels overlap"
    timed("draw all", "draw()", 1000)
    timed("search all columns", "search('artist 7')", 2000)
    timed("color by year", "colorBy(3)", 2000)
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
    assert [round(after[k] - before[k], 6) for k in (0, 1)] == [50, 20], "drag does not move"
    frame()
    assert js("canvas.style.transform + element('points').style.transform") == "", "moved canvases stay so"
    assert js("state.selected") == -1, "a drag is no click"
    # frames while dragging everything: 30 a second, by the clock or by the CPU time of two processors
    js("fit(); redraw()")
    frame()
    used, began, drawn = cpu(), time.time(), js("frames")
    js("""new Promise(done => { let k = 0; drag = { x: 0, y: 0, from: [0, 0], moved: 9, brush: false };
        const step = () => { move(k % 60 < 30 ? 12 : -12, k % 40 < 20 ? 6 : -6); if (++k < 60) requestAnimationFrame(step); else { drag = null; done(1); } }; step(); })""")
    drawn = js("frames") - drawn
    wall, used = time.time() - began, cpu() - used
    print(f"drag: {drawn / wall:.0f} frames a second, {1000 * used / drawn:.0f} ms of CPU each")
    assert drawn >= 55 and (drawn / wall >= 30 or 1000 * used / drawn < 2000 / 30), "too few frames"
    # ... for which both canvases are moved as they are, and the pointer is still where it is
    js("fit(); redraw()")
    frame()
    mouse("mousePressed", 400, 300, button="left", clickCount=1)
    for step in (1, 2):
        mouse("mouseMoved", 400 + 35 * step, 300, button="left", buttons=1)
        frame()
    moved = js("[canvas.style.transform, element('points').style.transform]")
    assert moved == ["translate(70px, 0px)"] * 2, moved
    assert js("[drag.x, drag.y]") == [470, 300], js("[drag.x, drag.y]")
    mouse("mouseReleased", 470, 300, button="left", clickCount=1)
    # how true the map is, is said
    truth = js("element('truth').textContent")
    assert truth.startswith("Of the 10 points that are nearest by cosine, this map has %.1f %% among" % (100 * js("data.recall"))), truth
    assert 0.01 < js("data.recall") < 1 and truth.endswith("That list is exact."), truth
    # a click: neighbors, in the list as on the map
    js("zoomAt(600, 300, 1)")
    mouse("mouseWheel", 350, 320, deltaX=0, deltaY=-1200)
    frame()
    x, y = js("""(() => { for (let k = n - 1; k >= 0; k--) { const i = state.order[k];
        const x = px(i), y = py(i); if (x > 250 && y > 60 && x < W - 150 && y < H - 50 && pick(x, y) === i) return [x, y]; } })()""")
    click(x, y)
    frame()
    assert js("state.selected") >= 0 and js("Math.hypot(px(state.selected) - %f, py(state.selected) - %f)" % (x, y)) < 1.5
    rows = js("[...document.querySelectorAll('#near li')].map(l => l.innerText)")
    assert len(rows) == 10 and js("document.querySelector('#near h2').textContent").startswith("Nearest to Track"), rows
    assert all("Radio " in r for r in rows), "the artist is not beside the title"
    bars = js("[...document.querySelectorAll('#near .bar span')].map(s => s.getBoundingClientRect().width / s.parentNode.getBoundingClientRect().width)")
    cosines = js("state.near.map(([, c]) => c)")
    assert len(bars) == 10 and max(abs(a - c) for a, c in zip(bars, cosines)) < 0.02 and cosines == sorted(cosines, reverse=True), bars
    same = js("state.near.filter(([j]) => Math.floor(j / 2000) === Math.floor(state.selected / 2000)).length")
    assert same >= 9, ("neighbors of other clusters", same)
    assert overlaps() == 0, "labels overlap"
    picture("3-neighbors")
    # a neighbor in the list is a button
    want = js("state.near[0][0]")
    x, y = js("(() => { const b = document.querySelector('#near button'); b.scrollIntoView(); const r = b.getBoundingClientRect(); return [r.x + 9, r.y + 9]; })()")
    click(x, y)
    assert js("state.selected") == want, "the list's button selects nothing"
    assert js("px(state.selected) >= 0 && px(state.selected) < W"), "out of sight"
    # search by typing: titles, artists, ids, words of different columns
    def typed(text):
        js("element('search').focus(); element('search').select()")
        b.call("Input.insertText", text=text)
        frame()
        return js("state.matches")
    js("fit(); redraw()")
    assert typed("TRACK 19 of 7") == 1 and "1 found" in js("element('found').innerText"), "search of titles"
    assert typed("radio head 7") == 1000, "search of artists"
    assert typed("live head") == 0 and typed("live foot") == 5000, js("state.matches")
    assert typed("x3-44") >= 1, "search of ids"
    assert js("state.mask.reduce((a, b) => a + b)") == js("state.matches"), "others are not dimmed"
    picture("4-search")
    assert typed("no such title") == 0
    js("element('search').select()")
    b.key("Delete", number=46)
    assert js("state.found") is None, "an empty search shows everything"
    # cells of several values: a tenth of each genre is live, too; gray lies below colors
    assert "live" in js("element('legend').textContent"), js("element('legend').textContent")
    assert js("columns[2].parts.length") == 26, "cells are not split"
    ranks = js("state.order.length && Array.from(state.order, i => state.gray[i])")
    assert ranks == sorted(ranks, reverse=True) and 0 < sum(ranks) < 50000, "gray points above colored ones"
    # a value of the legend is a filter
    js("[...document.querySelectorAll('#legend button')].find(b => b.dataset.value === 'live').focus()")
    b.key("Enter", number=13, text="\r")
    assert js("state.mask.reduce((a, b) => a + b)") == 5000 and "5,000 of 50,000" in js("element('shown').textContent"), "filter by a part"
    b.key("Enter", number=13, text="\r")
    assert js("state.mask") is None, "the filter stays"
    # colors by another column, chosen with the keyboard; a range as a filter
    js("element('color').focus()")
    b.key("ArrowDown", number=40)
    frame()
    assert js("element('color').selectedOptions[0].textContent") == "year", js("element('color').value")
    assert js("new Set(new Uint32Array(state.shades.buffer)).size") > 60 and js("element('legend').children.length") == 5
    js("filterBy(3, '1950..1954')")
    assert js("state.mask.reduce((a, b) => a + b)") == js("Array.from({length: n}, (_, i) => Number(columns[3].value(i))).filter(y => y < 1955).length")
    js("filterBy(-1, '')")
    picture("5-color")
    # an area, by shift and drag
    js("colorBy(data.color)")
    x, y, name = js("(() => { const c = state.clusters[0]; return [c.x * state.scale + state.x, state.y - c.y * state.scale, c.name]; })()")
    mouse("mousePressed", x - 25, y - 25, button="left", clickCount=1, modifiers=8)
    mouse("mouseMoved", x + 20, y + 20, button="left", buttons=1, modifiers=8)
    mouse("mouseReleased", x + 25, y + 25, button="left", clickCount=1, modifiers=8)
    count = js("state.brushed && state.brushed.reduce((a, b) => a + b)")
    assert count and 20 < count < 20000 and name in js("element('selection').innerText"), (count, js("element('selection').innerText"))
    picture("6-area")
    js("element('clear').click()")
    assert js("state.brushed") is None
    # density
    js("element('density').click()")
    frame()
    assert js("(() => { draw(); const d = pen.getImageData(0, 0, canvas.width, canvas.height).data; let k = 0; for (let i = 3; i < d.length; i += 4) k += d[i] > 0; return k / d.length * 4; })()") > 0.05, "no density"
    picture("7-density")
    js("element('density').click()")
    # keys on the map
    js("canvas.focus({ preventScroll: true }); fit()")
    x = js("state.x")
    b.key("ArrowRight", number=39)
    assert js("state.x") == x - 60, "arrow keys"
    b.key("+", code="Equal", number=187)
    assert js("state.scale") > scale * 1.2, "plus"
    b.key("Enter", number=13, text="\r")
    assert js("state.selected") >= 0, "Enter"
    b.key("Escape", number=27)
    assert js("state.selected") == -1, "Escape"
    b.key("0", code="Digit0", number=48)
    assert abs(js("state.scale") / scale - 1) < 1e-6, "0"
    # a double click shows everything again
    js("state.scale *= 3")
    click(10, 400, 1)
    click(10, 400, 2)
    assert abs(js("state.scale") / scale - 1) < 1e-6, "double click"
    # a point far away does not make all else small, and is there with everything; points without
    # a value are gray, and do not keep clusters from their names
    b.open("far.html")
    at = js("[state.scale, px(7) < 0 || px(7) > W]")
    js("element('all').click()")
    frame()
    whole = js("[state.scale, px(7) < 0 || px(7) > W]")
    assert at[0] > 3 * whole[0] and at[1] and not whole[1], (at, whole)
    assert js("[...document.querySelectorAll('#legend li')].map(l => l.innerText.split('\\n')[0])") == ["jazz", "rock", "(none)"], "legend"
    assert js("state.gray.reduce((a, b) => a + b)") == 360 and js("document.querySelector('#legend li:last-child button').disabled")
    assert sorted(js("state.clusters.map(c => c.name)")) == ["jazz", "rock"], js("state.clusters")
    # light, dark, a phone
    found = []
    for width, height in ((1200, 800), (390, 844)):
        b.size(width, height, width < 500)
        b.open("map.html")
        for dark in (False, True):
            b.dark(dark)
            frame()
            found += b.audit("%d pixels, %s" % (width, "dark" if dark else "light"))
            assert overlaps() == 0, "labels overlap"
            picture("8-%d-%s" % (width, "dark" if dark else "light"))
        b.dark(False)
    box = js("(() => { const r = canvas.getBoundingClientRect(); return [r.width, r.height]; })()")
    assert box[0] >= 388 and box[1] >= 400, ("the map of a phone", box)
    x, y = js("(() => { for (let i = 0; i < n; i++) if (py(i) > 80 && pick(px(i), py(i)) === i) return [px(i), py(i)]; })()")
    b.call("Emulation.setTouchEmulationEnabled", enabled=True)
    b.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
    b.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    frame()
    assert js("document.querySelectorAll('#near li').length") == 10, "a tap shows no neighbors"
    assert not found and not b.errors, b.errors
END_PY
timeout 300 python3 drive.py "$browser"
