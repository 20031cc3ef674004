"""Evidence: what was changed, removed or added is named."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from builders import window
from disks import room_for

from ddms_ops.coverage import Coverage, Status
from ddms_ops.errors import EvidenceError
from ddms_ops.evidence import EvidenceFolder, digest_of, manifest_digest, read_table
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


@pytest.fixture
def open_folder(tmp_path: Path) -> EvidenceFolder:
    """An evidence folder that its case still works on."""
    evidence = EvidenceFolder(tmp_path / "evidence", tool="t")
    evidence.record(pull("logs/a", 1, 2), {})
    return evidence


def test_a_file_that_is_changed_while_the_case_is_open_is_refused(open_folder: EvidenceFolder):
    """Whatever asks next hears of it; a file that was only touched, or put back, is the same."""
    path = open_folder.path_of("logs/a")
    content = path.read_bytes()
    path.touch()
    open_folder.check()
    path.write_bytes(content[:-1])
    for ask in (open_folder.check, lambda: open_folder.path_of("logs/a"), lambda: open_folder.digest):
        with pytest.raises(EvidenceError, match=r"parquet: was changed: its SHA-256 is not .*; run open_case again$"):
            ask()
    path.write_bytes(content)
    assert open_folder.path_of("logs/a") == path


def test_a_file_that_goes_while_the_case_is_open_is_missed(open_folder: EvidenceFolder):
    """It is one line, also before anything reads it."""
    open_folder.path_of("logs/a").unlink()
    with pytest.raises(EvidenceError, match=r"parquet: is missing; run open_case again$"):
        open_folder.check()


def test_a_pull_that_is_made_again_takes_the_place_of_its_file(open_folder: EvidenceFolder):
    """What this case writes itself is no change by another hand."""
    open_folder.record(pull("logs/a", 1, 2, 3), {})
    assert read_table(open_folder.path_of("logs/a")).num_rows == 3


def test_a_file_of_another_kernel_is_what_the_manifest_says(open_folder: EvidenceFolder):
    """What another one recorded is verified before it is read."""
    other = EvidenceFolder(open_folder.folder, tool="t")
    with other.path_of("logs/a").open("ab") as stream:
        stream.write(b" ")
    with pytest.raises(EvidenceError, match="was changed"):
        other.path_of("logs/a")


def test_a_full_disk_is_one_line_and_leaves_what_was_there(open_folder: EvidenceFolder):
    """The pull before it stands, no half file is left, and with room it is recorded."""
    with room_for(50), pytest.raises(EvidenceError, match=r"parquet: cannot be written: File too large; run the cell"):
        open_folder.record(pull("logs/a", 1, 2, 3), {})
    assert read_table(open_folder.path_of("logs/a")).num_rows == 2
    assert not list(open_folder.folder.glob("*.part"))
    open_folder.record(pull("logs/a", 1, 2, 3), {})
    assert verify_evidence(open_folder.folder) == []


def test_a_folder_that_cannot_be_written_into_is_one_line(tmp_path: Path):
    """It says what works."""
    (tmp_path / "reports").touch()
    with pytest.raises(
        EvidenceError, match=r"cannot be written into: Not a directory; give another out=; .*source='case"
    ):
        EvidenceFolder(tmp_path / "reports" / "x" / "evidence", tool="t")
