"""A claim without its evidence fails the build."""

import json
from pathlib import Path

import pytest
from report_builders import check, finding, pull, report_folder

from ddms_ops.errors import EvidenceError
from ddms_ops.report import open_report
from ddms_ops.report.claims import check_claims
from ddms_ops.report.post_mortem import write_post_mortem


def report_of(folder: Path, *refs: tuple[str, int, list[str]]) -> Path:
    """A report with one finding that rests on the given pulls, rows and ids."""
    evidence = [{"pull": name, "rows": rows, "ids": ids} for name, rows, ids in refs]
    coverage = (pull("logs/api"), pull("metrics"))
    return report_folder(folder, check("new", finding("new", "X", evidence=evidence)), coverage=coverage)


def fault_of(folder: Path) -> str:
    """Why a report's claims do not hold; empty where they do."""
    try:
        check_claims(open_report(folder))
    except EvidenceError as fault:
        return str(fault)
    return ""


def test_claims_that_hold(tmp_path: Path):
    """Up to the last row of a pull."""
    assert fault_of(report_of(tmp_path, ("logs/api", 1200, ["logs/api:1199"]), ("metrics", 0, []))) == ""


@pytest.mark.parametrize(
    ("ref", "words"),
    [
        (("trail", 1, []), "findings.json does not list"),
        (("logs/api", -5, []), "fewer rows than none"),
        (("logs/api", 1201, []), "has 1,200 rows; the finding names 1,201"),
        (("logs/api", 1, ["logs/api:1200"]), "no such row"),
        (("logs/api", 1, ["metrics:1"]), "no such row"),
        (("logs/api", 1, ["logs/api:-1"]), "no such row"),
    ],
)
def test_a_claim_without_its_rows_is_named(tmp_path: Path, ref: tuple, words: str):
    """With the finding and the pull."""
    fault = fault_of(report_of(tmp_path, ref))
    assert words in fault
    assert f"rests on {ref[0]}" in fault


def test_a_frame_that_was_removed_is_named(tmp_path: Path):
    """From the folder, or from the manifest."""
    report_of(tmp_path, ("metrics", 3, []))
    (tmp_path / "evidence" / "metrics.parquet").unlink()
    assert "whose file metrics.parquet is missing" in fault_of(tmp_path)
    manifest = tmp_path / "evidence" / "manifest.json"
    document = json.loads(manifest.read_text())
    document["files"] = document["files"][:1]
    manifest.write_text(json.dumps(document))
    assert "which the evidence manifest does not know" in fault_of(tmp_path)


def edited(folder: Path, **changes: object) -> str:
    """Why a report does not hold whose findings.json was changed by hand."""
    path = folder / "findings.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return fault_of(folder)


def test_a_frame_that_was_changed_is_named(tmp_path: Path):
    """Truncated, emptied or replaced."""
    report_of(tmp_path, ("metrics", 3, []))
    (tmp_path / "evidence" / "metrics.parquet").write_bytes(b"junk")
    assert "metrics.parquet: was changed" in fault_of(tmp_path)


def test_coverage_and_digest_are_those_of_the_manifest(tmp_path: Path):
    """A pull called complete, one left out and another digest are refused."""
    coverage = (pull("logs/api"), pull("metrics", "failed", "no answer"))
    report_folder(tmp_path, check("new", finding("new", "X")), coverage=coverage)
    assert fault_of(tmp_path) == ""
    assert "the coverage of metrics is not" in edited(tmp_path, coverage=[coverage[0], pull("metrics")])
    assert "the coverage of metrics is not" in edited(tmp_path, coverage=[coverage[0]])
    assert "not the one that findings.json was made of" in edited(
        tmp_path, coverage=list(coverage), manifest_digest="0" * 64
    )


def test_impossible_results_are_refused(tmp_path: Path):
    """A clear check with findings, and one that was made twice."""
    report_of(tmp_path, ("metrics", 3, []))
    found = check("new", finding("new", "X"))
    assert "is clear and its findings say not" in edited(tmp_path, checks=[found | {"status": "clear"}])
    assert "more than once" in edited(tmp_path, checks=[found, found])


def test_no_post_mortem_is_written_over_such_a_claim(tmp_path: Path):
    """It ends before anything is written."""
    report_of(tmp_path, ("logs/api", 1201, []))
    with pytest.raises(EvidenceError, match="new-"):
        write_post_mortem(tmp_path)
    assert not list(tmp_path.glob("post_mortem*"))
