#!/usr/bin/env python3
"""Makes analyze-relative.tsv: what analyze-ab has to say of the users and events that
analyze-relative.sh draws, by formulas of its own (NumPy, SciPy; statistics of one or two
lines each, roots of Fieller's quadratic found by NumPy). The test needs neither.

	python3 tests/checks/analyze-relative.py FOLDER > tests/checks/analyze-relative.tsv

FOLDER has users.tsv, before.tsv, strata.tsv and daily.tsv as the test writes them. Columns:
run metric column value; an empty value is an empty cell."""
import csv
import sys

import numpy as np
from scipy import stats

ALPHA = 0.05
folder = sys.argv[1]


def table(name):
    with open('%s/%s.tsv' % (folder, name)) as f:
        return list(csv.DictReader(f, delimiter='\t'))


# Squares of the smallest values are none: they are read in a unit of their own.
UNIT = {'tiny': 1e-120}


def show(run, metric, column, value):
    if column.startswith(('effect', 'control', 'treatment', 'mde')) and value is not None:
        value *= UNIT.get(metric, 1)
    text = '' if value is None or not np.isfinite(value) else repr(float(value))
    print('\t'.join((run, metric, column, text)))


def quantile(df, level=ALPHA):
    return stats.t.isf(level / 2, df) if np.isfinite(df) else stats.norm.isf(level / 2)


def interval(how, m0, a, m1, b, q, ql):
    """Of (m1 - m0) / |m0|, q (of logarithms ql) standard errors wide: means, variances of the means."""
    if m0 == 0:
        return None, None
    sign = np.sign(m0)
    if how == 'naive':
        half = q * np.sqrt(a + b)
        return (m1 - m0 - half) / abs(m0), (m1 - m0 + half) / abs(m0)
    if how == 'delta':
        # the gradient of (m1 - m0) / |m0|
        g1, g0 = 1 / abs(m0), -sign * m1 / m0 ** 2
        half = q * np.sqrt(g1 ** 2 * b + g0 ** 2 * a)
        return (m1 - m0) / abs(m0) - half, (m1 - m0) / abs(m0) + half
    if how == 'log':
        if m1 / m0 <= 0:
            return None, None
        ends = np.exp(np.log(m1 / m0) + np.array([-1, 1]) * ql * np.sqrt(a / m0 ** 2 + b / m1 ** 2))
    else:
        # (m1 - r m0)^2 = q^2 (b + r^2 a), in units of m0
        a, b, r = a / m0 ** 2, b / m0 ** 2, m1 / m0
        if 1 - q * q * a <= 0:
            return None, None
        ends = np.roots([1 - q * q * a, -2 * r, r * r - q * q * b])
        if np.any(np.abs(ends.imag) > 0):
            return None, None
        ends = ends.real
    return tuple(sorted(sign * (ends - 1)))


def satterthwaite(a, n0, b, n1):
    return (a + b) ** 2 / (a ** 2 / (n0 - 1) + b ** 2 / (n1 - 1))


def sequential(diff, se, n, tuned=5000):
    """Half width in standard errors, and p (Waudby-Smith and others 2021, equation 9)."""
    rho2 = (-2 * np.log(ALPHA) + np.log(-2 * np.log(ALPHA) + 1)) / tuned
    k = n * rho2 + 1
    reach = np.sqrt(2 * k / (n * rho2) * np.log(np.sqrt(k) / ALPHA))
    return reach, min(1, np.sqrt(k) * np.exp(-rho2 * n * (diff / se) ** 2 / (2 * k)))


def effect(run, metric, how, m0, a, n0, m1, b, n1, df, t):
    """Means, variances of the means, users."""
    diff, se = m1 - m0, np.sqrt(a + b)
    show(run, metric, 'control_mean', m0)
    show(run, metric, 'treatment_mean', m1)
    show(run, metric, 'effect', diff)
    show(run, metric, 'percent', None if m0 == 0 else 100 * diff / abs(m0))
    if how.startswith('sequential-'):
        reach, p = sequential(diff, se, n0 + n1)
        low, high = diff - reach * se, diff + reach * se
        share = interval(how[len('sequential-'):], m0, a, m1, b, reach, reach)
        df = None
    else:
        q = quantile(df)
        low, high = diff - q * se, diff + q * se
        p = 2 * (stats.t.sf(abs(diff / se), df) if np.isfinite(df) else stats.norm.sf(abs(diff / se)))
        df_log = np.inf if not np.isfinite(df) else (
            satterthwaite(a / m0 ** 2, n0, b / m1 ** 2, n1) if m0 != 0 and m1 != 0 else np.nan)
        share = interval(how, m0, a, m1, b, q, quantile(df_log) if how == 'log' else q)
    show(run, metric, 'effect_lower', low)
    show(run, metric, 'effect_upper', high)
    show(run, metric, 'percent_lower', None if share[0] is None else 100 * share[0])
    show(run, metric, 'percent_upper', None if share[1] is None else 100 * share[1])
    show(run, metric, 'df', df)
    show(run, metric, 'p', p)
    return p


def mean_of(x):
    return x.mean(), x.var(ddof=1) / len(x), len(x)


def ratio_of(x, y):
    """As the mean of linearized values."""
    r = x.mean() / y.mean()
    return mean_of(r + (x - r * y) / y.mean())


users = table('users')
arm = np.array([u['X'] for u in users])
METRICS = ['pos', 'neg', 'cross', 'near0', 'tiny', 'tinyneg', 'zero', 'neg/den', 'pos/negden', 'pos/zeroden']
before = {u['user']: u for u in table('before')}
stratum = {u['user']: u['g'] for u in table('strata')}
level = np.array([stratum[u['user']] for u in users])


def column(rows, name):
    return np.array([float(u[name]) for u in rows]) / UNIT.get(name, 1)


def values(metric):
    """Each user's value; of a ratio linearized in each arm."""
    if '/' not in metric:
        return column(users, metric)
    x, y = (column(users, name) for name in metric.split('/'))
    out = np.empty(len(users))
    for name in ('C', 'T1'):
        k = arm == name
        if y[k].sum() == 0:
            return None
        r = x[k].sum() / y[k].sum()
        out[k] = r + (x[k] - r * y[k]) / y[k].mean()
    return out


def covariate(metric):
    there = np.array([u['user'] in before for u in users])
    rows = [before.get(u['user']) for u in users]
    names = metric.split('/')
    x, y = (np.array([float(r[name]) / UNIT.get(name, 1) if r else np.nan for r in rows])
            for name in (names[0], names[-1]))
    if len(names) == 2:
        r = x[there].sum() / y[there].sum()
        x = (x - r * y) / y[there].mean()
    return np.where(there, x, 0)


def nothing(run, metric):
    for name in ('control_mean', 'effect', 'percent', 'effect_lower', 'effect_upper',
                 'percent_lower', 'percent_upper', 'p'):
        show(run, metric, name, None)


for kind in ('plain', 'cuped', 'strata'):
    for how in ('delta', 'naive', 'log', 'fieller', 'sequential-delta', 'sequential-fieller'):
        run = kind + '-' + how
        for metric in METRICS:
            x = values(metric)
            if x is None:
                nothing(run, metric)
                continue
            if kind == 'cuped':
                z = covariate(metric)
                theta = np.cov(x, z)[0, 1] / z.var(ddof=1)
                x = x - theta * (z - z.mean())
            if kind == 'strata':
                m, v, n = np.zeros(2), np.zeros(2), [0, 0]
                for g in sorted(set(level)):
                    w = (level == g).mean()
                    for i, name in enumerate(('C', 'T1')):
                        part = x[(level == g) & (arm == name)]
                        m[i] += w * part.mean()
                        v[i] += w ** 2 * part.var(ddof=1) / len(part)
                        n[i] += len(part)
                effect(run, metric, how, m[0], v[0], n[0], m[1], v[1], n[1], np.inf, None)
            else:
                (m0, a, n0), (m1, b, n1) = mean_of(x[arm == 'C']), mean_of(x[arm == 'T1'])
                if metric == 'zero' and kind == 'plain':
                    m0 = 0.0   # in exact arithmetic
                effect(run, metric, how, m0, a, n0, m1, b, n1, satterthwaite(a, n0, b, n1), None)

# p adjusted, by R's p.adjust as it is defined
p = []
for metric in METRICS[:7]:
    x = column(users, metric)
    (m0, a, n0), (m1, b, n1) = mean_of(x[arm == 'C']), mean_of(x[arm == 'T1'])
    p.append(2 * stats.t.sf(abs(m1 - m0) / np.sqrt(a + b), satterthwaite(a, n0, b, n1)))
p = np.array(p)
m = len(p)


def adjusted(p, how):
    order = np.argsort(p)
    rank = np.arange(1, m + 1)
    s = p[order]
    if how == 'none':
        out = s
    elif how == 'bonferroni':
        out = s * m
    elif how == 'holm':
        out = np.maximum.accumulate(s * (m + 1 - rank))
    else:
        factor = {'hochberg': m + 1 - rank, 'bh': m / rank, 'by': m / rank * (1 / rank).sum()}[how]
        out = np.minimum.accumulate((s * factor)[::-1])[::-1]
    back = np.empty(m)
    back[order] = np.minimum(1, out)
    return back


for how in ('none', 'bonferroni', 'holm', 'hochberg', 'bh', 'by'):
    padj = adjusted(p, how)
    for i, metric in enumerate(METRICS[:7]):
        show('adjust-' + how, metric, 'p_adjusted', padj[i])
        # the p that would have been enough, the others' being as they are: by bisection
        low, high = 0.0, 1.0
        for _ in range(200):
            middle = (low + high) / 2
            tried = p.copy()
            tried[i] = middle
            low, high = (middle, high) if adjusted(tried, how)[i] <= ALPHA else (low, middle)
        # and the effect that reaches it with a chance of 80 %, by the noncentral t
        x = column(users, metric)
        (m0, a, n0), (m1, b, n1) = mean_of(x[arm == 'C']), mean_of(x[arm == 'T1'])
        df, se = satterthwaite(a, n0, b, n1), np.sqrt(a + b)
        q = stats.t.isf(low / 2, df)
        left, right = 0.0, 20.0
        for _ in range(200):
            middle = (left + right) / 2
            left, right = (middle, right) if stats.nct.sf(q, df, middle) < 0.8 else (left, middle)
        show('adjust-' + how, metric, 'mde', left * se)
        # the intervals at the level that the test is made at
        show('adjust-' + how, metric, 'effect_lower', m1 - m0 - q * se)
        show('adjust-' + how, metric, 'effect_upper', m1 - m0 + q * se)
        share = interval('fieller', 0.0 if metric == 'zero' else m0, a, m1, b, q, q)
        for cell, end in zip(('percent_lower', 'percent_upper'), share):
            show('adjust-' + how, metric, cell, None if end is None else 100 * end)

# Effects at the end of each day, of a reward that is negative
days = table('daily')
for day in ('2024-03-18', '2024-03-19'):
    last = {'2024-03-18': 19800, '2024-03-19': 19801}[day]
    total = {}
    for e in days:
        if int(e['timestamp']) // 86400000 <= last:
            key = (e['user'], e['X'])
            total[key] = total.get(key, 0) + float(e['reward'])
    x0, x1 = (np.array([v for (_, name), v in total.items() if name == a]) for a in ('C', 'T1'))
    (m0, a, n0), (m1, b, n1) = mean_of(x0), mean_of(x1)
    effect('daily-' + day, 'sum:reward', 'delta', m0, a, n0, m1, b, n1, satterthwaite(a, n0, b, n1), None)
