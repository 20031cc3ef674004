"""How well the onset of a shift is found: ours beside three simple rules, on generated and on real series.

    python benchmarks/onset.py            seeds that nothing was tuned on
    python benchmarks/onset.py tuned      seeds that settings were chosen on
    python benchmarks/onset.py hard       unseen seeds with disturbances that the plain series do not have

Ours is asked twice: `apart` has the first two days as the baseline, `whole` is given three days and no hint. All rules
keep their settings throughout. A series counts as found where its strongest shift begins within so many minutes.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from onset_series import START, Planted, planted

from ddms_ops.analysis.shifts import shifts

DATA = Path(__file__).parent.parent.parent / "shared/data/cloudwatch-metrics"
MINUTE = pd.Timedelta(minutes=1)
BASELINE = 2 * 1440
SEEDS = {"tuned": range(0, 160), "unseen": range(5000, 5160)}
Rule = Callable[[pd.Series], list[pd.Timestamp]]
BARS = (
    ("step", None, (5,), "steps of 2 and more, within 5 min", ">= .95, p90 <= 2 min"),
    ("burst", None, (5,), "bursts of 10 to 60 min, within 5 min", ">= .90"),
    ("ramp", None, (15,), "ramps over 30 min, within 15 min", ">= .90"),
    ("step", 1.5, (5,), "steps of 1.5, within 5 min", ">= .90"),
    ("clean", None, (0,), "series without a shift, any reported", "<= .03"),
)


def apart(values: pd.Series) -> list[pd.Timestamp]:
    """Ours, against the first two days."""
    return [shift.start for shift in shifts(values[BASELINE:], baseline=values[:BASELINE])]


def whole(values: pd.Series) -> list[pd.Timestamp]:
    """Ours, each series its own baseline."""
    return [shift.start for shift in shifts(values)]


def deviations(values: pd.Series) -> pd.Series:
    """Distance from the median of the time of day, in robust standard deviations of it."""
    slot = (values.index.hour * 4 + values.index.minute // 15).to_numpy()
    middle = values.groupby(slot).transform("median")
    rest = (values - middle).abs()
    return (values - middle) / (1.4826 * rest.groupby(slot).transform("median")).clip(lower=1e-9 + rest.median() / 10)


def five_in_a_row(values: pd.Series) -> list[pd.Timestamp]:
    """The first of five intervals in a row beyond two standard deviations."""
    far = (deviations(values).abs() > 2).rolling(5).sum() == 5
    return separate(values.index[np.maximum(np.flatnonzero(far) - 4, 0)])


def cusum(values: pd.Series) -> list[pd.Timestamp]:
    """Page's sums up and down with allowance 0.5 and limit 12, back to their last zero."""
    starts = []
    for sign in (1, -1):
        total, began = 0.0, 0
        for place, far in enumerate((sign * deviations(values)).clip(-6, 6).fillna(0)):
            total = max(0.0, total + far - 0.5)
            began = place + 1 if total == 0 else began
            if total > 12:
                starts.append(values.index[began])
                total = 0.0
                began = place + 1
    return separate(pd.DatetimeIndex(sorted(starts)))


def rolling_mad(values: pd.Series) -> list[pd.Timestamp]:
    """Beyond six robust standard deviations of the day before, the farthest first."""
    day = int(pd.Timedelta(days=1) / (values.index[1] - values.index[0]))
    middle = values.rolling(day, min_periods=60).median()
    rest = (values - middle).abs()
    far = rest / (1.4826 * rest.rolling(day, min_periods=60).median()).clip(lower=1e-9)
    over = far[far > 6].sort_values(ascending=False, kind="stable")
    return separate(over.index)


def separate(stamps: pd.DatetimeIndex) -> list[pd.Timestamp]:
    """The first three, each an hour or more from those before it."""
    kept: list[pd.Timestamp] = []
    for stamp in stamps:
        if all(abs(stamp - other) > 60 * MINUTE for other in kept):
            kept.append(stamp)
        if len(kept) == 3:
            break
    return kept


RULES: dict[str, Rule] = {
    "ours, apart": apart,
    "ours, whole": whole,
    "5 in a row > 2": five_in_a_row,
    "CUSUM .5/12": cusum,
    "rolling MAD > 6": rolling_mad,
}


def error(found: list[pd.Timestamp], series: Planted) -> float:
    """Minutes between the strongest start in the third day and the planted one."""
    late = [stamp for stamp in found if stamp >= START + BASELINE * MINUTE]
    return abs((late[0] - START) / MINUTE - (series.onset or 0)) if late else np.inf


def generated(seeds: range, hard: str = "") -> None:
    """Print one line a bar, one column a rule."""
    print(f"{'':44}{'bar':>22}" + "".join(f"{name:>17}" for name in RULES))
    for kind, factor, (limit,), words, bar in BARS:
        every = [planted(kind, seed, factor=factor, hard=hard) for seed in seeds]
        cells, costs = [], []
        for rule in RULES.values():
            began = time.process_time()
            found = [rule(series.values) for series in every]
            costs.append((time.process_time() - began) / len(every) * 1000)
            if kind == "clean":
                cells.append(f"{np.mean([bool(each) for each in found]):.3f}")
                continue
            errors = np.array([error(each, series) for each, series in zip(found, every, strict=True)])
            p90 = np.quantile(errors, 0.9, method="higher")
            cells.append(f"{(errors <= limit).mean():.3f} p90 {p90:.0f}")
        print(f"{words:44}{bar:>22}" + "".join(f"{cell:>17}" for cell in cells))
    print(f"{'CPU ms a series (of 4,320), last line':66}" + "".join(f"{cost:17.1f}" for cost in costs))


def real() -> None:
    """Print precision, recall and F1 against the labelled windows of NAB realAWSCloudwatch."""
    windows = json.loads((DATA / "windows.json").read_text())
    for name, rule in RULES.items():
        if rule is apart:
            continue
        true = reported = met = labelled = 0
        began = time.process_time()
        for path in sorted((DATA / "metrics").glob("*.json")):
            [result] = json.loads(path.read_text())["MetricDataResults"]
            values = pd.Series(result["Values"], index=pd.to_datetime(result["Timestamps"], utc=True), dtype="float64")
            found = rule(values.groupby(level=0).mean())
            known = [(pd.Timestamp(a), pd.Timestamp(b)) for a, b in windows[path.stem]]
            true += sum(any(a <= stamp <= b for a, b in known) for stamp in found)
            met += sum(any(a <= stamp <= b for stamp in found) for a, b in known)
            reported, labelled = reported + len(found), labelled + len(known)
        precision, recall = true / max(reported, 1), met / labelled
        f1 = 2 * precision * recall / max(precision + recall, 1e-9)
        cost = (time.process_time() - began) / 17 * 1000
        print(
            f"{name:18}{reported:4} starts  P {precision:.3f}  R {recall:.3f}  F1 {f1:.3f}  {cost:6.1f} CPU ms a series"
        )


if __name__ == "__main__":
    asked = sys.argv[1] if len(sys.argv) > 1 else "unseen"
    if asked == "hard":
        for hard in ("drift", "memory", "batch", "heavy"):
            print(f"\n{hard}")
            generated(SEEDS["unseen"][:60], hard)
    else:
        generated(SEEDS[asked])
        if DATA.is_dir():
            print("\nNAB realAWSCloudwatch, at most three starts a series; bar F1 >= .52 (Numenta .69, RCF .45)")
            real()
