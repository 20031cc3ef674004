"""One incident over several accounts and regions: each is asked with its own credentials, and named."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from builders import window

from ddms_ops.coverage import Status
from ddms_ops.deployment import Account, Environment
from ddms_ops.profile import by_account, load_profile
from ddms_ops.sandbox.server import Sandbox
from ddms_ops.sources.base import LogQuery, MetricQuery
from ddms_ops.sources.live import LiveSource
from ddms_ops.window import Window

HOUR = window("10:00", "11:00")
GROUP = "/aws/lambda/dms-api-handler-prod"
NAMES = ("one", "two")


def event(window: Window, text: str) -> dict[str, object]:
    """One event in the middle of a window."""
    return {"timestamp": int(window.start.timestamp() * 1000) + 60_000, "message": text, "stream": "s"}


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveSource]:
    """Two accounts with a server each, reached by AWS profiles of their names."""
    accounts = {"one": ("111111111111", "us-east-1"), "two": ("222222222222", "eu-west-1")}
    lines = []
    with Sandbox(account="111111111111") as one, Sandbox(account="222222222222", region="eu-west-1") as two:
        for name, sandbox in zip(NAMES, (one, two), strict=True):
            sandbox.put_events(GROUP, [event(HOUR, f"from {name}")])
            lines += [f"[profile {name}]", f"endpoint_url = {sandbox.url}", "aws_access_key_id = a"]
            lines += ["aws_secret_access_key = b"]
        (tmp_path / "config").write_text("\n".join(lines))
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        targets = {n: Account(region=region, account=a, aws_profile=n) for n, (a, region) in accounts.items()}
        profile = load_profile("dms").model_copy(update={"environments": {"all": Environment(accounts=targets)}})
        yield LiveSource(by_account(profile, NAMES), "all", clock=lambda: pd.Timestamp(HOUR.end))


def test_each_account_answers_for_its_own_groups(source: LiveSource):
    """The account's name stands before the group's."""
    for name in NAMES:
        pull = source.fetch_log_events(LogQuery(HOUR, f"{name}:{GROUP}"), pull="x")
        assert pull.table["message"].to_pylist() == [f"from {name}"]
        assert pull.provenance.account == {"one": "111111111111", "two": "222222222222"}[name]


def test_groups_are_named_once_an_account(source: LiveSource):
    """So that no two are taken for one."""
    assert {name.split(":")[0] for name in source.log_groups()} == set(NAMES)


def test_an_unknown_account_is_not_configured(source: LiveSource):
    """Also a group without an account's name."""
    assert source.fetch_log_events(LogQuery(HOUR, GROUP), pull="x").coverage.status is Status.NOT_CONFIGURED


def test_metrics_and_alerts_are_judged_for_each_account(source: LiveSource):
    """A ratio is made of its own account's parts."""
    metrics = source.profile.metrics
    assert metrics["two:api_error_rate"].ratio_of == ("two:api_5xx", "two:api_requests")
    assert source.profile.alerts["two:high_api_error_rate"].metric == "two:api_error_rate"
    assert source.fetch_metric_points(MetricQuery(HOUR), pull="metrics").coverage.status is Status.EMPTY


def test_credentials_of_another_account_are_refused(source: LiveSource):
    """Before anything is asked of it; the other account still answers."""
    wrong = source.sessions["two"].account.model_copy(update={"account": "333333333333"})
    source.sessions["two"].account = wrong
    pull = source.fetch_log_events(LogQuery(HOUR, f"two:{GROUP}"), pull="x")
    assert (pull.coverage.status, "333333333333" in pull.coverage.reason) == (Status.NO_PERMISSION, True)
    assert source.fetch_log_events(LogQuery(HOUR, f"one:{GROUP}"), pull="x").coverage.status is Status.COMPLETE
