"""Evidence: what was changed, removed or added is named."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from builders import window

from ddms_ops.coverage import Coverage, Status
from ddms_ops.errors import EvidenceError
from ddms_ops.evidence import EvidenceFolder, digest_of, manifest_digest
from ddms_ops.sources.base import Provenance, Pull
from ddms_ops.verify import verify_evidence

HOUR = window("10:00", "11:00")


def pull(name: str, *values: int) -> Pull:
    """A pull with some rows."""
    coverage = Coverage(name, "files", "all", HOUR, None, len(values), len(values), Status.COMPLETE)
    return Pull(
        pa.table({"value": pa.array(values, pa.int64())}), coverage, Provenance("files", clock_start="a", clock_end="b")
    )


@pytest.fixture
def folder(tmp_path: Path, root: Path) -> Path:
    """An evidence folder with two pulls and a profile."""
    evidence = EvidenceFolder(tmp_path / "evidence", tool="test 1")
    evidence.record(pull("logs/a", 1, 2), {})
    evidence.record(pull("metrics", 3), {})
    evidence.keep_profile(root / "parameters/systems/generic.yaml")
    return evidence.folder


def test_untouched_evidence_verifies(folder: Path):
    """Nothing wrong is the empty list, also against the printed digest."""
    assert verify_evidence(folder, expected=manifest_digest(folder)) == []


def test_folder_is_private(folder: Path):
    """Raw records are for their owner only."""
    assert folder.stat().st_mode & 0o777 == 0o700


def test_one_flipped_byte_is_named(folder: Path):
    """Any byte of any evidence file counts."""
    path = folder / "metrics.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    assert verify_evidence(folder) == ["metrics.parquet: was changed: its SHA-256 is not the manifest's"]


def test_a_changed_profile_is_named(folder: Path):
    """The profile of the run is evidence too."""
    with (folder / "profiles/generic.yaml").open("a") as stream:
        stream.write("# x\n")
    assert verify_evidence(folder)[0].startswith("profiles/generic.yaml: was changed")


def test_a_dropped_and_an_added_file_are_named(folder: Path):
    """The manifest lists all there is, and no more."""
    (folder / "metrics.parquet").rename(folder / "other.parquet")
    assert verify_evidence(folder) == [
        "metrics.parquet: is missing",
        "other.parquet: was added: the manifest does not know it",
    ]


def test_an_edited_manifest_is_named(folder: Path):
    """A manifest's content has to fit its digest."""
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"query": "all"', '"query": "some"'))
    assert verify_evidence(folder) == ["manifest.json: was changed: its content does not fit its own digest"]


def test_a_manifest_edited_with_its_digest_does_not_fit_its_report(folder: Path):
    """The digest that the report printed gives a consistent forgery away."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    expected = manifest_digest(folder)
    manifest["tool"] = "another"
    path.write_text(json.dumps({**manifest, "digest": digest_of(manifest)}))
    [fault] = verify_evidence(folder, expected=expected)
    assert fault.startswith("manifest.json: was changed: its digest is ")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": 2, "files": []}'])
def test_a_damaged_manifest_is_one_line(folder: Path, content):
    """A manifest that is none is said so."""
    (folder / "manifest.json").write_text(content)
    with pytest.raises(EvidenceError, match="the manifest is damaged"):
        verify_evidence(folder)


def test_same_records_same_bytes(tmp_path: Path):
    """The digest depends on the records, not on how they came in pieces."""
    one, two = (EvidenceFolder(tmp_path / name, tool="t") for name in ("one", "two"))
    whole = pull("logs/a", 1, 2, 3)
    parts = pa.concat_tables([whole.table.slice(0, 1), whole.table.slice(1)])
    one.record(whole, {})
    two.record(Pull(parts, whole.coverage, whole.provenance), {})
    assert one.digest == two.digest


def test_the_clock_does_not_change_the_printed_digest(tmp_path: Path):
    """Two runs over the same records print the same digest, though each manifest keeps its own clock."""
    one, two = (EvidenceFolder(tmp_path / name, tool="t") for name in ("one", "two"))
    one.record(pull("metrics", 1), {})
    later = pull("metrics", 1)
    two.record(Pull(later.table, later.coverage, Provenance("files", clock_start="x", clock_end="y")), {})
    assert one.digest == two.digest
    assert (one.folder / "manifest.json").read_text() != (two.folder / "manifest.json").read_text()


def test_an_edited_clock_is_named(folder: Path):
    """The manifest's own digest covers the clocks."""
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"clock_start": "a"', '"clock_start": "z"'))
    assert verify_evidence(folder) == ["manifest.json: was changed: its content does not fit its own digest"]


def test_pulls_with_like_names_have_their_own_files(tmp_path: Path):
    """Names that differ only in marks do not collide."""
    evidence = EvidenceFolder(tmp_path / "e", tool="t")
    entries = [evidence.record(pull(name, 1), {}) for name in ("logs/a-b", "logs/a/b", "logs/../../a")]
    assert len({entry.file for entry in entries}) == 3
    assert all((evidence.folder / entry.file).is_file() for entry in entries)
    assert verify_evidence(evidence.folder) == []
