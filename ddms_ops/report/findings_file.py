"""findings.json: what a report folder says, in a form that can be compared."""

import json
from collections.abc import Iterable
from pathlib import Path

from ddms_ops.coverage import Coverage
from ddms_ops.errors import EvidenceError
from ddms_ops.files import whole_file
from ddms_ops.findings import CheckResult
from ddms_ops.incident import Incident
from ddms_ops.redact import redact

SCHEMA = 1
NAME = "findings.json"


def findings_document(
    incident: Incident, coverage: Iterable[Coverage], results: Iterable[CheckResult], *, tool: str, digest: str
) -> dict[str, object]:
    """The document without `generated_at`; the same input gives the same bytes when written.

    Args:
        incident: the incident with absolute times.
        coverage: of every pull.
        results: ranked results.
        tool: `ddms-ops x.y.z`.
        digest: the evidence manifest's.
    """
    return {
        "schema": SCHEMA,
        "incident": {**incident.as_dict(), "title": redact(incident.title), "notes": redact(incident.notes)},
        "window": incident.window.as_dict(),
        "baseline": incident.baseline_window.as_dict(),
        "source": incident.source,
        "tool": tool,
        "manifest_digest": digest,
        "coverage": [
            {**row.as_dict(), "reason": redact(row.reason)} for row in sorted(coverage, key=lambda row: row.pull)
        ],
        "checks": [_redacted(result.as_dict()) for result in results],
    }


def _redacted(check: dict) -> dict:  # type: ignore[type-arg]
    """The same check, every text in its findings redacted once more, whoever wrote it."""
    findings = [
        {
            **finding,
            "statement": redact(finding["statement"]),
            "subject": {name: redact(value) for name, value in finding["subject"].items()},
            "next_step": redact(finding["next_step"]),
        }
        for finding in check["findings"]
    ]
    return {**check, "reason": redact(check["reason"]), "findings": findings}


def as_text(document: dict[str, object]) -> str:
    """The document as it is written."""
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def write_document(folder: Path, document: dict[str, object], *, generated_at: str) -> None:
    """Write findings.json into a report folder, whole or not at all.

    Raises:
        EvidenceError: it cannot be written.
    """
    with whole_file(folder / NAME) as partial:
        partial.write_text(as_text({**document, "generated_at": generated_at}), encoding="utf-8")


def read_document(folder: Path) -> dict:  # type: ignore[type-arg]
    """The findings.json of a report folder.

    Raises:
        EvidenceError: none there, or not one.
    """
    path = folder / NAME
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EvidenceError(f"{path}: no such file; give a report folder made by ddms-ops run") from None
    except (OSError, ValueError, RecursionError):
        raise EvidenceError(f"{path}: cannot be read as JSON") from None
    if not isinstance(loaded, dict) or loaded.get("schema") != SCHEMA:
        raise EvidenceError(f"{path}: is not findings of schema {SCHEMA}")
    return loaded


def without_time(document: dict[str, object]) -> dict[str, object]:
    """The document without `generated_at`, to compare two runs."""
    return {key: value for key, value in document.items() if key != "generated_at"}
