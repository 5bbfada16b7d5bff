#!/bin/sh
# plot-embeddings: the axes of PCA against their definition, t-SNE keeps planted
# clusters together and does not depend on the threads, and the page's script
# runs: in a headless Chromium where there is one, otherwise in Node with a
# drawing surface that draws nothing.
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
points = [(l.split()[0].split("-")[0], *map(float, l.split()[1:]))
          for l in open("tsne.tsv").read().split("\n")[1:-1]]
same = 0
for i, (c, x, y) in enumerate(points):
    near = sorted((math.hypot(x - q[1], y - q[2]), q[0]) for j, q in enumerate(points) if j != i)
    same += sum(q == c for _, q in near[:10])
assert same / len(points) / 10 > 0.97, ("t-SNE mixes the clusters", same)
END
python3 check.py
plot-embeddings --format html --metadata i.tsv --color cluster m.tsv > map.html
cat > probe.js <<'END'
function probe() {
  const out = {};
  search('no 7');
  out.found = state.matches;
  search('');
  colorBy(1);
  out.colors = new Set(state.colors).size;
  colorBy(2);
  out.shades = new Set(state.colors).size;
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
want='{"found":10,"colors":10,"shades":40,"same":10,"picked":true,"cosine":true,"title":"Title </script> \"2\" no 5"}'
browser=
for b in chromium chromium-browser google-chrome; do
	command -v $b > /dev/null && browser=$b && break
done
if [ -n "$browser" ]; then
	{ sed '/<\/body>/,$d' map.html; echo '<script>'; cat probe.js
	  echo 'document.body.textContent = "RESULT " + probe();</script></body></html>'; } > probe.html
	"$browser" --headless --no-sandbox --disable-gpu --dump-dom "file://$PWD/probe.html" 2> /dev/null |
		sed -n 's/.*RESULT \({.*}\).*/\1/p' | sed 's/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g' > got
elif command -v node > /dev/null; then
	cat > run.js <<'END'
const nothing = () => {};
const node = () => new Proxy({ style: {}, value: '', classList: { add: nothing } }, {
  get: (o, k) => k in o ? o[k] : k === 'getContext' ? () => new Proxy({}, { get: (pen, what) => what === 'createImageData' ?
      (w, h) => ({ data: new Uint8ClampedArray(4 * w * h) }) : nothing, set: () => true })
    : k === 'getBoundingClientRect' ? () => ({ width: 800, height: 600 }) : nothing,
  set: (o, k, v) => { o[k] = v; return true; } });
global.document = { getElementById: node, createElement: node, body: node(), documentElement: node() };
global.window = { devicePixelRatio: 1, addEventListener: nothing };
global.getComputedStyle = () => ({ getPropertyValue: name => '#' + (1e6 + 1234 * (parseInt(name.slice(9)) || 0)) });
global.requestAnimationFrame = f => f();
END
	{ cat run.js; sed -n "/^<script>/,/^<\/script>/p" map.html | sed '1d;$d'; cat probe.js
	  echo 'console.log(probe());'; } > all.js
	node all.js > got
else
	echo 'neither Chromium nor Node is here: the page was not tried'
	exit 77
fi
[ "$(cat got)" = "$want" ] || { echo "the page says $(cat got)"; echo "wanted        $want"; exit 1; }
