"""Replay and verification of a report folder, without a kernel and without a network."""

import shutil
import tempfile
from pathlib import Path

from ddms_ops.case import Case, utc_now
from ddms_ops.checks import CHECKS
from ddms_ops.checks.base import NOT_REACHED
from ddms_ops.errors import BadInput, EvidenceError
from ddms_ops.evidence import PROFILES
from ddms_ops.hops.pinned import read_pins
from ddms_ops.hops.pins import pin_faults
from ddms_ops.incident import resolve
from ddms_ops.report.findings_file import as_text, read_document, without_time
from ddms_ops.report.pins import missing_pins
from ddms_ops.report.standing import EARLIER, STALE
from ddms_ops.sources.queries import TOPICS
from ddms_ops.sources.recorded import RecordedSource
from ddms_ops.verify import DIGEST, printed_digests, verify_evidence

OLDER_PAGE = "prints another manifest digest than findings.json; if evidence was added by hand since, make it again:"


def replay_report(report: Path, *, out: Path | None = None) -> int:
    """Run a report's checks again on its evidence and compare; 0 when findings.json comes out the same.

    Raises:
        EvidenceError: the report folder is damaged, or its evidence is not what the manifest says.
    """
    recorded = read_document(report)
    faults = verify_evidence(report / "evidence", expected=str(recorded.get("manifest_digest", "")))
    if faults:
        raise EvidenceError(f"{report}: cannot be replayed: {faults[0]}; see ddms-ops verify {report}")
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadInput(f"--out {out}: is not an empty folder; give a new one")
    scratch = Path(tempfile.mkdtemp(prefix="ddms-ops-replay-"))
    folder = out or scratch
    try:
        try:
            again = _findings_again(report, recorded, folder)
        except (KeyError, TypeError, AttributeError) as fault:
            raise EvidenceError(f"{report / 'findings.json'}: is damaged: bad or missing {fault}") from None
        before, after = as_text(without_time(recorded)), as_text(again)
        if before == after:
            count = sum(len(check["findings"]) for check in recorded["checks"])
            print(f"replayed {report}: {count} findings of {len(recorded['checks'])} checks, identical")
            return 0
        print(f"replayed {report}: findings differ: {_first_difference(before, after)}")
        return 1
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _findings_again(report: Path, recorded: dict, folder: Path) -> dict[str, object]:  # type: ignore[type-arg]
    profiles = report / "evidence" / PROFILES
    incident, profile = resolve(recorded["incident"], now=utc_now(), where=str(report), profiles=profiles)
    folder.mkdir(parents=True, exist_ok=True)
    made = frozenset(str(row["pull"]) for row in recorded["coverage"])
    case = Case(incident, profile, RecordedSource(report), folder, clock=utc_now, profiles=profiles, only=made)
    notebooks = {check["notebook"] for check in recorded["checks"]}
    unreached = {check["id"] for check in recorded["checks"] if check["reason"] in (NOT_REACHED, STALE)}
    asked = [check.id for check in CHECKS if check.notebook in notebooks and check.id not in unreached]
    for check in CHECKS:
        if check.id in asked:
            case.result(check.id)
    for row in recorded["coverage"]:
        _pull_again(case, str(row["pull"]))
    again = case.document
    left = {check["id"]: check for check in recorded["checks"] if check["id"] in unreached}
    done = {check["id"]: check for check in again["checks"]} | left  # type: ignore[attr-defined]
    skipped = {"skipped": recorded["skipped"]} if "skipped" in recorded else {}
    return {**again, "checks": [done[check.id] for check in CHECKS if check.id in done], **skipped}


def _pull_again(case: Case, name: str) -> None:
    """Answer one recorded pull from the evidence."""
    kind, _, rest = name.partition("/")
    if kind == "audit":
        case.audit(rest)
    elif kind in TOPICS:
        case.records(kind)
    else:
        case.pulls(kind)


def _first_difference(before: str, after: str) -> str:
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    for number, (old, new) in enumerate(pairs, start=1):
        if old != new:
            return f"line {number}: recorded {old.strip()[:80]} now {new.strip()[:80]}"
    return "one is longer than the other"


def verify_report(report: Path) -> int:
    """Check evidence and pins against their manifests, and the manifest against the report; 1 with a line a fault.

    Raises:
        EvidenceError: no report or no manifest there.
    """
    faults: list[str] = []
    document = read_document(report)
    expected = str(document.get("manifest_digest", ""))
    faults += verify_evidence(report / "evidence", expected=expected)
    if not DIGEST.fullmatch(expected):
        faults.append("findings.json: states no manifest digest")
    for page in sorted(set(report.glob("*.html")) - set(report.glob(f"*{EARLIER}.html"))):
        printed = printed_digests(page)
        if printed and expected not in printed:
            faults.append(f"{page.name}: {OLDER_PAGE} ddms-ops report {report}")
    faults += pin_faults(report) or missing_pins(report)
    for fault in faults:
        print(f"{report}: {fault}")
    if not faults:
        print(f"{report}: evidence is as recorded; manifest {expected}")
        if number := len(read_pins(report)):
            print(f"{report}: {number} pinned by people, as pinned")
    return 1 if faults else 0
