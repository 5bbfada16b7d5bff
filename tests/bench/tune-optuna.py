#!/usr/bin/env python3
"""Optuna's figures beside which tests/slow/tune-quality.sh holds tune-hparams.

    PYTHON tests/bench/tune-optuna.py [FUNCTION].. > tests/slow/tune-optuna.tsv

For each function, way of sampling and seed 0 .. 29: 100 trials; printed is the
median of the best values, to nine digits. Ways: `default` is TPESampler(seed),
`multivariate` has multivariate, group and constant_liar set, `parallel` is the same
asked for four trials at a time, `cma-es` is CmaEsSampler(seed), `random` what its
name says.
"""
import math
import statistics
import sys
import warnings

import optuna

TRIALS, SEEDS, AT_A_TIME = 100, 30, 4


def branin(t):
    a, b = t.suggest_float("x", -5, 10), t.suggest_float("y", 0, 15)
    return ((b - 5.1 / (4 * math.pi ** 2) * a * a + 5 / math.pi * a - 6) ** 2
            + 10 * (1 - 1 / (8 * math.pi)) * math.cos(a) + 10)


def hartmann(t):
    A = [[10, 3, 17, 3.5, 1.7, 8], [.05, 10, 17, .1, 8, 14],
         [3, 3.5, 1.7, 10, 17, 8], [17, 8, .05, 10, .1, 14]]
    P = [[1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
         [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381]]
    x = [t.suggest_float(f"x{j + 1}", 0, 1) for j in range(6)]
    return -sum(al * math.exp(-sum(a * (v - 1e-4 * p) ** 2 for a, v, p in zip(ar, x, pr)))
                for al, ar, pr in zip([1, 1.2, 3, 3.2], A, P))


def rosenbrock(t):
    x = [t.suggest_float(f"x{i + 1}", -5, 10) for i in range(5)]
    return sum(100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(4))


def mixed(t):
    l = t.suggest_categorical("l", ["a", "b", "c"])
    r = math.log10(t.suggest_float("r", 1e-4, 1, log=True))
    if l == "a":
        return 0.3 + (r + 2) ** 2 * 0.5 + ((t.suggest_int("k", 1, 20) - 13) / 10) ** 2
    if l == "b":
        a = math.log10(t.suggest_float("a", 1e-6, 1, log=True))
        return 0.05 + (r + 1.3) ** 2 * 0.5 + 0.2 * (a + 3) ** 2
    return 0.2 + (r + 2.5) ** 2


def levy(t):
    w = [1 + (t.suggest_float(f"x{i + 1}", -10, 10) - 1) / 4 for i in range(4)]
    return (math.sin(math.pi * w[0]) ** 2
            + sum((v - 1) ** 2 * (1 + 10 * math.sin(math.pi * v + 1) ** 2) for v in w[:-1])
            + (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2))


def ackley(t):
    x = [t.suggest_float(f"x{i + 1}", -20, 40) for i in range(3)]
    return (-20 * math.exp(-0.2 * math.sqrt(sum(v * v for v in x) / 3))
            - math.exp(sum(math.cos(2 * math.pi * v) for v in x) / 3) + 20 + math.e)


FUNCTIONS = {f.__name__: f for f in (branin, hartmann, rosenbrock, mixed, levy, ackley)}


def sampler(way, seed):
    if way == "default":
        return optuna.samplers.TPESampler(seed=seed)
    if way == "cma-es":
        return optuna.samplers.CmaEsSampler(seed=seed)
    if way == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    return optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True, constant_liar=True)


def best(function, way, seed):
    study = optuna.create_study(sampler=sampler(way, seed))
    at_a_time = AT_A_TIME if way == "parallel" else 1
    for _ in range(TRIALS // at_a_time):
        asked = [study.ask() for _ in range(at_a_time)]
        values = [function(trial) for trial in asked]
        for trial, value in zip(asked, values):
            study.tell(trial, value)
    return study.best_value


def main():
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    print(f"# optuna {optuna.__version__}: median best value of {TRIALS} trials, seeds 0 to {SEEDS - 1}")
    print("function\tway\tmedian")
    for name in sys.argv[1:] or FUNCTIONS:
        for way in ("default", "multivariate", "parallel", "cma-es", "random"):
            if way == "cma-es" and name == "mixed":
                continue
            values = [best(FUNCTIONS[name], way, seed) for seed in range(SEEDS)]
            print(f"{name}\t{way}\t{statistics.median(values):.9g}", flush=True)


main()
