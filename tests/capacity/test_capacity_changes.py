"""What changed just before something ran out."""

import pandas as pd
from builders import at
from capacity_case import FrameFacts, course, facts_of, found, metric

from ddms_ops.findings import Verdict
from ddms_ops.schema import CHANGES, conform

ENTRY = {"title": "Orders table", "used": "reads", "most": 100, "components": ["backend"]}
METRICS = {"reads": metric("Reads", statistic="Average", unit="units")}


def change(clock: str, name: str, resource: str, service: str = "dynamodb") -> dict:
    """One API call."""
    usual = {"actor": "deployer", "is_write": True, "pull": "changes", "row": 0}
    return {"timestamp": at(clock), "name": name, "service": service, "resource": resource, **usual}


def full(*calls: dict, later: float = 97) -> FrameFacts:
    """A table that is full from 10:40 on, after some calls."""
    changes = conform(pd.DataFrame(calls, columns=None if calls else CHANGES.names), CHANGES)
    series = {"reads": course({"10:40:00": later}, usual=30)}
    return facts_of({"table": ENTRY}, metrics=METRICS, series=series, changes=changes)


def test_a_change_that_names_the_table_comes_first():
    """The table stands in a dimension of the entry's metrics; another's change is listed behind it."""
    calls = (change("10:38:00", "UpdateTable", "orders"), change("10:39:00", "PutParameter", "x", "ssm"))
    first, second = found(full(*calls), "capacity_changes")
    assert first.statement.startswith("UpdateTable on orders by deployer at 2026-03-04 10:38 UTC, 2 min before")
    assert ("names the affected component" in first.statement, first.strength > second.strength) == (True, True)


def test_changes_after_it_began_are_none_before():
    """Nor is anything told where nothing was found."""
    assert found(full(change("10:50:00", "UpdateTable", "orders")), "capacity_changes") == []


def test_without_a_sign_there_is_nothing_to_explain():
    """What is not declared is not waited for: the table has room, and nothing else is watched."""
    assert (
        full(change("10:38:00", "UpdateTable", "orders"), later=30).result("capacity_changes").status is Verdict.CLEAR
    )


def test_without_a_sign_it_is_not_clear_where_one_could_not_be_sought():
    """No points of what is used: an onset may be hidden."""
    result = facts_of({"table": ENTRY}, metrics=METRICS).result("capacity_changes")
    assert result.reason == "no onset was found, and not every check that dates one could be made"
