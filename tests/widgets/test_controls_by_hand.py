"""Controls as a person uses them: what is chosen is shown, with the call for it, and nothing else changes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import failure, minutes, open_export, request, write_logs
from by_hand import copied, field, press, raw

from ddms_ops import Case, panels
from ddms_ops.errors import BadInput
from ddms_ops.widgets import controls
from ddms_ops.widgets.boxes import Stage, picker

PICKERS: dict[str, tuple[str, Callable[[Case], Any]]] = {
    "groups": ("error group", controls._groups),
    "tenants": ("tenant", controls._tenants),
    "statements": ("statement", controls._statements),
    "checks": ("finding or check", lambda case: controls._checks(case, "error_triage")),
}


def same_view(call: str, case: Case) -> str:
    """The HTML of what a printed call gives."""
    return eval(call, {"case": case, "panels": panels})._repr_html_()


@pytest.mark.parametrize("name", list(PICKERS))
@pytest.mark.parametrize("place", [0, -1])
def test_a_choice_is_shown_with_the_call_for_it(name: str, place: int, case: Case):
    """The first and the last suggestion: the printed call, evaluated, is what stands below it."""
    description, build = PICKERS[name]
    box = build(case)
    chooser = field(box, description)
    chooser.value = chooser.options[place]
    [call] = copied(box)[:1]
    assert same_view(call, case) in raw(box)
    assert chooser.value == ""


@pytest.mark.parametrize("name", list(PICKERS))
def test_what_is_not_there_is_said_in_one_line(name: str, case: Case):
    """Markup that was typed is text; nothing of an earlier choice is left standing."""
    description, build = PICKERS[name]
    box = build(case)
    chooser = field(box, description)
    chooser.value = chooser.options[0]
    chooser.value = "<b>nowhere</b>"
    assert copied(box) == []
    assert "&lt;b&gt;nowhere" in raw(box)
    assert "<b>nowhere" not in raw(box)
    assert "<table" not in raw(box)


def test_a_part_of_what_is_offered_is_enough(case: Case):
    """Of one it is taken, of several the first are named and what was typed stays."""
    box = controls._groups(case)
    chooser = field(box, "error group")
    chooser.value = "OF UNDEFINED"
    assert same_view(copied(box)[0], case) in raw(box)
    assert "retentionPolicy" in raw(box)
    chooser.value = "error"
    assert copied(box) == []
    assert "hold that, write more of one: " in raw(box)
    assert "<table" not in raw(box)
    assert chooser.value == "error"


def test_lines_are_asked_for_by_what_is_filled_in(case: Case):
    """Level, log group, text and side go into one call; what is empty is left out of it."""
    box = controls._lines(case)
    press(box)
    assert copied(box)[:1] == ["case.logs()"]
    field(box, "level").value = "ERROR"
    field(box, "log group").value = "/aws/lambda/dms-api-handler-prod"
    field(box, "contains").value = " retentionPolicy "
    press(box)
    [call] = copied(box)[:1]
    assert call == "case.logs(level='ERROR', log_group='/aws/lambda/dms-api-handler-prod', contains='retentionPolicy')"
    assert same_view(call, case) in raw(box)
    assert copied(box)[1:] == [f"widgets.table({call})"]
    field(box, "side").value = "baseline"
    press(box)
    assert copied(box)[0].endswith("side='baseline')")


def test_choosing_changes_nothing(case: Case):
    """Frames, findings and the coverage of what was pulled are as before."""
    before = (case.log_events.copy(), case.document["checks"], case.incident, case.results)
    for description, build in PICKERS.values():
        chooser = field(build(case), description)
        chooser.value = chooser.options[0]
    press(controls._lines(case))
    after = (case.log_events, case.document["checks"], case.incident, case.results)
    assert before[0].equals(after[0])
    assert before[1:] == after[1:]


def test_what_logs_say_is_text(tmp_path: Path):
    """Markup from a record is escaped and secrets are taken out, in suggestions as in what is shown."""
    said = "<img src=x onerror=alert(1)> AKIAIOSFODNN7EXAMPLE"
    lines = [line for clock in minutes(10, 12) for line in (request(clock), failure(clock, said, tenant="<i>t</i>"))]
    case = open_export(write_logs(tmp_path, "/aws/lambda/dms-api-handler-prod", *lines))
    shown = ""
    for build, name in ((controls._groups, "error group"), (controls._tenants, "tenant")):
        box = build(case)
        chooser = field(box, name)
        for typed in (*chooser.options, "<i>t</i>"):
            chooser.value = typed
            shown += raw(box) + typed.replace("<", "&lt;")
    assert "&lt;i&gt;t&lt;/i&gt;" in shown
    assert "&lt;img" in shown
    assert "<img" not in shown
    assert "<i>" not in shown
    assert "AKIA" not in shown


def working(says: Callable[[], str], seen: list[str]) -> str:
    """Note what the control says while it works."""
    seen.append(says())
    return "a view"


def test_it_says_that_it_works():
    """While a view is made its call stands there, and nothing of the one before."""
    stage, seen = Stage(), []
    stage.result.value = "the one before"
    stage.show("case.tenant('a')", lambda: working(lambda: stage.status.value + stage.result.value, seen))
    assert "Looking: case.tenant(&#x27;a&#x27;)" in seen[0]
    assert "the one before" not in seen[0]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (BadInput("first", "second"), "first; second"),
        (KeyboardInterrupt(), "Stopped; what was pulled so far is kept and marked as not complete."),
        (KeyError("kim@example.com"), "This could not be shown (KeyError); the same call in a cell tells more."),
    ],
)
def test_what_goes_wrong_is_one_line(fault: BaseException, words: str):
    """A mistake, an interrupt, a fault that nobody foresaw: never a traceback, a record or silence."""

    def view(_: str) -> object:
        raise fault

    box = picker("thing", {"a thing": "key"}, lambda key: f"case.thing({key!r})", view)
    field(box, "thing").value = "a thing"
    assert words in raw(box)
    assert "kim" not in raw(box)
    assert copied(box) == []
    field(box, "thing").value = "a thing"
    assert words in raw(box), "it can be tried again"
