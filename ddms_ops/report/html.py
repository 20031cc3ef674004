"""An executed notebook as one HTML file: no script, no network, every output sanitised.

Code is left out; of the parameters cell a table of values is shown. What records say may be
hostile, and a traceback may hold records: so the one is only ever text, the other is left out.
"""

import re
from pathlib import Path
from typing import Any

import nbformat
from markupsafe import Markup, escape
from nbconvert.exporters import TemplateExporter
from traitlets import default

from ddms_ops import __version__
from ddms_ops.checks.tables import html_table, visible
from ddms_ops.notebook import ANSI, headings, one_line, parameter_rows, read_notebook
from ddms_ops.progress import MARK as PROGRESS
from ddms_ops.redact import redact, redacted_counts
from ddms_ops.report.people import FOR_PEOPLE
from ddms_ops.report.sanitize import anchor, markdown_html, safe_html

TEMPLATES = Path(__file__).parent / "templates"
STYLE = TEMPLATES / "ddms" / "style.css"
MAX_STREAM = 4000
MAX_TEXT = 20_000
PICTURES = ("image/svg+xml", "image/png", "image/jpeg")
WIDGET = "application/vnd.jupyter.widget-view+json"
INNER = re.compile(r"(?m)^ {0,3}#{1,6}[ \t]+(.+)$")
TAKEN_OUT = "<!--taken out-->"
TAG = re.compile(r'<(?:"[^"]*"|[^">])*>')
NOT_RUN = "This section was not run."


def export_html(notebook: Path, html: Path, *, title: str, subtitle: str = "", digest: str = "") -> None:
    """Write an executed notebook as one HTML file.

    Args:
        notebook: as saved by the runner.
        html: the file to write.
        title: heading of the page.
        subtitle: system, window and the like, below the title.
        digest: of the evidence manifest, printed in the footer.

    Raises:
        RunError: `notebook` cannot be read as one.
    """
    loaded = _nested(_without_title(read_notebook(notebook)))
    page = {
        "title": visible(title),
        "subtitle": visible(subtitle),
        "digest": visible(digest),
        "version": __version__,
        "style": Markup(STYLE.read_text(encoding="utf-8")),
        "sections": _sections(loaded),
        "parameters": parameter_rows(loaded),
    }
    body, _ = _ReportExporter().from_notebook_node(loaded, {"page": page})
    body = body.replace(TAKEN_OUT, taken_out(TAG.sub("", body.partition("<body>")[2])), 1)
    partial = html.with_suffix(".part")
    partial.write_text(body, encoding="utf-8")
    partial.replace(html)


def taken_out(text: str) -> str:
    """How much was taken out of a shown text as private or secret, by kind, as one sentence."""
    counts = redacted_counts(text)
    named = ", ".join(f"{name.replace('_', ' ')} {number:,}" for name, number in sorted(counts.items()))
    return f"Taken out as private or secret: {named}." if named else "Nothing was taken out as private or secret."


class _ReportExporter(TemplateExporter):
    """nbconvert with our template and our filters; its own HTML exporter brings scripts along."""

    output_mimetype = "text/html"
    template_name = "ddms"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    @default("extra_template_basedirs")
    def _basedirs_default(self) -> list[str]:
        return [str(TEMPLATES)]

    def default_filters(self) -> Any:
        """nbconvert's filters and ours."""
        yield from super().default_filters()
        yield "as_text", escape
        yield "prose", lambda cell: markdown_html(redact(cell.source))
        yield "cell_body", cell_html
        yield "parameter_table", _parameter_table


def cell_html(cell: nbformat.NotebookNode, heading: str) -> Markup:
    """What a code cell shows.

    Args:
        cell: the executed cell.
        heading: of its section, the text alternative of pictures that have none.
    """
    state = cell.metadata.get("papermill", {}).get("status")
    if state == "pending" and not cell.outputs and cell.source.strip():
        return _box("skipped", NOT_RUN)
    told = [output for output in cell.outputs if not output.get("metadata", {}).get(PROGRESS)]
    panels = [output for output in told if WIDGET not in output.get("data", {})]  # what a control stands above
    return Markup("\n").join(output_html(output, cell, heading) for output in panels or told)


def output_html(output: nbformat.NotebookNode, cell: nbformat.NotebookNode, heading: str) -> Markup:
    """One output: HTML sanitised, a picture with its text, or text.

    Args:
        output: of a code cell.
        cell: where it stands.
        heading: of its section.
    """
    if output.output_type == "error":
        return _box("failed", f"This section failed: {visible(one_line(output.ename, output.evalue))}")
    if output.output_type == "stream":
        return _text(output.text, "stream", MAX_STREAM)
    content = output.data
    if "text/html" in content:
        return Markup('<div class="output" tabindex="0">{}</div>').format(safe_html(content["text/html"]))
    for kind in PICTURES:
        if kind in content:
            return _picture(kind, content[kind], _words(output, cell, heading))
    if WIDGET in content:
        return Markup('<p class="quiet">A control for choosing what to look at stands here in JupyterLab.</p>')
    return _text(content.get("text/plain") or content.get("text/markdown") or "", "plain", MAX_TEXT)


def _picture(kind: str, content: str, words: str) -> Markup:
    if kind == "image/svg+xml":
        from base64 import b64encode

        content = b64encode(content.encode()).decode()
    source = f"data:{kind};base64,{''.join(content.split())}"
    return Markup('<figure><img src="{}" alt="{}"></figure>').format(source, visible(words))


def _words(output: nbformat.NotebookNode, cell: nbformat.NotebookNode, heading: str) -> str:
    text = str(output.data.get("text/plain", ""))
    return str(cell.metadata.get("alt") or (heading if text.startswith("<") or not text else text))


def _text(text: str, name: str, limit: int) -> Markup:
    if not text.strip():
        return Markup("")
    shown = visible(redact(ANSI.sub("", text)).rstrip(), limit=limit, keep="\n\t")
    return Markup('<pre class="{}" tabindex="0">{}</pre>').format(name, shown)


def _box(name: str, words: str) -> Markup:
    return Markup('<p class="box {}" role="note">{}</p>').format(name, words)


def _parameter_table(rows: list[tuple[str, object, str]]) -> Markup:
    shown = [
        (name, redact(str(value)) if value not in ("", None) else None, note or None) for name, value, note in rows
    ]
    return Markup(html_table(("Parameter", "Value", "Meaning"), shown, align="lll").html)


def _sections(notebook: nbformat.NotebookNode) -> list[dict[str, object]]:
    """For each section its heading, anchor and whether all of it ran; also a heading for each cell."""
    found: dict[str, dict[str, object]] = {}
    for cell, heading in zip(notebook.cells, headings(notebook), strict=True):
        if FOR_PEOPLE in cell.metadata.get("tags", []) and cell.source.startswith("## "):
            heading = cell.source.partition("\n")[0].removeprefix("## ").strip()
        cell.metadata["ddms_heading"] = heading
        section = found.setdefault(
            heading, {"heading": visible(heading), "anchor": anchor(heading), "failed": False, "listed": False}
        )
        if cell.cell_type == "markdown" and any(line.startswith("## ") for line in cell.source.splitlines()):
            section["listed"] = True
        if cell.cell_type == "code":
            is_failed = any(output.output_type == "error" for output in cell.outputs)
            section["failed"] = section["failed"] or is_failed or cell_html(cell, heading).endswith(f"{NOT_RUN}</p>")
    return [section for section in found.values() if section["listed"] or section["failed"]]


def _nested(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """With people's cells under one heading each, of the second level; what they wrote below it stays below it.

    Their words are redacted before a heading of them names an anchor.
    """
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and FOR_PEOPLE in cell.metadata.get("tags", []):
            first, line_end, rest = redact(cell.source).partition("\n")
            first = f"#{first}" if first.startswith("# ") else first
            parts = rest.split("```")  # every second one is code
            parts[::2] = [INNER.sub(_lower, part) for part in parts[::2]]
            cell.source = f"{first}{line_end}{'```'.join(parts)}"
    return notebook


def _lower(match: re.Match[str]) -> str:
    """A heading inside of a section as bold words: it names no section."""
    return f"**{match[1].strip()}**\n"


def _without_title(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Without the notebook's own title; the page has one."""
    for cell in notebook.cells[:1]:
        if cell.cell_type == "markdown" and cell.source.startswith("# "):
            cell.source = cell.source.partition("\n")[2]
    return notebook
