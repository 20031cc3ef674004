"""The post-mortem: one notebook over findings.json, run strictly and exported; people's words in it are kept."""

from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat

from ddms_ops.errors import RunError
from ddms_ops.notebook import read_notebook
from ddms_ops.report.document import open_report
from ddms_ops.report.html import export_html
from ddms_ops.runner import NotebookRun, OnProgress, run_notebook
from ddms_ops.settings import assets

NAME = "post_mortem"
FOR_PEOPLE = "for-people"


def write_post_mortem(report_dir: Path, *, on_progress: OnProgress = lambda _: None) -> NotebookRun:
    """Write post_mortem.ipynb and post_mortem.html into a report folder.

    What people wrote into the cells tagged `for-people` of an earlier post_mortem.ipynb stays.

    Args:
        report_dir: with findings.json.
        on_progress: see `ddms_ops.runner.run_notebook`.

    Raises:
        EvidenceError: no findings.json there that can be read.
        RunError: an earlier post_mortem.ipynb cannot be read, so that words in it could be lost.
    """
    report = open_report(report_dir)
    folder = Path(report_dir).absolute()
    out = folder / f"{NAME}.ipynb"
    with TemporaryDirectory() as scratch:
        template = Path(scratch) / f"{NAME}.ipynb"
        nbformat.write(_with_words_of(assets("notebooks") / template.name, out), template)
        run = run_notebook(template, out, {"report_dir": str(folder)}, on_progress=on_progress)
    subtitle = f"{report.incident['incident_id']} · {report.incident.get('system', '')} · {report.window}"
    export_html(
        out, out.with_suffix(".html"), title=f"Post-mortem: {report.title}", subtitle=subtitle, digest=report.digest
    )
    return run


def _with_words_of(path: Path, earlier: Path) -> nbformat.NotebookNode:
    """The notebook, its cells for people as an earlier one has them."""
    notebook = read_notebook(path)
    if not earlier.exists():
        return notebook
    try:
        written = {cell.get("id"): cell.source for cell in read_notebook(earlier).cells}
    except RunError as fault:
        raise RunError(f"{fault}; move it away, or mend it, so that what people wrote is not lost") from None
    for cell in notebook.cells:
        if FOR_PEOPLE in cell.metadata.get("tags", []):
            cell.source = written.get(cell.id, cell.source)
    return notebook
