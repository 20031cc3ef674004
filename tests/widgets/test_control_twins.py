"""Without a person a control is its panel, to the byte, and ipywidgets is not even looked at."""

import subprocess
import sys
from collections.abc import Callable

import nbformat
import pytest
from by_hand import at_the_desk

from ddms_ops import Case, panels, widgets
from ddms_ops.checks.tables import verdict
from ddms_ops.report.html import WIDGET, cell_html
from ddms_ops.widgets.control import AGAIN

TWINS: dict[str, Callable[[Case], object]] = {
    "incident": lambda case: verdict(repr(case)),
    "groups": panels.groups_table,
    "tenants": panels.tenants_table,
    "lines": panels.threads_panel,
    "checks": panels.findings_panel,
    "statements": panels.statements_table,
    "timeline": panels.timeline_panel,
}


@pytest.mark.parametrize("name", list(TWINS))
def test_without_a_person_a_control_is_its_panel(name: str, case: Case, capsys: pytest.CaptureFixture[str]):
    """The same HTML or picture and the same text; nothing is shown beside it."""
    panel = TWINS[name](case)
    html, png = getattr(panel, "_repr_html_", None), getattr(panel, "_repr_png_", None)
    expected = {"text/plain": repr(panel)}
    expected |= {"text/html": html()} if html else {"image/png": png()}
    control = getattr(widgets, name)(case)
    assert control._repr_mimebundle_() == expected
    assert repr(control) == repr(panel)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", list(TWINS))
def test_a_person_sees_the_same_panel_below_the_control(
    name: str, case: Case, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """What is saved of the panel does not depend on who looks, nor what is pulled; the control is another output."""
    control = getattr(widgets, name)(case)
    alone, pulled = control._repr_mimebundle_(), case.coverage
    with at_the_desk(monkeypatch):
        data = control._repr_mimebundle_()
    shown = capsys.readouterr().out
    assert {kind: data[kind] for kind in alone} == alone
    assert case.coverage == pulled
    assert WIDGET not in data
    assert (WIDGET in shown) == (name != "timeline")
    assert (AGAIN in shown) == (name != "timeline")
    assert "No controls here" not in shown


def test_ipywidgets_is_not_imported_without_a_person():
    """Not on import, and not when a control is shown; where it is not installed a person gets the panel."""
    code = """
import os
import sys
from ddms_ops import widgets
from ddms_ops.checks.tables import verdict
from ddms_ops.widgets import Control
control = Control(verdict("the panel"), lambda: 1 / 0)
assert control._repr_mimebundle_()["text/plain"] == "the panel"
assert not [name for name in sys.modules if name.startswith("ipywidgets")]
sys.modules["ipywidgets"] = None
os.environ["JPY_SESSION_NAME"] = "a.ipynb"
assert control._repr_mimebundle_()["text/plain"] == "the panel"
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == ""


def test_a_control_that_cannot_be_made_leaves_its_panel(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """One line says so; the panel stands."""

    def broken() -> object:
        raise ZeroDivisionError("row 7 of kim@example.com")

    with at_the_desk(monkeypatch):
        data = widgets.Control(verdict("the panel"), broken)._repr_mimebundle_()
    assert data["text/plain"] == "the panel"
    said = capsys.readouterr().out
    assert "No controls here: This could not be shown (ZeroDivisionError)" in said
    assert "kim" not in said


def test_what_is_saved_by_hand_exports_as_what_is_not():
    """A control beside its panel leaves no trace in the exported page."""
    panel = nbformat.v4.new_output("execute_result", {"text/plain": "p", "text/html": "<p>the panel</p>"})
    control = nbformat.v4.new_output("display_data", {"text/plain": AGAIN, WIDGET: {"model_id": "a"}})
    alone, both = (nbformat.v4.new_code_cell("x", outputs=outputs) for outputs in ([panel], [control, panel]))
    assert "the panel" in cell_html(alone, "h")
    assert cell_html(both, "h") == cell_html(alone, "h")
