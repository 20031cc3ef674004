"""The lines that give the same view as a control: a call for a cell, a command for a shell."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from ddms_ops.errors import WindowError
from ddms_ops.incident import INSTANTS, NAMES, Incident
from ddms_ops.redact import redact
from ddms_ops.window import iso, parse_instant

TIMES = ("start", "end", *INSTANTS)
DEFAULTS = {
    name: field.default for name, field in Incident.__dataclass_fields__.items() if isinstance(field.default, str)
}


def call_of(name: str, *values: str, **named: str) -> str:
    """A call as Python: `case.logs(level='ERROR')`; named arguments that are empty are left out."""
    given = [repr(value) for value in values] + [f"{key}={value!r}" for key, value in named.items() if value]
    return f"{name}({', '.join(given)})"


def open_call(incident: Incident, out: str) -> str:
    """The cell that opens a case on an incident; values that the incident leaves out are left out, all are redacted."""
    given = {name: value for name, value in shown_values(incident).items() if value != DEFAULTS.get(name)}
    return f"case = {call_of('open_case', **given, out=out)}"


def run_line(
    incident: Incident, out: str, *, file: Path | None = None, given: Mapping[str, object] | None = None
) -> str:
    """The command that reports an incident: what the file does not say is given by `-p`, redacted.

    Args:
        incident: what is chosen.
        out: folder of reports.
        file: an incident file to start from, None without one.
        given: what that file says.
    """
    said = {name: "" if value is None else str(value).strip() for name, value in (given or {}).items()}
    parts = ["ddms-ops", "run", *([shlex.quote(str(file))] if file else [])]
    for name, value in shown_values(incident).items():
        if not _is_said(name, value, said.get(name, DEFAULTS.get(name, ""))):
            parts += ["-p", shlex.quote(f"{name}={value}")]
    return " ".join([*parts, *(["--out", shlex.quote(out)] if out != "reports" else [])])


def shown_values(incident: Incident) -> dict[str, str]:
    """Every parameter of an incident by name, redacted."""
    return {name: redact(getattr(incident, name)) for name in NAMES}


def _is_said(name: str, value: str, said: str) -> bool:
    """Whether a file says a value already; a time that counts from now is never what it was."""
    if name in TIMES and said:
        try:
            return iso(parse_instant(said, name=name)) == value
        except WindowError:
            return False
    return value == redact(said)
