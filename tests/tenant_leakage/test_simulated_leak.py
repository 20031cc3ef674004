"""The audit of a simulated system: a leak is found whole, and no leak is seen only over a whole trail."""

import csv
import gzip
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from ddms_ops.analysis.leak_verdict import CANNOT_TELL, LEAKED, NO_LEAK
from ddms_ops.case import Case, open_case
from ddms_ops.checks import CHECKS
from ddms_ops.cli import main
from ddms_ops.findings import Severity, Verdict
from ddms_ops.incident import read_incident
from ddms_ops.simulate.case import SimulatedCase, write_case

EVENTS = 10_000
SECOND = pd.Timedelta(seconds=1)
NOTEBOOK = "tenant_leakage_audit"


@pytest.fixture(scope="module")
def leak(tmp_path_factory: pytest.TempPathFactory) -> SimulatedCase:
    """A cache key that lost its tenant, and ids that were guessed."""
    return write_case("dms", "tenant_leak", tmp_path_factory.mktemp("leak") / "case", events=EVENTS)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> SimulatedCase:
    """A day without a leak."""
    return write_case("dms", "quiet_day", tmp_path_factory.mktemp("quiet") / "case", events=EVENTS)


def audited(simulated: SimulatedCase, out: Path, export: Path | None = None) -> Case:
    """The case, over another export of the same incident where one is given."""
    given = read_incident(simulated.incident)
    given = {**given, "source": f"files:{export}"} if export else given
    return open_case(**given, out=str(out), clock=lambda: pd.Timestamp("2026-06-01", tz="UTC"))


@pytest.fixture(scope="module")
def leak_case(leak: SimulatedCase, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The case of the leak, for tests that only look at it."""
    return audited(leak, tmp_path_factory.mktemp("leak-case"))


def test_evidence_names_each_row_once(leak_case: Case):
    """A log line that shows a disclosure in two ways is one row of evidence."""
    refs = [ref for finding in leak_case.result("tenant_leaks").findings for ref in finding.evidence]
    logs = [ref for ref in refs if ref.kind == "logs"]
    assert logs
    assert all(len(set(ref.ids)) == len(ref.ids) for ref in refs)


def damaged(simulated: SimulatedCase, out: Path) -> tuple[Path, list[dict[str, str]]]:
    """A copy of the export, and its audit rows."""
    copy = shutil.copytree(simulated.export, out / "export")
    with (copy / "audit" / "audit_logs.csv").open(encoding="utf-8", newline="") as file:
        return copy, list(csv.DictReader(file))


def rewrite(export: Path, rows: list[dict[str, str]]) -> None:
    """The export with these audit rows."""
    with (export / "audit" / "audit_logs.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def instant(row: dict[str, str]) -> pd.Timestamp:
    """When an audit row was written."""
    return pd.Timestamp(row["created_at"])


def doubted(case: Case) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Stretches of which nothing can be told."""
    return [(stretch.start, stretch.end) for stretch in case.leak_verdict.stretches if stretch.verdict == CANNOT_TELL]


def are_seconds_of_requests(stretches: list, before: pd.Timestamp, after: pd.Timestamp) -> bool:
    """Whether these are seconds in which a request was logged whose row is missing: a log's clock is its own."""
    near = pd.Timedelta(minutes=2)
    return all(end - start <= 5 * SECOND and before - near < start < after + near for start, end in stretches)


def test_every_planted_disclosure_is_found(leak: SimulatedCase, leak_case: Case):
    """And nothing else; with who, whose, and a witness of each in the API's log."""
    case, truth = leak_case, json.loads(leak.truth.read_text())["leak"]
    found = case.crossings[case.crossings["verdict"] == "disclosed"]
    planted = {name: set(truth["classes"][name]["audit_ids"]) for name in ("cached", "guessed")}
    assert set(found["id"]) == planted["cached"] | planted["guessed"]
    assert set(found.loc[found["id"].isin(planted["cached"]), "kind"]) == {"owner_only"}
    assert set(found.loc[found["id"].isin(planted["guessed"]), "kind"]) == {"direct"}
    assert (sorted(found["actor"].unique()), sorted(found["owner"].unique())) == (truth["actors"], truth["owners"])
    assert (found["witnesses"] != "").all()
    assert case.leak_verdict.word == LEAKED
    assert set(case.leak_verdict.affected) == set(truth["owners"])


def test_the_deployment_stands_just_before(leak_case: Case):
    """The leading finding is the cache's, and the change before it the deployment."""
    first = max(leak_case.result("tenant_leaks").findings, key=lambda finding: finding.strength)
    assert (first.severity, first.subject["kind"], first.confidence) == (Severity.CRITICAL, "owner_only", "high")
    assert "UpdateFunctionCode" in leak_case.result("leak_changes").findings[0].statement


def test_a_quiet_day_is_said_to_be_one(quiet: SimulatedCase, tmp_path: Path):
    """Over a whole trail, with its shares, support sessions and refused attempts."""
    case = audited(quiet, tmp_path)
    results = {check.id: case.result(check.id) for check in CHECKS if check.notebook == NOTEBOOK}
    assert results["tenant_leaks"].status is Verdict.CLEAR
    assert case.leak_verdict.word == NO_LEAK
    assert not [f for result in results.values() for f in result.findings if f.severity.is_above_low]
    assert len(case.leak_verdict.unaffected) == 40


def test_three_deleted_rows_are_cannot_tell_for_their_stretch(quiet: SimulatedCase, tmp_path: Path):
    """From the row before to the row after, no more and no less."""
    export, rows = damaged(quiet, tmp_path)
    middle = next(place for place, row in enumerate(rows) if instant(row).strftime("%H:%M") == "11:00")
    rewrite(export, rows[:middle] + rows[middle + 3 :])
    case = audited(quiet, tmp_path, export)
    assert case.leak_verdict.word == CANNOT_TELL
    assert case.result("tenant_leaks").status is Verdict.NOT_CHECKED
    before, after = instant(rows[middle - 1]), instant(rows[middle + 3])
    whole, *others = sorted(doubted(case), key=lambda stretch: stretch[0] - stretch[1])
    assert before - SECOND <= whole[0] <= before  # a request at the edge, whose row is missing, has its second
    assert after <= whole[1] <= after + SECOND
    assert are_seconds_of_requests(others, before, after)


def test_a_stopped_logger_is_cannot_tell_for_its_stretch(quiet: SimulatedCase, tmp_path: Path):
    """Four minutes without a row, although the numbers go on without a hole."""
    export, rows = damaged(quiet, tmp_path)
    stop = instant(rows[0]).normalize() + pd.Timedelta(hours=11, minutes=10)
    kept = [row for row in rows if not stop <= instant(row) < stop + pd.Timedelta(minutes=4)]
    for number, row in enumerate(kept, start=1):
        row["seq"] = str(number)
    rewrite(export, kept)
    case = audited(quiet, tmp_path, export)
    assert case.leak_verdict.word == CANNOT_TELL
    before = max(instant(row) for row in kept if instant(row) < stop)
    after = min(instant(row) for row in kept if instant(row) >= stop)
    silent, *others = sorted(doubted(case), key=lambda stretch: stretch[0] - stretch[1])
    assert before - SECOND <= silent[0] <= before
    assert after <= silent[1] <= after + SECOND
    assert are_seconds_of_requests(others, before, after)


def test_without_data_events_nothing_is_told_of_objects(quiet: SimulatedCase, tmp_path: Path):
    """The profile says that reads of the bucket are recorded."""
    export, _ = damaged(quiet, tmp_path)
    for path in (export / "trail").glob("*.json.gz"):
        records = json.loads(gzip.decompress(path.read_bytes()))["Records"]
        kept = [record for record in records if record["eventName"] != "GetObject"]
        path.write_bytes(gzip.compress(json.dumps({"Records": kept}).encode()))
    case = audited(quiet, tmp_path, export)
    assert case.leak_verdict.word == CANNOT_TELL
    assert doubted(case) == [(case.window.start, case.window.end)]


def test_an_empty_trail_is_no_clearance(quiet: SimulatedCase, tmp_path: Path):
    """Nothing can be said over nothing."""
    export, rows = damaged(quiet, tmp_path)
    rewrite(export, rows[:1])
    case = audited(quiet, tmp_path, export)
    assert case.leak_verdict.word == CANNOT_TELL
    assert case.result("tenant_leaks").status is Verdict.NOT_CHECKED


def test_the_report_is_made_and_replays(leak: SimulatedCase, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """From the evidence alone; with one list for each customer, which names no other."""
    asked = ["run", str(leak.incident), "--notebook", NOTEBOOK, "--out", str(tmp_path)]
    assert main(asked) == 0
    report = next(tmp_path.glob("*/findings.json")).parent
    assert main(["replay", str(report)]) == 0
    assert main(["verify", str(report)]) == 0
    assert "identical" in capsys.readouterr().out
    owners = json.loads(leak.truth.read_text())["leak"]["owners"]
    lists = sorted((report / "annex").iterdir())
    assert len(lists) == len(owners)
    for path in lists:
        named = [owner for owner in owners if owner in path.read_text(encoding="utf-8-sig")]
        assert len(named) <= 1
    page = (report / f"{NOTEBOOK}.html").read_text(encoding="utf-8")
    assert "leaked" in page
    assert "to be supplied by people" in page
