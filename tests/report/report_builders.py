"""Tiny notebooks and report folders for the tests of this room."""

import json
from hashlib import sha256
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ddms_ops.evidence import digest_of, records_digest

PARAMETERS = "minutes: int = 60  # length\nsystem: str = 'dms'"
HOSTILE = (
    "<script>alert(1)</script>",
    "![x](http://127.0.0.1:1/x.png)",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1)) javascript:alert(1)",
    r"$\href{javascript:alert(1)}{x}$",
    "</td></table><iframe src=http://127.0.0.1:1/></iframe>",
    "<!channel> @here http://127.0.0.1:1/y www.example.com/z mailto:a.example.com",
)

UNLABELLED = """
[...document.querySelectorAll('.shown')].flatMap(root => {
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), found = [];
  const holds = (node, href) => node && node.querySelector(`a[href^='${href}']`);
  for (let text; (text = walk.nextNode());) {
    if (!/[0-9]/.test(text.data)) continue;
    const at = text.parentElement, letter = at.closest('pre.template');
    if (at.closest('table.declared, .declared, .people')) continue;
    if (holds(at.closest('.claim'), '#pull-') || holds(at.closest('.counted'), '#')) continue;
    if (letter && at.closest('.counted')) continue;
    if (letter && at.closest('.claim') && holds(letter.nextElementSibling, '#pull-')) continue;
    found.push(text.data);
  }
  return found;
})
"""
"""Texts of a page with a number that says nothing of what it rests on."""


def notebook(folder: Path, *cells: str, parameters: str | None = PARAMETERS) -> Path:
    """A notebook of the given cells; one that begins with `#` and a space is Markdown."""
    first = [new_code_cell(parameters, metadata={"tags": ["parameters"]})] if parameters is not None else []
    rest = [new_markdown_cell(text) if text.startswith("#") else new_code_cell(text) for text in cells]
    path = folder / "made.ipynb"
    nbformat.write(new_notebook(cells=first + rest), path)
    return path


def outputs_of(path: Path) -> list[str]:
    """Text of the last output of each code cell that has one."""
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code" and cell.outputs]
    return [_text(cell.outputs[-1]) for cell in cells]


def _text(output: nbformat.NotebookNode) -> str:
    return str(output.get("evalue") or output.get("text") or output.data["text/plain"])


WINDOW = {"start": "2026-03-04T10:00:00Z", "end": "2026-03-04T12:00:00Z"}


def finding(check: str, statement: str, *, rank: int = 1, severity: str = "high", **changes: object) -> dict:
    """One finding as findings.json has it."""
    return {
        "id": f"{check}-1",
        "rank": rank,
        "severity": severity,
        "confidence": "medium",
        "statement": statement,
        "subject": {"endpoint": "POST /documents"},
        "first_seen": "2026-03-04T10:37:00Z",
        "last_seen": "2026-03-04T11:59:00Z",
        "observed": 0.1,
        "baseline": 0.004,
        "unit": "ratio",
        "evidence": [{"pull": "logs/api", "rows": 508, "ids": ["logs/api:3"]}],
        "next_step": "Check recent deployments",
    } | changes


def check(name: str, *findings: dict, status: str = "", reason: str = "", notebook: str = "error_triage") -> dict:
    """One check as findings.json has it; found with findings, clear without."""
    status = status or ("found" if findings else "clear")
    return {
        "id": name,
        "notebook": notebook,
        "question": f"Question of {name}?",
        "status": status,
        "reason": reason,
        "findings": list(findings),
    }


def pull(name: str, status: str = "complete", reason: str = "") -> dict:
    """One row of coverage."""
    return {
        "pull": name,
        "source": "files",
        "query": f"all of {name}",
        "asked": WINDOW,
        "got": WINDOW,
        "rows": 1200,
        "matched": 1200,
        "status": status,
        "reason": reason,
    }


def entry(row: dict) -> dict:
    """What the manifest says of a pull with this coverage."""
    return {
        "file": f"{row['pull'].replace('/', '-')}.parquet",
        "sha256": sha256(b"").hexdigest(),
        "bytes": 0,
        "rows": row["rows"],
        "pull": row["pull"],
        "query": row["query"],
        "parameters": {},
        "source": "files",
        "account": "",
        "region": "",
        "identity": "",
        "read_files": [],
        "clock_start": "2026-03-05T09:00:00Z",
        "clock_end": "2026-03-05T09:00:01Z",
        "tool": "ddms-ops 0.1.0",
        "coverage": row,
    }


def report_folder(
    folder: Path, *checks: dict, coverage: tuple[dict, ...] = (pull("logs/api"),), **changes: object
) -> Path:
    """A report folder with a findings.json, a timeline and a manifest."""
    entries = [entry(row) for row in coverage]
    bare: dict[str, object] = {"schema": 1, "files": entries}
    document = {
        "schema": 1,
        "incident": {
            "incident_id": "inc-7",
            "system": "dms",
            "title": "Uploads fail",
            "detected": "2026-03-04T10:42:00Z",
        },
        "window": WINDOW,
        "baseline": {"start": "2026-03-04T08:00:00Z", "end": "2026-03-04T10:00:00Z"},
        "source": "files:export",
        "tool": "ddms-ops 0.1.0",
        "manifest_digest": records_digest(bare),
        "coverage": list(coverage),
        "checks": list(checks),
        "generated_at": "2026-03-05T09:00:00Z",
    } | changes
    (folder / "evidence").mkdir(parents=True, exist_ok=True)
    (folder / "findings.json").write_text(json.dumps(document), encoding="utf-8")
    for made in entries:
        (folder / "evidence" / made["file"]).write_bytes(b"")
    (folder / "evidence" / "manifest.json").write_text(json.dumps(bare | {"digest": digest_of(bare)}))
    (folder / "timeline.csv").write_text(
        "time,source,event,detail\n2026-03-04T10:34:06Z,change,UpdateFunctionCode,dms-api by deploy\n"
    )
    return folder
