"""Fields that a profile maps and no event has: what doctor says of them."""

import json
from pathlib import Path

import pytest

from ddms_ops.doctor.exports import export_lines
from ddms_ops.doctor.lines import LACKING, OK, Line
from ddms_ops.profile import load_profile
from ddms_ops.sources.files import FilesSource

GROUP = "/aws/lambda/dms-api-handler-prod"
WHOLE = {"level": "error", "message": "boom", "tenantId": "t1", "requestId": "r1"}


def said(root: Path, *events: str) -> list[Line]:
    """The lines about fields, of an export with these log lines."""
    folder = root / "logs" / GROUP.replace("/", "__")
    folder.mkdir(parents=True)
    (folder / "a.log").write_text("".join(f"2026-03-04T10:00:0{n}Z {line}\n" for n, line in enumerate(events)))
    lines = export_lines(load_profile("dms"), FilesSource(root))
    return [(status, words) for status, words in lines if words.startswith("fields of the profile")]


@pytest.mark.parametrize("ours", ["level", "message", "tenantId", "requestId"])
def test_a_field_under_another_name_lacks(tmp_path: Path, ours: str):
    """With the names that it was looked for."""
    event = {f"x_{key}" if key == ours else key: value for key, value in WHOLE.items()}
    [(status, words)] = said(tmp_path, json.dumps(event), "plain words")
    assert status == LACKING
    assert words.startswith("fields of the profile that none of 1 JSON log events has: ")
    assert ours in words


def test_one_event_that_has_it_is_enough(tmp_path: Path):
    """Fields that a report can do without are told, and lack nothing."""
    [(status, words)] = said(tmp_path, json.dumps({"message": "a"}), json.dumps(WHOLE))
    assert status == OK
    assert "tenant (" not in words
    assert "duration_ms (" in words


def test_nothing_is_said_of_plain_text(tmp_path: Path):
    """It has no fields."""
    assert said(tmp_path, "ERROR boom", "INFO well") == []
