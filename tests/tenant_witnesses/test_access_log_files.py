"""S3 server access logs of an export."""

import gzip
import json
from pathlib import Path

from witness_builders import LECTURE, WINDOW, Evidence, called, declaring, request_line, shown, trail

from ddms_ops.analysis.object_witnesses import object_witnesses, presigned_uses
from ddms_ops.checks.tenant_witnesses import check_tenant_witnesses
from ddms_ops.normalize.object_access import object_accesses
from ddms_ops.sources.access_log_files import AccessLogs, read_access_logs
from ddms_ops.sources.base import RECORDS
from ddms_ops.tenancy import Tenants

EDT = "arn:aws:sts::222222222222:assumed-role/reader/alice"


def read(root: Path, **files: str | bytes) -> AccessLogs:
    """The access logs of an export with these files."""
    (root / "access").mkdir()
    (root / "scratch").mkdir()
    for name, text in files.items():
        (root / "access" / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_access_logs(root, root / "scratch")


def test_each_line_is_a_record(tmp_path: Path):
    """Time, bucket and key, and the fields as JSON, ordered by time; gzipped files too."""
    later = gzip.compress(request_line("10:05", "dhbw-media", "b", requester=EDT).encode() + b"\n")
    logs = read(tmp_path, a=later, b=request_line("10:02", "dhbw-media", "a", requester=EDT))
    assert logs.records.schema == RECORDS
    assert logs.records["id"].to_pylist() == ["dhbw-media/a", "dhbw-media/b"]
    assert json.loads(logs.records["record"][0].as_py())["requester"] == EDT


def test_signatures_are_not_kept(tmp_path: Path):
    """A pre-signed URL is a key until it expires."""
    logs = read(tmp_path, a=request_line("10:02", "dhbw-media", "a", requester=EDT, auth="QueryString"))
    assert "f00dfeed" not in logs.records["record"][0].as_py()


def test_other_lines_are_faults_and_lines_twice_are_one(tmp_path: Path):
    """What is no request is counted, without its text; a line that two files hold is taken once."""
    line = request_line("10:02", "dhbw-media", "a", requester=EDT)
    logs = read(tmp_path, a=f"{line}\nnot a secret line\n\n{line[:60]}\n", b=line, c=b"", d=b"\x00\x01\x02\x03" * 99)
    assert (logs.records.num_rows, logs.repeated) == (1, 1)
    assert [file.faults for file in logs.files] == [
        ("2 lines are not of an S3 access log",), (), ("is empty",), ("is not text",),
    ]  # fmt: skip


def test_no_folder_is_no_record(tmp_path: Path):
    """An export without access logs."""
    (tmp_path / "scratch").mkdir()
    logs = read_access_logs(tmp_path, tmp_path / "scratch")
    assert (logs.records.schema, logs.records.num_rows, logs.files) == (RECORDS, 0, ())


def test_a_request_for_another_tenants_object_is_a_witness(tmp_path: Path):
    """The account in the requester's ARN says who acted; keys are escaped twice; refusals are told apart."""
    lines = [
        request_line("10:02", "dhbw-media", "my%2520film", requester=EDT),
        request_line("10:03", "dhbw-media", "a", requester=EDT, status=403, error="AccessDenied"),
        request_line("10:04", "edt-media", "a", requester=EDT),
        request_line("10:05", "dhbw-media", "a", requester="-"),
    ]
    accesses = object_accesses(access=read(tmp_path, a="\n".join(lines)).records)
    found = object_witnesses(accesses, LECTURE, folded=True, window=WINDOW)
    assert shown(found) == [("object_access", "edt", "dhbw", "served"), ("object_access", "edt", "dhbw", "denied")]
    assert found.loc[0, ["record", "user", "pull"]].tolist() == ["dhbw-media/my film", "alice", "access"]


def test_uses_of_presigned_urls_are_told(tmp_path: Path):
    """By how the request was signed."""
    lines = [
        request_line("10:02", "shared", "edt/a", requester="79a5", auth="QueryString"),
        request_line("10:03", "shared", "edt/b", requester="79a5"),
    ]
    accesses = object_accesses(access=read(tmp_path, a="\n".join(lines)).records)
    uses = presigned_uses(accesses, LECTURE, folded=True, window=WINDOW)
    assert uses[["key", "owner", "row"]].values.tolist() == [["edt/a", "edt", 0]]


def test_a_request_that_both_sources_tell_of_is_counted_once(tmp_path: Path):
    """CloudTrail and the access log give it one request id: a row of each, one request in the finding."""
    row = called("10:02", "GetObject", "222222222222", "dhbw-media", "a", requestID="ID10:02")
    line = request_line("10:02", "dhbw-media", "a", requester=EDT)
    accesses = object_accesses(trail(row), read(tmp_path, a=line).records)
    found = object_witnesses(accesses, LECTURE, folded=True, window=WINDOW)
    [finding] = check_tenant_witnesses(Evidence(declaring(Tenants(objects=LECTURE)), found))
    assert sorted(found["pull"]) == ["access", "changes"]
    assert finding.statement.startswith("tenant edt got 1 S3 request for tenant dhbw")
