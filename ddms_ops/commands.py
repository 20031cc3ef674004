"""The work behind `ddms-ops run`."""

import contextlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ddms_ops.case import TOOL, utc_now
from ddms_ops.checks import CHECKS
from ddms_ops.checks.base import BROKEN, NOT_REACHED
from ddms_ops.coverage import FAULTY
from ddms_ops.declaration import Profile
from ddms_ops.errors import BadInput, IncidentError, WindowError, did_you_mean
from ddms_ops.evidence import MANIFEST, manifest_digest, read_manifest
from ddms_ops.findings import CheckResult, Verdict
from ddms_ops.folders import drop_unfinished, settle, work_folder
from ddms_ops.incident import Incident, read_incident, resolve
from ddms_ops.inventory import known_notebooks, notebooks_for
from ddms_ops.notebook import check_parameters, notebook_parameters
from ddms_ops.private import redact_also, redacted_by
from ddms_ops.redact import redact
from ddms_ops.report.findings_file import NAME as FINDINGS
from ddms_ops.report.findings_file import findings_document, read_document, write_document
from ddms_ops.report.html import export_html
from ddms_ops.report.renew import write_report
from ddms_ops.runner import NotebookRun, Progress, run_notebook
from ddms_ops.settings import assets
from ddms_ops.sources import open_source
from ddms_ops.sources.resumed import MARKER
from ddms_ops.window import iso, parse_instant

TIMEOUT_S = 1800
FAULTY_TEXT = {str(status) for status in FAULTY}


def notebook_path(name: str) -> Path:
    """The notebook of that name.

    Raises:
        BadInput: none of that name.
    """
    known = known_notebooks()
    if name not in known:
        raise BadInput(f"notebook: no notebook named {name!r}{did_you_mean(name, known)}; known: {', '.join(known)}")
    own = Path("notebooks") / f"{name}.ipynb"
    return own if own.is_file() else assets("notebooks") / own.name


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of an incident, checked: the notebooks to run, and the parameters that are theirs."""

    incident: Incident
    paths: tuple[Path, ...]
    knobs: Mapping[str, object]
    skipped: dict[str, str]

    def parameters(self, path: Path, *, out: str) -> dict[str, object]:
        """The parameters of one of its notebooks.

        Raises:
            IncidentError: a value that is not of the type of the notebook's default.
        """
        accepted = notebook_parameters(path)
        known = {**self.incident.as_dict(), **self.knobs, "out": out}
        given = {name: value for name, value in known.items() if name in accepted}
        check_parameters(path, given)
        return given


def run_incident(
    path: Path | None, *, notebooks: Sequence[str] | None, source: str | None, out: Path, overrides: Sequence[str]
) -> int:
    """Investigate the incident in a file, or given by -p alone; see the CLI for the exit code."""
    if not path and not overrides:
        raise BadInput("run: the following arguments are required: incident; or give all of its parameters by -p")
    given = given_parameters(path, source=source, overrides=overrides)
    given = given if path else named(given)
    return investigate(given, where=str(path or "-p"), names=notebooks or (), out=out)


def given_parameters(path: Path | None, *, source: str | None, overrides: Sequence[str]) -> dict[str, object]:
    """The parameters in an incident file, with those of the command line.

    Args:
        path: the file; None where all is given on the command line.
        source: takes the place of the file's, unless empty.
        overrides: `NAME=VALUE`, each.

    Raises:
        BadInput: not a readable file, or an override without "=".
    """
    given = read_incident(path) if path else {}
    if path and not source and isinstance(given.get("source"), str):
        given["source"] = _beside(str(given["source"]), path)
    return given | named_values(overrides) | ({"source": source} if source else {})


def named_values(pairs: Sequence[str]) -> dict[str, object]:
    """The values of `NAME=VALUE` pairs.

    Raises:
        BadInput: one without "=".
    """
    for pair in pairs:
        if "=" not in pair:
            raise BadInput(f"-p {pair}: write NAME=VALUE")
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}


def named(given: dict[str, object]) -> dict[str, object]:
    """The parameters, with an incident's name where nobody gave one: system and start."""
    name = "incident"
    with contextlib.suppress(WindowError):
        name = f"{given.get('system')}-{parse_instant(str(given.get('start', '')), now=utc_now()):%Y%m%dT%H%M}"
    return {"incident_id": name, **given}


def _beside(source: str, path: Path) -> str:
    """A relative folder in an incident file is meant from where one stands, or else from the file."""
    kind, _, place = source.partition(":")
    beside = path.parent / place
    return f"{kind}:{beside}" if place and not Path(place).exists() and beside.exists() else source


def investigate(given: dict[str, object], *, where: str, names: Sequence[str], out: Path) -> int:
    """Run the notebooks on an incident and write its report folder; without `names` those that its profile is for.

    The work is done in a folder of its own, which becomes `<out>/<incident_id>` at the end, also of a run that was
    interrupted: two runs, or a run from an earlier report of the same name, do not disturb each other.
    """
    asked = ask(given, where=where, names=names)
    incident, paths = asked.incident, asked.paths
    work = work_folder(out) / incident.incident_id
    work.mkdir()
    is_done = False
    try:
        runs = []
        for path in paths:
            parameters = asked.parameters(path, out=str(work.parent.resolve()))
            runs.append(run_notebook(path, work / path.name, parameters, on_progress=_show, timeout_s=TIMEOUT_S))
            if (work / "evidence" / MANIFEST).exists():
                (work / MARKER).touch()
        is_done = True
    finally:
        (work / MARKER).unlink(missing_ok=True)
        document = _complete(work, incident, paths, asked.skipped)
        folder = settle(work, out)
        if not is_done:
            print(f"ended before its report was made; evidence and findings so far: {folder}", file=sys.stderr)
    runs = [replace(run, path=folder / run.path.name) for run in runs]
    _export(runs, incident, document)
    write_report(folder)
    return 1 if _is_faulty(document, runs) else 0


def ask(given: Mapping[str, object], *, where: str, names: Sequence[str]) -> Asked:
    """What is asked of an incident; nothing is pulled, nothing written.

    Args:
        given: parameters by name, of the incident and of notebooks.
        where: what to call them in an error, usually the file.
        names: notebooks; none means those that the system's profile is for.

    Raises:
        BadInput: every fault of the parameters, or a source that cannot be opened.
    """
    paths = [notebook_path(name) for name in dict.fromkeys(names or known_notebooks())]
    known = set(Incident.__dataclass_fields__)
    knobs = {name: value for name, value in given.items() if name not in known}
    _check_knobs(paths, knobs, where)
    incident, profile = resolve({name: given[name] for name in given if name in known}, now=utc_now(), where=where)
    skipped = _skipped(profile, names)
    redact_also(profile.redact, of=incident.incident_id)
    with redacted_by(profile.redact):
        words = {name: redact(getattr(incident, name)) for name in ("title", "notes")}
    incident = replace(incident, source=_absolute(incident.source), **words)
    open_source(incident.source, profile=profile, environment=incident.environment, clock=utc_now)
    return Asked(incident, tuple(path for path in paths if path.stem not in skipped), knobs, skipped)


def _skipped(profile: Profile, names: Sequence[str]) -> dict[str, str]:
    """Notebooks that are not run, with the reason: what the profile is not for, or what was not asked for."""
    fitting, skipped = notebooks_for(profile)
    left_out = {**skipped, **dict.fromkeys(fitting, "not asked for")} if names else skipped
    return {name: reason for name, reason in left_out.items() if name not in names}


def _check_knobs(paths: Sequence[Path], knobs: Mapping[str, object], where: str) -> None:
    """Parameters that are no incident's must be known to one of the notebooks, and be of its type."""
    accepted = {name: path for path in paths for name in notebook_parameters(path)}
    known = sorted(set(accepted) | set(Incident.__dataclass_fields__))
    faults = []
    for name, value in knobs.items():
        if name not in accepted or name == "out":
            faults.append(f"{where}: {name}: unknown parameter{did_you_mean(name, known)}; known: {', '.join(known)}")
            continue
        try:
            check_parameters(accepted[name], {name: value})
        except IncidentError as fault:
            faults += fault.faults
    if faults:
        raise IncidentError(*faults)


def _absolute(source: str) -> str:
    kind, _, place = source.partition(":")
    return f"{kind}:{Path(place).expanduser().resolve()}" if place else source


def _show(progress: Progress) -> None:
    """One line of progress on standard error."""
    print(f"  {progress}", file=sys.stderr, flush=True)


def _complete(folder: Path, incident: Incident, paths: Sequence[Path], skipped: dict[str, str]) -> dict[str, Any]:
    """Write findings.json with every pull in the evidence and a result for every check, also one not reached."""
    evidence, earlier = folder / "evidence", read_document(folder) if (folder / FINDINGS).exists() else {}
    drop_unfinished(evidence)
    has_manifest = (evidence / MANIFEST).exists()
    coverage = [entry.coverage for entry in read_manifest(evidence)] if has_manifest else []
    digest = manifest_digest(evidence) if has_manifest else ""
    document: dict[str, Any] = findings_document(incident, coverage, [], tool=TOOL, digest=digest)
    done = {check["id"]: check for check in earlier.get("checks", [])}
    for check in CHECKS:
        if check.notebook in {path.stem for path in paths} and check.id not in done:
            missing = CheckResult(check.id, check.notebook, check.question, Verdict.NOT_CHECKED, NOT_REACHED)
            done[check.id] = missing.as_dict()
    document["checks"] = [done[check.id] for check in CHECKS if check.id in done]
    document |= {"skipped": skipped} if skipped else {}
    write_document(folder, document, generated_at=earlier.get("generated_at") or iso(utc_now()))
    return document


def _export(runs: Sequence[NotebookRun], incident: Incident, document: dict) -> None:  # type: ignore[type-arg]
    subtitle = f"{incident.incident_id} · {incident.system} · {incident.window}"
    for run in runs:
        title = f"{run.path.stem.replace('_', ' ').capitalize()}: {incident.title or incident.incident_id}"
        export_html(
            run.path,
            run.path.with_suffix(".html"),
            title=title,
            subtitle=subtitle,
            digest=str(document["manifest_digest"]),
        )


def _is_faulty(document: dict, runs: Sequence[NotebookRun]) -> bool:  # type: ignore[type-arg]
    broken = any(str(check["reason"]).startswith((BROKEN, NOT_REACHED)) for check in document["checks"])
    return (
        broken
        or any(run.status != "ok" for run in runs)
        or any(row["status"] in FAULTY_TEXT for row in document["coverage"])
    )
