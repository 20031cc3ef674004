"""doctor on the bill: what its source needs is tried, what is paid for is said to be untried."""

import pandas as pd
import pytest
from live_bill import NOW, account, system

from ddms_ops.declaration import Profile
from ddms_ops.doctor.permissions import permission_lines
from ddms_ops.doctor.probes import Asked
from ddms_ops.sandbox.faults import Error
from ddms_ops.sources.aws.session import AwsSession
from ddms_ops.spending import BillStore

STORED = BillStore(s3="s3://bills/cur")


def profile(store: BillStore) -> Profile:
    """smart-invoice with another place of its bill, and nothing else to be asked for."""
    costs = system().costs.model_copy(update={"bill": store})
    few = {"costs": costs, "resources": type(system().resources)(), "metrics": {}}
    return system().model_copy(update={**few, "logs": system().logs.model_copy(update={"groups": {}})})


def told(store: BillStore) -> list[str]:
    """What is said of permissions."""
    target = next(iter(next(iter(system().environments.values())).targets.values()))
    moment = pd.Timestamp(NOW).to_pydatetime()
    asked = Asked(profile(store), "123456789012", "us-east-1", moment)
    return [f"{status}: {words}" for status, words in permission_lines(AwsSession(target), asked)]


def test_a_bill_in_s3_needs_its_bucket(monkeypatch: pytest.MonkeyPatch):
    """Listing and reading are tried; Cost Explorer is not needed then, and not named."""
    with account(None, monkeypatch) as sandbox:
        sandbox.faults.add("s3", "ListObjectsV2", Error("AccessDenied", 403))
        lines = told(STORED)
    [lacking] = [line for line in lines if "s3:ListBucket" in line]
    assert "not allowed: s3:ListBucket; a bill in S3 cannot be found" in lacking
    assert any("allowed: s3:GetObject" in line for line in lines)
    assert not any("ce:" in line for line in lines)


def test_cost_explorer_is_not_tried(monkeypatch: pytest.MonkeyPatch):
    """A page is paid for; what is lost without it is said."""
    with account(None, monkeypatch) as sandbox:
        lines = told(BillStore())
        assert sandbox.calls.count("ce", "GetCostAndUsage") == 0
    assert [line for line in lines if "ce:" in line][0].endswith("without it what became dearer will not be named")
    assert not any("s3:" in line for line in lines)
