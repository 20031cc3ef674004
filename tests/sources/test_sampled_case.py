"""A case with more events than are read: counted in whole, sampled by time, and said to be so."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ddms_ops.case import Case
from ddms_ops.checks import CHECKS as KNOWN
from ddms_ops.coverage import Coverage, Status
from ddms_ops.findings import Verdict
from ddms_ops.incident import read_incident, resolve
from ddms_ops.panels import answer_panel
from ddms_ops.replay import replay_report
from ddms_ops.sampling import sampled
from ddms_ops.sandbox.server import Sandbox
from ddms_ops.simulate import SimulatedCase, write_case
from ddms_ops.sources.base import LogCountQuery, Pull
from ddms_ops.sources.files import FilesSource
from ddms_ops.sources.live import LiveSource
from ddms_ops.sources.ordering import stamps
from ddms_ops.sources.recorded import RecordedSource

EVENTS, MOST = 20_000, 5_000
API = "/aws/lambda/dms-api-handler-prod"
NOW = pd.Timestamp("2026-03-05T00:00Z")
CHECKS = tuple(check.id for check in KNOWN if check.notebook == "error_triage")


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> SimulatedCase:
    """The bad deploy of dms."""
    return write_case("dms", "bad_deploy", tmp_path_factory.mktemp("incident"), events=EVENTS)


@pytest.fixture(scope="module")
def opened(simulated: SimulatedCase, tmp_path_factory: pytest.TempPathFactory, root: Path) -> Callable[..., Case]:
    """Opens the case over the export or, named so, over AWS, with a limit of events in its profile."""

    def case(most: int = MOST, source: str = "files") -> Case:
        folder = tmp_path_factory.mktemp("case")
        profiles = shutil.copytree(root / "parameters/systems", folder / "systems")
        text = (profiles / "dms.yaml").read_text().replace("logs:\n", f"logs:\n  max_events: {most}\n", 1)
        (profiles / "dms.yaml").write_text(text)
        incident, profile = resolve(read_incident(simulated.incident), now=NOW, where="", profiles=profiles)
        here = FilesSource(simulated.export) if source == "files" else LiveSource(profile, "prod", clock=lambda: NOW)
        return Case(incident, profile, here, folder / "report", clock=lambda: NOW, profiles=profiles)

    return case


@pytest.fixture(scope="module")
def whole(opened: Callable[..., Case]) -> Case:
    """Every event."""
    return opened(EVENTS)


@pytest.fixture(scope="module")
def sample(opened: Callable[..., Case]) -> Case:
    """1 in 4, its checks run."""
    case = opened()
    for check in CHECKS:
        case.result(check)
    return case


def log_rows(case: Case) -> list[Coverage]:
    """Coverage of its pulls of log events."""
    return [row for kind in ("logs", "logs.baseline") for row in case.pulls(kind)]


def events(case: Case, name: str) -> pa.Table:
    """Raw events of a pull."""
    return pq.read_table(case.evidence.path_of(name))


def test_a_case_at_the_limit_is_read_whole(opened: Callable[..., Case], whole: Case):
    """Nothing is counted besides, and no event more is needed to sample."""
    total = len(whole.log_events) + len(whole.baseline_log_events)
    assert (whole.sample, whole.pulls("log_counts")) == (None, [])
    assert (opened(total).sample, opened(total - 1).sample[0]) == (None, 2)


def test_totals_are_exact(sample: Case, whole: Case):
    """They are counted, window and baseline apart; each pull says how many events there are."""
    assert sample.sample == (4, len(whole.log_events), len(whole.baseline_log_events))
    assert [row.matched for row in log_rows(sample)] == [row.rows for row in log_rows(whole)]


def test_statements_say_what_is_estimated(sample: Case):
    """Counts of a sample are scaled and called so; the first screen gives the exact totals."""
    [first] = [f for f in sample.result("new_errors").findings if f.severity.is_above_low]
    [ref] = first.evidence
    assert f"about {ref.rows * 4:,} events ({ref.rows:,} in a sample of 1 in 4)" in first.statement
    assert f"exact: {sample.sample[1]:,} log events in the window" in answer_panel(sample).text


def test_counts_are_evidence(sample: Case, whole: Case):
    """By minute, for each pull, complete."""
    counted = sample.pulls("log_counts") + sample.pulls("log_counts.baseline")
    assert {row.status for row in counted} == {Status.COMPLETE}
    for row in counted:
        found = events(sample, row.pull)
        logs = events(whole, row.pull.replace("log_counts", "logs", 1))["timestamp"].to_pandas().dt.floor("min")
        assert dict(zip(found["timestamp"].to_pylist(), found["events"].to_pylist(), strict=True)) == dict(
            logs.value_counts()
        )


def test_a_sample_is_the_events_of_its_blocks(sample: Case, whole: Case):
    """The same blocks in each group, in window and baseline."""
    for row in log_rows(whole):
        every = events(whole, row.pull)
        inside = sampled(stamps(every, "timestamp"), row.asked, 4)
        assert events(sample, row.pull).equals(every.filter(pa.array(inside)))


def test_a_sample_is_said_to_be_one(sample: Case):
    """Truncated, with what that means for numbers."""
    assert {row.status for row in log_rows(sample)} == {Status.TRUNCATED}
    assert {row.reason for row in log_rows(sample)} == {
        "1 in 4 by time (a block of 15 s a minute): shares and rates are estimates, totals are counted"
    }


def test_the_planted_error_is_found_with_low_confidence(sample: Case):
    """It comes first; a sample proves no absence, so that no question about logs is answered with clear."""
    found = min((f for result in sample.results for f in result.findings), key=lambda finding: finding.rank)
    assert "TypeError" in found.statement
    assert found.confidence == "low"
    of_logs = [check.id for check in KNOWN if check.id in CHECKS and "logs" in check.needs]
    assert Verdict.CLEAR not in {sample.result(check).status for check in of_logs}


def test_requests_of_a_sample_are_whole(sample: Case, whole: Case):
    """Their events stand close together, so that a block holds all or none, but for those at its edges."""
    found, every = (
        case.log_events[case.log_events["log_group"] == API].groupby("request_id", observed=True).size()
        for case in (sample, whole)
    )
    assert len(found) > 1_000
    assert (found == every[found.index]).mean() > 0.99


class Stopped(FilesSource):
    """Somebody presses Ctrl-C during the second count."""

    asked = 0

    def fetch_log_counts(self, query: LogCountQuery, *, pull: str) -> Pull:
        self.asked += 1
        return replace(super().fetch_log_counts(query, pull=pull), is_interrupted=self.asked == 2)


def test_a_run_stopped_while_counting_is_replayed_as_far_as_it_came(
    simulated: SimulatedCase, opened: Callable[..., Case]
):
    """What was counted is evidence."""
    case = opened()
    case.source = Stopped(simulated.export)
    with pytest.raises(KeyboardInterrupt):
        case.log_pulls  # noqa: B018
    case.save()
    assert [row.pull.split("/")[0] for row in case.coverage] == ["log_counts.baseline", "log_counts"]
    assert replay_report(case.folder) == 0


def test_a_replay_gives_the_same_findings(sample: Case):
    """The share follows from the recorded counts."""
    assert replay_report(sample.folder) == 0


def test_a_case_made_of_a_sample_takes_the_same_sample(sample: Case, opened: Callable[..., Case]):
    """The same pulls with the same coverage."""
    again = opened()
    again.source = RecordedSource(sample.folder)
    assert again.sample == sample.sample
    assert log_rows(again) == log_rows(sample)


def test_aws_gives_the_same_sample(
    sample: Case, simulated: SimulatedCase, opened: Callable[..., Case], monkeypatch: pytest.MonkeyPatch
):
    """The same events in the same order, and the same counts."""
    with Sandbox(simulated.export) as sandbox:
        for name, value in sandbox.environment.items():
            monkeypatch.setenv(name, value)
        live = opened(source="live")
        pulls = [row.pull for row in log_rows(live)]
    assert live.sample is not None
    for name in [*pulls, *(name.replace("logs", "log_counts", 1) for name in pulls)]:
        columns = [
            column for column in events(sample, name).column_names if column not in ("event_id", "ingestion_time")
        ]
        assert events(live, name).select(columns).equals(events(sample, name).select(columns))


def test_a_sample_is_the_same_again(sample: Case, opened: Callable[..., Case]):
    """Byte for byte."""
    again = opened()
    names = [row.pull for row in log_rows(again)]
    files = {case: [case.evidence.path_of(name).read_bytes() for name in names] for case in (again, sample)}
    assert files[again] == files[sample]
