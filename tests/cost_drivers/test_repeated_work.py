"""The same document processed again and again."""

import math
from pathlib import Path

import pandas as pd
from driver_builders import COSTS_OF, MONDAY, event, pulled

from ddms_ops.analysis.repeated_work import read_work
from ddms_ops.cost_schemas import WORK

NOW, BEFORE = "logs/inference", "logs.baseline/inference"


def runs(invoice: object, times: int, hour: int = 10, tenant: str | None = "acme") -> list[tuple[str, dict]]:
    """An invoice that is processed every minute."""
    return [(f"{hour}:{minute:02d}", event("Processing invoice", invoice, tenant)) for minute in range(times)]


def read(folder: Path, now: list, before: list):
    """Totals, WORK and doubts of two pulls."""
    pulls = [pulled(folder, *events, name=name) for name, events in ((NOW, now), (BEFORE, before)) if events]
    return read_work(pulls, COSTS_OF)


def test_ids_above_most_are_found_most_often_first(tmp_path: Path):
    """With tenant, times, first and last time, and the row of the first."""
    now = [*runs("i1", 1), *runs("i2", 5, tenant="globex"), *runs("i3", 9, hour=11), *runs("i4", 3)]
    [total], found, doubts = read(tmp_path, now, runs("i0", 1))
    assert found[["repeats", "id", "tenant", "times", "pull", "row"]].values.tolist() == [
        ["inference", "i3", "acme", 9, NOW, 6], ["inference", "i2", "globex", 5, NOW, 1]
    ]  # fmt: skip
    assert (found["first"][0], found["last"][0]) == (MONDAY + pd.Timedelta("11h"), MONDAY + pd.Timedelta("11h 8min"))
    assert (total.ids, total.runs, total.usual, total.now, total.p_more) == (2, 14, 1.0, 4.5, 0.5)
    assert (total.first, doubts) == (MONDAY + pd.Timedelta("10h 3min"), ())


def test_what_the_baseline_had_as_often_is_no_news(tmp_path: Path):
    """A default id, or a document that is read all day: but one that is worked on much more often is."""
    before = [*runs("default", 20), *runs("loop", 4, hour=11)]
    [total], found, _ = read(tmp_path, [*runs("default", 30), *runs("loop", 40, hour=11)], before)
    assert (found["id"].tolist(), total.ids) == (["loop"], 1)


def test_a_tenant_is_any_event_that_names_one(tmp_path: Path):
    """Null where none does."""
    now = [*runs("i1", 4, tenant=None), *runs("i1", 1, hour=11, tenant="acme"), *runs("i2", 4, tenant=None)]
    _, found, _ = read(tmp_path, now, runs("i0", 1))
    assert found["tenant"].isna().tolist() == [False, True]


def test_events_without_an_id_and_a_missing_baseline_are_said(tmp_path: Path):
    """They are no document that is worked on often."""
    [total], found, doubts = read(tmp_path, [*runs(None, 5), *runs("", 5), *runs("i1", 2)], [])
    assert (len(found), total.now, math.isnan(total.usual), total.first is pd.NaT) == (0, 2.0, True, True)
    assert doubts == (
        "inference: 10 of 12 log events name no 'invoice_id' and are left out",
        "inference: the baseline has no such log event, so that nothing tells what is usual",
    )


def test_the_order_of_events_does_not_matter(tmp_path: Path):
    """But for the positions of the rows."""
    now = [*runs("i1", 5), *runs("i2", 5, tenant="globex")]
    (one, first, _), (other, second, _) = (read(tmp_path, events, runs("i0", 1)) for events in (now, now[::-1]))
    pd.testing.assert_frame_equal(first.drop(columns="row"), second.drop(columns="row"))
    assert one == other


def test_nothing_gives_no_rows(tmp_path: Path):
    """No pull, or no such event: it is said that nothing was looked at."""
    said = {
        "there are no log events, so that nothing tells of work that is done again": [],
        "inference: no log event holds 'Processing invoice' in window and baseline, so that nothing was counted": [
            pulled(tmp_path, ("10:01", "hello"))
        ],
    }
    for words, pulls in said.items():
        totals, found, doubts = read_work(pulls, COSTS_OF)
        assert (totals, list(found.columns), len(found), doubts) == ((), WORK.names, 0, (words,))


def test_ids_are_told_apart_by_all_of_their_text(tmp_path: Path):
    """However long they are; they are shown in part."""
    path = "s3://bucket/" + "p" * 300
    [total], found, _ = read(
        tmp_path, [each for n in range(9) for each in runs(f"{path}/{n}", 1, 10 + n)], runs("i0", 1)
    )
    assert (total.ids, total.now, len(found)) == (0, 1.0, 0)
    [total], found, _ = read(tmp_path, runs(path, 5), runs("i0", 1))
    assert found["id"].tolist() == [path[:200]]


def test_only_the_window_counts(tmp_path: Path):
    """What was repeated in the baseline alone is not the window's."""
    [total], found, _ = read(tmp_path, runs("i1", 1), runs("i2", 9))
    assert (len(found), total.ids, total.usual) == (0, 0, 9.0)
