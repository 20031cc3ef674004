"""Real failures of a streaming service with labelled causes, where they are at hand."""

import json
from pathlib import Path

import pandas as pd
import pytest

from ddms_ops.analysis.contrast import contrast

DATA = Path(__file__).parent.parent.parent.parent / "shared/data/robustspot"
HISTORY_S = 30 * 60


def ranked(case: dict) -> list[dict[str, str]]:
    """The explanations of a failure's minute against the half hour before, other ways to say the first behind it."""
    events = pd.read_csv(DATA / case["file"])
    names = [name for name in events.columns if name not in ("min", "value", "cnt")]
    at = case["timestamp"]
    now, before = events[events["min"] == at], events[events["min"].between(at - HISTORY_S, at - 1)]
    found = contrast(now, before, names, failed="value", count="cnt")
    return [each.cell for each in (*found.explanations[:1], *found.alternatives, *found.explanations[1:])]


def test_the_labelled_cause_is_found():
    """First in at least 60 of 100, among the first three in at least 85."""
    if not DATA.is_dir():
        pytest.skip(f"{DATA} is not here")
    cases = json.loads((DATA / "causes.json").read_text())
    causes = [[{name: str(value) for name, value in cause.items()} for cause in case["causes"]] for case in cases]
    cells = [ranked(case) for case in cases]
    first = sum(bool(found) and found[0] in known for found, known in zip(cells, causes, strict=True))
    three = sum(any(cell in known for cell in found[:3]) for found, known in zip(cells, causes, strict=True))
    assert first / len(cases) >= 0.60
    assert three / len(cases) >= 0.85
