"""Steps of cost drivers, counted out of log events and metrics by the hour."""

import random
from pathlib import Path

import pandas as pd
import pytest
from driver_builders import COSTS_OF, MONDAY, PROFILE, event, pulled

from ddms_ops.analysis.log_amounts import metric_amounts, read_log_amounts
from ddms_ops.cost_schemas import AMOUNTS
from ddms_ops.schema import METRICS, conform
from ddms_ops.spending import Costs


def costs(**chain: dict) -> Costs:
    """One driver `d` with a chain of log amounts."""
    links = {step: {"title": step, "logs": logs} for step, logs in chain.items()}
    return Costs.model_validate({"drivers": {"d": {"title": "d", "services": ["*"], "chain": links}}})


def shown(frame: pd.DataFrame) -> list[tuple]:
    """Signal, hour, tenant, value and events of each row; None for null."""
    plain = frame.assign(tenant=frame["tenant"].astype("object").where(frame["tenant"].notna(), None))
    columns = zip(*(plain[name] for name in ("signal", "timestamp", "tenant", "value", "events")), strict=True)
    return [(signal.partition("/")[2], at.hour, *rest) for signal, at, *rest in columns]


def test_events_are_counted_summed_and_told_apart(tmp_path: Path):
    """By hour and tenant; a document once, in the hour of its first event; steps of several drivers alike."""
    events = [
        ("10:01", event("Processing invoice", "i1")),
        ("10:02", event("Textract finished", "i1", pages=3)),
        ("11:05", event("Processing invoice", "i1")),
        ("11:06", event("Textract finished", "i1", pages=2)),
        ("11:07", event("Textract finished", "i2", tenant="globex", pages=1.5)),
    ]
    found, doubts = read_log_amounts([pulled(tmp_path, *events)], COSTS_OF)
    assert shown(found[found["signal"].str.startswith("textract/")]) == [
        ("calls", 10, "acme", 1.0, 1),
        ("calls", 11, "acme", 1.0, 1),
        ("calls", 11, "globex", 1.0, 1),
        ("documents", 10, "acme", 1.0, 1),
        ("pages", 10, "acme", 3.0, 1),
        ("pages", 11, "acme", 2.0, 1),
        ("pages", 11, "globex", 1.5, 1),
    ]
    assert (found.loc[found["signal"] == "bedrock_input/documents", "value"].tolist(), doubts) == ([1.0], ())
    assert found.loc[found["signal"] == "textract/calls", "row"].tolist() == [1, 3, 4]


def test_texts_are_found_as_they_were_logged(tmp_path: Path):
    """Of calls those that a cache did not answer; quotes and percent signs in a text are plain."""
    events = [("10:01", event("Bedrock finished", cached=answer)) for answer in (True, False, False)]
    found, _ = read_log_amounts([pulled(tmp_path, *events)], COSTS_OF)
    assert found.loc[found["signal"] == "bedrock_input/misses", "value"].tolist() == [2.0]
    odd = costs(n={"contains": ["it's 5%", "'; DROP TABLE lines; --"]})
    said = [("10:01", "it's 5% '; DROP TABLE lines; --"), ("10:01", "it's 50 '; DROP TABLE lines; --")]
    assert read_log_amounts([pulled(tmp_path, *said)], odd)[0]["value"].tolist() == [1.0]


@pytest.mark.parametrize("number", ["", "many", None, "NaN", "inf", -1, "1e30", {"a": 1}, [3], True])
def test_what_is_no_number_is_left_out_and_said(tmp_path: Path, number):
    """With how many; never what the event holds."""
    events = [("10:01", event("call", pages=number)), ("10:02", event("call", pages="2.5e1")), ("10:03", "call me")]
    found, doubts = read_log_amounts([pulled(tmp_path, *events)], costs(n={"contains": ["call"], "sum": "pages"}))
    assert shown(found) == [("n", 10, "acme", 25.0, 1)]
    assert doubts == ("d/n: 2 of 3 log events have no number from 0 on in 'pages' and are left out",)


def test_events_without_an_id_are_left_out_and_said(tmp_path: Path):
    """They are no document."""
    events = [("10:01", event("call", invoice)) for invoice in ("i1", "", None)]
    found, doubts = read_log_amounts(
        [pulled(tmp_path, *events)], costs(n={"contains": ["call"], "distinct": "invoice_id"})
    )
    assert (found["value"].tolist(), doubts) == (
        [1.0], ("d/n: 2 of 3 log events have no 'invoice_id' and are left out",)
    )  # fmt: skip


def test_dots_lead_inside_or_are_part_of_a_name(tmp_path: Path):
    """`usage.pages` is a field of an object, or a field so named; without texts, events that lack it are no doubt."""
    events = [("10:01", event("call", usage={"pages": 3})), ("10:02", event("call", **{"usage.pages": 4}))]
    found, doubts = read_log_amounts([pulled(tmp_path, *events, ("10:03", "hi"))], costs(n={"sum": "usage.pages"}))
    assert (found["value"].tolist(), doubts) == ([7.0], ())


def test_log_groups_are_told_with_and_without_their_account(tmp_path: Path):
    """Events of other groups are not counted."""
    step = costs(n={"groups": ["/aws/lambda/a"]})
    pulls = [
        pulled(tmp_path, ("10:01", "x"), name=f"logs/{place}", group=group)
        for place, group in enumerate(("/aws/lambda/a", "123456789012:/aws/lambda/a", "/aws/lambda/ab"))
    ]
    assert read_log_amounts(pulls, step)[0]["pull"].tolist() == ["logs/0", "logs/1"]


@pytest.mark.parametrize("tenant", [None, "", "-", "null"])
def test_an_event_that_names_nobody_is_nobodys(tmp_path: Path, tenant):
    """Its tenant is null, its amount is kept."""
    found, _ = read_log_amounts(
        [pulled(tmp_path, ("10:01", event("call", tenant=tenant)))], costs(n={"contains": ["call"]})
    )
    assert shown(found) == [("n", 10, None, 1.0, 1)]


def test_the_order_of_events_and_pulls_does_not_matter(tmp_path: Path):
    """The same sums to the last bit; the same frame but for the rows' positions."""
    draw = random.Random(3)
    events = [
        (f"{draw.randrange(10, 14)}:{draw.randrange(60):02d}", event("call", str(draw.randrange(30)), n=draw.random()))
        for _ in range(200)
    ]
    step = costs(n={"sum": "n"}, ids={"contains": ["call"], "distinct": "invoice_id"})
    one, other = (
        read_log_amounts([pulled(tmp_path, *part, name=f"logs/{name}") for name, part in parts], step)[0]
        for parts in ((("a", events[:90]), ("b", events[90:])), (("b", events[:89:-1]), ("a", events[89::-1])))
    )
    columns = [name for name in AMOUNTS.names if name not in ("row", "pull")]
    pd.testing.assert_frame_equal(one[columns], other[columns], check_exact=True)


def test_window_and_baseline_are_pulls_alike(tmp_path: Path):
    """An id counts once in each of them."""
    events = [("10:01", event("Processing invoice"))]
    pulls = [pulled(tmp_path, *events, name=name) for name in ("logs/a", "logs.baseline/a")]
    found, _ = read_log_amounts(pulls, COSTS_OF)
    assert found.loc[found["signal"] == "textract/documents", "pull"].tolist() == ["logs.baseline/a", "logs/a"]


def test_nothing_gives_no_rows(tmp_path: Path):
    """No pull, no driver, or no event that a step is about."""
    nothing = pulled(tmp_path, ("10:01", "hello"))
    for pulls, costs_of in (([], COSTS_OF), ([nothing], Costs()), ([nothing], COSTS_OF)):
        found, doubts = read_log_amounts(pulls, costs_of)
        assert (list(found.columns), len(found), doubts) == (AMOUNTS.names, 0, ())


def test_metrics_are_summed_by_the_hour_in_the_steps_unit():
    """Of window and baseline; a step's scale makes seconds of milliseconds; no point, no row."""
    at = [MONDAY + pd.Timedelta(minutes=minute) for minute in (0, 5, 65)]
    points = {"timestamp": at, "metric": "inference_duration_sum", "value": [1500.0, 500.0, 1000.0], "pull": "metrics"}
    metrics = conform(pd.DataFrame(points).assign(row=range(3)), METRICS)
    found = metric_amounts(metrics, conform(pd.DataFrame(), METRICS), COSTS_OF)
    assert (shown(found), found["row"].tolist()) == (
        [("duration", 0, None, 2.0, 2), ("duration", 1, None, 1.0, 1)], [0, 2]
    )  # fmt: skip


def test_no_metrics_give_no_rows():
    """Of no points, and of a profile without such steps."""
    none = conform(pd.DataFrame(), METRICS)
    for costs_of in (COSTS_OF, PROFILE.costs.model_copy(update={"drivers": {}})):
        found = metric_amounts(none, none, costs_of)
        assert (list(found.columns), len(found)) == (AMOUNTS.names, 0)
