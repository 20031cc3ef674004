"""A scene is written as AWS would have exported it, and as it was declared."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from reading import alarms, tree
from small_scene import API, BEGUN, COLD, DONE, JOBS, NIGHTLY, SCENE, START, events_of, records_of, said_of, series_of

from ddms_ops.case import open_case
from ddms_ops.incident import read_incident
from ddms_ops.simulate.case import SimulatedCase, write_planted
from ddms_ops.simulate.scene import played
from ddms_ops.simulate.scene.declared import Failure, Gauge, Route, Scene, Stream, Traffic

EVENTS = 2_000
ONSET = pd.Timestamp("2026-03-04T10:40Z")
ONSET_MS = round(ONSET.timestamp() * 1000)
MINUTE_MS = 60_000


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> SimulatedCase:
    """The small scene as declared."""
    return write_planted(SCENE, tmp_path_factory.mktemp("small"), events=EVENTS)


def truth_of(case: SimulatedCase) -> dict:
    """What was planted."""
    return json.loads(case.truth.read_text())


def test_a_seed_writes_the_same_bytes(written: SimulatedCase, tmp_path: Path):
    """Twice the same, and another seed something else."""
    again, other = (write_planted(SCENE, tmp_path / str(s), seed=s, events=EVENTS) for s in (7, 8))
    assert tree(again.export) == tree(written.export)
    assert again.truth.read_bytes() == written.truth.read_bytes()
    assert tree(other.export / "logs") != tree(written.export / "logs")


def test_the_events_asked_for_are_written(written: SimulatedCase):
    """Within 3 %, those of regular streams and of no request among them; the truth counts each group's."""
    counts = truth_of(written)["events"]
    assert counts == {group: len(events_of(written.export, group)) for group in (API, JOBS, NIGHTLY)}
    assert abs(sum(counts.values()) / EVENTS - 1) < 0.03
    assert counts[NIGHTLY] == 4 * 60 / 5


def test_events_lie_inside_the_export_in_order(written: SimulatedCase):
    """Baseline and window, sorted, in log streams as the service names them."""
    for group, name in ((API, r"2026/03/04/\[\$LATEST\][0-9a-f]{32}"), (JOBS, "small-jobs/app/[0-9a-f]{32}")):
        events = pd.DataFrame(events_of(written.export, group))
        assert events["timestamp"].is_monotonic_increasing
        assert events["timestamp"].between(SCENE.first_ms, SCENE.end_ms - 1).all()
        assert events["logStreamName"].str.fullmatch(name).all()


def test_lines_of_a_request_share_its_id(written: SimulatedCase):
    """A request that is begun ends once, as long after as it says."""
    lines = pd.DataFrame([{"at": at, **said} for at, said in said_of(written.export, JOBS)])
    begun, done = (lines[lines["message"] == word] for word in ("begun", "done"))
    both = begun.merge(done, on="id", suffixes=("", "_done"), validate="1:1")
    assert len(both) > 0.9 * len(begun)
    assert ((both["at_done"] - both["at"]) == both["ms_done"]).all()


def test_the_onset_and_the_share_are_met(written: SimulatedCase):
    """The usual share before, the planted one from the onset's minute on, and only where it is declared."""
    said = [(at, fields) for at, fields in said_of(written.export, API) if fields["message"] != "begun"]
    failed = [(at, fields) for at, fields in said if fields["message"].startswith("no such shelf")]
    after = [at for at, _ in failed if at >= ONSET_MS]
    could = [at for at, fields in said if fields.get("route") == START and at >= ONSET_MS]
    assert min(after) - ONSET_MS < MINUTE_MS
    assert len(after) / (len(after) + len(could)) == pytest.approx(0.4, abs=0.06)
    assert truth_of(written)["failed"] == {f"0 {API}": {"before": len(failed) - len(after), "after": len(after)}}
    assert {fields["status"] for _, fields in failed} == {503}


def test_durations_and_versions_change_at_the_onset(written: SimulatedCase):
    """A slower stream takes as many times as long, and the new version tells its name only afterwards."""
    took = pd.DataFrame([{"at": at, **said} for at, said in said_of(written.export, JOBS)]).dropna(subset="ms")
    medians = took.groupby(took["at"] >= ONSET_MS)["ms"].median()
    assert medians[True] / medians[False] == pytest.approx(5, rel=0.3)
    versions = {(at >= ONSET_MS, said["version"]) for at, said in said_of(written.export, API) if "version" in said}
    assert versions == {(False, "1.0.0"), (True, "2.0.0")}


def test_lines_of_no_request_come_at_their_own_rate(written: SimulatedCase):
    """So many a minute before the onset, as long as declared after it, and again as before."""
    cold = np.array(
        [event["timestamp"] for event in events_of(written.export, API) if "INIT_START" in event["message"]]
    )
    during = ((cold >= ONSET_MS) & (cold < ONSET_MS + 30 * MINUTE_MS)).sum()
    assert 15 <= during <= 45
    assert len(cold) - during <= 40


def test_logs_and_metrics_agree(written: SimulatedCase):
    """What is counted is counted in the written events; of nothing there is no point where that is how it is told."""
    said, series = said_of(written.export, API), series_of(written.export)
    ended = [fields["message"] for _, fields in said if fields["message"] != "begun"]
    assert sum(series["api_requests"].values()) == len(ended)
    assert sum(series["api_failed"].values()) == sum(message.startswith("no such") for message in ended)
    assert len(series["api_requests"]) == 240
    assert min(series["api_failed"].values()) >= 1


def test_a_level_climbs_and_rings_its_alarm(written: SimulatedCase):
    """The usual level before, the other one when it has climbed, and the alarm when it was beyond its limit."""
    depth = series_of(written.export)["depth"]
    assert max(value for at, value in depth.items() if at < "2026-03-04T10:40") < 14
    assert min(value for at, value in depth.items() if at >= "2026-03-04T11:00") > 150
    [item] = alarms(written.export)
    rung = pd.Timestamp(item["Timestamp"])
    beyond = [pd.Timestamp(at) for at, value in sorted(depth.items()) if value > 100]
    assert beyond[2] < rung < beyond[2] + pd.Timedelta(minutes=2)
    assert read_incident(written.incident)["detected"] == f"{rung:%Y-%m-%dT%H:%M}Z"


def test_series_of_an_account_carry_its_name(written: SimulatedCase):
    """The label is our name of the metric, newest point first, in the account's own file."""
    answer = json.loads((written.export / "metrics" / "eu.json").read_text())
    [series] = answer["MetricDataResults"]
    assert (series["Id"], series["Label"]) == ("eu_job_p95", "eu:job_p95")
    assert series["Timestamps"] == sorted(series["Timestamps"], reverse=True)


def test_calls_are_recorded_with_their_callers(written: SimulatedCase):
    """Each kind of identity as CloudTrail tells it, in the scene's region."""
    records = records_of(written.export)
    assert {record["awsRegion"] for record in records} == {"eu-central-1"}
    [login] = [record for record in records if record["eventName"] == "ConsoleLogin"]
    assert (login["userIdentity"]["type"], login["eventType"]) == ("Root", "AwsConsoleSignIn")
    assert (login["sourceIPAddress"], login["additionalEventData"]["MFAUsed"]) == ("198.51.100.9", "No")
    denied = [record for record in records if record["eventName"] == "GetObject"]
    assert {(r["errorCode"], r["userIdentity"]["userName"]) for r in denied} == {("AccessDenied", "nosy")}
    assert sum(record["eventTime"] >= "2026-03-04T10:40" for record in denied) > 0.8 * len(denied)
    service = next(record for record in records if record["eventName"] == "RegisterTask")
    assert service["userIdentity"] == {"type": "AWSService", "invokedBy": "ecs.amazonaws.com"}


def test_the_planted_change_is_told(written: SimulatedCase):
    """Its time in the truth is that of its record."""
    change = truth_of(written)["change"]
    [made] = [r["eventTime"] for r in records_of(written.export) if r["eventName"].startswith(change["name"])]
    assert (change["time"], made) == ("2026-03-04T10:34:00Z", "2026-03-04T10:34:00Z")


def test_documents_are_written_where_they_belong(written: SimulatedCase):
    """Further files of the export, of the scene as it is played."""
    content = json.loads((written.export / "queues" / "dead.json").read_text())
    assert content["Messages"][0]["Body"] == "since 2026-03-04T10:40:00Z"


def test_an_export_is_read_back_whole(written: SimulatedCase, tmp_path: Path):
    """Every event of every group, that of an account under the account's name."""
    asked = {**read_incident(written.incident), "environment": "", "severity": ""}
    case = open_case(**asked, out=str(tmp_path), clock=lambda: ONSET)
    read = pd.concat([case.log_events, case.baseline_log_events])["log_group"].value_counts().to_dict()
    assert read == truth_of(written)["events"]
    assert case.log_events["timestamp"].max() > ONSET


def test_another_seed_plays_another_incident_of_the_kind():
    """The onset up to 8 minutes, shares and levels up to a fifth away; seed 7 is as declared."""
    assert played(SCENE, 7) is SCENE
    scenes = [played(SCENE, seed) for seed in range(8, 28)]
    assert len({scene.onset_min for scene in scenes}) > 8
    assert all(32 <= scene.onset_min <= 48 for scene in scenes)
    assert all(0.32 <= scene.failures[0].share <= 0.48 for scene in scenes)
    assert all(160 <= scene.gauges[3].then <= 240 for scene in scenes)


def test_what_ends_all_or_is_full_stays_so():
    """A share of all, an end of traffic and a level of nothing are no matter of degree."""
    scene = replace(
        SCENE, failures=(Failure(API, (COLD,), 1.0),), traffic=(Traffic(JOBS, 0),), gauges=(Gauge("up", 1, then=0.0),)
    )
    for seed in range(8, 13):
        other = played(scene, seed)
        assert (other.failures, other.traffic, other.gauges) == (scene.failures, scene.traffic, scene.gauges)


def test_a_ramp_grows(tmp_path: Path):
    """A share that is reached after an hour is half of it after half an hour."""
    steady = Stream(API, 1, (Route(START, 1, 50, (DONE,), spread=0),))
    scene = replace(SCENE, streams=(steady,), failures=(Failure(API, (BEGUN,), 0.8, ramp_min=60),), slower=(),
                    extras=(), gauges=(), alarms=(), length_min=120)  # fmt: skip
    case = write_planted(scene, tmp_path, events=4_000)
    minutes = pd.Series({(at, n): said["message"] == "begun" for n, (at, said) in enumerate(said_of(case.export, API))})
    since = (minutes.index.get_level_values(0) - ONSET_MS) / MINUTE_MS
    halves = [minutes[(since >= low) & (since < high)].mean() for low, high in ((-160, 0), (0, 30), (30, 60), (60, 80))]
    assert halves[0] == 0
    assert halves[1:] == pytest.approx([0.2, 0.6, 0.8], abs=0.09)


def quiet() -> Scene:
    """The scene when nothing goes wrong."""
    return replace(SCENE, name="quiet", onset_min=None, expected=None)


def test_a_quiet_day_has_what_is_usual_only(tmp_path: Path):
    """Without an onset nothing planted happens, and the truth says so."""
    case = write_planted(quiet(), tmp_path, events=EVENTS)
    truth = truth_of(case)
    failed = truth["failed"][f"0 {API}"]
    assert (truth["is_quiet"], truth["onset"], truth["alarms"]) == (True, None, [])
    assert failed["after"] == 0
    assert 0 < failed["before"] < 0.05 * truth["events"][API] / 2
    assert max(series_of(case.export)["depth"].values()) < 14
