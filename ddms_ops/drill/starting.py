"""`ddms-ops drill`: an incident that nobody is told, from a sandbox that plays AWS and Postgres or from files."""

import contextlib
import json
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import randbelow

from ddms_ops.case import utc_now
from ddms_ops.commands import ask
from ddms_ops.drill.page import Draw, paged
from ddms_ops.drill.sheet import BLANK
from ddms_ops.drill.state import DRILLS, EXPORT, INCIDENT, NAME, SHEET, Drill, new_id, packed, read_drill
from ddms_ops.errors import BadInput, RunError, did_you_mean
from ddms_ops.incident import PLAYED, read_incident
from ddms_ops.lab.folder import lab_folder
from ddms_ops.lab.jupyter import check_lab, serve_lab
from ddms_ops.lab.opening import REPORTS, LabOptions, case_notebooks
from ddms_ops.profile import load_profile
from ddms_ops.simulate import SYSTEMS
from ddms_ops.simulate.case import write_planted
from ddms_ops.window import iso

SEEDS = 1_000_000
LIVE, FILES = "live", "files"


@dataclass(frozen=True, slots=True)
class DrillOptions:
    """Which drill, and how: `seed` None for any, `is_files` never from a sandbox, `is_headless` without JupyterLab."""

    seed: int | None = None
    events: int = 20_000
    is_files: bool = False
    is_headless: bool = False


def start_drill(system: str, options: DrillOptions, lab: LabOptions) -> int:
    """Draw an incident, serve it, and open its notebooks until Ctrl-C; 0 afterwards. A drill's folder is served again.

    Without JupyterLab it is said how to go on; a sandbox then serves until Ctrl-C, files need nobody to.

    Raises:
        BadInput: no such system, or a folder that cannot be written to.
        RunError: JupyterLab is not installed, or did not start.
    """
    again = Path(system) if (Path(system) / NAME).is_file() else None
    if again is None and system not in SYSTEMS:
        hint = did_you_mean(system, SYSTEMS)
        raise BadInput(f"no simulated system named {system!r}; known: {', '.join(SYSTEMS)}{hint}")
    if not options.is_headless:
        check_lab(lab.port)
    folder = again.resolve().parent.parent if again else lab_folder(lab.folder)
    place = again.resolve() if again else None
    with contextlib.chdir(folder):  # profiles and notebooks to edit are looked up there
        place = place or _new_drill(system, options, folder)
        return _play(place, folder, options, lab)


def _new_drill(system: str, options: DrillOptions, folder: Path) -> Path:
    """The folder of a drill that was drawn and written; it is said what it reads from."""
    seed = randbelow(SEEDS) if options.seed is None else options.seed
    lack = "--files was given" if options.is_files else lack_of_sandbox(system)
    lack = lack or ("" if Draw.of(system, seed).is_live else "as some drills are")
    try:
        place, _ = written(system, seed, options.events, folder, FILES if lack else LIVE)
    except OSError as fault:
        raise BadInput(f"{folder}: cannot write there: {fault.strerror}") from None
    where = f"files of {place / EXPORT} ({lack})" if lack else "live: AWS and Postgres are played on this machine"
    print(f"source: {where}")
    return place


def _play(place: Path, folder: Path, options: DrillOptions, lab: LabOptions) -> int:
    """Tell the page of a drill, serve it if it is live, and open its notebooks."""
    drill, given = read_drill(place), read_incident(place / INCIDENT)
    severity = given.get("severity")
    print(f"{drill.drill_id}: {given['title']}{f' ({severity})' if severity else ''}, noticed at {given['detected']}")
    print(f"your answer goes into {place / SHEET}; then: ddms-ops drill --answer {place}", flush=True)
    with _environment(place / EXPORT, given, is_live=drill.source == LIVE) as environment:
        if options.is_headless:
            return _say_how(place, folder, environment)
        asked = ask(given, where=str(place / INCIDENT), names=())
        opens = case_notebooks(asked, folder)[0].relative_to(folder).as_posix()
        print(f"JupyterLab on {folder}; Ctrl-C here ends it and the drill", file=sys.stderr, flush=True)
        return serve_lab(folder, opens=opens, has_browser=lab.has_browser, port=lab.port)


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


def written(system: str, seed: int, events: int, folder: Path, source: str) -> tuple[Path, dict[str, str]]:
    """Write a drill into `<folder>/drills/<id>`: its folder, and the parameters of its incident.

    Nothing that is written names what was planted.
    """
    draw = Draw.of(system, seed)
    drill_id = new_id(folder, system)
    (folder / DRILLS).mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".work-", dir=folder / DRILLS))
    try:
        case = write_planted(draw.planted(), work / "case", seed=draw.seed, events=events)
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
def _environment(export: Path, given: Mapping[str, object], *, is_live: bool) -> Iterator[dict[str, str]]:
    """Variables, set in this process, that lead to the sandbox and say whose it is; none for files."""
    if not is_live:
        yield {}
        return
    if lack := lack_of_sandbox(str(given["system"])):
        raise RunError(f"{given['incident_id']} is played live: {lack}")
    from ddms_ops.sandbox.commands import served

    with served(export, str(given["system"]), now=str(given["end"])) as environment:
        own = {PLAYED: str(given["incident_id"])}
        before = dict(os.environ)
        os.environ.update(environment | own)
        try:
            yield environment | own
        finally:
            os.environ.clear()
            os.environ.update(before)


def _say_how(place: Path, folder: Path, environment: dict[str, str]) -> int:
    """What to type, with or without a sandbox that serves."""
    command = f"ddms-ops run {shlex.quote(str(place / INCIDENT))} --out {shlex.quote(str(folder / REPORTS))}"
    if environment:
        from ddms_ops.sandbox.commands import wait_for_end

        wait_for_end(environment, command)
    else:
        print(command)
    return 0
