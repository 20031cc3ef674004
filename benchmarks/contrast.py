"""What separates failures: how often the planted cell comes first, beside two rankings that others use.

    python benchmarks/contrast.py [--cases 180] [--first-seed 1000] [--trials 1000] [--robustspot FOLDER]

BubbleUp-like ranks single values by the difference of their share among failures and among the rest (a reading of
Honeycomb's public description); significant terms by the G2 of a value's share among failures against the baseline's
(the first step of Elastic's log rate analysis). Seconds are of CPU.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from contrast_cases import ATTRIBUTES, Planted, planted

from ddms_ops.analysis.contrast import contrast

POINTS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.8)
SIGNIFICANCE = 0.01
Cells = list[dict[str, str]]


def ours(case: Planted) -> Cells:
    """Our explanations, the other ways to say the first behind it."""
    found = contrast(case.now, case.before, ATTRIBUTES, significance=SIGNIFICANCE)
    return [each.cell for each in (*found.explanations[:1], *found.alternatives, *found.explanations[1:])]


def bubble_up(case: Planted) -> Cells:
    """Single values by how much more often failures have them than the rest."""
    scores = []
    for name in ATTRIBUTES:
        among = case.now.loc[case.now["failed"], name].value_counts(normalize=True)
        rest = case.now.loc[~case.now["failed"], name].value_counts(normalize=True)
        difference = among.sub(rest, fill_value=0)
        scores += [(value, {name: str(key)}) for key, value in difference.items()]
    return [cell for _, cell in sorted(scores, key=lambda pair: -pair[0])[:3]]


def significant_terms(case: Planted) -> Cells:
    """Single values by the G2 of their share among failures now against failures before."""
    now, before = (frame[frame["failed"]] for frame in (case.now, case.before))
    scores = []
    for name in ATTRIBUTES:
        counts = pd.DataFrame({"now": now[name].value_counts(), "before": before[name].value_counts()}).fillna(0)
        expected = (counts["before"] + 0.5) / (len(before) + 0.5) * len(now)
        rises = counts["now"] > expected
        g2 = 2 * counts["now"] * np.log(np.maximum(counts["now"], 0.5) / expected)
        scores += [(value, {name: str(key)}) for key, value in g2[rises].items()]
    return [cell for _, cell in sorted(scores, key=lambda pair: -pair[0])[:3]]


def on_generated(cases: int, first_seed: int) -> None:
    """Exact cell first and among the first three, by width of the cause."""
    rankers: dict[str, Callable[[Planted], Cells]] = {
        "ours": ours, "BubbleUp-like": bubble_up, "significant terms": significant_terms
    }  # fmt: skip
    hits: dict[str, list[tuple[int, bool, bool]]] = {name: [] for name in rankers}
    seconds = dict.fromkeys(rankers, 0.0)
    for number in range(cases):
        width, points = 1 + number % 3, POINTS[number // 3 % len(POINTS)]
        case = planted(first_seed + number, width=width, points=points)
        for name, ranker in rankers.items():
            start = time.process_time()
            cells = ranker(case)
            seconds[name] += time.process_time() - start
            hits[name].append((width, cells[:1] == [case.cell], case.cell in cells[:3]))
    print(f"{cases} planted causes of 1 to 3 attributes, +5 to +80 points, one tenant's traffic doubled")
    print(f"{'ranking':<20}{'first':>8}{'in 3':>8}{'1 wide':>8}{'2 wide':>8}{'3 wide':>8}{'s each':>8}")
    for name, found in hits.items():
        table = pd.DataFrame(found, columns=["width", "first", "three"])
        widths = "".join(f"{share:8.2f}" for share in table.groupby("width")["first"].mean())
        means = f"{table['first'].mean():8.3f}{table['three'].mean():8.3f}"
        print(f"{name:<20}{means}{widths}{seconds[name] / cases:8.2f}")


def on_growth(cases: int, first_seed: int) -> None:
    """How often nothing is said where only traffic grew."""
    silent = sum(not ours(planted(first_seed + number, growth=2.0 + 2 * (number % 2))) for number in range(cases))
    print(
        f"{cases} windows in which one tenant's traffic was doubled or quadrupled: nothing said in {silent / cases:.3f}"
    )


def on_shuffled(trials: int) -> None:
    """False discoveries over shuffled labels, at the usual significance and at 0.05."""
    false = {SIGNIFICANCE: 0, 0.05: 0}
    for seed in range(trials):
        case = planted(50_000 + seed, growth=1.0, events=3000)
        both = pd.concat([case.now, case.before], ignore_index=True)
        shuffled = np.random.default_rng(seed).permutation(np.arange(len(both)) < len(both) // 10)
        both = both.assign(failed=shuffled)
        now, before = both[: len(case.now)], both[len(case.now) :]
        for level in false:
            false[level] += bool(contrast(now, before, ATTRIBUTES, significance=level).explanations)
    shares = ", ".join(f"{count / trials:.4f} at {level:g}" for level, count in false.items())
    print(f"{trials} trials with shuffled labels: something said in {shares}")


def on_robustspot(folder: Path, minutes: int = 30) -> None:
    """Real failures of a streaming service: their minute against the half hour before."""
    cases = json.loads((folder / "causes.json").read_text())
    first = three = 0
    for case in cases:
        events = pd.read_csv(folder / case["file"])
        names = [name for name in events.columns if name not in ("min", "value", "cnt")]
        at = case["timestamp"]
        now, before = events[events["min"] == at], events[events["min"].between(at - minutes * 60, at - 1)]
        found = contrast(now, before, names, failed="value", count="cnt", significance=SIGNIFICANCE)
        cells = [each.cell for each in (*found.explanations[:1], *found.alternatives, *found.explanations[1:])]
        causes = [{name: str(value) for name, value in cause.items()} for cause in case["causes"]]
        first += bool(cells) and cells[0] in causes
        three += any(cell in causes for cell in cells[:3])
    print(f"RobustSpot, {len(cases)} real failures: first {first / len(cases):.3f}, in three {three / len(cases):.3f}")


def on_a_million() -> None:
    """Seconds for a million events of seven attributes, cells of up to three."""
    case = planted(3, width=3, points=0.3, events=500_000)
    now, before = (frame.astype(dict.fromkeys(ATTRIBUTES, "category")) for frame in (case.now, case.before))
    start, wall = time.process_time(), time.perf_counter()
    found = contrast(now, before, ATTRIBUTES, significance=SIGNIFICANCE)
    cpu, took = time.process_time() - start, time.perf_counter() - wall
    verdict = "right" if found.explanations and found.explanations[0].cell == case.cell else "wrong"
    print(f"{len(now) + len(before):,} events x 7 attributes: {cpu:.2f} s CPU, {took:.2f} s wall, {verdict}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=180)
    parser.add_argument("--first-seed", type=int, default=1000)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--robustspot", type=Path, default=Path(__file__).parents[2] / "shared/data/robustspot")
    given = parser.parse_args()
    on_generated(given.cases, given.first_seed)
    on_growth(given.cases // 3, given.first_seed + 10_000)
    on_shuffled(given.trials)
    if given.robustspot.is_dir():
        on_robustspot(given.robustspot)
    else:
        print(f"no {given.robustspot}; give --robustspot FOLDER")
    on_a_million()
