"""What is said of small bills whose answer is plain."""

from pathlib import Path

from cost_case import bill_case, flat

from ddms_ops import panels
from ddms_ops.case import open_case
from ddms_ops.findings import Severity, Verdict


def test_many_small_rises_are_one_finding(tmp_path: Path):
    """Where no kind rises by itself, all usage together does."""
    case = bill_case(tmp_path, {f"S/t{n}": flat(0.6, to=1.2) for n in range(40)})
    [found] = case.result("cost_rise").findings
    assert found.statement.startswith(
        "all usage costs 48.00 USD a day since 2026-06-15 (24.00 expected), +72.00 USD in 3 days"
    )


def test_a_rise_is_high_by_its_share_of_usage(tmp_path: Path):
    """Credits that pay for everything make no small rise a large one."""
    kinds = {"A/t": flat(300), "B/t": flat(1, to=4), "A/credit": flat(-300)}
    [found] = bill_case(tmp_path, kinds, types={"A/credit": "Credit"}).result("cost_rise").findings
    assert (found.subject["service"], found.severity) == ("B", Severity.MEDIUM)


def test_the_bar_is_that_of_usage(tmp_path: Path):
    """A credit of the same kind that ends beside it is not what rose."""
    kinds = {"A/t": flat(30, to=60)}
    [found] = bill_case(tmp_path, kinds).result("cost_rise").findings
    assert found.subject["bar"] == "usage"
    assert found.statement.endswith("+90.00 USD in 3 days; against the baseline usage +90.00")


def test_rises_and_falls_that_cancel_are_told(tmp_path: Path):
    """Of a flat total both sides are named, and what they come to together."""
    case = bill_case(tmp_path, {"A/t": flat(100, to=600), "B/t": flat(600, to=100), "C/t": flat(50)})
    [found] = case.result("cost_offsets").findings
    assert found.statement == (
        "Rises of +1,500.00 USD (A t) and falls of -1,500.00 USD (B t) cancel: together they moved by +0.00 USD"
    )


def test_a_quiet_bill_is_clear_and_says_its_difference(tmp_path: Path):
    """Clear over whole days; what the bill has more than the baseline stands beside it."""
    case = bill_case(tmp_path, {"A/t": flat(100), "B/t": flat(5)})
    assert case.result("cost_rise").status is Verdict.CLEAR
    answer = panels.answer_panel(case, "cost_spike").text
    assert "The bill has 315.00 USD, the baseline 315.00 (+0.00), all charges" in answer


def test_without_a_bill_nothing_is_clear(tmp_path: Path):
    """No check of costs is clear, and the reason says what to put where."""
    (tmp_path / "export" / "logs" / "a").mkdir(parents=True)
    (tmp_path / "export" / "logs" / "a" / "x.jsonl").write_text("")
    case = open_case(
        incident_id="x", system="generic", start="2026-06-15T00:00Z", end="2026-06-16T00:00Z",
        source=f"files:{tmp_path / 'export'}", out=str(tmp_path / "reports"),
    )  # fmt: skip
    result = case.result("cost_rise")
    assert (result.status, "put CUR 2.0 or FOCUS files" in result.reason) == (Verdict.NOT_CHECKED, True)
    assert "put CUR 2.0" in panels.bridge_table(case).text


def test_the_bridge_table_sums_to_the_difference(tmp_path: Path):
    """Its last row is the whole, and the parts miss nothing."""
    text = panels.bridge_table(bill_case(tmp_path, {"A/t": flat(30, to=60), "B/u": flat(5)})).text
    assert "Δ +90.00 USD, the parts miss 0.00 USD of it" in text


def test_a_step_in_the_baseline_only_is_told_in_words(tmp_path: Path):
    """A rise that began before the window says so."""
    [found] = bill_case(tmp_path, {"A/t": flat(30, to=60, since="2026-06-13T00:00Z")}).result("cost_rise").findings
    assert "since 2026-06-13, before the window" in found.statement
