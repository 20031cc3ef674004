"""Rises and falls that cancel in the total."""

from decimal import Decimal

from cost_builders import costs, last_days, series

from ddms_ops.analysis.cost_bridge import bridge, sides
from ddms_ops.analysis.cost_offsets import Offset, offsets
from ddms_ops.analysis.cost_rises import cost_rises


def found(**steps: tuple[int, int]) -> list[Offset]:
    """Of services that go from one daily amount to another for three days."""
    rows = [series([old] * 42 + [new] * 3, f"{name}/u") for name, (old, new) in steps.items()]
    frame = costs(*rows)
    chosen = last_days(frame)
    rises = cost_rises(frame, chosen, measure="amortised", min_amount=Decimal(1), min_share=0.2)
    return offsets(rises, bridge(*sides(frame, chosen), scale=chosen.scale, measure="amortised"))


def names(offset: Offset) -> tuple[list, list, Decimal]:
    """Services up and down, and what is left."""
    up, down, net = offset
    return [rise.service for rise in up], [rise.service for rise in down], net


def test_what_cancels_is_found_in_a_flat_total():
    """+500 and -500 a day."""
    [offset] = found(A=(1000, 1500), B=(2000, 1500), C=(10, 10))
    assert names(offset) == (["A"], ["B"], 0)


def test_several_cancel_one():
    """Two that rise, one that falls by about as much."""
    [offset] = found(A=(100, 400), B=(100, 300), C=(900, 350))
    assert names(offset) == (["A", "B"], ["C"], Decimal(-150))


def test_what_is_left_must_be_less_than_half():
    """A small fall beside a large rise offsets nothing."""
    assert found(A=(100, 500), B=(300, 150)) == []
    assert found(A=(100, 500), B=(100, 500)) == []


def test_a_large_rise_does_not_hide_others_that_cancel():
    """The largest finds no partner of its size; the other two are one another's."""
    shown = [names(offset) for offset in found(A=(100, 5000), B=(1000, 1300), C=(1000, 720))]
    assert shown == [(["B"], ["C"], Decimal(60))]


def test_a_kind_that_did_not_move_since_the_baseline_is_no_offset():
    """It began before the baseline's days."""
    frame = costs(series([1000] * 38 + [1500] * 7, "A/u"), series([2000] * 42 + [1500] * 3, "B/u"))
    chosen = last_days(frame, baseline=3)
    rises = cost_rises(frame, chosen, measure="amortised", min_amount=Decimal(1), min_share=0.2)
    shown = bridge(*sides(frame, chosen), scale=chosen.scale, measure="amortised")
    assert len(rises) == 2
    assert offsets(rises, shown) == []


def test_a_kind_without_a_name_cancels_too():
    """Null in the bridge, empty in the rise."""
    frame = costs(series([1000] * 42 + [1500] * 3, (None,)), series([2000] * 42 + [1500] * 3, "B/u"))
    chosen = last_days(frame)
    rises = cost_rises(frame, chosen, measure="amortised", min_amount=Decimal(1), min_share=0.2)
    [offset] = offsets(rises, bridge(*sides(frame, chosen), scale=chosen.scale, measure="amortised"))
    assert names(offset) == ([""], ["B"], 0)
