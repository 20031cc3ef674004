"""Missing because it failed, or failing because it is missing: the baseline tells the two apart."""

import numpy as np
import pandas as pd
import pytest

from ddms_ops.analysis.contrast import Contrast, contrast
from ddms_ops.analysis.contrast_absences import LOST

NAMES = ("endpoint", "tenant", "owner", "header")


def served(seed: int, *, events: int = 4000, without: float = 0.05, kept: float = 0.98) -> pd.DataFrame:
    """Requests that went well: answers of endpoints A and B nearly all name an owner, some clients send no header."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame({"endpoint": rng.choice(list("ABCD"), events), "tenant": rng.choice(list("tuvwxyz"), events)})
    answers = rows["endpoint"].isin(["A", "B"]) & (rng.random(events) < kept)
    header = pd.Series("h1", index=rows.index).where(rng.random(events) >= without)
    return rows.assign(owner=rows["tenant"].where(answers), header=header, failed=False)


def failing(rows: pd.DataFrame, hit: pd.Series, share: float) -> pd.DataFrame:
    """The same requests, a share of those that are hit failing; what failed has no owner in its answer."""
    failed = hit & (np.random.default_rng(9).random(len(rows)) < share)
    return rows.assign(failed=rows["failed"] | failed, owner=rows["owner"].mask(failed))


def first(found: Contrast) -> dict[str, str]:
    """The cell of the best explanation."""
    return found.explanations[0].cell


@pytest.mark.parametrize("share", [0.1, 0.4, 1.0])
@pytest.mark.parametrize("kept", [0.6, 0.98, 1.0])
def test_what_only_an_answer_holds_is_no_place(share, kept):
    """Where an endpoint fails, its failures lack the owner that its answers name: the endpoint is the place."""
    rows = served(1, kept=kept)
    found = contrast(failing(rows, rows["endpoint"] == "A", share), served(2, kept=kept), NAMES)
    assert first(found) == {"endpoint": "A"}
    assert not any("owner" in each.cell for each in (*found.explanations, *found.alternatives))
    assert set(found.left_out) <= {"owner"}


def test_what_went_missing_is_said_to():
    """An attribute that would have been named is listed with the reason."""
    rows = served(1)
    found = contrast(failing(rows, rows["endpoint"] == "A", 0.4), served(2), NAMES)
    assert found.left_out == {"owner": LOST}
    assert "owner" not in found.looked_at


@pytest.mark.parametrize(("without", "share"), [(0.01, 1.0), (0.05, 0.5), (0.05, 1.0), (0.3, 0.3), (0.6, 0.5)])
def test_requests_that_always_lacked_it_are_a_place(without, share):
    """Requests without a header begin to fail: as many lack it as before, so its absence is what they share."""
    rows = served(3, without=without)
    found = contrast(failing(rows, rows["header"].isna(), share), served(4, without=without), NAMES)
    assert first(found) == {"header": "(none)"}
    assert "header" not in found.left_out


def test_more_of_what_lacks_it_and_fails_is_a_place():
    """Six times the requests without a header, all failing: those that went well without it before are gone."""
    rows = served(5, without=0.3)
    found = contrast(failing(rows, rows["header"].isna(), 1.0), served(6, without=0.05), NAMES)
    assert first(found) == {"header": "(none)"}


def test_new_requests_that_lack_it_and_partly_fail_are_a_place():
    """Absence that comes with what goes well as much as with what fails did not come from failing."""
    rows = served(7, without=0.2)
    found = contrast(failing(rows, rows["header"].isna(), 0.5), served(8, without=0.0), NAMES)
    assert first(found) == {"header": "(none)"}


def test_what_else_failed_does_not_hide_it():
    """Other failures of the same endpoint lack the owner as well; they did not go well, so they say nothing of it."""
    rows, before = served(10), served(11).assign(wrong=False)
    ours = failing(rows, rows["endpoint"] == "A", 0.1)
    other = (rows["endpoint"] == "A") & ~ours["failed"] & (np.random.default_rng(4).random(len(rows)) < 0.4)
    now = ours.assign(owner=ours["owner"].mask(other), wrong=ours["failed"] | other)
    assert first(contrast(now, before, NAMES)) == {"endpoint": "A", "owner": "(none)"}
    assert first(contrast(now, before, NAMES, wrong="wrong")) == {"endpoint": "A"}


def test_two_members_of_an_answer_are_both_left_out():
    """One that is missing does not make the other's absence usual."""
    rows, before = (
        side.assign(cache=side["owner"].where(side["owner"].isna(), "HIT")) for side in (served(12), served(13))
    )
    hit = failing(rows, rows["endpoint"] == "A", 0.4)
    found = contrast(hit.assign(cache=hit["cache"].mask(hit["failed"])), before, (*NAMES, "cache"))
    assert first(found) == {"endpoint": "A"}
    assert not any(name in each.cell for each in found.alternatives for name in ("owner", "cache"))


def test_what_fails_everywhere_differs_nowhere():
    """A tenth of all requests fails; that those of one endpoint lost their owner does not set apart who lacks it."""
    rows, before = (
        side.assign(owner=side["owner"].where(side["endpoint"] == "A")) for side in (served(18), served(19))
    )
    found = contrast(failing(rows, ~rows["failed"], 0.1), before, NAMES)
    assert found.explanations == ()
    assert found.left_out == {"owner": LOST}


def test_what_never_has_it_is_a_place_when_it_is_tried_again_and_again():
    """Jobs have no endpoint; a job that fails is retried, and more jobs are more events without one."""
    before = pd.concat([served(14), jobs(400, failing=0)], ignore_index=True)
    now = pd.concat([served(15), jobs(400, failing=900)], ignore_index=True)
    found = contrast(now, before, ("endpoint", "worker", "tenant"))
    assert first(found) == {"endpoint": "(none)"}


def jobs(well: int, *, failing: int) -> pd.DataFrame:
    """Jobs, of which there are as many more as fail."""
    events = well + failing
    return pd.DataFrame(
        {"tenant": (list("tuvwxyz") * events)[:events], "worker": "w1", "failed": [False] * well + [True] * failing}
    )


def test_without_a_baseline_an_absence_stays():
    """Nothing tells which came first."""
    rows = served(16)
    found = contrast(failing(rows, rows["endpoint"] == "A", 0.4), served(17).head(0), NAMES)
    assert first(found) == {"endpoint": "A", "owner": "(none)"}
