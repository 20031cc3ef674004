"""`ddms-ops drill`: an incident that nobody is told, from a sandbox that plays AWS and Postgres or from files."""

import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import randbelow

from ddms_ops.case import utc_now
from ddms_ops.commands import ask
from ddms_ops.drill.page import Draw, paged
from ddms_ops.drill.sheet import BLANK
from ddms_ops.drill.state import DRILLS, EXPORT, INCIDENT, SHEET, Drill, new_id, packed
from ddms_ops.errors import BadInput, RunError, did_you_mean
from ddms_ops.lab.folder import lab_folder
from ddms_ops.lab.jupyter import check_lab, serve_lab
from ddms_ops.lab.opening import LabOptions, case_notebooks
from ddms_ops.profile import load_profile
from ddms_ops.simulate import SYSTEMS, write_case
from ddms_ops.window import iso

SEEDS = 1_000_000
LIVE, FILES = "live", "files"
NOT_PLAYED = {
    "dms": ("slow_query", "stuck_executions"),  # the database's log; executions
    "smart-invoice": ("cache_misses",),  # tokens by the hour
    "serverless-reviews": ("cost_review",),  # gateway's metrics
}
"""Scenarios whose signs a sandbox does not serve: they are drawn from files only."""


@dataclass(frozen=True, slots=True)
class DrillOptions:
    """Which drill, and how: `seed` None for any, `is_files` never from a sandbox, `is_headless` without JupyterLab."""

    seed: int | None = None
    events: int = 20_000
    is_files: bool = False
    is_headless: bool = False


def start_drill(system: str, options: DrillOptions, lab: LabOptions) -> int:
    """Draw an incident, serve it, and open its notebooks until Ctrl-C; 0 afterwards.

    Without JupyterLab it is said how to go on; a sandbox then serves until Ctrl-C, files need nobody to.

    Raises:
        BadInput: no such system, or a folder that cannot be written to.
        RunError: JupyterLab is not installed, or did not start.
    """
    if system not in SYSTEMS:
        hint = did_you_mean(system, SYSTEMS)
        raise BadInput(f"no simulated system named {system!r}; known: {', '.join(SYSTEMS)}{hint}")
    if not options.is_headless:
        check_lab(lab.port)
    folder = lab_folder(lab.folder)
    lack = "--files was given" if options.is_files else lack_of_sandbox(system)
    seed = randbelow(SEEDS) if options.seed is None else options.seed
    try:
        place, given = written(system, seed, options.events, folder, FILES if lack else LIVE)
    except OSError as fault:
        raise BadInput(f"{folder}: cannot write there: {fault.strerror}") from None
    where = f"files of {place / EXPORT} ({lack})" if lack else "live: AWS and Postgres are played on this machine"
    said = f"{given['incident_id']}: {given['title']}{' (' + severity + ')' if (severity := given['severity']) else ''}"
    print(f"{said}, noticed at {given['detected']}\nsource: {where}")
    print(f"your answer goes into {place / SHEET}; then: ddms-ops drill --answer {place}", flush=True)
    with _environment(place / EXPORT, given, is_live=not lack) as environment:
        if options.is_headless:
            return _say_how(place / INCIDENT, environment)
        with contextlib.chdir(folder):
            asked = ask(given, where=str(place / INCIDENT), names=())
        opens = case_notebooks(asked, folder)[0].relative_to(folder).as_posix()
        print(f"JupyterLab on {folder}; Ctrl-C here ends it and the drill", file=sys.stderr, flush=True)
        return serve_lab(folder, opens=opens, has_browser=lab.has_browser, port=lab.port, environment=environment)


def lack_of_sandbox(system: str) -> str:
    """Why no sandbox can play a system here; empty where one can."""
    profile = load_profile(system)
    if any(where.accounts for where in profile.environments.values()):
        return "a sandbox plays one account, this system has several"
    try:
        from ddms_ops.sandbox import server  # noqa: F401
        from ddms_ops.sandbox.postgres import installed_programs
    except ModuleNotFoundError as missing:
        return f"for a sandbox pip install 'ddms-ops[sandbox]': {missing.name} is missing"
    try:
        _ = installed_programs() if profile.database else None
    except RunError as fault:
        return str(fault)
    return ""


def drawn(system: str, seed: int, source: str) -> Draw:
    """The incident that a seed draws of a system, for one kind of source."""
    left_out = NOT_PLAYED.get(system, ()) if source == LIVE else ()
    return Draw.of(system, seed, [name for name in SYSTEMS[system].scenarios if name not in left_out])


def written(system: str, seed: int, events: int, folder: Path, source: str) -> tuple[Path, dict[str, str]]:
    """Write a drill into `<folder>/drills/<id>`: its folder, and the parameters of its incident.

    Nothing that is written names what was planted.
    """
    draw = drawn(system, seed, source)
    drill_id = new_id(folder, system)
    (folder / DRILLS).mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".work-", dir=folder / DRILLS))
    try:
        case = write_case(system, draw.scenario, work / "case", seed=draw.seed, events=events)
        place = folder / DRILLS / drill_id
        kept = f"files:{place / EXPORT}" if source == FILES else source
        given = paged(draw, case.incident, case.export, drill_id, kept)
        truth = json.loads(case.truth.read_text(encoding="utf-8"))
        truth["title"] = SYSTEMS[system].scenarios[draw.scenario].title
        place.mkdir()
        case.export.rename(place / EXPORT)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    lines = "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in given.items())
    (place / INCIDENT).write_text(lines, encoding="utf-8")
    (place / SHEET).write_text(BLANK.format(day=given["start"][:10]), encoding="utf-8")
    Drill(drill_id, system, seed, events, iso(utc_now().floor("s")), source, packed(truth)).save(place)
    return place, given


@contextlib.contextmanager
def _environment(export: Path, given: dict[str, str], *, is_live: bool) -> Iterator[dict[str, str]]:
    if not is_live:
        yield {}
        return
    from ddms_ops.sandbox.commands import served

    with served(export, given["system"], now=given["end"]) as environment:
        yield environment


def _say_how(incident: Path, environment: dict[str, str]) -> int:
    """What to type, with or without a sandbox that serves."""
    if environment:
        from ddms_ops.sandbox.commands import wait_for_end

        wait_for_end(environment, incident)
    else:
        print(f"ddms-ops run {incident}")
    return 0
