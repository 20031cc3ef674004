"""Tables: escaped, plain beside HTML, and sentences that say what is missing."""

import re
from html import unescape

import pandas as pd
import pytest
from report_builders import HOSTILE

from ddms_ops.checks.tables import Badge, coverage_table, findings_table, html_table
from ddms_ops.coverage import Coverage, Status
from ddms_ops.findings import CheckResult, EvidenceRef, Finding, Severity, Verdict
from ddms_ops.window import Window

WINDOW = Window.of("2026-03-04T10:00Z", "2026-03-04T12:00Z")


def coverage(pull: str, status: Status, reason: str = "") -> Coverage:
    """Coverage of one pull."""
    return Coverage(pull, "files", "all", WINDOW, WINDOW, 10, 10, status, reason)


def seen(html: str) -> str:
    """What a reader sees of the HTML."""
    return unescape(re.sub(r"<[^>]*>", "", html.replace("<wbr>", "")))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str):
    """No value opens a tag, and all of it can be read."""
    shown = html_table((text,), [(text,), (Badge(text, "high"),)], caption=text)
    assert "<script" not in shown.html
    assert "<img" not in shown.html
    assert "<iframe" not in shown.html
    assert seen(shown.html).count(text) == 4


def test_control_characters_are_made_visible():
    """Escapes, right-to-left overrides, lone surrogates and line ends are written out."""
    assert html_table(("a",), [("x\x1b[31m\u202etxt\ud800\ny",)]).text == "a\nx\\u001b[31m\\u202etxt\\ud800\\ny"


def test_very_long_text_is_cut_with_its_length():
    """The reader is told how much there was."""
    assert html_table(("a",), [("x" * 5000,)]).text.endswith("x… (5,000 characters)")


def test_values_are_written_with_units_and_separators():
    """Numbers, times and nothing at all."""
    row = (1234567, 0.12345, None, float("nan"), pd.Timestamp("2026-03-04T10:37:04Z"), WINDOW, True)
    written = "1,234,567 | 0.1235 | – | – | 2026-03-04 10:37:04 UTC | 2026-03-04 10:00–12:00 UTC | True"
    assert html_table(tuple("abcdefg"), [row]).text.splitlines()[1] == written


def test_numbers_stand_to_the_right():
    """A column of numbers is aligned by itself, one of text is not."""
    html = html_table(("n", "t"), [(1, "x"), (None, "y")]).html
    assert '<th scope="col" class="num">n</th><th scope="col">t</th>' in html


def test_an_empty_table_says_so():
    """No rows is said in words."""
    assert html_table(("a", "b"), []).text == "a | b\nnothing to show"


def test_incomplete_pulls_come_first():
    """Failed before complete, and the sentence above counts them."""
    shown = coverage_table(
        [coverage("a", Status.COMPLETE), coverage("b", Status.FAILED, "denied"), coverage("c", Status.EMPTY)]
    )
    lines = shown.text.splitlines()
    assert lines[0] == "1 of 3 pulls not complete; no check may call them clear."
    assert [line.split(" | ")[0] for line in lines[3:]] == ["b", "a", "c"]
    assert "denied" in lines[3]


def test_all_complete_is_said():
    """Empty counts as complete: the source was read to its end."""
    text = coverage_table([coverage("a", Status.COMPLETE), coverage("c", Status.EMPTY)]).text
    assert text.startswith("Every pull is complete (2 of 2).")


def test_no_pull_is_not_complete():
    """Nothing pulled is not a clean bill."""
    assert coverage_table([]).text == "Nothing was pulled, so nothing can be said."


def test_findings_by_rank_then_what_is_clear_or_unchecked():
    """Findings stand by rank; a check that could not be made says why."""
    found = [
        Finding("new", severity, f"{severity} statement", {}, (EvidenceRef("logs", 3),), rank=rank, confidence="medium")
        for rank, severity in ((2, Severity.LOW), (1, Severity.HIGH))
    ]
    shown = findings_table(
        [
            CheckResult("new", "n", "Which are new?", Verdict.FOUND, "", tuple(found)),
            CheckResult("slow", "n", "Slow?", Verdict.CLEAR, ""),
            CheckResult("alarms", "n", "Alarms?", Verdict.NOT_CHECKED, "no alarms export"),
        ]
    )
    lines = shown.text.splitlines()
    assert lines[0] == "2 findings; 1 check clear; 1 not checked."
    assert [line[:5] for line in lines[3:5]] == ["1 | h", "2 | l"]
    assert lines[-2:] == ["not checked | Alarms? | no alarms export", "clear | Slow? | –"]


def test_text_is_the_same_every_time():
    """nbval compares the plain text."""
    assert repr(html_table(("a",), [(1,)])) == repr(html_table(("a",), [(1,)])) == "a\n1"
