"""What speaks against the audit trail being whole."""

import pandas as pd
import pytest
from builders import at, window
from trail_builders import (
    WINDOW,
    drawn,
    extent,
    gap,
    gaps,
    hole,
    holes,
    none_of,
    pauses,
    rhythm,
    without,
)

from ddms_ops.analysis.trail_gaps import trail_gaps, trail_notes
from ddms_ops.tenant_schemas import EXTENT, PAUSES, RHYTHM
from ddms_ops.window import Window

QUIET = (none_of(RHYTHM), none_of(PAUSES))


def found(held: pd.DataFrame, counted: pd.DataFrame | None = None, **given: object) -> list[tuple]:
    """Kind, start and end of each gap of a trail without pauses."""
    shown = trail_gaps(*QUIET, held, extent() if counted is None else counted, **{"window": WINDOW, **given})
    return list(shown[["kind", "start", "end"]].itertuples(index=False, name=None))


def test_a_whole_trail_has_no_gap():
    """No hole, no pause, every row says who."""
    assert found(holes()) == []


def test_three_deleted_rows_are_a_hole_between_their_neighbours():
    """Exactly from the row before to the row after, with the numbers that are missing."""
    held = holes(hole(100, 104, "10:05:01.25", "10:05:03"))
    [shown] = trail_gaps(*QUIET, held, extent(), window=WINDOW, has_sequence=True).itertuples()
    assert (shown.kind, shown.start, shown.end, shown.missing) == ("hole", at("10:05:01.25"), at("10:05:03"), 3)
    assert shown.why.startswith("3 numbers are missing from the sequence between 100 and 104: taken away, or rolled")
    assert (shown.pull, shown.row) == ("trail/holes", 0)


def test_a_hole_between_rows_of_one_instant_is_still_a_stretch():
    """So that no stretch is empty."""
    [(_, start, end)] = found(holes(hole(1, 3, "10:05", "10:05")))
    assert start < end


def test_a_hole_at_the_border_is_cut_to_the_window():
    """Rows before and after may lie outside."""
    assert found(holes(hole(1, 9, "09:59", "10:01"))) == [("hole", at("10:00"), at("10:01"))]
    assert found(holes(hole(1, 9, "11:00", "11:01"))) == []


def test_a_clock_set_back_is_a_gap_over_the_step():
    """More than five seconds; rows that pass one another by less are usual."""
    held = holes(hole(7, 8, "10:20:10", "10:20:02"), hole(9, 10, "10:30:04", "10:30:00"))
    assert found(held) == [("clock", at("10:20:02"), at("10:20:10"))]


def cached(numbers: int) -> pd.DataFrame:
    """Thirty holes of so many numbers, over the whole window."""
    return holes(*(hole(n * 300, n * 300 + numbers + 1, f"10:{n * 2:02d}", f"10:{n * 2:02d}:01") for n in range(30)))


def test_a_sequence_with_holes_by_nature_proves_nothing():
    """Thirty caches that were lost are a note, no gaps; a hole far larger is one still."""
    assert found(cached(19)) == []
    assert trail_notes(cached(19), extent())[0].startswith("the sequence has gaps by nature (30 holes, 570 numbers)")
    large = pd.concat([cached(19), holes(hole(90_000, 90_500, "10:59", "10:59:02"))], ignore_index=True)
    assert found(large) == [("hole", at("10:59"), at("10:59:02"))]


def test_few_holes_are_gaps_each():
    """Less than one number in a hundred."""
    assert len(found(cached(2))) == 30
    assert trail_notes(cached(2), extent()) == ()


def test_rows_that_are_kept_from_within_the_window_on_leave_a_gap_before():
    """The table's first row is younger than what was asked."""
    assert found(holes(), extent(first="10:20"), first_row=at("10:20")) == [("retention", at("10:00"), at("10:20"))]


@pytest.mark.parametrize("first_row", [None, at("08:00")])
def test_no_rows_at_all_are_never_a_whole_trail(first_row: pd.Timestamp | None):
    """Whatever the table holds outside."""
    assert found(holes(), none_of(EXTENT), first_row=first_row) == [("silence", at("10:00"), at("11:00"))]


def test_a_trail_that_ends_early_is_silent_to_the_window_s_end():
    """The last row stands at 10:40 where ten a minute came before."""
    rows = drawn(2, hours=11, per_min=10)
    kept = rows[rows["timestamp"] < at("10:40")]
    last = kept["timestamp"].max()
    counted = extent().assign(last=last)
    shown = trail_gaps(rhythm(kept), pauses(kept), holes(), counted, window=WINDOW)
    assert list(shown[["kind", "start", "end"]].itertuples(index=False, name=None)) == [("silence", last, at("11:00"))]


def test_a_stopped_logger_is_told_once_not_again_for_each_tenant():
    """Their silences lie within the silence of all."""
    rows = without(drawn(3, hours=12, per_min=40, tenants=2), at("06:00"), 4)
    asked = Window(at("00:00"), at("12:00"))
    shown = trail_gaps(rhythm(rows), pauses(rows), holes(), extent(first="00:00", last="12:00"), window=asked)
    assert shown[["kind", "tenant"]].fillna("all").to_numpy().tolist() == [["silence", "all"]]


def test_an_action_whose_rows_do_not_say_who_is_a_gap_of_the_whole_window():
    """From one row in a hundred on; rows without a user are jobs, which act for the row's tenant."""
    assert found(holes(), extent(without_tenant=100)) == [("unknown_actor", at("10:00"), at("11:00"))]
    assert found(holes(), extent(without_actor=9_000, without_user=9_000)) == []
    assert found(holes(), extent(without_actor=99)) == []
    assert found(holes(), extent(without_record=10_000, action="login")) == []


def test_gaps_from_elsewhere_stand_beside():
    """Witnesses and requests bring their own, cut to the window."""
    other = gaps(gap("09:00", "10:10", kind="witness"))
    assert found(holes(), others=[other]) == [("witness", at("10:00"), at("10:10"))]


def test_the_order_is_by_time():
    """Whatever the means that found it."""
    held = holes(hole(100, 104, "10:50", "10:51"), hole(1, 4, "10:10", "10:11"))
    assert [start for _, start, _ in found(held, window=window("10:00", "11:00"))] == [at("10:10"), at("10:50")]
