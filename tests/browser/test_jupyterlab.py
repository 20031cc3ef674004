"""Every notebook in JupyterLab, in a real browser, and each control used by hand; beside the same without a person.

One file, for one lab: what is chosen is shown with the call that gives it, and what is saved and exported afterwards is
what a headless run saves and exports.
"""

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from lab_cases import HOSTILE_LINES, INCIDENTS, REPORTS, Done, findings, lay, lay_post_mortem, simulated
from lab_driver import LabPage

from ddms_ops.evidence import read_manifest
from ddms_ops.incident import read_incident
from ddms_ops.runner import run_notebook
from ddms_ops.sandbox.faults import Delay
from ddms_ops.sandbox.server import Sandbox
from ddms_ops.simulate import SimulatedCase

GROUP = "/aws/lambda/dms-api-handler-prod"
CELL = """import pandas as pd
numbers = [place * 7919 % 100_000 for place in range(100_000)]
frame = pd.DataFrame({"number": numbers, "text": [f"row {number}" for number in numbers]})
widgets.table(frame)"""
SLOW_S, ALWAYS, DRAWN_S = 2, 10_000, 20
ALL = (*INCIDENTS, "post_mortem")
BESIDE = ("error_triage", "cost_spike", "post_mortem")
"""Notebooks that are run without a person too; tests/test_nbval.py compares the findings of all of them."""
UNTOUCHED = "untouched"
NO_KERNEL = "error Cannot read properties of null (reading 'kernel')"
"""What ipywidgets' own front end says of a notebook without a kernel (jupyterlab-manager 5.0)."""

Run = Callable[[str], Done]


@pytest.fixture(scope="module")
def triage(lab: LabPage, desk: Path, case: SimulatedCase) -> LabPage:
    """Error triage of the incident, run to its end."""
    lab.open_notebook(str(lay(desk, "error_triage", case)))
    lab.run_all()
    assert lab.errors() == []
    return lab


@pytest.fixture(autouse=True)
def nothing_happens(lab: LabPage) -> Iterator[None]:
    """Whatever is shown: no dialog, no error in the console, no request to another place, no element of a log line."""
    yield
    assert set(lab.complaints) <= {NO_KERNEL}
    assert lab.outside == []
    assert lab.page.locator(".jp-OutputArea script, .jp-OutputArea img[src='x']").count() == 0


def labels(control: Any) -> list[str]:
    """What a control suggests."""
    found: list[str] = control.locator("datalist option").evaluate_all("found => found.map(option => option.value)")
    return found


def picked(page: LabPage, cell: str, words: str) -> str:
    """What a control shows once the first suggestion with some words, or else those words, are entered."""
    control = page.control(page.number_of(cell))
    field, status = control.locator("input").first, control.locator("[role=status]")
    before = status.first.inner_text() if status.count() else ""
    field.fill(next((label for label in labels(control) if words in label), words))
    field.press("Enter")
    said = status.filter(has_not_text="Looking:").filter(has_text=re.compile(r"\S"))
    (said.filter(has_not_text=before) if before else said).first.wait_for()
    page.wait_idle()
    return str(control.inner_text())


def test_the_answer_begins_on_the_first_screen(triage: LabPage):
    """Parameters and the control that stand above it are folded."""
    below = triage.js(
        "await panel.content.scrollToItem(0, 'start');"
        "const area = cells.filter(c => c.model.type === 'code')[given].outputArea.node;"
        "return panel.content.node.getBoundingClientRect().bottom - area.getBoundingClientRect().top;",
        triage.number_of("answer_panel"),
    )
    assert below > 150


def test_a_group_leads_to_its_lines(triage: LabPage):
    """All that its label counts."""
    [label] = [label for label in labels(triage.control(triage.number_of("widgets.groups"))) if "(reading" in label]
    group, counted = re.match(r"(\w+) · (\d+) new", label).groups()
    shown = picked(triage, "widgets.groups", label)
    assert f"case.group('{group}').lines()" in shown
    assert f"of {counted} rows" in shown
    assert "Cannot read properties of undefined (reading 'retentionPolicy')" in shown


def test_a_tenant_leads_to_what_there_is_of_it(triage: LabPage):
    """By source, with the calls that lead on."""
    shown = picked(triage, "widgets.tenants", "tenant-022")
    assert "case.tenant('tenant-022')" in shown
    assert "case.logs(tenant='tenant-022', level='ERROR')" in shown


def test_a_finding_leads_to_its_evidence(triage: LabPage):
    """Its records, as they were pulled."""
    shown = picked(triage, "widgets.checks", "error_rate-")
    assert "case.finding('error_rate-" in shown
    assert f"logs{GROUP}" in shown


def test_a_statement_leads_to_its_numbers(triage: LabPage):
    """In a cell of one's own, too."""
    triage.add_cell("widgets.statements(case)")
    [first, *_] = labels(triage.control(triage.number_of("widgets.statements")))
    assert f"case.statement('{first.split(' · ')[0]}')" in picked(triage, "widgets.statements", first)


def test_what_records_say_is_no_formula(triage: LabPage):
    """JupyterLab makes formulas of dollars in HTML; `$1` of a statement stays what it is."""
    triage.add_cell("panels.statements_table(case)")
    formula = triage.cell(triage.add_cell("from IPython.display import HTML\nHTML('$z^2$')")).locator("mjx-container")
    formula.wait_for()
    statements = triage.cell(triage.number_of("panels.statements_table"))
    assert "WHERE user_id = $1" in statements.inner_text()
    assert statements.locator("mjx-container").count() == 0


def test_what_is_not_there_is_said_in_one_line(triage: LabPage):
    """With what would work; nothing is shown."""
    picked(triage, "widgets.tenants", "tenant-99x")
    control = triage.control(triage.number_of("widgets.tenants"))
    triage.until_text(control, "no tenant 'tenant-99x'")
    assert "case.tenant(" not in control.inner_text()


def test_lines_by_level_and_text(triage: LabPage):
    """Hostile text is asked for, and shown, as text."""
    control = triage.control(triage.number_of("widgets.lines"))
    control.get_by_label("level").select_option("ERROR")
    control.get_by_label("contains").fill("onerror=alert")
    control.get_by_text("Show", exact=True).click()
    control.get_by_text("case.logs(level='ERROR', contains='onerror=alert')").first.wait_for()
    triage.wait_idle()
    assert f"of {HOSTILE_LINES} rows" in control.inner_text()
    assert "<script>alert('x')</script>" in control.inner_text()


def test_a_window_around_an_alarm_gives_the_lines_that_open_it(triage: LabPage):
    """15 minutes before to 30 after; in a shell, and in a cell."""
    control = triage.control(triage.number_of("widgets.incident"))
    control.get_by_text("Another time").click()
    control.get_by_text("Alarms and findings").click()
    window = control.get_by_label("window")
    offered = window.locator("option", has_text="around alarm").first
    offered.wait_for(state="attached")
    window.select_option(offered.get_attribute("value"))
    control.get_by_text("start=2026-03-04T10:30:00Z").first.wait_for()
    shown = control.inner_text()
    assert re.search(r"ddms-ops run .*-p start=2026-03-04T10:30:00Z -p end=2026-03-04T11:15:00Z", shown)
    assert re.search(r"case = open_case\(.*start='2026-03-04T10:30:00Z', end='2026-03-04T11:15:00Z'", shown)


def test_the_timeline_is_drawn_and_zooms(triage: LabPage):
    """A turn of the wheel over it draws it anew."""
    cell = triage.cell(triage.number_of("widgets.timeline"))
    chart = cell.locator(".vega-embed canvas, .vega-embed svg.marks").first
    chart.wait_for()
    before, place = still(chart), chart.bounding_box()
    assert place["width"] > 400
    triage.page.mouse.move(place["x"] + place["width"] / 2, place["y"] + 60)
    triage.page.keyboard.down("Control")
    triage.page.mouse.wheel(0, -400)
    triage.page.keyboard.up("Control")
    until = time.monotonic() + DRAWN_S
    while chart.screenshot() == before:
        assert time.monotonic() < until, "nothing was drawn anew"


def still(chart: Any) -> bytes:
    """A picture of a chart that is drawn to its end: the next one is the same."""
    until = time.monotonic() + DRAWN_S
    before, now = b"", chart.screenshot()
    while now != before:
        assert time.monotonic() < until, "it does not come to rest"
        before, now = now, chart.screenshot()
    return now


def test_a_hundred_thousand_rows_are_sorted_and_searched(triage: LabPage):
    """By the kernel: the page that is looked at is all that the browser has."""
    triage.add_cell(CELL)
    number = triage.number_of("widgets.table")
    table = triage.control(number)
    rows = table.locator("tbody tr")
    table.get_by_label("sort by").select_option("number")
    table.get_by_label("descending").check()
    triage.until_text(rows.first, "99,999")
    assert rows.count() == 50
    table.get_by_label("search").fill("row 4242")
    triage.until_text(table, "of 11 that match")
    assert rows.count() == 11
    assert sum(len(str(output)) for output in triage.outputs(number)) < 20_000


def test_no_cell_depends_on_what_was_chosen(triage: LabPage, report: Path):
    """After all of the above, what is saved and found is what was before; what was chosen is gone with the page."""
    found = findings(report)
    cells = [triage.number_of(f"widgets.{name}") for name in ("incident", "checks", "groups", "tenants", "lines")]
    before = [triage.outputs(number)[-1]["data"] for number in cells]
    triage.restart_and_run_all()
    assert triage.errors() == []
    assert [triage.outputs(number)[-1]["data"] for number in cells] == before
    assert findings(report) == found
    triage.save()
    triage.close_notebook()


@pytest.fixture(scope="module")
def by_hand(lab: LabPage, case: SimulatedCase, desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Each notebook opened in the lab, run to its end, saved and closed, once; nothing was clicked in it."""
    folder = tmp_path_factory.mktemp("incidents")
    incidents = {INCIDENTS["error_triage"]: case}

    @cache
    def run(notebook: str) -> Done:
        if notebook == "post_mortem":
            place = desk / REPORTS / UNTOUCHED
            run("error_triage")
            path = lay_post_mortem(desk, place)
        else:
            what = INCIDENTS[notebook]
            incident = incidents[what] = incidents.get(what) or simulated(notebook, folder / what[1])
            named = UNTOUCHED if notebook == "error_triage" else str(read_incident(incident.incident)["incident_id"])
            place, path = desk / REPORTS / named, lay(desk, notebook, incident, incident_id=named)
        lab.open_notebook(str(path))
        lab.run_all()
        assert lab.errors() == []
        saved = lab.save()
        lab.close_notebook()
        return Done(saved, findings(place))

    return run


@pytest.fixture(scope="module")
def headless(by_hand: Run, desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The notebook that the lab ran and saved, run by `ddms_ops.runner`, once, from a folder of its own.

    The post-mortem reads the lab's report: it shows when that was made.
    """
    folder = tmp_path_factory.mktemp("headless")

    @cache
    def run(notebook: str) -> Done:
        laid, saved = by_hand(notebook).saved, folder / f"{notebook}.ipynb"
        stands = desk if notebook == "post_mortem" else folder
        with contextlib.chdir(stands):
            assert run_notebook(laid, saved, {}).status == "ok"
        incident_id = by_hand(notebook).findings["incident"]["incident_id"]
        return Done(saved, findings(stands / REPORTS / incident_id))

    return run


@pytest.mark.parametrize("notebook", ALL)
def test_every_notebook_runs_in_the_lab(by_hand: Run, notebook: str):
    """No cell fails, and its checks are made."""
    asked = {check["notebook"] for check in by_hand(notebook).findings["checks"]}
    assert (notebook if notebook != "post_mortem" else "error_triage") in asked


@pytest.mark.parametrize("notebook", BESIDE)
def test_a_person_gets_what_a_headless_run_gets(by_hand: Run, headless: Run, notebook: str):
    """The same findings.json, the same tables and figures below each cell, the same exported page."""
    assert by_hand(notebook).findings == headless(notebook).findings
    assert by_hand(notebook).panels == headless(notebook).panels
    assert by_hand(notebook).page == headless(notebook).page


@pytest.fixture(scope="module")
def reloaded(lab: LabPage, by_hand: Run, desk: Path) -> Callable[[str], LabPage]:
    """Opens saved notebooks in a page that was loaded anew: no kernel, and no control of before is known."""
    for notebook in ALL:
        by_hand(notebook)
    lab.load()
    lab.complaints.clear()  # of the page that was left

    def open_only(notebook: str) -> LabPage:
        lab.open_notebook(str(by_hand(notebook).saved.relative_to(desk)), kernel=False)
        return lab

    return open_only


@pytest.mark.parametrize("notebook", ALL)
def test_a_saved_notebook_is_never_blank(reloaded: Callable[[str], LabPage], by_hand: Run, notebook: str):
    """Reopened without a kernel, each cell shows what was saved below it, and no control that is gone."""
    page, panels = reloaded(notebook), by_hand(notebook).panels
    for text in page.everything_shown([sum("image/png" in panel for panel in each) for each in panels]):
        assert "model not found" not in text
        assert "Error displaying widget" not in text
    assert set(page.complaints) <= {NO_KERNEL}
    page.close_notebook()


def test_an_interrupted_pull_keeps_what_came(lab: LabPage, desk: Path, case: SimulatedCase, sandbox: Sandbox):
    """It is marked as not complete, and what was under way; the same cell, run again, pulls the rest."""
    name = "interrupted"
    folder = desk / REPORTS / name
    lab.open_notebook(str(lay(desk, "error_triage", case, source="live", incident_id=name)))
    sandbox.faults.add("logs", "FilterLogEvents", Delay(SLOW_S), times=ALWAYS, after=10)
    lab.run_all(wait=False)
    while sandbox.calls.count("logs", "FilterLogEvents") < 12:
        lab.page.wait_for_timeout(50)
    lab.page.wait_for_timeout(SLOW_S * 400)  # the quick ones have answered, the slow ones have not
    lab.interrupt()
    lab.wait_idle()
    assert len(lab.errors()) == 1
    answer = lab.number_of("answer_panel")
    said = lab.shown_text(answer)
    assert re.search(r"^stopped by hand; kept \d+ rows of logs.*, marked partial", said, re.MULTILINE)
    assert "Traceback" not in said
    pulls = {entry.coverage.pull: entry.coverage for entry in read_manifest(folder / "evidence")}
    assert {str(coverage.status) for coverage in pulls.values()} == {"complete", "partial"}
    assert [coverage.rows > 0 for coverage in pulls.values() if "stopped by hand" in coverage.reason] == [True]
    sandbox.faults.clear()
    lab.run_cell(answer)
    assert lab.errors() == []
    assert {str(entry.coverage.status) for entry in read_manifest(folder / "evidence")} == {"complete"}
    lab.save()
    lab.close_notebook()
