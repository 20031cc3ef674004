"""Figures and the timeline's file: what is drawn, and what a spreadsheet gets."""

from pathlib import Path

import numpy as np
import pandas as pd
from builders import failure, minutes, open_export, write_logs
from panel_builders import API, WORKER, job, write_incident, write_trail

from ddms_ops.case import Case
from ddms_ops.checks import figures
from ddms_ops.panels import timeline, timeline_panel, when_panel, where_panel
from ddms_ops.panels.compared import compared


def titles(figure: object) -> list[str]:
    """Titles of a figure's axes."""
    return [axes.get_title(loc="left") for axes in figure.axes]


def test_all_rows_of_error_groups_have_one_scale(tmp_path: Path):
    """A group of one event is lighter than one of many, and can be seen."""
    write_incident(tmp_path, texts=("cannot read page",))
    write_logs(tmp_path, API, failure("10:50:00", "disk full", error="IOError"), name="part-1.jsonl")
    many, single = (image.get_array() for image in figures.plot_when(open_export(tmp_path)).axes[2].images)
    assert many.max() == 1
    assert figures.FAINTEST < single.max() < 0.6
    assert np.count_nonzero(single) == 1


def test_a_long_window_is_drawn_in_few_steps(tmp_path: Path):
    """No event is lost between two of them."""
    write_incident(tmp_path, texts=("cannot read page",))
    case = open_export(tmp_path, start="2026-03-03T10:00Z", end="2026-03-04T11:00Z")
    [row] = (image.get_array() for image in figures.plot_when(case).axes[2].images)
    counts, minutes_each = figures._heat(case, [case.groups.loc[case.groups["is_error"], "group"].iloc[0]])
    assert row.shape[1] <= figures.CELLS
    assert (counts.sum(), minutes_each * counts.shape[1] >= case.window.minutes) == (200, True)


def test_a_constant_attribute_is_left_out():
    """One full bar tells nothing; a lacking value is one of its own."""
    rows = pd.DataFrame(
        {"version": "1", "endpoint": ["/a", "/b"] * 4, "zone": ["z1", None] * 4, "failed": [True, False] * 4}
    )
    figure = figures.plot_where(rows, ["zone", "version"])
    assert titles(figure) == ["zone", "endpoint"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["(none)", "z1"]


def test_what_fails_is_compared_with_its_own_kind(usual: Case, tmp_path: Path):
    """Failed requests stand beside requests, failed jobs beside jobs."""
    rows, named = compared(usual)
    assert (named, int(rows["failed"].sum()), len(rows)) == ("requests", 200, 800)
    lines = [job(clock, status="FAILED" if clock > "10:20" else "COMPLETED") for clock in minutes(0, 60)]
    write_logs(tmp_path, WORKER, *[job(clock) for clock in minutes(0, 60, 9)], *lines)
    rows, named = compared(open_export(tmp_path))
    assert (named, int(rows["failed"].sum()), len(rows)) == ("jobs", 400, 600)


def test_pictures_of_a_sample_say_so(sample: Case):
    """In their words, and on the figure."""
    words = f"(in a sample of 1 in {sample.sample[0]})"
    assert words in when_panel(sample).words
    assert words in where_panel(sample).words
    assert words in titles(figures.plot_when(sample))[1]


def test_the_timeline_names_its_events(usual: Case):
    """Source, time and name stand beside each mark."""
    events = pd.DataFrame({
        "time": [usual.window.start, usual.window.end], "source": ["change", "alarm"],
        "event": ["UpdateAlias", "high-errors"], "detail": [" by deploy", ""],
    })  # fmt: skip
    texts = [text.get_text() for text in figures.plot_timeline(usual, events).axes[0].texts]
    assert texts == ["change 10:00 UpdateAlias · by deploy", "alarm 11:00 high-errors"]


def test_the_timeline_file_has_no_control_or_bidi_characters(tmp_path: Path):
    """A terminal, an editor and a spreadsheet show what stands there; a tab is a space, a formula is text."""
    write_incident(tmp_path)
    write_trail(tmp_path, "a\x1b[31m\x07b\u202ec\u2066d\u200fe\x85f\tg", "\u200e=cmd|x", "pass\u200eword=hunter2")
    case = open_export(tmp_path)
    timeline_panel(case)
    text = (case.folder / "timeline.csv").read_text(encoding="utf-8")
    assert "a[31mbcdef g" in text
    assert ",'=cmd|x" in text
    assert "hunter2" not in text
    assert not [sign for sign in text if sign in "\x1b\x07\x85\t\u200e\u200f\u202e\u2066"]


def test_what_the_font_cannot_draw_is_a_box(tmp_path: Path):
    """No warning of a lacking glyph stands in the report, and nothing is read as mathematics."""
    write_incident(tmp_path)
    write_trail(tmp_path, "更新 $x^2$ \x1b")
    case = open_export(tmp_path)
    timeline_panel(case)
    [words] = [
        text.get_text()
        for text in figures.plot_timeline(case, timeline(case)).axes[0].texts
        if "x^2" in text.get_text()
    ]
    assert words == r"change 10:10 □□ \$x^2\$ \u001b · f0"
