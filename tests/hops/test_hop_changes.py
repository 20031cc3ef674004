"""Changes, and what moved after one."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from builders import at, envelope, failure, minutes, open_export, request, window, write_logs
from hop_export import API, WORKER, within

from ddms_ops.case import Case
from ddms_ops.errors import BadInput
from ddms_ops.evidence import read_table
from ddms_ops.hops.moved import spans
from ddms_ops.hops.view import View


def deployed(case: Case) -> int:
    """The number of the planted deployment."""
    table = case.changes_seen.frame
    return int(table.loc[table["calls"].str.contains("UpdateFunctionCode"), "n"].iloc[0])


def test_changes_stand_in_order_with_versions_and_alarms(deploy: Case, deploy_root: Path):
    """The calls of the planted deployment are one row; innocent changes have their own."""
    planted = json.loads((deploy_root / "truth.json").read_text())
    table = deploy.changes_seen.frame
    row = table.iloc[deployed(deploy)]
    assert row["calls"] == ", ".join(call["name"] for call in planted["change_calls"])
    assert row["first"] == pd.Timestamp(planted["change_calls"][0]["time"])
    assert row["last"] == pd.Timestamp(planted["change_calls"][-1]["time"])
    assert table["first"].is_monotonic_increasing
    assert {call["name"] for call in planted["innocent_changes"]} <= set(table["calls"]) | {"TagResource"}
    assert "first event of version 2.15.0" in set(table["calls"])
    assert "went to ALARM" in set(table["calls"])


def test_a_change_opens_by_its_number_or_the_event_id_of_a_call(deploy: Case):
    """Any of its calls; each is a row."""
    n = deployed(deploy)
    view = deploy.change(n)
    assert view.frame["name"].tolist() == ["UpdateFunctionCode", "PublishVersion", "UpdateAlias"]
    events = read_table(deploy.evidence.path_of("changes"))["event_id"].to_pylist()
    for row in view.frame["row"]:
        assert deploy.change(events[row]).call == f"case.change({n})"


def test_a_change_that_is_not_listed_is_refused(deploy: Case):
    """By its number with those there are, by its event with why it is not."""
    with pytest.raises(BadInput, match="no change 99; they are numbered 0 to "):
        deploy.change(99)
    event = read_table(deploy.evidence.path_of("changes"))["event_id"][0].as_py()
    with pytest.raises(BadInput, match="that event is a read, routine or failed call"):
        deploy.change(event)
    with pytest.raises(BadInput, match="case.changes_seen lists them"):
        deploy.change("no such event")


@pytest.fixture(scope="module")
def after(deploy: Case) -> View:
    """What moved after the planted deployment."""
    return deploy.change(deployed(deploy)).moved()


def test_what_was_asked_for_is_in_the_record(deploy: Case):
    """The call's record whole, its parameters on lines of their own; a call that is not there is one line."""
    view = deploy.change(deployed(deploy))
    record = view.raw()
    assert json.loads(record.frame["record"].iloc[0])["requestParameters"]["functionName"] in repr(record)
    assert eval(record.call, {"case": deploy}).frame.equals(record.frame)
    with pytest.raises(BadInput, match="numbered 0 to"):
        view.raw(len(view))


def test_what_moved_after_the_deployment_is_the_planted_error(deploy: Case, after: View, deploy_root: Path):
    """With its counts by the plain reading, a ratio and its interval; and a call to the group."""
    planted = json.loads((deploy_root / "truth.json").read_text())
    row = deploy.changes_seen.frame.iloc[deployed(deploy)]
    span = pd.Timedelta(minutes=15)
    view = after
    group = view.frame[view.frame["kind"] == "group"].iloc[0]
    plain = within(deploy_root / "export", API, row["last"], row["last"] + span)
    errors = [event for _, event in plain if planted["message_contains"] in event.get("errorMessage", "")]
    assert (group["moved"], group["before"], group["after"]) == ("new", 0, len(errors))
    assert group["ratio_low"] > 1
    assert eval(group["look"], {"case": deploy}).id in deploy.error_groups
    assert "15 min before 10:34:06 UTC against 15 min after 10:36:57 UTC." in repr(view)


def test_the_share_that_failed_is_of_the_requests_of_each_side(deploy: Case, deploy_root: Path):
    """Listed also where it did not move."""
    row = deploy.changes_seen.frame.iloc[deployed(deploy)]
    table = deploy.change(deployed(deploy)).moved(minutes=10).frame.set_index("kind")
    span = pd.Timedelta(minutes=10)
    after = within(deploy_root / "export", API, row["last"], row["last"] + span)
    codes = [event["status"] for _, event in after if "status" in event]
    jobs = len(deploy.outcomes[(deploy.outcomes["log_group"] != API) & deploy.outcomes["timestamp"].between(
        row["last"], row["last"] + span, inclusive="left")])  # fmt: skip
    assert table.loc["failed", "after"] == sum(code >= 500 for code in codes) / (len(codes) + jobs)
    assert table.loc["failed", "moved"] == "rose"
    assert table.loc["requests", "after"] == (len(codes) + jobs) / 10
    assert table.loc["requests", "moved"] == "unchanged"


def test_a_metric_that_moved_is_the_one_that_was_planted(after: View):
    """The 5xx of the API, beside the alarm that fired."""
    assert "api_5xx" in set(after.frame.loc[after.frame["kind"] == "metric", "what"])
    assert after.frame.loc[after.frame["kind"] == "alarm", "what"].str.startswith("dms-high-api-error-rate-prod").any()


def test_nothing_is_called_a_cause(after: View):
    """It coincides; the view says that this proves nothing."""
    text = repr(after)
    assert "it coincides, which is no proof of a cause" in text
    assert "caused" not in text


def write_change(root: Path, *clocks: str) -> None:
    """Deployments at some clock times."""
    change = {"eventSource": "lambda.amazonaws.com", "readOnly": False, "eventName": "UpdateFunctionCode"}
    change |= {"requestParameters": {"functionName": "f"}}
    records = [{**change, "eventTime": f"2026-03-04T{clock}Z", "eventID": clock} for clock in clocks]
    (root / "trail").mkdir()
    (root / "trail" / "a.json").write_text(json.dumps({"Records": records}))


def changed_at(root: Path, clock: str, **parameters: str) -> Case:
    """Requests from 9:00 to 11:00, all failing from 10:00 on, and a change."""
    usual = [request(each) for each in minutes(0, 60, 9)[::5]]
    bad = [line for each in minutes(0, 60)[::5] for line in (failure(each), request(each, status=500))]
    write_logs(root, API, *usual, *bad)
    write_change(root, clock)
    return open_export(root, **parameters)


def test_the_baseline_counts_where_it_touches_the_window(tmp_path: Path):
    """A change at the very start of the window has its minutes before in the baseline."""
    view = changed_at(tmp_path, "10:00:00").change(0).moved()
    assert view.frame.set_index("kind").loc["failed", ["before", "after"]].tolist() == [0, 1]


def test_the_spans_are_cut_to_what_was_read(tmp_path: Path):
    """They stay as long as each other, and it is said."""
    write_logs(tmp_path, API, request("10:00:00"))
    case = open_export(tmp_path, start="2026-03-04T09:50Z", end="2026-03-04T10:05Z", baseline="yesterday")
    sides, words = spans(case, at("10:00"), at("10:01"), pd.Timedelta(minutes=15))
    assert (sides.before, sides.after) == (window("09:56", "10:00"), window("10:01", "10:05"))
    assert words == (
        "4 min before 10:00:00 UTC against 4 min after 10:01:00 UTC,"
        " cut to what was read (2026-03-04 09:50–10:05 UTC).",
    )


def test_a_change_at_the_edge_of_what_was_read_cannot_be_compared(tmp_path: Path):
    """Nor one before it: the view is empty and says why, which is not "nothing moved"."""
    write_logs(tmp_path, API, request("10:00:00"))
    write_change(tmp_path, "10:00:00")
    edge = open_export(tmp_path, baseline="yesterday").change(0).moved()
    assert len(edge) == 0
    assert "There is under a minute of what was read" in repr(edge)
    before = open_export(tmp_path, start="2026-03-04T10:10Z", baseline="yesterday").change(0).moved()
    assert len(before) == 0
    assert "It was made outside what was read" in repr(before)


def test_what_was_not_read_did_not_move(tmp_path: Path):
    """Minutes before an export begins are no minutes without requests; a log group that begins later is left out."""
    write_logs(tmp_path, API, *[line for c in minutes(0, 60)[::2] for line in (failure(c), request(c, status=500))])
    write_logs(tmp_path, WORKER, *[failure(clock, "worker") for clock in minutes(30, 60)[::2]])
    write_change(tmp_path, "09:50:00", "10:05:00", "10:30:00")
    case = open_export(tmp_path)
    table = case.changes_seen
    assert {"logs.baseline" + API, "logs" + API} <= set(table.pulls)
    assert not table.is_all_there
    before, early, late = (case.change(n).moved() for n in range(3))
    assert len(before) == 0
    assert f"Not compared, for it was not read on both sides: {API}, {WORKER}." in repr(before)
    assert early.notes[0].startswith("5 min before 10:05:00 UTC against 5 min after 10:05:00 UTC, cut to what was read")
    rows = early.frame.set_index("kind")
    assert rows.loc["requests", ["before", "after", "moved"]].tolist() == [5, 5, "unchanged"]
    assert rows.loc["failed", ["before", "after"]].tolist() == [1, 1]
    assert set(late.frame["kind"]) == {"requests", "failed"}
    assert f"Not compared, for it was not read on both sides: {WORKER}." in repr(late)


def test_a_share_of_nothing_is_none(tmp_path: Path):
    """No failure on either side has no ratio, no request on a side no share; events without a status are said to be."""
    write_logs(tmp_path, API, *[request(clock) for clock in minutes(0, 60)[::10]])
    write_logs(tmp_path, "jobs", *[envelope(clock, "INFO ran") for clock in minutes(0, 60)[::10]])
    write_change(tmp_path, "10:30:00")
    row = open_export(tmp_path).change(0).moved().frame.set_index("kind").loc["failed"]
    assert row[["before", "after"]].tolist() == [0, 0]
    assert row[["ratio", "ratio_low", "ratio_high"]].isna().all()
    shutil.rmtree(tmp_path / "logs" / API.replace("/", "__"))
    view = open_export(tmp_path, incident_id="jobs").change(0).moved()
    assert "No event carries an HTTP status: each event is counted, errors as failed." in repr(view)


@pytest.mark.parametrize("given", [0, -5, "15", True, float("nan"), 1e9])
def test_minutes_are_a_number_above_0(deploy: Case, given: object):
    """Anything else is refused in one line."""
    with pytest.raises(BadInput, match="is no number above 0"):
        deploy.change(0).moved(given)
