"""Cutting a window: every second is in exactly one slice, and no slice is too full where that can be helped."""

import pytest
from builders import window

from ddms_ops.sources.aws.log_windows import Slice, bin_s, evenly, planned, whole_seconds


def seconds(slices: list[Slice]) -> list[int]:
    """Every second of the slices, in order."""
    return [second for piece in slices for second in range(piece.start_s, piece.end_s)]


def test_whole_seconds_hold_the_window():
    """Parts of a second at either end are rounded outwards."""
    piece = whole_seconds(window("10:00:00.500", "10:00:02.001"))
    assert (piece.start_s % 60, piece.seconds) == (0, 3)


def test_a_plan_covers_each_second_once():
    """Slices adjoin, whatever the counts; seconds without events belong to one too."""
    counts = [(105, 40), (110, 70), (111, 5), (150, 200)]
    assert seconds(planned(Slice(100, 200), counts, bin_s=1, cap=100)) == list(range(100, 200))


@pytest.mark.parametrize("bins", [1, 5])
def test_a_slice_holds_at_most_the_cap(bins: int):
    """Unless a single bin is fuller."""
    counts = [(100 + place * bins, 30) for place in range(10)]
    slices = planned(Slice(100, 100 + 10 * bins), counts, bin_s=bins, cap=100)
    held = [sum(n for second, n in counts if piece.start_s <= second < piece.end_s) for piece in slices]
    assert max(held) <= 100
    assert len(slices) == 4


def test_an_overfull_bin_is_a_slice_of_its_own():
    """What stands before and after it does not have to be asked for again."""
    assert planned(Slice(0, 30), [(5, 10), (10, 500), (20, 10)], bin_s=1, cap=100) == [
        Slice(0, 10), Slice(10, 11), Slice(11, 30),
    ]  # fmt: skip


def test_a_plan_without_counts_is_the_window():
    """Nothing counted is asked for all the same, once."""
    assert planned(Slice(0, 30), [], bin_s=1, cap=100) == [Slice(0, 30)]


def test_bins_outside_the_window_move_no_border():
    """A bin may begin before the window or end after it."""
    assert seconds(planned(Slice(7, 23), [(5, 60), (10, 60), (15, 60), (20, 60)], bin_s=5, cap=100)) == list(
        range(7, 23)
    )


def test_bins_are_at_most_so_many():
    """A day is not planned by the second."""
    assert (bin_s(Slice(0, 3600)), bin_s(Slice(0, 86_400))) == (1, 24)


def test_even_slices_cover_each_second_once():
    """Also where there are fewer seconds than slices."""
    assert seconds(evenly(Slice(3, 103), 7)) == list(range(3, 103))
    assert evenly(Slice(3, 5), 16) == [Slice(3, 4), Slice(4, 5)]


def test_halves_adjoin():
    """A slice of an odd length too."""
    assert Slice(10, 13).halves() == (Slice(10, 11), Slice(11, 13))
