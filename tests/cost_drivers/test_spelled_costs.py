"""Amounts and repeated work of a case are by tenant, however its events spell it."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from driver_builders import PROFILE, WINDOW, event, pulled

from ddms_ops.cost_frames import CostFrames
from ddms_ops.declaration import Profile
from ddms_ops.schema import METRICS, conform
from ddms_ops.tenancy import Tenants


class OfLogs(CostFrames):
    """Frames of log pulls, without a bill, metrics or a sample."""

    sample = None
    log_pulls = ()
    metrics = baseline_metrics = conform(pd.DataFrame(), METRICS)

    def __init__(self, profile: Profile, *pulls: tuple) -> None:
        self.profile, self.log_pulls, self.window = profile, pulls, WINDOW


@pytest.fixture
def of_logs(tmp_path: Path) -> Callable[..., OfLogs]:
    """Frames of a profile over an invoice of two spellings of acme, one of them on five of six runs."""
    names = ("acme", "Acme", "Acme", "Acme", "Acme", "Acme")
    events = [(f"10:0{n}", event("Processing invoice", f"i{n % 2}", name)) for n, name in enumerate(names)]
    events += [(f"11:0{n}", event("Processing invoice", "i0", "acme")) for n in range(5)]
    return lambda tenants: OfLogs(PROFILE.model_copy(update={"tenants": tenants}), pulled(tmp_path, *events))


def documents(frames: OfLogs) -> dict[str, float]:
    """Documents by tenant."""
    found = frames.cost_amounts
    return found[found["signal"] == "textract/documents"].groupby("tenant")["value"].sum().to_dict()


def test_amounts_of_a_tenant_are_one_where_its_ids_are_folded(of_logs: Callable[..., OfLogs]):
    """By the spelling that most events have, the first by name of two that have as many."""
    assert documents(of_logs(Tenants())) == {"Acme": 2.0}
    assert documents(of_logs(None)) == documents(of_logs(Tenants(folded=False))) == {"Acme": 1.0, "acme": 1.0}


def test_repeated_work_is_the_tenants(of_logs: Callable[..., OfLogs]):
    """Each id has one tenant; spelled as most of the runs are."""
    assert set(of_logs(Tenants()).repeated_work[1]["tenant"]) <= {"Acme", "acme"}
    assert len(set(of_logs(Tenants()).repeated_work[1]["tenant"])) == 1
