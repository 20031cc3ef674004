"""Makes docs/coverage-of-runbooks.md out of docs/runbooks/*.yaml: what serves each heading and command of a runbook."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

DOCS = Path(__file__).parent
PAGE = DOCS / "coverage-of-runbooks.md"
Entry = Mapping[str, Any]
HEAD = """# Coverage of the runbooks

What of each runbook this tool serves, and with what; `make docs` makes this page out of `runbooks/*.yaml`.
A heading is served by an entry of the profile, a section of a notebook and checks; or it is no investigation, and why
stands there. Where a scenario is named, `ddms-ops demo` plays an incident that shows it.
"""


def runbooks(folder: Path = DOCS / "runbooks") -> dict[str, Mapping[str, Any]]:
    """What is said of each runbook, by system, in alphabetical order."""
    return {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted(folder.glob("*.yaml"))}


def page(told: Mapping[str, Mapping[str, Any]]) -> str:
    """The whole page."""
    parts = [HEAD, _counts(told)]
    for system, one in told.items():
        parts.append(f"## {system} ({one['runbook']})\n")
        parts.append(
            _table(
                ("heading", "profile", "notebook and section", "checks", "scenario"),
                (_entry_cells(entry) for entry in one["entries"]),
            )
        )
        parts.append(f"### Commands of {system}\n")
        parts.append(_table(("command", "pull that replaces it"), (_command_cells(each) for each in one["commands"])))
    return "\n".join(parts)


def _counts(told: Mapping[str, Mapping[str, Any]]) -> str:
    """How much of each runbook is served."""
    rows = []
    for system, one in told.items():
        served = [entry for entry in one["entries"] if "notebook" in entry]
        shown = {entry["scenario"] for entry in one["entries"] if entry.get("scenario")}
        replaced = [each for each in one["commands"] if "pull" in each]
        rows.append(
            (
                system,
                f"{len(served)} of {len(one['entries'])}",
                str(len(shown)),
                f"{len(replaced)} of {len(one['commands'])}",
            )
        )
    return _table(("system", "headings served", "scenarios that show them", "commands replaced"), rows)


def _entry_cells(entry: Entry) -> Sequence[str]:
    heading, profile = str(entry["heading"]), _code(entry.get("profile", ()))
    if "notebook" not in entry:
        return heading, profile, f"not an investigation: {entry['not_an_investigation']}", "", ""
    scenario = [entry["scenario"]] if entry.get("scenario") else ()
    place = f"`{entry['notebook']}`: {entry['section']}"
    return heading, profile, place, _code(entry.get("checks", ())), _code(scenario)


def _command_cells(each: Entry) -> Sequence[str]:
    told = f"`{each['pull']}`" if "pull" in each else f"not an investigation: {each['not_an_investigation']}"
    return f"`{each['command']}`", told


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(_lines(head, rows)) + "\n"


def _lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _line(head)
    yield _line(["---"] * len(head))
    for row in rows:
        yield _line(row)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    PAGE.write_text(page(runbooks()), encoding="utf-8")
