"""The control above an opened case: it begins as the case is, and tells the lines for what is chosen."""

import shlex
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from by_hand import copied, field, press, raw

from ddms_ops import Case, open_case
from ddms_ops.incident import Incident
from ddms_ops.widgets.incident_box import IncidentBox
from ddms_ops.window import Window


@pytest.fixture
def box(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> IncidentBox:
    """Its control, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return IncidentBox(case)


def opened(box: IncidentBox) -> Incident:
    """The incident that the printed call opens; elsewhere, for a case of another time takes the place of this one."""
    with TemporaryDirectory() as out:
        elsewhere = {"open_case": lambda **given: open_case(**given | {"out": out})}
        return eval(copied(box.box)[1].removeprefix("case = "), elsewhere).incident


def test_it_begins_as_the_case_is(box: IncidentBox, case: Case):
    """Fields hold the parameters, and the lines open this very incident."""
    values = {name: field(box.box, name).value for name in ("system", "environment", "baseline")}
    assert values == {name: getattr(case.incident, name) for name in values}
    assert field(box.box, "start (UTC)").value == case.incident.start
    assert field(box.box, "end (UTC)").value == case.incident.end
    assert opened(box) == case.incident
    assert str(case.window) in raw(box.box)


def test_a_window_of_the_list_fills_the_times(box: IncidentBox, case: Case):
    """The one before has the same length; the baseline moves along, and both lines say so."""
    chooser = field(box.box, "window")
    chooser.value = chooser.options[1]
    before = case.window.shifted(-case.window.length)
    assert opened(box).window == before
    assert opened(box).baseline_window == before.shifted(-case.window.length)
    assert f"start={opened(box).start}" in shlex.split(copied(box.box)[0])
    chooser.value = chooser.options[0]
    assert opened(box) == case.incident


def test_times_that_are_written_count(box: IncidentBox):
    """Another zone, or an offset from now; the list says that it is none of its own."""
    field(box.box, "start (UTC)").value = "2026-03-04T12:10+01:00"
    assert opened(box).window == Window.of("2026-03-04T11:10Z", "2026-03-04T12:00Z")
    assert field(box.box, "window").value == "as written"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("start (UTC)", "2026-03-04T10:00", "has no time zone; add &#x27;Z&#x27; for UTC"),
        ("end (UTC)", "2026-03-04T09:00Z", "the window is empty"),
        ("or START/END", "yesteryear", "is not known; write previous"),
    ],
)
def test_what_cannot_be_used_is_one_line(box: IncidentBox, name: str, value: str, words: str):
    """In the place of the lines; when it is mended they stand there again."""
    usual = field(box.box, name).value
    field(box.box, name).value = value
    assert words in raw(box.box)
    assert raw(box.box).count("<p") == 1
    assert copied(box.box) == []
    field(box.box, name).value = usual
    assert len(copied(box.box)) == 2


def test_a_baseline_is_named_or_written(box: IncidentBox):
    """The named ones fill the text; what is written counts."""
    field(box.box, "baseline").value = "last-week"
    assert opened(box).baseline == "last-week"
    field(box.box, "or START/END").value = "2026-03-03T10:00Z/2026-03-03T11:00Z"
    assert opened(box).baseline_window == Window.of("2026-03-03T10:00Z", "2026-03-03T11:00Z")
    assert field(box.box, "baseline").value == "as written"


def test_windows_around_alarms_are_offered_on_request(case: Case, box: IncidentBox):
    """Nothing is pulled for it before somebody asks."""
    chooser = field(box.box, "window")
    assert not [label for label in chooser.options if label.startswith("around")]
    press(box.box)
    alarm = case.alarms[case.alarms["new_state"] == "ALARM"]["timestamp"].min()
    chooser.value = next(label for label in chooser.options if label.startswith("around alarm"))
    assert opened(box).window.contains(alarm)
    assert opened(box).window.minutes == 45


def test_another_system_brings_its_environments(box: IncidentBox):
    """The first of them is chosen, so that the lines can be used."""
    field(box.box, "system").value = "lecture"
    chosen = opened(box)
    assert (chosen.system, chosen.environment) == ("lecture", field(box.box, "environment").options[0])


def test_an_incident_file_fills_the_fields(box: IncidentBox, tmp_path: Path):
    """The command names the file, and only what was changed since; going back gives the case again."""
    folder = tmp_path / "parameters/incidents"
    folder.mkdir(parents=True)
    said = {"incident_id": "mine", "system": "dms", "start": "2026-03-04T08:00Z", "end": "2026-03-04T09:00Z"}
    said |= {"baseline": "previous:6h", "environment": "prod", "source": box.case.incident.source}
    (folder / "mine.yaml").write_text("".join(f'{name}: "{value}"\n' for name, value in said.items()))
    box = IncidentBox(box.case)
    field(box.box, "incident").value = "mine"
    out = str(box.case.folder.parent)
    expected = ["ddms-ops", "run", "parameters/incidents/mine.yaml"]
    assert shlex.split(copied(box.box)[0]) == [*expected, "--out", out]
    assert opened(box).baseline_window == Window.of("2026-03-04T02:00Z", "2026-03-04T08:00Z")
    field(box.box, "end (UTC)").value = "2026-03-04T08:30Z"
    assert shlex.split(copied(box.box)[0]) == [*expected, "-p", "end=2026-03-04T08:30:00Z", "--out", out]
    field(box.box, "incident").value = "this case"
    assert opened(box) == box.case.incident


def test_a_broken_incident_file_is_one_line(box: IncidentBox, tmp_path: Path):
    """And the fields stay as they are."""
    (tmp_path / "parameters/incidents").mkdir(parents=True)
    (tmp_path / "parameters/incidents/broken.yaml").write_text("system: [\n")
    box = IncidentBox(box.case)
    field(box.box, "incident").value = "broken"
    assert "broken.yaml" in raw(box.box)
    assert copied(box.box) == []
    assert field(box.box, "system").value == box.case.incident.system


def test_what_is_redacted_is_said(case: Case, tmp_path: Path):
    """A line that holds a pseudonym is not the whole truth, and says so."""
    other = open_case(**case.incident.as_dict() | {"title": "of kim@example.com"}, out=str(tmp_path / "reports"))
    shown = raw(IncidentBox(other).box)
    assert "is redacted; write it yourself" in shown
    assert "kim@" not in shown
    assert "is redacted" not in raw(IncidentBox(case).box)


def test_the_case_stays_as_it_is(box: IncidentBox, case: Case):
    """Choosing another window changes no case."""
    before = (case.incident, case.window, case.baseline)
    chooser = field(box.box, "window")
    chooser.value = chooser.options[2]
    field(box.box, "system").value = "generic"
    assert (case.incident, case.window, case.baseline) == before


def test_a_system_that_is_known_here_no_more_is_said(
    case: Case, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Where the profile is not to be found again, the fields stand and one line names what there is."""
    own = tmp_path / "parameters/systems/elsewhere.yaml"
    own.parent.mkdir(parents=True)
    text = (root / "parameters/systems/dms.yaml").read_text(encoding="utf-8")
    own.write_text(text.replace("system: dms\n", "system: elsewhere\n"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    other = open_case(**case.incident.as_dict() | {"system": "elsewhere"}, out=str(tmp_path / "reports"))
    own.unlink()
    box = IncidentBox(other)
    assert field(box.box, "system").value == "elsewhere"
    assert "no profile named &#x27;elsewhere&#x27;; known: dms" in raw(box.box)
