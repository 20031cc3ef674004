"""`ddms-ops report`: the post-mortem and the summary of a report folder made again, from what findings.json says.

A case that was run by hand has findings and evidence and no page yet; one that was run by `ddms-ops run` may have got
more evidence, pins and words of people since.
"""

import sys
from pathlib import Path
from typing import Any

from ddms_ops.checks.base import BROKEN, NOT_REACHED
from ddms_ops.coverage import FAULTY
from ddms_ops.inventory import known_notebooks, notebooks_for
from ddms_ops.report.document import Report, open_report
from ddms_ops.report.findings_file import read_document, write_document
from ddms_ops.report.html import export_html
from ddms_ops.report.model import NOT_ASKED, notebook_words
from ddms_ops.report.post_mortem import PostMortem, write_post_mortem
from ddms_ops.report.standing import STALE, set_pages_aside
from ddms_ops.report.summary import write_summary
from ddms_ops.verify import printed_digests

NOT_DONE = (BROKEN, NOT_REACHED, STALE)


def renew_report(report_dir: Path) -> int:
    """Write post_mortem.{ipynb,html,md}, timeline.csv and summary.md of a report folder again; people's words stay.

    The pages of notebooks that were run in the folder are made again where they are missing, older than their notebook
    or of other evidence. What was not run is said so in findings.json.

    Args:
        report_dir: with findings.json.

    Returns:
        0, or 1 when a section failed, a check was not made or evidence is partial.

    Raises:
        EvidenceError: no report there, or one whose claims do not fit its evidence.
    """
    folder = Path(report_dir)
    _say_what_was_not_run(folder)
    report = open_report(folder)
    notes = [note for name in known_notebooks() if (note := _renew_page(report, name))]
    for note in notes:
        print(note, file=sys.stderr)
    made = write_report(folder)
    is_faulty = any(result.reason.startswith(NOT_DONE) for result in report.results)
    return 1 if made.status != "ok" or is_faulty or any(row.status in FAULTY for row in report.coverage) else 0


def write_report(folder: Path) -> PostMortem:
    """Write the post-mortem and the summary of a report folder, and print the summary.

    Raises:
        EvidenceError: no findings.json there that can be read, or a claim without its evidence.
    """
    made = write_post_mortem(folder)
    for note in made.notes:
        print(note, file=sys.stderr)
    write_summary(folder)
    print((folder / "summary.md").read_text(encoding="utf-8").rstrip())
    print(f"\nreport: {folder / 'post_mortem.html'}")
    return made


def _say_what_was_not_run(folder: Path) -> None:
    """Complete findings.json: a reason for each notebook that has no results in it."""
    document: dict[str, Any] = read_document(folder)
    report = open_report(folder)
    skipped = {name: reason for name, reason in _not_run(report).items() if name not in report.notebooks}
    if skipped != report.skipped:
        bare = {name: value for name, value in document.items() if name not in ("skipped", "generated_at")}
        whole = {**bare, "skipped": skipped} if skipped else bare
        write_document(folder, whole, generated_at=report.generated_at)


def _not_run(report: Report) -> dict[str, str]:
    """Why a notebook was not run: as findings.json says, else what its profile is not for, or not asked for."""
    unfit = notebooks_for(report.profile)[1] if report.profile else {}
    return {**dict.fromkeys(known_notebooks(), NOT_ASKED), **unfit, **report.skipped}


def _renew_page(report: Report, name: str) -> str:
    """Export a notebook that was run in the report folder again, if need be; what was kept aside, in words."""
    notebook = report.folder / f"{name}.ipynb"
    page = notebook.with_suffix(".html")
    own = [result for result in report.results if result.notebook == name]
    if page.is_file() and (not own or any(result.reason == STALE for result in own)):
        kept = " and ".join(set_pages_aside(report.folder, name))
        return f"{page.name} is of evidence that was read again since; it is kept as {kept}"
    if own and notebook.is_file() and not _is_current(page, notebook, report.digest):
        title = f"{notebook_words(name).capitalize()}: {report.title}"
        subtitle = f"{report.incident['incident_id']} · {report.incident.get('system', '')} · {report.window}"
        export_html(notebook, page, title=title, subtitle=subtitle, digest=report.digest)
    return ""


def _is_current(page: Path, notebook: Path, digest: str) -> bool:
    """Whether a page is there, not older than its notebook, and prints the digest of the evidence."""
    if not page.is_file() or page.stat().st_mtime < notebook.stat().st_mtime:
        return False
    return digest in printed_digests(page)
