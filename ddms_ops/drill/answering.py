"""`ddms-ops drill --answer`: what was planted, beside what a person answered and what the tool found."""

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from ddms_ops.case import utc_now
from ddms_ops.checks.tables import visible
from ddms_ops.drill.sheet import Sheet, is_nothing, read_sheet
from ddms_ops.drill.state import DRILLS, NAME, SHEET, Drill, drills_in, read_drill
from ddms_ops.drill.telling import Truth, asked_notebook, bucket_s, off_s, planted_changes, tells
from ddms_ops.errors import BadInput
from ddms_ops.findings import Finding
from ddms_ops.lab.folder import NEW
from ddms_ops.lab.opening import REPORTS, LabOptions
from ddms_ops.report.findings_file import NAME as FINDINGS
from ddms_ops.report.findings_file import read_document
from ddms_ops.report.reading import result_of
from ddms_ops.window import parse_instant

MANY = 12
KINDS = {
    "traffic": "requests stopped coming",
    "latency": "requests got slower",
    "log_level": "nothing: more is logged",
    "leak": "nothing: somebody saw what is another tenant's",
}
LEAST_WORD = 6  # letters of a word that can name what was changed


def answer_drill(given: str | None, lab: LabOptions) -> int:
    """Print what a drill planted, and compare; 0.

    Args:
        given: the drill's folder or id; None for the last one started.
        lab: whose folder the drills are in.

    Raises:
        BadInput: no such drill, or a sheet with faults.
    """
    folder = lab.folder or (Path() if (Path() / DRILLS).is_dir() else NEW)
    place = _place(given, folder).resolve()
    drill = read_drill(place)
    sheet = read_sheet(place / SHEET)
    print("\n".join(answer_lines(drill, sheet, minutes_taken(drill, sheet, place), place.parent.parent / REPORTS)))
    return 0


def _place(given: str | None, folder: Path) -> Path:
    if given:
        named = folder / DRILLS / given
        return named if (named / NAME).is_file() else Path(given)
    if not (found := drills_in(folder)):
        raise BadInput(f"{folder / DRILLS}: holds no drill; start one with ddms-ops drill, or give its folder")
    return found[0]


def minutes_taken(drill: Drill, sheet: Sheet, place: Path) -> float:
    """Minutes from the start until the sheet was last written, or until now where it is blank."""
    path = place / SHEET
    end = utc_now() if sheet.is_blank else pd.Timestamp(path.stat().st_mtime, unit="s", tz="UTC")
    return max(0.0, (end - parse_instant(drill.started)) / pd.Timedelta(minutes=1))


def answer_lines(drill: Drill, sheet: Sheet, minutes: float, reports: Path) -> list[str]:
    """What `ddms-ops drill --answer` prints."""
    truth = drill.truth
    repeat = f"ddms-ops drill {drill.system} --seed {drill.seed} --events {drill.events}"
    repeat += " --files" if drill.source == "files" else ""
    return [
        f"{drill.drill_id}, again with: {repeat}",
        "",
        f"What was planted: {truth['title']}",
        *(f"  {name:<7} {words}" for name, words in planted_words(truth).items()),
        "",
        f"Your answer, after {minutes:,.0f} min:" if not sheet.is_blank else "Your answer: nothing was filled in",
        *(f"  {name:<7} {words}" for name, words in compared(sheet, truth).items() if not sheet.is_blank),
        "",
        "What ddms-ops found:",
        *(f"  {line}" for line in tool_lines(drill, reports)),
    ]


def planted_words(truth: Truth) -> dict[str, str]:
    """What was planted, in the words of the sheet."""
    changes = planted_changes(truth)
    hit = hit_names(truth)
    return {
        "since": truth["onset"] or "nothing began",
        "failed": failed_words(truth),
        "hit": "not told apart by the simulator" if hit is None else _names(hit),
        "change": "; ".join(f"{each['name']} of {each['resource']} at {each['time']}" for each in changes) or "none",
        "cause": truth["title"],
    }


def failed_words(truth: Truth) -> str:
    """What fails, slows or costs, as the truth tells it."""
    if truth.get("says"):
        return f"{truth['title']} ({', '.join(truth['says'])})"
    if "usage_type" in truth:
        return str(truth["finding"] or truth["service_name"] or truth["instead"])
    parts = []
    for cause in truth.get("causes") or [truth]:
        named = (cause.get("endpoint"), cause.get("zone"), cause.get("error"), cause.get("message_contains"))
        parts.append(": ".join(str(part) for part in named if part))
    return "; ".join(part for part in parts if part) or str(truth.get("instead") or KINDS.get(truth["kind"], "nothing"))


def hit_names(truth: Truth) -> set[str] | None:
    """Who is hit, by name; None where the truth does not say."""
    if truth["kind"] == "leak":
        return {*truth["leak"]["actors"], *truth["leak"]["owners"]}
    if truth["is_quiet"]:
        return set()
    if "tenants" in truth and (truth["tenants"] or not truth.get("says")):
        return set(truth["tenants"])
    return {truth["tenant"]} if truth.get("tenant") else None


def compared(sheet: Sheet, truth: Truth) -> dict[str, str]:
    """Each entry of the sheet beside the truth; words are shown, not judged."""
    return {
        "since": _since(sheet, truth),
        "failed": f"{visible(sheet.failed) or 'not filled in'} (planted: {failed_words(truth)})",
        "hit": _hit(sheet, truth),
        "change": _change(sheet, truth),
        "cause": f"{visible(sheet.cause) or 'not filled in'} (planted: {truth['title']})",
    }


def _since(sheet: Sheet, truth: Truth) -> str:
    if not sheet.since:
        return "not filled in"
    if sheet.began is None or not truth["onset"]:
        is_right = sheet.began is None and not truth["onset"]
        return "right, nothing began" if is_right else f"wrong: {truth['onset'] or 'nothing began'}"
    return _off((sheet.began - parse_instant(truth["onset"])) / pd.Timedelta(minutes=1), bucket_s(truth) / 60)


def _off(minutes: float, room: float) -> str:
    """How far off a start is, in words; right within the minutes of room that the tool has too."""
    if abs(minutes) < 1:
        return "right, to the minute"
    if abs(minutes) <= room and room > 1:
        return f"right, within {room:,.0f} min"
    return f"{abs(minutes):,.0f} min too {'late' if minutes > 0 else 'early'}"


def _hit(sheet: Sheet, truth: Truth) -> str:
    planted = hit_names(truth)
    if not sheet.hit:
        return "not filled in"
    if planted is None:
        return f"{visible(sheet.hit)} (not told apart by the simulator)"
    if is_nothing(sheet.hit):
        return "right, nobody" if not planted else f"wrong: {len(planted)} were"
    seen = truth.get("tenants_seen") or len(planted)
    if sheet.hit.casefold() == "all":
        return "right, all" if len(planted) == seen else f"{len(planted)} of {seen} were"
    named = {name.strip().casefold() for name in sheet.hit.split(",") if name.strip()}
    right = named & {name.casefold() for name in planted}
    return f"{len(right)} of {len(planted)} named, and {len(named - right)} that were not hit"


def _change(sheet: Sheet, truth: Truth) -> str:
    if not sheet.change:
        return "not filled in"
    planted = planted_changes(truth)
    if is_nothing(sheet.change) or not planted:
        is_right = is_nothing(sheet.change) and not planted
        return "right, there was none" if is_right else f"not the same: {planted_words(truth)['change']}"
    said = sheet.change.casefold()
    words = [word for word in re.findall(r"[\w./:-]+", said) if len(word) >= LEAST_WORD]
    is_named = any(word in str(each["resource"]).casefold() for each in planted for word in words)
    is_call = any(str(each["name"]).casefold() in said for each in planted)
    is_same = is_named or (is_call and not _names_another(said, truth))
    return "the same" if is_same else f"not the same: {planted_words(truth)['change']}"


def _names_another(said: str, truth: Truth) -> bool:
    """Whether an answer names what a change hit that explains nothing."""
    return any(str(each["resource"]).casefold() in said for each in truth.get("innocent_changes") or ())


def tool_lines(drill: Drill, reports: Path) -> Iterator[str]:
    """What the findings of the drill's report, or of its notebooks in the lab, say of what was planted."""
    truth = drill.truth
    folder = reports / drill.drill_id
    if not (folder / FINDINGS).exists():
        yield f"nothing yet: no findings in {folder}; run a notebook of it, or ddms-ops run"
        return
    results = [result_of(row) for row in read_document(folder)["checks"]]
    asked = asked_notebook(truth)
    books = dict.fromkeys(result.notebook for result in results)
    found = {book: _ranked([f for r in results if r.notebook == book for f in r.findings]) for book in books}
    if truth["is_quiet"]:
        loud = [finding for each in found.values() for finding in each if finding.severity.is_above_low]
        yield f"{len(loud)} findings above low{': ' + visible(loud[0].statement) if loud else ', which is right'}"
        return
    if asked and asked not in found:
        yield f"nothing yet: {asked} is to tell it, and was not run"
        return
    told = [(place, book, finding) for book, each in found.items() if asked in ("", book)
            for place, finding in enumerate(each, start=1) if tells(finding, truth)]  # fmt: skip
    if not told:
        yield f"what was planted is not among the {sum(map(len, found.values()))} findings"
        return
    place, book, finding = min(told, key=lambda each: each[0])
    yield f"rank {place} of {len(found[book])} in {book}: {visible(finding.statement)}"
    off = off_s(finding, truth["onset"])
    yield f"its start: {'not told' if off is None else _off(off / 60, bucket_s(truth) / 60)}"


def _ranked(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: finding.rank)


def _names(hit: set[str]) -> str:
    shown = ", ".join(sorted(hit)[:MANY])
    return f"{len(hit)}: {shown}{' …' if len(hit) > MANY else ''}" if hit else "nobody"
