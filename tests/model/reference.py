"""The profit model once more, in NumPy and in the plainest way: whole matrices, no sums by fold, no fixed order.

Makes generated_lines.csv and generated_parties.csv (a generated world) and expected.csv (what this model says of its
prospects), which the test compares with. Run it in this folder with Python 3 and NumPy; the files change only if this
file does.
"""

import csv
import math

import numpy as np

HORIZON, BUCKETS, CUT = 365, 12, 700
KINDS = [("CITY", "category"), ("SIZE", "number"), ("TRADE", "category"), ("VIP", "category")]


def dice(state):
    """Numbers that look random and are the same everywhere."""
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield state >> 33


def world():
    roll = dice(20)
    up_to = lambda sides: next(roll) % sides
    parties, lines = {}, []
    for number in range(150):
        who = f"C{number:03}"
        trade = ["Bakery", "Garage", "Hotel", "Office"][up_to(4)]
        size = up_to(400)
        own = {"TRADE": trade, "VIP": ["no", "yes"][up_to(2)]}
        if up_to(10):
            own["SIZE"] = str(size)
        if up_to(12):
            own["CITY"] = ["Bern", "Graz", "Linz", "Ulm"][up_to(4)] if up_to(15) else f"Town{number}"
        parties[who] = own
        first = up_to(650) if number < 120 else CUT + up_to(300)
        for order in range(1 + up_to(5)):
            sales = 20_000 + size * 50 + up_to(30_000)
            margin = {"Bakery": 30, "Garage": -15, "Hotel": 12, "Office": 5}[trade] + up_to(31) - 15
            lines.append((who, first + (up_to(400) if order else 0), sales / 100, sales * margin // 100 / 100))
    return parties, lines


def encode(parties, training):
    bins = {}
    for trait, kind in KINDS:
        values = [parties[who][trait] for who in training if trait in parties[who]]
        if kind == "number":
            ordered = sorted(float(value) for value in values)
            ranges = max(1, min(16, len(ordered) // 20))
            edges = sorted({ordered[i * len(ordered) // ranges] for i in range(1, ranges)} - {ordered[0]})
            bins[trait] = (len(edges) + 3, lambda v, edges=edges: 2 + sum(edge <= float(v) for edge in edges))
        else:
            known = sorted(v for v in set(values) if values.count(v) >= 5)
            bins[trait] = (len(known) + 2, lambda v, known=known: known.index(v) + 2 if v in known else 1)
    place = lambda who, trait: bins[trait][1](parties[who][trait]) if trait in parties[who] else 0
    return [bins[trait][0] for trait, _ in KINDS], lambda who: [place(who, trait) for trait, _ in KINDS]


def outcomes(lines):
    first = {}
    for who, day, _, _ in lines:
        first[who] = min(day, first.get(who, day))
    ids = sorted(who for who in first if first[who] < CUT)
    sales, profit = ({who: [0.0] * BUCKETS for who in ids} for _ in range(2))
    for who, day, size, gain in lines:
        age = day - first[who]
        if who in sales and day < CUT and age < HORIZON:
            sales[who][age * BUCKETS // HORIZON] += size
            profit[who][age * BUCKETS // HORIZON] += gain
    seen = {who: min(BUCKETS, (CUT - first[who]) * BUCKETS // HORIZON) for who in ids}
    rates = []
    for bucket in range(BUCKETS):
        shown = [sales[who][bucket] for who in ids if seen[who] > bucket]
        rates.append(sum(shown) / len(shown) if len(shown) >= 20 else None)
    known = [rate for rate in rates[1:] if rate is not None]
    rates = [sum(known) / len(known) if rate is None else rate for rate in rates]
    grown = np.concatenate([[0], np.cumsum(rates) / sum(rates)])
    learnt = [who for who in ids if seen[who] >= 3]
    weights = np.array([grown[seen[who]] for who in learnt])
    y = np.array([sum(profit[who][: seen[who]]) for who in learnt]) / weights
    return learnt, y, weights, sorted(who for who in first if first[who] >= CUT)


def fit(places, sizes, y, w):
    start = np.concatenate([[1], 1 + np.cumsum(sizes)])
    X = np.zeros((len(y), start[-1]))
    X[:, 0] = 1
    for trait in range(len(sizes)):
        X[np.arange(len(y)), start[trait] + places[:, trait]] = 1
    A, c = X.T * w @ X, X.T * w @ y
    mean = w @ y / w.sum()
    s2 = w @ (y - mean) ** 2 / len(y)
    tau = np.full(len(sizes), 0.02 * s2)
    groups = [np.arange(start[trait], start[trait + 1]) for trait in range(len(sizes))]
    for _ in range(50):
        D = np.zeros(start[-1])
        for group, t in zip(groups, tau):
            D[group] = s2 / t
        V = s2 * np.linalg.inv(A + np.diag(D))
        b = V @ c / s2
        least = 1e-6 * s2
        new = (w @ (y - X @ b) ** 2 + np.trace(V @ A)) / len(y)
        for trait, group in enumerate(groups):
            shown = group[np.diag(A)[group] > 0]
            tau[trait] = max((b[shown] @ b[shown] + np.diag(V)[shown].sum()) / len(shown), least)
        s2 = new
    return b, V, start


def main():
    parties, lines = world()
    learnt, y, w, prospects = outcomes(lines)
    sizes, bins = encode(parties, learnt)
    places = np.array([bins(who) for who in learnt])
    ordered = sorted(y)
    at = lambda q: ordered[math.floor(q * (len(y) - 1) + 0.5)]
    b, V, start = fit(places, sizes, np.clip(y, at(0.05), at(0.95)), w)
    base, effects = b[0], []
    for trait in range(len(sizes)):
        own = b[start[trait] : start[trait + 1]]
        mean = np.bincount(places[:, trait], weights=w, minlength=sizes[trait]) @ own / w.sum()
        base += mean
        effects.append(own - mean)
    with open("generated_parties.csv", "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["party", *(trait for trait, _ in KINDS)])
        out.writerows([who, *(own.get(trait, "") for trait, _ in KINDS)] for who, own in parties.items())
    with open("generated_lines.csv", "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["party", "day", "sales", "profit"])
        out.writerows([who, day, f"{sales:.2f}", f"{gain:.2f}"] for who, day, sales, gain in lines)
    with open("expected.csv", "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["party", "base", *(trait for trait, _ in KINDS), "expected", "standard_error"])
        for who in prospects:
            own = bins(who)
            x = np.zeros(start[-1])
            x[[0, *(start[trait] + place for trait, place in enumerate(own))]] = 1
            parts = [effects[trait][place] for trait, place in enumerate(own)]
            numbers = [base, *parts, base + sum(parts), math.sqrt(x @ V @ x)]
            out.writerow([who, *(f"{number:.6f}" for number in numbers)])


main()
