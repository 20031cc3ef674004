"""What docs/runbooks says of each runbook is so: entries, sections, checks, pulls and scenarios exist."""

import importlib.util
import json
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from builders import open_export, write_logs

from ddms_ops.checks import CHECKS
from ddms_ops.simulate import SYSTEMS

ROOT = Path(__file__).parent.parent
TOLD = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted((ROOT / "docs/runbooks").glob("*.yaml"))}
SERVED = [(system, entry) for system, one in TOLD.items() for entry in one["entries"] if "notebook" in entry]
PULLS = {each["pull"] for one in TOLD.values() for each in one["commands"] if "pull" in each}
NOTEBOOK_OF = {check.id: check.notebook for check in CHECKS}


@cache
def profile_of(system: str) -> dict[str, Any]:
    """A profile as it stands in its file."""
    return yaml.safe_load((ROOT / f"parameters/systems/{system}.yaml").read_text("utf-8"))


@cache
def sections_of(notebook: str) -> set[str]:
    """Headings of a notebook."""
    cells = json.loads((ROOT / f"notebooks/{notebook}.ipynb").read_text("utf-8"))["cells"]
    lines = [line for cell in cells if cell["cell_type"] == "markdown" for line in "".join(cell["source"]).splitlines()]
    return {line.lstrip("# ").strip() for line in lines if line.startswith("#")}


def stands_in(profile: Any, path: str) -> bool:
    """Whether `section.key.key` is in the profile; a key that holds dots or slashes is the rest of the path."""
    if not isinstance(profile, dict):
        return False
    key, _, rest = path.partition(".")
    return path in profile or (key in profile and (not rest or stands_in(profile[key], rest)))


def generator() -> ModuleType:
    """docs/coverage_of_runbooks.py, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("coverage_of_runbooks", ROOT / "docs/coverage_of_runbooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_script_makes():
    """Whoever changes docs/runbooks runs `make docs`."""
    made = generator()
    assert (ROOT / "docs/coverage-of-runbooks.md").read_text("utf-8") == made.page(made.runbooks())


@pytest.mark.parametrize("system", TOLD)
def test_entries_and_commands_are_whole(system: str):
    """Each is served, or is said to be no investigation and why; no heading stands there twice with one anchor."""
    for entry in TOLD[system]["entries"]:
        assert {"notebook", "section"} <= entry.keys() or entry.get("not_an_investigation"), entry["heading"]
    for each in TOLD[system]["commands"]:
        assert bool(each.get("pull")) != bool(each.get("not_an_investigation")), each["command"]
    anchors = [entry["anchor"] for entry in TOLD[system]["entries"]]
    assert len(set(anchors)) == len(anchors)


@pytest.mark.parametrize("system", TOLD)
def test_named_parts_of_the_profile_exist(system: str):
    """And every alert and troubleshooting scenario that the profile declares is served by something."""
    profile = profile_of(system)
    named = {path for entry in TOLD[system]["entries"] for path in entry.get("profile", ())}
    assert [path for path in sorted(named) if not stands_in(profile, path)] == []
    served = {path for its, entry in SERVED if its == system for path in entry.get("profile", ())}
    wanted = {f"{part}.{key}" for part in ("alerts", "scenarios") for key in profile.get(part, {})}
    assert sorted(wanted - served) == []


@pytest.mark.parametrize("system", TOLD)
def test_sections_and_checks_exist(system: str):
    """A section is a heading of its notebook; checks are known; a scenario can be played, and is no quiet one."""
    for entry in (entry for its, entry in SERVED if its == system):
        assert entry["section"] in sections_of(entry["notebook"]), entry["heading"]
        assert set(entry.get("checks") or ()) <= NOTEBOOK_OF.keys(), entry["heading"]
        if "scenario" in entry:
            assert SYSTEMS[system].scenarios[entry["scenario"]].onset is not None, entry["heading"]


def test_named_pulls_are_made(tmp_path: Path):
    """A case makes each pull that is said to replace a command, and tells its coverage."""
    case = open_export(write_logs(tmp_path, "app", "{}"))
    for kind in sorted(PULLS - {"audit"}):
        assert kind in {row.pull.split("/")[0] for row in case.pulls(kind)}, kind
    case.audit("audit_logs")
    assert "audit/audit_logs" in {row.pull for row in case.coverage}


def test_one_command_is_told_alike():
    """Replaced by the same pull in every system, or by none in any."""
    told: dict[str, set[str | None]] = {}
    for each in (each for one in TOLD.values() for each in one["commands"]):
        told.setdefault(each["command"], set()).add(each.get("pull"))
    assert [command for command, pulls in told.items() if len(pulls) > 1] == []


def test_escalation_is_told_alike():
    """Whatever heading stands on the escalation path alone is served by the response times of the post-mortem."""
    entries = [entry for one in TOLD.values() for entry in one["entries"] if entry.get("profile") == ["escalation"]]
    assert {(entry.get("notebook"), entry.get("section")) for entry in entries} == {
        ("post_mortem", "How fast was the response?")
    }


def test_every_system_with_a_runbook_is_told():
    """Every shipped profile that names a runbook."""
    profiles = (ROOT / "parameters/systems").glob("*.yaml")
    assert {path.stem for path in profiles if profile_of(path.stem).get("runbook")} == set(TOLD)
