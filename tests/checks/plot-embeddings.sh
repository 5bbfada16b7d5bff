#!/bin/sh
# plot-embeddings: the axes of PCA against their definition, t-SNE keeps planted
# clusters together and does not depend on the threads, and the page's script
# runs: in a headless Chromium where there is one, and in Node with a drawing
# surface that draws nothing.
set -eu
command -v python3 > /dev/null || { echo 'python3 is missing'; exit 77; }
cd "$RECPIPE_TMP"
cat > make.py <<'END'
import random
random.seed(3)
# ten clusters in 12 dimensions, 40 points each
with open("m.tsv", "w") as m, open("i.tsv", "w") as t:
    m.write("kind\tid\tbias\t" + "\t".join(f"f{f}" for f in range(12)) + "\n")
    t.write("item\ttitle\tcluster\tyear\n")
    for c in range(10):
        middle = [random.gauss(0, 1) for _ in range(12)]
        for i in range(40):
            row = [x + random.gauss(0, 0.2) for x in middle]
            m.write(f"item\tx{c}-{i}\t0\t" + "\t".join(f"{x:.5f}" for x in row) + "\n")
            t.write(f"x{c}-{i}\tTitle </script> \"{c}\" no {i}\tgroup {c}\t{1900 + i}\n")
END
python3 make.py
plot-embeddings m.tsv > pca.tsv
plot-embeddings --method tsne --kernel portable --iterations 500 m.tsv > tsne.tsv
plot-embeddings --method tsne --kernel portable --iterations 500 -j 2 m.tsv | cmp - tsne.tsv
plot-embeddings --method umap --kernel portable m.tsv > umap.tsv 2> said
plot-embeddings --method umap --kernel portable -j 2 m.tsv 2> /dev/null | cmp - umap.tsv
grep -q '^plot-embeddings: of the 10 nearest by cosine, the map has [0-9.]* % among the 10 nearest points$' said || { cat said; exit 1; }
plot-embeddings --method umap --kernel portable -q m.tsv 2>&1 | cmp - umap.tsv
# fewer neighbors than the page lists, too
for k in 3 6 10; do plot-embeddings -q --method umap --neighbors $k --iterations 20 m.tsv | cksum; done | sort -u | wc -l | grep -qx ' *3' || { echo 'the map does not depend on --neighbors'; exit 1; }
cat > check.py <<'END'
import math
rows = [list(map(float, l.split()[3:])) for l in open("m.tsv") if l.startswith("item")]
xy = [tuple(map(float, l.split()[1:])) for l in open("pca.tsv").read().split("\n")[1:-1]]
n, d = len(rows), len(rows[0])
mean = [sum(c) / n for c in zip(*rows)]
rows = [[x - m for x, m in zip(r, mean)] for r in rows]
cov = [[sum(r[i] * r[j] for r in rows) / n for j in range(d)] for i in range(d)]
# power iteration, then deflation
for axis in range(2):
    v = [1.0] * d
    for _ in range(3000):
        v = [sum(c * x for c, x in zip(row, v)) for row in cov]
        size = math.sqrt(sum(x * x for x in v))
        v = [x / size for x in v]
    if max(v, key=abs) < 0:
        v = [-x for x in v]
    for r, at in zip(rows, xy):
        assert abs(sum(a * b for a, b in zip(r, v)) - at[axis]) < 1e-4, "PCA"
    cov = [[cov[i][j] - size * v[i] * v[j] for j in range(d)] for i in range(d)]
for name in "tsne", "umap":
    points = [(l.split()[0].split("-")[0], *map(float, l.split()[1:]))
              for l in open(name + ".tsv").read().split("\n")[1:-1]]
    same = 0
    for i, (c, x, y) in enumerate(points):
        near = sorted((math.hypot(x - q[1], y - q[2]), q[0]) for j, q in enumerate(points) if j != i)
        same += sum(q == c for _, q in near[:10])
    assert same / len(points) / 10 > 0.97, (name + " mixes the clusters", same)
# What UMAP says of its map is so: of the 10 nearest by cosine, those among the 10 nearest points.
rows = [list(map(float, l.split()[3:])) for l in open("m.tsv") if l.startswith("item")]
size = [math.sqrt(sum(x * x for x in r)) for r in rows]
hits = 0
for i, r in enumerate(rows):
    cosine = [(-sum(a * b for a, b in zip(r, s)) / size[i] / size[j], j) for j, s in enumerate(rows) if j != i]
    near = sorted((math.hypot(points[i][1] - q[1], points[i][2] - q[2]), j) for j, q in enumerate(points) if j != i)
    hits += len({j for _, j in sorted(cosine)[:10]} & {j for _, j in near[:10]})
said = float(open("said").read().split("map has ")[1].split()[0])
assert abs(100 * hits / len(rows) / 10 - said) < 0.3, (hits, said)
END
python3 check.py
plot-embeddings --format html --metadata i.tsv --color cluster m.tsv > map.html
# The page's neighbors are the exact ones, and NN-descent finds nearly all of them.
cat > near.py <<'END'
import base64, json, math, re, sys
rows = [list(map(float, l.split()[3:])) for l in open("m.tsv") if l.startswith("item")]
size = [math.sqrt(sum(x * x for x in r)) for r in rows]
data = json.loads(re.search(r"const data =\n(.*?)\n?;\nfunction ", open(sys.argv[1], encoding="utf-8").read(), re.S).group(1))
ids, width, k = base64.b64decode(data["near"]), data["near_bytes"], data["k"]
cosines = base64.b64decode(data["cosines"])
assert k == 10 and len(ids) == len(rows) * k * width and len(cosines) == len(rows) * k
found = 0
for i, r in enumerate(rows):
    want = sorted(((sum(a * b for a, b in zip(r, s)) / size[i] / size[j], j) for j, s in enumerate(rows) if j != i), reverse=True)
    got = [int.from_bytes(ids[(i * k + j) * width:(i * k + j + 1) * width], "little") for j in range(k)]
    assert len(set(got)) == k and i not in got
    truth = dict((j, c) for c, j in want)
    found += sum(truth[j] >= want[k - 1][0] - 1e-6 for j in got)
    assert [truth[j] for j in got] == sorted((truth[j] for j in got), reverse=True), "not in order"
    for place, j in enumerate(got):
        c = cosines[i * k + place]
        assert abs((c - 256 if c > 127 else c) / 127 - truth[j]) < 0.005, "the cosine"
# the two shares that the page says: of neighbors on the map, and of those found
xy = base64.b64decode(data["xy"])
at = [tuple(int.from_bytes(xy[4 * i + c:4 * i + c + 2], "little") for c in (0, 2)) for i in range(len(rows))]
kept = 0
for i, p in enumerate(at):
    nearest = sorted((((p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2, j) for j, q in enumerate(at) if j != i))[:k]
    kept += len({j for _, j in nearest} & {int.from_bytes(ids[(i * k + j) * width:(i * k + j + 1) * width], "little") for j in range(k)})
assert abs(data["recall"] - kept / len(rows) / k) < 0.01, (data["recall"], kept / len(rows) / k)
assert data["found"] is None if sys.argv[2] == "exact" else 0.95 <= data["found"] <= 1, data["found"]
share = found / len(rows) / k
assert share == 1 if sys.argv[2] == "exact" else share > 0.97, share
END
python3 near.py map.html exact
plot-embeddings --format html --metadata i.tsv --color cluster --kernel portable m.tsv > portable.html
python3 near.py portable.html exact
plot-embeddings --format html --exact-neighbors 0 m.tsv > descent.html 2> said
python3 near.py descent.html nearly
grep -q '^plot-embeddings: neighbors by NN-descent: \(9[5-9]\|100\)\.[0-9] % of the 10 nearest of 1000 points were found$' said || { cat said; exit 1; }
plot-embeddings --format html --exact-neighbors 0 -j 2 m.tsv 2> /dev/null | cmp - descent.html
# Where the leaves of the trees are not enough: points all over 14 dimensions.
python3 -c '
import random
random.seed(4)
print("kind\tid\tbias\t" + "\t".join("f%d" % f for f in range(14)))
for i in range(6000):
    print("item\t%d\t0\t" % i + "\t".join("%.4f" % random.gauss(0, 1) for f in range(14)))' > wide.tsv
plot-embeddings --format html --exact-neighbors 0 wide.tsv 2> said > wide.html
grep -q '^plot-embeddings: neighbors by NN-descent: \(9[5-9]\|100\)\.' said || { cat said; exit 1; }
cat > probe.js <<'END'
function probe() {
  const out = {};
  search('no 7');
  out.found = state.matches;
  search('GROUP 3');
  out.other = state.matches;
  search("6 group"); out.words = state.matches;
  search("x4-11");
  out.id = state.matches;
  search('');
  const shades = () => new Set(new Uint32Array(state.shades.buffer)).size;
  colorBy(1);
  out.colors = shades();
  colorBy(2);
  out.shades = shades();
  filterBy(2, '1910..1919');
  out.years = state.mask.reduce((a, b) => a + b, 0);
  filterBy(-1, '');
  zoomAt(10, 10, 2);
  const i = 85;
  fit();
  select(pick(px(i), py(i)));
  out.same = state.near.filter(([j]) => Math.floor(j / 40) === Math.floor(state.selected / 40)).length;
  out.picked = Math.hypot(px(i) - px(state.selected), py(i) - py(state.selected)) < 1;
  out.cosine = state.near[0][1] > 0.8 && state.near[0][1] <= 1.001;
  out.title = data.titles[i];
  draw();
  return JSON.stringify(out);
}
END
want='{"found":10,"other":40,"words":76,"id":1,"colors":10,"shades":40,"years":100,"same":10,"picked":true,"cosine":true,"title":"Title </script> \"2\" no 5"}'
said()
{
	[ "$(cat got)" = "$want" ] || { echo "$1 the page says $(cat got), wanted $want"; exit 1; }
}
browser=
for b in chromium chromium-browser google-chrome; do
	command -v $b > /dev/null && browser=$b && break
done
if [ -n "$browser" ]; then
	{ sed '/<\/body>/,$d' map.html; echo '<script>'; cat probe.js
	  echo 'document.body.textContent = "RESULT " + probe();</script></body></html>'; } > probe.html
	"$browser" --headless --no-sandbox --disable-gpu --dump-dom "file://$PWD/probe.html" 2> /dev/null |
		sed -n 's/.*RESULT \({.*}\).*/\1/p' | sed 's/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g' > got
	said 'in Chromium'
fi
if command -v node > /dev/null; then
	cat > run.js <<'END'
const nothing = () => {};
const node = () => new Proxy({ style: {}, value: '', classList: { add: nothing } }, {
  get: (o, k) => k in o ? o[k] : k === 'getContext' ? () => new Proxy({}, { get: (pen, what) => what === 'createImageData' ?
      (w, h) => ({ data: new Uint8ClampedArray(4 * w * h) }) : what === 'measureText' ? () => ({ width: 50 }) : nothing, set: () => true })
    : k === 'getBoundingClientRect' ? () => ({ width: 800, height: 600 }) : nothing,
  set: (o, k, v) => { o[k] = v; return true; } });
global.document = { getElementById: node, createElement: node, body: node(), documentElement: node(), querySelectorAll: () => [] };
global.window = { devicePixelRatio: 1, addEventListener: nothing };
const colors = new Map([...require('fs').readFileSync('map.html', 'utf8').matchAll(/(--[a-z0-9-]+): *(#[0-9a-f]{6})/g)].reverse().map(m => m.slice(1)));
global.getComputedStyle = () => ({ getPropertyValue: name => colors.get(name) });
global.requestAnimationFrame = f => f();
END
	{ cat run.js; sed -n "/^<script>/,/^<\/script>/p" map.html | sed '/^<\/*script>$/d'; cat probe.js
	  echo 'console.log(probe());'; } > all.js
	node all.js > got
	said 'in Node'
elif [ -z "$browser" ]; then
	echo 'neither Chromium nor Node is here: the page was not tried'
	exit 77
fi
