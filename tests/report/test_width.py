"""What an engineer must see at once fits beside the contents in a window of 1,200 pixels."""

from pathlib import Path

import nbformat
from builders import failure, minutes, open_export, request, write_logs
from nbformat.v4 import new_code_cell, new_notebook, new_output

from ddms_ops.panels import groups_table
from ddms_ops.report.html import export_html

API = "/aws/lambda/dms-api-handler-prod"
LONG = (
    "Cannot write /tmp/render-cache/{n}-4c2a-a4d6-c9858898710.pdf after {n} tries (Service: Textract, Request ID: {n})"
)


def test_all_columns_of_the_groups_are_on_the_screen(tmp_path: Path, visit):
    """Numbers stand beside long texts, not behind the edge."""
    calls = [request(clock) for hour in (9, 10) for clock in minutes(0, 60, hour)]
    errors = [failure(clock, LONG.format(n=n), error="UnsupportedDocumentFormatException") for n, clock in
              enumerate([*minutes(0, 9, 9), *minutes(20, 40)])]  # fmt: skip
    case = open_export(write_logs(tmp_path, API, *calls, *errors))
    output = new_output("display_data", {"text/html": groups_table(case).html})
    nbformat.write(new_notebook(cells=[new_code_cell("x", outputs=[output])]), tmp_path / "n.ipynb")
    export_html(tmp_path / "n.ipynb", tmp_path / "n.html", title="Title")
    page = visit(tmp_path / "n.html", viewport={"width": 1200, "height": 900})
    assert page.evaluate("[...document.querySelectorAll('.output')].every(o => o.scrollWidth <= o.clientWidth)")
    assert page.locator("th").last.inner_text() == "first seen (UTC)"
