#!/bin/sh
# fit-item-drift against planted evolutions: the planted form is picked, and where
# nothing is planted no gain is claimed. Then, where Python is, every form against
# its ridge regression solved at once by elimination: predictions, errors, gain and
# its standard error; what is kept and read back predicts the same.
set -eu
cd "$RECPIPE_TMP"
for kind in none linear season step; do
	awk -v kind=$kind 'function gauss() { return sqrt(-2 * log(1 - rand())) * cos(6.283185307 * rand()) }
	BEGIN { srand(5); T = 1000; print "user\titem\trating\ttimestamp"
		for (u = 0; u < 500; u++) bu[u] = .4 * gauss()
		for (i = 0; i < 60; i++) { bi[i] = .4 * gauss(); a[i] = .6 * gauss(); s[i] = T * (.25 + rand() / 2); p[i] = rand() * 6.28 }
		for (n = 0; n < 15000; n++) { u = int(rand() * 500); i = int(rand() * 60); t = rand() * T
			g = kind == "linear" ? a[i] * 1.73 * (2 * t / T - 1) : kind == "step" ? a[i] * (t > s[i] ? 1 : -1) : \
				kind == "season" ? a[i] * 1.41 * sin(6.283185307 * t / 365.25 + p[i]) : 0
			printf "%d\t%d\t%.4f\t%d\n", u, i, 3.5 + bu[u] + bi[i] + g + .8 * gauss(), t * 86400 } }' > r.tsv
	fit-item-drift --forms bins-5,linear,spline-6,novelty-5,age,season,step r.tsv > out 2> err
	cat err
	case $kind in
	none) grep -q 'no form beats static' err ;;
	*) grep -q ": $kind is best on the validation rows and beats static" err ;;
	esac
done

command -v python3 > /dev/null || { echo 'no python3: the regression was not solved by another'; exit 0; }
awk 'function gauss() { return sqrt(-2 * log(1 - rand())) * cos(6.283185307 * rand()) }
	BEGIN { srand(8); print "user\titem\trating\ttimestamp"
		for (n = 0; n < 500; n++) { u = int(rand() * 12); i = int(rand() * 6); t = int(rand() * 900 * 86400)
			printf "u%02d\ti%d\t%.3f\t%d\n", u, i, 3 + gauss() + u / 8 + sin(t * i / 1e7), t } }' > r.tsv
for form in static bins-5 bins-10 linear spline-6 novelty-20 novelty-5 age season all-bins-30 user-drift user-day; do
	fit-item-drift -q --split temporal --test 0.2 --forms $form --form $form --lambdas 2 --save m.$form r.tsv > t.$form
	fit-item-drift --predict m.$form r.tsv > p.$form
done
cat > peer.py <<'END_PY'
import math
rows = [l.split("\t") for l in open("r.tsv").read().split("\n")[1:-1]]
rows = [(u, i, float(y), float(t) / 86400) for u, i, y, t in rows]
times = sorted(t for *_, t in rows)
n = len(rows)
test_from, held_from = times[math.floor(n * .8)], times[math.floor(n * (1 - .2 - .1))]
train = [r for r in rows if r[3] < held_from]
test = [r for r in rows if r[3] >= test_from]
begin, end = min(r[3] for r in train), max(r[3] for r in train)
T = end - begin
first, mean = {}, {}
for u, i, y, t in train:
    first[i] = min(first.get(i, t), t)
    mean.setdefault(u, []).append(t)
mean = {u: sum(x) / len(x) for u, x in mean.items()}
place = lambda t: min(1, max(0, (t - begin) / T))
age = lambda i, t: max(0, t - first[i])
def spline(i, t, k):
    x = place(t) * (k - 1)
    low = min(k - 2, math.floor(x))
    return {(i, low): low + 1 - x, (i, low + 1): x - low}
year = 2 * math.pi / 365.25
FORMS = {
    "static": lambda u, i, t: {},
    "bins-5": lambda u, i, t: {(i, min(4, int(place(t) * 5))): 1},
    "bins-10": lambda u, i, t: {(i, min(9, int(place(t) * 10))): 1},
    "linear": lambda u, i, t: {i: 2 * (t - begin) / T - 1},
    "spline-6": lambda u, i, t: spline(i, t, 6),
    "novelty-20": lambda u, i, t: {i: math.exp(-age(i, t) / (T / 20))},
    "novelty-5": lambda u, i, t: {i: math.exp(-age(i, t) / (T / 5))},
    "age": lambda u, i, t: {min(15, int(math.log2(1 + age(i, t)))): 1},
    "season": lambda u, i, t: {(i, "s"): math.sin(year * t), (i, "c"): math.cos(year * t)},
    "all-bins-30": lambda u, i, t: {min(29, int(place(t) * 30)): 1},
    "user-drift": lambda u, i, t: {u: math.copysign(abs(2 * (t - mean[u]) / T) ** .4, t - mean[u])},
    "user-day": lambda u, i, t: {(u, math.floor(t)): 1},
}
def solve(a, g):
    n = len(g)
    for j in range(n):
        for k in range(j + 1, n):
            if a[k][j]:
                x = a[k][j] / a[j][j]
                for c in range(j, n):
                    a[k][c] -= x * a[j][c]
                g[k] -= x * g[j]
    for j in reversed(range(n)):
        g[j] = (g[j] - sum(a[j][c] * g[c] for c in range(j + 1, n))) / a[j][j]
    return g
squares = {}
for name, form in FORMS.items():
    features = lambda u, i, t: {("mu",): 1, ("user", u): 1, ("item", i): 1,
        **{("form", k): x for k, x in form(u, i, t).items()}}
    at = {}
    for u, i, y, t in train:
        for k in features(u, i, t):
            at.setdefault(k, len(at))
    a = [[0.0] * len(at) for _ in at]
    g = [0.0] * len(at)
    for k, j in at.items():
        a[j][j] = 0 if k == ("mu",) else 2
    for u, i, y, t in train:
        x = [(at[k], v) for k, v in features(u, i, t).items()]
        for j, v in x:
            g[j] += v * y
            for k, w in x:
                a[j][k] += v * w
    theta = solve(a, g)
    predict = lambda u, i, t: sum(theta[at[k]] * v for k, v in features(u, i, t).items() if k in at)
    ours = [float(l.split("\t")[4]) for l in open("p." + name).read().split("\n")[1:-1]]
    worst = max(abs(p - predict(u, i, t)) for p, (u, i, y, t) in zip(ours, rows))
    assert len(ours) == n and worst < 2e-3, (name, worst)
    squares[name] = [(y - p) ** 2 for p, (u, i, y, t) in zip(ours, rows) if t >= test_from]
    row = [l.split("\t") for l in open("t." + name).read().split("\n") if l.startswith(name + "\t")][0]
    rmse = lambda s: math.sqrt(sum(s) / len(s))
    assert abs(float(row[4]) - rmse(squares[name])) < 1e-12, (name, "test_rmse")
    d = [a - b for a, b in zip(squares["static"], squares[name])]
    m = sum(d) / len(d)
    both = rmse(squares["static"]) + rmse(squares[name])
    error = math.sqrt(sum((x - m) ** 2 for x in d) / (len(d) - 1) / len(d)) / both
    assert abs(float(row[5]) - (rmse(squares["static"]) - rmse(squares[name]))) < 1e-12, (name, "gain")
    assert abs(float(row[6]) - error) < 1e-12, (name, "gain_stderr")
    if name not in ("age", "all-bins-30", "user-day"):
        assert int(row[1]) + 1 >= len(at), (name, "parameters")
    print(f"{name}: predictions differ by at most {worst:.1e}")
END_PY
python3 peer.py
