"""Errors that belong to no request that was seen to end: what they hit is said not to be known, never to be none."""

import pandas as pd
import pytest
from builders import envelope, failure, minutes, open_export, request, write_logs
from hop_export import API

from ddms_ops.case import Case
from ddms_ops.coverage import Status
from ddms_ops.widgets.choices import tenant_choices


def nameless(clock: str, *, tenant: str) -> str:
    """An error event that names no request."""
    return envelope(clock, {"level": "error", "message": "unhandled", "error": "TypeError", "tenantId": tenant})


@pytest.fixture(scope="module")
def untied(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """t1: 3 errors of requests without an end, t2: 2 errors without a request, t3: none, t4: a request that failed."""
    lines = [request(clock, tenant=name) for clock in minutes(0, 60)[::60] for name in ("t1", "t2", "t3", "t4")]
    lines += [failure(f"10:30:0{n}", tenant="t1", path="/lost") for n in (1, 2, 3)]
    lines += [failure("10:30:02", tenant="t1", path="/lost")]
    lines += [nameless(f"10:30:0{n}", tenant="t2") for n in (4, 5)]
    lines += [failure("10:30:06", tenant="t4"), request("10:30:06", tenant="t4", status=500)]
    return open_export(write_logs(tmp_path_factory.mktemp("untied"), API, *lines))


def of_errors(case: Case, path: bool) -> str:
    """The group of the errors with a path, or of those without."""
    events = case.logs(level="ERROR").frame
    return str(events.loc[events["endpoint"].notna() == path, "group"].iloc[0])


def test_requests_that_were_not_seen_to_end_are_hit(untied: Case):
    """Each by its id, as the blast radius counts them."""
    view = untied.group(of_errors(untied, path=True)).tenants()
    found = {row.tenant: (row.events, row.hit, row.requests) for row in view.frame.itertuples()}
    assert found["t1"] == (4, 3, 13)
    assert "Not seen to end, each counted as a request that was hit: 3 requests of it." in view.notes


def test_what_events_without_a_request_id_hit_is_null(untied: Case):
    """Neither hit nor share is 0; it says why."""
    view = untied.group(of_errors(untied, path=False)).tenants()
    row = view.frame.set_index("tenant").loc["t2"]
    assert row["events"] == 2
    assert pd.isna(row["hit"])
    assert pd.isna(row["share"])
    assert "Without a request id, so which requests they hit cannot be told: 2 events of it." in view.notes


def test_an_empty_list_of_requests_is_no_proof_of_none(untied: Case):
    """Where the group's events, or the tenant's errors, are of no request that ended."""
    for view in (
        untied.group(of_errors(untied, path=False)).requests(),
        untied.requests_of(tenant="t2", failed=True),
    ):
        assert len(view) == 0
        assert (view.coverage[-1].pull, view.coverage[-1].status) == ("requests", Status.PARTIAL)
        assert "whether any failed cannot be told" in view.title
    assert untied.requests_of().title == "Requests and jobs of the window; at least 1 failed"
    assert untied.requests_of(tenant="t4").title == "Requests and jobs of the window, tenant t4; 1 failed"
    assert untied.requests_of(tenant="t3", failed=True).coverage == untied.logs().coverage


def test_a_tenant_with_such_errors_has_not_failed_none(untied: Case):
    """In the list of tenants, in what there is of one, and in the picker; who has none, or failures, is as ever."""
    seen = untied.tenants_seen
    table = seen.frame.set_index("tenant")
    assert table["errors_apart"].to_dict() == {"t1": 4, "t2": 2, "t3": 0, "t4": 0}
    assert table.loc[["t4", "t3"], "failed"].tolist() == [1, 0]
    assert table.loc[["t1", "t2"], ["failed", "share"]].isna().all(axis=None)
    assert list(seen) == ["t4", "t1", "t2", "t3"]
    assert "6 errors belong to no request or job that was seen to end; what they hit is not counted." in seen.notes
    row = untied.tenant("t2").frame.set_index("source").loc["requests and jobs that failed"]
    assert (pd.isna(row["rows"]), row["read"]) == (True, "cannot be told: 2 errors of no request that ended")
    assert "t2 · ? failed of 10" in tenant_choices(untied)
