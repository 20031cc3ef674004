"""Cost Explorer as a source of the bill: what is asked, what is paid for, and what goes wrong on the way."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from live_bill import account, days, every_kind, line, live_source, write_bill

from ddms_ops.cost_sql.kinds import TYPES, category_of
from ddms_ops.coverage import Coverage, Status
from ddms_ops.sandbox.faults import Drop, Error, Fault
from ddms_ops.sandbox.server import Sandbox
from ddms_ops.sources.aws.costs import USAGE
from ddms_ops.sources.base import Pull
from ddms_ops.sources.queries import CostQuery
from ddms_ops.spending import Costs

WEEK = days("2026-03-01", "2026-03-06")
CALL = ("ce", "GetCostAndUsage")
ALWAYS = 10_000


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """An account with a week of every kind of charge."""
    export = write_bill(tmp_path_factory.mktemp("bill"), *every_kind())
    with pytest.MonkeyPatch.context() as environment, account(export, environment) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def sandbox(served: Sandbox) -> Iterator[Sandbox]:
    """The same account, without faults and with pages of their usual size."""
    yield served
    served.faults.clear()
    served.costs.page_size = 1_000


def asked(part: str = "days", window: Any = WEEK, **costs: Any) -> CostQuery:
    """A question."""
    return CostQuery(window, part, Costs(**costs))


def fetch(query: CostQuery | None = None) -> Pull:
    """Its answer from a source of its own."""
    return live_source().fetch_cost_answer(query or asked(), pull="costs")


def pages(sandbox: Sandbox) -> int:
    """How many pages were asked for so far."""
    return sandbox.calls.count(*CALL)


def requests(sandbox: Sandbox) -> list[dict[str, Any]]:
    """What Cost Explorer is asked from now on; each is answered."""
    told: list[dict[str, Any]] = []
    sandbox.faults.add(*CALL, lambda asked: told.append(asked) or sandbox.costs.answer(asked), times=ALWAYS)
    return told


@pytest.fixture(scope="module")
def answer(served: Sandbox) -> tuple[Pull, list[dict[str, Any]]]:
    """The week, and what was asked for it."""
    told = requests(served)
    return fetch(), told


def test_two_requests_share_no_charge(answer: tuple[Pull, list[dict[str, Any]]]):
    """Usage by service and usage type, and all that is not in it by its kind; whole days, the end not in them."""
    _, told = answer
    assert [request["TimePeriod"] for request in told] == [{"Start": "2026-03-01", "End": "2026-03-06"}] * 2
    assert told[1]["Filter"] == {"Not": told[0]["Filter"]}
    assert [[group["Key"] for group in request["GroupBy"]] for request in told] == [
        ["SERVICE", "USAGE_TYPE"],
        ["RECORD_TYPE", "SERVICE"],
    ]


def test_pages_are_followed_and_counted(
    answer: tuple[Pull, list[dict[str, Any]]], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """A day that goes on in the next page is one day; what the pages cost is said."""
    before = pages(sandbox)
    sandbox.costs.page_size = 5
    monkeypatch.setenv("DDMS_OPS_PROGRESS", str(tmp_path / "said"))
    paged = fetch()
    assert paged.table.equals(answer[0].table)
    assert pages(sandbox) - before == 7
    assert "7 pages, about 0.07 USD" in (tmp_path / "said").read_text()


def test_days_are_paid_for_once(sandbox: Sandbox):
    """What was asked for a longer window answers every question about a part of it."""
    source, before = live_source(), pages(sandbox)
    first = source.fetch_cost_answer(asked(), pull="a")
    part = source.fetch_cost_answer(asked(window=days("2026-03-02", "2026-03-04")), pull="b")
    details = CostQuery(WEEK, "details", Costs(), now=("2026-03-04",), before=("2026-03-03",))
    assert source.fetch_cost_answer(details, pull="c").coverage.status is Status.COMPLETE
    assert pages(sandbox) == before + 2
    assert (first.coverage.rows, part.coverage.rows, part.coverage.pull) == (27, 12, "b")
    assert set(part.table["timestamp"].to_pylist()) == {WEEK.start + pd.Timedelta(days=day) for day in (1, 2)}


def test_hours_are_not_there(sandbox: Sandbox):
    """Where to name what has them; nothing is paid."""
    before = sandbox.calls.all
    coverage = fetch(asked("hours")).coverage
    assert (coverage.status, "costs.bill.s3" in coverage.reason) == (Status.NOT_CONFIGURED, True)
    assert sandbox.calls.all == before


def test_who_when_and_where_are_known(answer: tuple[Pull, list[dict[str, Any]]]):
    """Costs come from us-east-1, whatever the account's region."""
    where = answer[0].provenance
    assert (where.account, where.region, where.source) == ("123456789012", "us-east-1", "live")
    assert where.identity.endswith(":user/sandbox")
    assert where.clock_start == where.clock_end == "2026-03-10T12:00:00.000Z"


def test_the_profiles_filters_are_cost_explorers(sandbox: Sandbox):
    """Other lines are not asked for, so that how many they are is not known."""
    told = requests(sandbox)
    pull = fetch(asked(only_tags={"component": "inference"}, only_accounts=["123456789012"]))
    assert told[0]["Filter"]["And"][1:] == [
        {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": ["123456789012"]}},
        {"Tags": {"Key": "component", "Values": ["inference"], "MatchOptions": ["EQUALS"]}},
    ]
    assert [str(amount)[:12] for amount in pull.table["billed"].to_pylist()] == [
        f"{day}.0123456789" for day in (1, 3, 5)
    ]
    assert "costs.only_accounts and costs.only_tags" in pull.coverage.reason


def test_a_bill_that_ends_early_is_partial(sandbox: Sandbox):
    """Its last day is named; days to come are not asked for, AWS refuses them. Nothing spent is empty."""
    told, source = requests(sandbox), live_source()
    coverage = source.fetch_cost_answer(asked(window=days("2026-03-01", "2026-04-01")), pull="costs").coverage
    assert told[0]["TimePeriod"] == {"Start": "2026-03-01", "End": "2026-03-11"}
    assert (coverage.status, coverage.reason) == (Status.PARTIAL, "the bill ends with 2026-03-05")
    assert coverage.got == WEEK
    nothing = source.fetch_cost_answer(asked(window=days("2026-01-01", "2026-01-03")), pull="costs").coverage
    assert (nothing.status, nothing.rows) == (Status.EMPTY, 0)


def test_what_is_no_longer_kept_is_said(sandbox: Sandbox):
    """Fourteen months are asked for at most; of older days nothing."""
    told, source = requests(sandbox), live_source()
    coverage = source.fetch_cost_answer(asked(window=days("2024-12-01", "2026-03-06")), pull="costs").coverage
    assert told[0]["TimePeriod"]["Start"] == "2025-02-01"
    assert "asked from 2025-02-01 on" in coverage.reason
    old = source.fetch_cost_answer(asked(window=days("2024-12-01", "2025-01-01")), pull="costs").coverage
    assert (old.status, "keeps the present month and 13 before it" in old.reason) == (Status.FAILED, True)


@pytest.mark.parametrize("fault", [Drop(half_way=True), Error("ThrottlingException")], ids=str)
def test_a_passing_fault_is_not_felt(sandbox: Sandbox, fault: Fault):
    """The page is asked for again."""
    sandbox.faults.add(*CALL, fault)
    coverage = fetch().coverage
    assert (coverage.status, coverage.rows, coverage.reason) == (Status.COMPLETE, 27, "")


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        (Error("AccessDeniedException"), Status.NO_PERMISSION, "not allowed: ce:GetCostAndUsage"),
        (Error("DataUnavailableException"), Status.NOT_CONFIGURED, "within 24 hours of being switched on"),
        (Error("ExpiredTokenException"), Status.FAILED, "refresh your credentials"),
        (Drop(half_way=True), Status.FAILED, "was cut off"),
    ],
    ids=str,
)
def test_a_lasting_fault_is_said(sandbox: Sandbox, fault: Fault, status: Status, words: str):
    """With what would help, and once for all questions."""
    sandbox.faults.add(*CALL, fault, times=ALWAYS)
    source = live_source()
    coverage = source.fetch_cost_answer(asked(), pull="costs").coverage
    assert (coverage.status, coverage.rows, words in coverage.reason) == (status, 0, True)
    calls = pages(sandbox)
    assert source.fetch_cost_answer(asked(), pull="again").coverage.reason == coverage.reason
    assert pages(sandbox) == calls


def kept(sandbox: Sandbox, fault: Fault, *, after: int) -> Coverage:
    """Coverage where a fault comes after some pages of seven groups and does not pass."""
    sandbox.costs.page_size = 7
    sandbox.faults.add(*CALL, fault, after=after, times=ALWAYS)
    return fetch().coverage


def test_days_before_a_fault_are_kept(sandbox: Sandbox):
    """But not the one it came in, which may go on; what is lacking is named."""
    coverage = kept(sandbox, Error("AccessDeniedException"), after=1)
    assert (coverage.status, coverage.rows, coverage.matched) == (Status.PARTIAL, 4, None)
    assert "lacking: usage from 2026-03-02 on" in coverage.reason
    assert "lacking: fees, credits, taxes and commitments" in coverage.reason


def test_usage_is_kept_without_the_other_charges(sandbox: Sandbox):
    """The second request's fault loses nothing of the first."""
    coverage = kept(sandbox, Error("InternalServerException", 500), after=3)
    assert (coverage.status, coverage.rows) == (Status.PARTIAL, 21)
    assert "lacking: fees, credits, taxes and commitments" in coverage.reason


def test_ctrl_c_keeps_what_came(sandbox: Sandbox):
    """The run ends; the days are not remembered as all there are."""
    sandbox.costs.page_size = 7

    def pressed(request: dict[str, Any]) -> dict[str, Any]:
        signal.raise_signal(signal.SIGINT)
        return sandbox.costs.answer(request)

    sandbox.faults.add(*CALL, pressed, after=1)
    source = live_source()
    pull = source.fetch_cost_answer(asked(), pull="costs")
    assert (pull.is_interrupted, pull.coverage.status, pull.coverage.rows) == (True, Status.PARTIAL, 4)
    assert "stopped by hand" in pull.coverage.reason
    assert source.fetch_cost_answer(asked(), pull="costs").coverage.status is Status.COMPLETE


def test_currencies_are_never_mixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """As in files: refused, and named."""
    lines = [line("2026-03-01", "AmazonS3", "A", "1"), line("2026-03-01", "AmazonS3", "B", "1")]
    lines[1]["line_item_currency_code"] = "EUR"
    with account(write_bill(tmp_path, *lines), monkeypatch):
        coverage = fetch().coverage
        assert (coverage.status, "EUR and USD" in coverage.reason) == (Status.FAILED, True)


def test_a_day_that_is_not_final_stays_estimated(answer: tuple[Pull, list[dict[str, Any]]]):
    """As AWS calls it."""
    frame = answer[0].table.to_pandas()
    assert set(frame.loc[frame["estimated"], "timestamp"]) == {pd.Timestamp("2026-03-05", tz="UTC")}


def test_what_is_usage_is_asked_for_as_usage():
    """Every type that we count so, also with its words apart; nothing else."""
    assert {category_of(name) for name in USAGE} == {"usage"}
    assert {*TYPES["usage"], "Private Rate Card Discount", "Cross Service Discount"} <= set(USAGE)
