"""Costs of several accounts: each is asked for its own, so that what one pays for another counts once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live_bill import NOW, days, line, system, write_bill

from ddms_ops.coverage import Status
from ddms_ops.deployment import Account, Environment
from ddms_ops.sandbox.faults import Error
from ddms_ops.sandbox.server import Sandbox
from ddms_ops.sources.live import LiveSource
from ddms_ops.sources.queries import CostQuery
from ddms_ops.spending import Costs

DAY = days("2026-03-01", "2026-03-02")
PAYER, MEMBER = "111111111111", "222222222222"


@pytest.fixture
def sandboxes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Sandbox, Sandbox]]:
    """A payer, in two regions of the profile, and a member whose costs the payer's Cost Explorer has as well."""
    own = line("2026-03-01", "AmazonS3", "A", "5", line_item_usage_account_id=PAYER)
    of_member = line("2026-03-01", "AmazonS3", "A", "3", line_item_usage_account_id=MEMBER)
    bills = write_bill(tmp_path / "payer", own, of_member), write_bill(tmp_path / "member", of_member)
    with Sandbox(bills[0], account=PAYER) as payer, Sandbox(bills[1], account=MEMBER) as member:
        keys = "aws_access_key_id = a\naws_secret_access_key = b\n"
        named = (("one", payer), ("two", member), ("three", payer))
        text = "".join(f"[profile {name}]\nendpoint_url = {sandbox.url}\n{keys}" for name, sandbox in named)
        (tmp_path / "config").write_text(text)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        yield payer, member


def answer(names: str, **costs: Any) -> tuple[Status, list[tuple[str | None, int]], str]:
    """Status, what each account is billed, and the reason, where an environment has these accounts."""
    targets = {
        name: Account(region=f"eu-west-{place}", aws_profile=name) for place, name in enumerate(names.split(), 1)
    }
    profile = system().model_copy(update={"environments": {"all": Environment(accounts=targets)}})
    source = LiveSource(profile, "all", clock=lambda: NOW)
    pull = source.fetch_cost_answer(CostQuery(DAY, "days", Costs(**costs)), pull="costs")
    rows = [(row["account"], int(row["billed"])) for row in pull.table.to_pylist()]
    return pull.coverage.status, rows, pull.coverage.reason


def test_nothing_counts_twice(sandboxes: tuple[Sandbox, Sandbox]):
    """An account in two regions is asked once, and each account for its own costs only."""
    assert answer("one two three") == (Status.COMPLETE, [(PAYER, 5), (MEMBER, 3)], "")
    assert [sandbox.calls.count("ce", "GetCostAndUsage") for sandbox in sandboxes] == [2, 2]


def test_one_account_alone_is_asked_for_all_that_it_pays(sandboxes: tuple[Sandbox, Sandbox]):
    """Also where the profile has it in two regions; its accounts are not told apart."""
    assert answer("one three") == (Status.COMPLETE, [(None, 8)], "")
    assert sandboxes[1].calls.all == ()


def test_an_account_that_is_not_the_systems_is_not_asked(sandboxes: tuple[Sandbox, Sandbox]):
    """By the profile's own list."""
    assert answer("one two", only_accounts=[MEMBER])[1] == [(MEMBER, 3)]
    assert sandboxes[0].calls.count("ce", "GetCostAndUsage") == 0


def test_an_account_that_cannot_be_asked_is_named(sandboxes: tuple[Sandbox, Sandbox]):
    """The other's costs are kept."""
    sandboxes[1].faults.add("sts", "GetCallerIdentity", Error("ExpiredTokenException"), times=100)
    status, rows, reason = answer("one two")
    assert (status, rows, "two: sts GetCallerIdentity" in reason) == (Status.PARTIAL, [(PAYER, 5)], True)
