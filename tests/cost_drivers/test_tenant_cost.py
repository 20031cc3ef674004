"""Whose a shared cost is."""

import json
import random
from decimal import Decimal

import pandas as pd
from driver_builders import COSTS_OF, LAMBDA, PERIODS, TEXTRACT, amounts, bridge, row

from ddms_ops.analysis.signal_hours import hours_of
from ddms_ops.analysis.tenant_cost import TENANT_COST, tagged_cost, tenant_cost, tenant_totals
from ddms_ops.cost_schemas import DETAILS
from ddms_ops.schema import conform
from ddms_ops.window import Window

KEY = "textract/pages"
SIDES = ("before", "now")
SIDE_DAYS = (PERIODS.before, PERIODS.now)
HUGE = Decimal("98765432109876543210.12")
LINES = bridge(row(TEXTRACT, 30, 90), row(LAMBDA, 1, 2), row(TEXTRACT, -5, -5, category="credit"))


def total(values: pd.Series) -> Decimal:
    """Sum of what is known."""
    return sum((each for each in values if each is not None), Decimal(0))


def shared(work: pd.DataFrame, lines: pd.DataFrame = LINES, name: str = "textract") -> pd.DataFrame:
    """Cost by tenant of a driver."""
    return tenant_cost(name, COSTS_OF.drivers[name], lines, work, PERIODS)


def shown(frame: pd.DataFrame) -> dict[str | None, tuple]:
    """Before, now, low and high by tenant, as short text."""
    names = frame["tenant"].astype("object").where(frame["tenant"].notna(), None)
    values = zip(*(frame[each] for each in (*SIDES, "low", "high")), strict=True)
    return {
        name: tuple(None if each is None else f"{each:.2f}".removesuffix(".00") for each in row)
        for name, row in zip(names, values, strict=True)
    }


def test_a_burst_is_the_tenants_that_made_it():
    """In proportion to its pages on each side; nothing remains, no range."""
    found = shared(amounts({KEY: (300, 900)}, tenants={"acme": (0.5, 0.9), "globex": (0.5, 0.1)}))
    assert shown(found) == {
        "acme": ("15", "81", "81", "81"), "globex": ("15", "9", "9", "9"), None: ("0", "0", "0", "0")
    }  # fmt: skip
    assert found["delta"].tolist() == [Decimal(66), Decimal(-6), Decimal(0)]
    assert found["share"].tolist() == [0.9, 0.1, 0.0]


def test_what_nobody_is_named_for_remains_and_widens_the_range():
    """It may be all of each one's, or of none."""
    found = shared(amounts({KEY: (300, 900)}, tenants={"acme": (0.9, 0.6), None: (0.1, 0.4)}))
    assert shown(found) == {"acme": ("27", "54", "54", "90"), None: ("3", "36", "0", "36")}


def test_holes_go_to_the_remainder_and_widen_the_range():
    """A quarter of the window's hours without telemetry: what they usually hold, up to twice as much.

    They are of the window alone: what a tenant cost before cannot be compared with it.
    """
    lost = hours_of(PERIODS.now)[-18:]
    found = shown(shared(amounts({KEY: (300, 300)}, without=lost)))
    assert found["acme"][:2] == (None, "67.50")
    assert (Decimal(found["acme"][2]), found["acme"][3]) == (Decimal("54"), "90")
    assert found[None][:2] == ("30", "22.50")


def test_hours_that_neither_side_was_asked_for_leave_the_sides_comparable():
    """Both from six in the morning of their first day on."""
    asked = [Window(side[0] + pd.Timedelta(hours=6), side[-1] + pd.Timedelta(days=1)) for side in SIDE_DAYS]
    lost = [at for at in hours_of([side[0] for side in SIDE_DAYS]) if at.hour < 6]
    lines, work = bridge(row(TEXTRACT, 30, 90)), amounts({KEY: (300, 900)}, without=lost)
    found = tenant_cost("textract", COSTS_OF.drivers["textract"], lines, work, PERIODS, asked=asked)
    assert shown(found)["acme"][:2] == ("27.50", "82.50")


def test_the_largest_bill_is_shared_out():
    """Twenty digits before the point."""
    found = shared(
        amounts({KEY: (300, 900)}, tenants={"a": (0.5, 0.5), "b": (0.5, 0.5)}), bridge(row(TEXTRACT, 1, HUGE))
    )
    assert total(found["now"]) == HUGE


def test_without_a_signal_all_remains():
    """Of no amounts at all, and of a key that names no tenant."""
    for work in (amounts({}), amounts({KEY: (300, 900)}, tenants={None: (1, 1)})):
        assert shown(shared(work)) == {None: ("30", "90", "90", "90")}


def test_a_baseline_without_telemetry_has_no_shares():
    """What a tenant cost before is not known, so neither is its difference."""
    work = amounts({KEY: (300, 900)})
    found = shared(work[work["pull"].astype("str") == "logs/aws/lambda/inference"])
    assert shown(found) == {"acme": (None, "90", "90", "90"), None: ("30", "0", "0", "0")}
    assert found["delta"].tolist() == [None, None]


def test_shares_and_remainder_are_the_bill_exactly():
    """Over random tenants, amounts, holes and events of nobody, in any order of rows; also over all drivers."""
    draw = random.Random(11)
    hours = hours_of([*PERIODS.before, *PERIODS.now])
    for _ in range(5):
        names = [None, *(f"t{place}" for place in range(draw.randrange(1, 7)))]
        tenants = {name: (draw.choice([0, draw.random()]), draw.random()) for name in names}
        lost = [at for at in hours if draw.random() < draw.choice([0, 0.3])]
        work = amounts({KEY: (draw.uniform(1, 1e6), 100 / 3)}, tenants=tenants, without=lost)
        costs = [Decimal(draw.randrange(-(10**3), 10**18)).scaleb(-12) for _ in "abcd"]
        lines = bridge(row(TEXTRACT, *costs[:2]), row(TEXTRACT, *costs[2:]), row(LAMBDA, 1, 2))
        found = shared(work, lines)
        own = lines.iloc[:2]
        assert [total(found[side]) for side in SIDES] == [total(own[side]) for side in SIDES]
        assert all(low <= now <= high for low, now, high in zip(found["low"], found["now"], found["high"], strict=True))
        pd.testing.assert_frame_equal(found, shared(work.sample(frac=1, random_state=2), lines[::-1]))
        whole = tenant_totals({"textract": found}, lines)
        assert [total(whole[side]) for side in SIDES] == [total(lines[side]) for side in SIDES]


def test_totals_add_up_the_drivers():
    """A tenant's parts of each; all that no driver gives to a tenant remains."""
    work = amounts({KEY: (300, 900), "bedrock_input/tokens": (10, 10)}, tenants={"acme": (0.5, 0.5), "b": (0.5, 0.5)})
    frames = {"textract": shared(work), "lambda": shared(work, name="lambda")}
    assert shown(tenant_totals(frames, LINES)) == {
        "acme": ("15", "45", "45", "45"), "b": ("15", "45", "45", "45"), None: ("-4", "-3", "-3", "-3")
    }  # fmt: skip


def test_a_tag_says_whose_it_is():
    """Lines without it, and tags that are no JSON, remain; the baseline is scaled."""
    lines = bridge(row(TEXTRACT, 30, 90))
    rows = [
        ("now", '{"tenant": "acme"}', 50),
        ("before", '{"tenant": "acme"}', 10),
        ("now", "oops", 7),
        ("now", None, 33),
    ]
    table = pd.DataFrame(
        [{"side": side, "tags": tags, "billed": Decimal(cost), "amortised": Decimal(cost)} for side, tags, cost in rows]
    )
    costs = COSTS_OF.model_copy(update={"tenant_tag": "tenant"})
    found = tagged_cost(conform(table, DETAILS), lines, costs, PERIODS)
    assert shown(found) == {"acme": ("10", "50", "50", "50"), None: ("20", "40", "40", "40")}
    none = tagged_cost(conform(table, DETAILS), lines, COSTS_OF, PERIODS)
    assert (list(none.columns), len(none), json.dumps(none["tenant"].tolist())) == (TENANT_COST.names, 0, "[]")


def test_tags_that_spell_a_tenant_differently_are_its_where_they_are_folded():
    """By the spelling that most lines have; lines without a tenant remain, and without folding they are apart."""
    tags = ['{"tenant": "Acme"}', '{"tenant": "Acme"}', '{"tenant": "acme"}', "{}", "oops", None]
    table = pd.DataFrame([{"side": "now", "tags": tag, "billed": Decimal(5), "amortised": Decimal(5)} for tag in tags])
    asked = (
        conform(table, DETAILS),
        bridge(row(TEXTRACT, 0, 30)),
        COSTS_OF.model_copy(update={"tenant_tag": "tenant"}),
    )
    assert list(shown(tagged_cost(*asked, PERIODS, is_folded=True))) == ["Acme", None]
    assert shown(tagged_cost(*asked, PERIODS, is_folded=True))["Acme"][1] == "15"
    assert list(shown(tagged_cost(*asked, PERIODS))) == ["Acme", "acme", None]
