"""Leaked, no leak seen over complete evidence, or cannot tell: of which stretch, and of which tenant."""

import itertools
import random

import pandas as pd
import pytest
from builders import at
from trail_builders import WINDOW, crossing, crossings, gap, gaps

from ddms_ops.analysis.leak_verdict import CANNOT_TELL, LEAKED, NO_LEAK, LeakVerdict, leak_verdict


def said(shown: tuple[dict, ...] = (), lacking: tuple[dict, ...] = (), **given: object) -> LeakVerdict:
    """The verdict over crossings and gaps of WINDOW."""
    return leak_verdict(
        crossings(*shown), gaps(*lacking), WINDOW, **{"pulls_complete": True, "seen": ("acme", "globex"), **given}
    )


def strip(verdict: LeakVerdict) -> list[tuple]:
    """Clock and verdict of each stretch."""
    return [(f"{each.start:%H:%M}", f"{each.end:%H:%M}", each.verdict) for each in verdict.stretches]


def test_a_whole_trail_without_crossings_shows_no_leak():
    """Of the whole window, and of every tenant that was seen."""
    verdict = said()
    assert (verdict.word, strip(verdict)) == (NO_LEAK, [("10:00", "11:00", NO_LEAK)])
    assert verdict.unaffected == ("acme", "globex")


def test_a_gap_caps_the_verdict_for_exactly_its_stretch():
    """Before and after nothing leaked; over it nobody can tell; no tenant is verified."""
    verdict = said(lacking=(gap("10:20", "10:24"),))
    assert verdict.word == CANNOT_TELL
    assert strip(verdict) == [("10:00", "10:20", NO_LEAK), ("10:20", "10:24", CANNOT_TELL), ("10:24", "11:00", NO_LEAK)]
    assert (verdict.unaffected, verdict.cannot_tell) == ((), ("acme", "globex"))


def test_overlapping_gaps_are_one_with_both_reasons():
    """Merged, whatever found them."""
    [hidden] = said(lacking=(gap("10:20", "10:30"), gap("10:25", "10:40", kind="hole", why="3 numbers"))).may_hide
    assert (hidden.start, hidden.end, hidden.why) == (at("10:20"), at("10:40"), ("no rows from 10:20", "3 numbers"))


def test_a_leak_is_said_regardless_of_gaps_and_where_more_may_hide_too():
    """The minute of the disclosure, and the whole gap around it."""
    verdict = said((crossing("10:22:30"),), (gap("10:20", "10:30"),))
    assert (verdict.word, verdict.affected) == (LEAKED, ("acme",))
    assert strip(verdict)[1:4] == [
        ("10:20", "10:22", CANNOT_TELL), ("10:22", "10:23", LEAKED), ("10:23", "10:30", CANNOT_TELL)
    ]  # fmt: skip
    assert [(each.start, each.end) for each in verdict.may_hide] == [(at("10:20"), at("10:30"))]


def test_a_gap_of_one_tenant_is_kept_apart():
    """The others stay verified, but the word is capped."""
    verdict = said(lacking=(gap("10:20", "10:30", tenant="ACME"),))
    assert (verdict.word, verdict.may_hide) == (CANNOT_TELL, ())
    assert [(each.tenant, each.start) for each in verdict.limited] == [("acme", at("10:20"))]
    assert (verdict.unaffected, verdict.cannot_tell) == (("globex",), ("acme",))


def test_rows_whose_owner_or_actor_is_not_known_cap_their_minute():
    """Of all where nobody knows whose record, of its owner where nobody knows who."""
    assert said((crossing("10:22", "unknown", owner=None),)).may_hide[0].start == at("10:22")
    assert said((crossing("10:22", "unknown", actor=None),)).cannot_tell == ("acme",)


@pytest.mark.parametrize("given", [{"pulls_complete": False}, {"reasons": ("the role sees a part of the rows",)}])
def test_evidence_that_is_not_complete_is_never_no_leak(given: dict):
    """The whole window cannot be told of."""
    verdict = said(**given)
    assert (verdict.word, strip(verdict)) == (CANNOT_TELL, [("10:00", "11:00", CANNOT_TELL)])


def test_blocked_and_explained_crossings_are_no_leak():
    """They disclosed nothing, or were meant."""
    assert said((crossing("10:22", "blocked"), crossing("10:23", "explained"))).word == NO_LEAK


def test_stretches_always_cover_the_window_exactly():
    """Each ends where the next begins, whatever lies inside, outside or across the borders."""
    draw = random.Random(6)
    for _ in range(100):
        clocks = sorted((draw.uniform(-30, 90), draw.uniform(-30, 90)) for _ in range(draw.randrange(6)))
        start = at("10:00")
        lacking = [
            {**gap("10:00", "10:01"), "start": start + pd.Timedelta(minutes=min(pair)),
             "end": start + pd.Timedelta(minutes=max(pair) + 0.001)}
            for pair in clocks
        ]  # fmt: skip
        shown = [crossing(f"10:{draw.randrange(60):02d}:30", draw.choice(["disclosed", "unknown"])) for _ in range(4)]
        stretches = said(tuple(shown), tuple(lacking)).stretches
        assert (stretches[0].start, stretches[-1].end) == (WINDOW.start, WINDOW.end)
        assert all(one.end == other.start for one, other in itertools.pairwise(stretches))
        assert all(each.start < each.end for each in stretches)
