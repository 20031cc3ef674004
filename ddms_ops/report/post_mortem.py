"""The post-mortem: one notebook over findings.json, run strictly and exported; people's words in it are kept."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat

from ddms_ops.checks.tables import visible
from ddms_ops.notebook import one_line, read_notebook
from ddms_ops.redact import redact
from ddms_ops.report.attachments import footnotes
from ddms_ops.report.claims import check_claims
from ddms_ops.report.document import Report, open_report
from ddms_ops.report.html import NOT_RUN, export_html, taken_out
from ddms_ops.report.markdown_text import escape_markdown
from ddms_ops.report.people import FOR_PEOPLE, is_for_people, with_words_of
from ddms_ops.report.timeline_file import write_timeline
from ddms_ops.runner import NotebookRun, OnProgress, run_notebook
from ddms_ops.settings import assets

__all__ = ["FOR_PEOPLE", "PostMortem", "write_post_mortem"]
NAME = "post_mortem"


@dataclass(frozen=True, slots=True)
class PostMortem(NotebookRun):
    """How the run ended; `notes` say what could not be read of earlier files and was kept aside."""

    notes: tuple[str, ...] = ()


def write_post_mortem(report_dir: Path, *, on_progress: OnProgress = lambda _: None) -> PostMortem:
    """Write post_mortem.ipynb, .html and .md and timeline.csv into a report folder.

    What people wrote into the cells tagged `for-people` of an earlier post_mortem.ipynb, or into the same sections of
    post_mortem.md, stays; so do their rows of timeline.csv. An earlier file that cannot be read is kept aside.

    Args:
        report_dir: with findings.json.
        on_progress: see `ddms_ops.runner.run_notebook`.

    Raises:
        EvidenceError: no findings.json there that can be read, or a claim without its evidence.
    """
    folder = Path(report_dir).absolute()
    report = open_report(folder)
    check_claims(report)
    notes = write_timeline(report)
    out = folder / f"{NAME}.ipynb"
    kept = with_words_of(assets("notebooks") / out.name, out, report, notes)
    with TemporaryDirectory() as scratch:
        template = Path(scratch) / out.name
        nbformat.write(kept.notebook, template)
        run = run_notebook(template, out, {"report_dir": str(folder)}, on_progress=on_progress)
    title = f"Post-mortem: {report.title}"
    subtitle = f"{report.incident['incident_id']} · {report.incident.get('system', '')} · {report.window}"
    export_html(out, out.with_suffix(".html"), title=title, subtitle=subtitle, digest=report.digest)
    text = markdown_of(read_notebook(out), report, title=title, subtitle=subtitle)
    partial = folder / f"{NAME}.part"
    partial.write_text(text, encoding="utf-8")
    partial.replace(out.with_suffix(".md"))
    return PostMortem(run.path, run.status, run.failed_sections, run.cells_run, run.seconds, kept.notes)


def markdown_of(notebook: nbformat.NotebookNode, report: Report, *, title: str, subtitle: str) -> str:
    """The executed notebook as one Markdown text, its footnotes at the end.

    Args:
        notebook: the executed post-mortem.
        report: that it is about.
        title: heading of the text.
        subtitle: below it.
    """
    parts = [f"# {escape_markdown(title)}", escape_markdown(subtitle)]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            source = cell.source.partition("\n")[2] if cell.source.startswith("# ") else cell.source
            parts.append(redact(source).strip() if is_for_people(cell) else source.strip())
        elif cell.cell_type == "code" and not {"parameters", "injected-parameters"} & {*cell.metadata.get("tags", [])}:
            parts.append(_shown(cell))
    parts.append(taken_out("\n".join(parts).replace("\\", "")))
    parts.append(footnotes(report))
    return "\n\n".join(part for part in parts if part) + "\n"


def _shown(cell: nbformat.NotebookNode) -> str:
    """What a code cell shows, as Markdown."""
    if not cell.outputs and cell.metadata.get("papermill", {}).get("status") == "pending":
        return NOT_RUN
    said = []
    for output in cell.outputs:
        if output.output_type == "error":
            said.append(f"This section failed: {escape_markdown(one_line(output.ename, output.evalue))}")
        elif output.output_type != "stream":
            plain = visible(output.data.get("text/plain", ""))
            said.append(output.data.get("text/markdown") or escape_markdown(plain))
    return "\n\n".join(said)
