"""The control above an opened case: which incident, system, window and baseline, and the lines that open those."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ipywidgets import HTML, Accordion, Button, Dropdown, HBox, Layout, Text, VBox

from ddms_ops.case import Case
from ddms_ops.errors import BadInput
from ddms_ops.incident import NAMES, Incident, read_incident, resolve
from ddms_ops.profile import known_systems, load_profile
from ddms_ops.widgets.boxes import NAMED, NARROW, WIDE, Caught, line, note
from ddms_ops.widgets.choices import incident_files, labelled
from ddms_ops.widgets.equivalent import open_call, run_line, shown_values
from ddms_ops.widgets.windows import BASELINES, around, events_of, in_both_zones, usual_windows
from ddms_ops.window import Window, iso

TITLE = "Another time, baseline or system; the same in a shell"
THIS, WRITTEN = "this case", "as written"
SAY = "The same in a shell, and in the cell that opens the case; or change the parameters above and run all cells:"
HIDDEN = "What stands in [brackets] is redacted; write it yourself."
OFFER = "Add windows around alarms and findings to the list"
NOTHING_ROUND = "No alarm in the window, no finding above low so far"


class IncidentBox:
    """Fields that begin as the case is; what is chosen changes the lines below them and nothing else.

    The text fields hold what counts; the lists fill them. It is folded at first: the answer stands below it.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self.base: dict[str, object] = {**case.incident.as_dict()}
        self.files = incident_files()
        self.file = self.files.get(case.incident.incident_id)
        self.given = _said_by(self.file)
        self.names = labelled((name, name) for name in self.files)
        self.windows: dict[str, Window] = usual_windows(case.window, case.now())
        self._is_setting = False
        self._make(case.incident)
        self._watch()
        self.tell()

    def _make(self, incident: Incident) -> None:
        self.incident = _list("incident", [THIS, *self.names], THIS)
        self.system = _list("system", known_systems(), incident.system)
        self.environment = _list("environment", self.case.profile.environments, incident.environment)
        self.preset = _list("window", [*self.windows, WRITTEN], next(iter(self.windows)), wide=True)
        self.look = Button(description="Offer alarms and findings", layout=Layout(width="auto"), tooltip=OFFER)
        self.start, self.end = (_text(f"{name} (UTC)", getattr(incident, name)) for name in ("start", "end"))
        self.named = _list("baseline", [*BASELINES, WRITTEN], _named(incident.baseline))
        self.baseline = _text("or START/END", incident.baseline)
        self.said = HTML()
        rows = (
            (self.incident, self.system, self.environment), (self.preset, self.look), (self.start, self.end),
            (self.named, self.baseline),
        )  # fmt: skip
        fields = [HBox(list(row), layout=Layout(flex_flow="row wrap")) for row in rows]
        self.box = Accordion([VBox([*fields, self.said])], titles=(TITLE,))

    def _watch(self) -> None:
        self._on(self.incident, self._take_file)
        self._on(self.system, self._take_system)
        self._on(self.environment, lambda _: None)
        self._on(self.preset, self._take_window)
        self._on(self.named, self._take_baseline)
        for field in (self.start, self.end):
            self._on(field, lambda _: self._set(self.preset, self._preset_of()))
        self._on(self.baseline, lambda text: self._set(self.named, _named(text)))
        self.look.on_click(lambda _: self._doing(self._offer))

    def tell(self) -> None:
        """Say which window and baseline are meant, and the lines that open them; or what is wrong, in one line."""
        with Caught(self.say):
            chosen = self.chosen()
            shown, out = shown_values(chosen), str(self.case.folder.parent)
            where = f"{in_both_zones(chosen.window)}. Baseline: {chosen.baseline_window}."
            hidden = any(shown[name] != value for name, value in chosen.as_dict().items())
            lines = (run_line(chosen, out, file=self.file, given=self.given), open_call(chosen, out))
            self.said.value = note(where) + line(SAY, *lines) + (note(HIDDEN) if hidden else "")

    def say(self, text: str) -> None:
        """One line in the place of the lines."""
        self.said.value = note(text)

    def chosen(self) -> Incident:
        """The incident that the fields describe, its times absolute.

        Raises:
            IncidentError: every fault of the fields.
        """
        fields = {
            "system": self.system, "environment": self.environment, "start": self.start, "end": self.end,
            "baseline": self.baseline,
        }  # fmt: skip
        given = self.base | {name: field.value or "" for name, field in fields.items()}
        return resolve(given, now=self.case.now(), where="chosen")[0]

    def _on(self, field: Any, act: Callable[[str], None]) -> None:
        field.observe(lambda change: self._doing(lambda: act(str(change["new"] or ""))), "value")

    def _doing(self, act: Callable[[], None]) -> None:
        """What a person did, not what it fills in, is acted upon; then the lines are told again."""
        if self._is_setting:
            return
        self._is_setting = True
        said: list[str] = []
        try:
            with Caught(said.append):
                act()
        finally:
            self._is_setting = False
        self.say(said[0]) if said else self.tell()

    def _set(self, field: Any, value: str) -> None:
        field.value = value

    def _take_file(self, label: str) -> None:
        """Fill the fields from an incident file, or again from the case."""
        incident, path = self.case.incident, self.files.get(self.names.get(label, ""))
        if path:
            known = {name: value for name, value in read_incident(path).items() if name in NAMES}
            incident, _ = resolve(known, now=self.case.now(), where=str(path))
        self.file = path or self.files.get(incident.incident_id)
        self.given = _said_by(self.file)
        self.base = {**incident.as_dict()}
        self._fill_systems(incident.system, incident.environment)
        self._fill_times(incident.start, incident.end)
        self.baseline.value, self.named.value = incident.baseline, _named(incident.baseline)

    def _take_system(self, system: str) -> None:
        self._fill_systems(system, "")

    def _take_window(self, label: str) -> None:
        if label in self.windows:
            self._fill_times(iso(self.windows[label].start), iso(self.windows[label].end))

    def _take_baseline(self, name: str) -> None:
        if name != WRITTEN:
            self.baseline.value = name

    def _fill_systems(self, system: str, environment: str) -> None:
        names = _environments(system)
        self.system.value = system
        self.environment.options = names
        self.environment.value = environment or names[0]

    def _fill_times(self, start: str, end: str) -> None:
        self.start.value, self.end.value = start, end
        self.preset.value = self._preset_of()

    def _preset_of(self) -> str:
        """The list's entry for the window that is written, if there is one."""
        told = (self.start.value, self.end.value)
        return next((name for name, each in self.windows.items() if (iso(each.start), iso(each.end)) == told), WRITTEN)

    def _offer(self) -> None:
        """Add windows around alarms and findings to the list."""
        self.say("Looking for alarms and findings")
        found = around(events_of(self.case))
        kept = self.preset.value
        self.windows |= found
        self.preset.options = [*self.windows, WRITTEN]
        self.preset.value = kept
        self.look.description = f"{len(found)} offered in the list" if found else NOTHING_ROUND


def _list(name: str, options: Iterable[str], value: str, *, wide: bool = False) -> Dropdown:
    layout = WIDE if wide else NARROW
    known = list(dict.fromkeys([*options, value]))
    return Dropdown(description=name, options=known, value=value, layout=layout, style=NAMED)


def _text(name: str, value: str) -> Text:
    return Text(description=name, value=value, continuous_update=False, layout=NARROW, style=NAMED)


def _named(baseline: str) -> str:
    return baseline if baseline in BASELINES else WRITTEN


def _environments(system: str) -> list[str]:
    return list(load_profile(system).environments)


def _said_by(file: Path | None) -> dict[str, object]:
    """What an incident file says; nothing where there is none, or none that can be read."""
    try:
        return read_incident(file) if file else {}
    except BadInput:
        return {}
