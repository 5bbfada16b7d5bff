#!/usr/bin/env python3
"""The figures of test-analyze-bootstrap.c and of analyze-bca.sh by SciPy (1.10.1):

	python3 tests/checks/analyze-bca.py           the figures of the unit test
	python3 tests/checks/analyze-bca.py users.tsv the intervals of the check: statistic, method, end, value

The unit test: two small samples, and 199 replicates that are a formula; acceleration and the two
quantiles are those of scipy.stats' own BCa, the ends are NumPy's. The check: users as it draws them,
200,000 resamples. R's boot (1.3-28.1), with the arms as strata, has the same percentile intervals within
1 % of their width; its BCa does not weight the arms' sizes in the acceleration (Davison and Hinkley 1997,
section 5.3.2), so that it agrees where the arms are of one size only:

	library(boot)
	u <- read.delim("users.tsv"); u$X <- factor(u$X)
	of <- function(d, w) { c <- d$X[w] == "C"; x <- d$x[w]; y <- d$y[w]; m <- mean(x[!c]) - mean(x[c])
		r <- sum(x[!c]) / sum(y[!c]) - sum(x[c]) / sum(y[c])
		c(m, m / abs(mean(x[c])), r, r / abs(sum(x[c]) / sum(y[c]))) }
	b <- boot(u, of, 200000, strata = u$X)
	for (i in 1:4) print(boot.ci(b, index = i, type = c("bca", "perc"), L = empinf(b, index = i, type = "jack")))
"""
import sys

import numpy as np
from scipy import stats
from scipy.stats import _resampling

X0 = np.array([1, 2, 2, 3, 5, 5, 17.0])
X1 = np.array([2, 3, 3, 4, 5, 8, 9, 29.0])
Y0 = np.array([1, 1, 2, 1, 3, 2, 4.0])
Y1 = np.array([1, 2, 1, 2, 2, 3, 3, 8.0])


def figures(name, data, statistic):
    at = statistic(*data, axis=-1)
    replicates = at + 3 * np.sin(np.arange(199)) + 0.5 * np.cos(3 * np.arange(199)) - 0.25
    for level in (0.05, 0.2):
        low, high, acceleration = _resampling._bca_interval(data, statistic, -1, level / 2, replicates, None)
        ends = np.percentile(replicates, [100 * float(low), 100 * float(high)])
        print(name, level, *map(repr, map(float, (acceleration, low, high, ends[0], ends[1]))))


def difference(x0, x1, axis):
    return x1.mean(axis) - x0.mean(axis)


def share(x0, x1, axis):
    return (x1.mean(axis) - x0.mean(axis)) / np.abs(x0.mean(axis))


def ratio(i, j, axis):
    return X1[j].sum(axis) / Y1[j].sum(axis) - X0[i].sum(axis) / Y0[i].sum(axis)


def intervals(path):
    rows = np.genfromtxt(path, names=True, dtype=None, encoding='ascii')
    arm = [rows[rows['X'] == a] for a in ('C', 'T1')]
    rng = np.random.default_rng(1)
    for name, at, relative in (('x', 'x', False), ('x', 'x', True), ('x/y', 'xy', False), ('x/y', 'xy', True)):
        def of(i, k):
            d = arm[k][i]
            return d['x'].mean(-1) if at == 'x' else d['x'].sum(-1) / d['y'].sum(-1)

        def statistic(i, j, axis):
            a, b = of(i, 0), of(j, 1)
            return (b - a) / np.abs(a) if relative else b - a
        for method in ('BCa', 'percentile'):
            r = stats.bootstrap([np.arange(len(a)) for a in arm], lambda i, j, axis: statistic(i, j, axis),
                                n_resamples=200000, batch=2000, method=method, random_state=rng)
            for end, value in zip(('lower', 'upper'), r.confidence_interval):
                print(name, method.lower(), ('percent_' if relative else 'effect_') + end,
                      repr(float(value) * (100 if relative else 1)), sep='\t')


if len(sys.argv) > 1:
    intervals(sys.argv[1])
else:
    figures('difference', (X0, X1), difference)
    figures('share', (X0, X1), share)
    figures('ratio', (np.arange(7), np.arange(8)), ratio)
