"""What was planted in a simulated case, held against what the checks say of it; see `ddms_ops.drill.telling`."""

import re
from dataclasses import dataclass, field

import pandas as pd

from ddms_ops.case import Case
from ddms_ops.checks import CHECKS
from ddms_ops.checks.base import BROKEN
from ddms_ops.drill.telling import Truth, asked_notebook, bucket_s, cause_of, off_s, tells
from ddms_ops.findings import Finding

ASKED = ("cause", "mark", "onset", "who", "change", "quiet")
WORDS = 150


@dataclass(slots=True)
class Play:
    """One scenario with one seed: what was asked of it, None where it does not apply, and a line for each miss."""

    system: str
    scenario: str
    seed: int
    answers: dict[str, bool | None] = field(default_factory=lambda: dict.fromkeys(ASKED))
    misses: list[str] = field(default_factory=list)
    seconds: float = 0.0
    notebook: str = ""
    check: str = ""  # whose finding stands first in the notebook
    rank: int | None = None  # in the notebook, of the first finding that tells the cause
    buckets: float | None = None  # from the planted onset to that finding's, negative where it is earlier

    def answer(self, name: str, is_right: bool, said: str) -> None:
        """Note an answer, and what was said where it is wrong."""
        self.answers[name] = is_right
        if not is_right:
            self.misses.append(f"{self.system} {self.scenario} seed {self.seed}: {name}: {said}")

    def place(self, case: Case, notebook: str, truth: Truth, onset: str) -> None:
        """Note which finding stands first in a notebook, which one tells the cause, and how far off its start is."""
        found = findings_of(case, notebook)
        told = next((finding for finding in found if tells(finding, truth)), None)
        self.notebook, self.check = notebook, found[0].check if found else ""
        if told is not None:
            self.rank = found.index(told) + 1
        if told is not None and (off := off_s(told, onset)) is not None:
            self.buckets = off / bucket_s(truth)


def compare(played: Play, case: Case, truth: Truth) -> None:
    """Fill in what is right."""
    named = f"{played.system} {played.scenario} seed {played.seed}"
    broken = [f"{result.id}: {result.reason}" for result in case.results if BROKEN in result.reason]
    played.misses += [f"{named}: broken check {reason}" for reason in broken]
    if truth["is_quiet"]:
        loud = [shown(finding) for finding in findings_of(case) if finding.severity.is_above_low]
        played.answer("quiet", not loud and not broken, f"{len(loud)} above low, first: {loud[0] if loud else ''}")
    elif "says" in truth:
        compare_scene(played, case, truth)
    elif "usage_type" in truth:
        compare_cost(played, case, truth)
    elif truth["kind"] == "leak":
        compare_leak(played, case, truth)
    else:
        compare_requests(played, case, truth)


def findings_of(case: Case, notebook: str = "") -> list[Finding]:
    """Findings of a notebook, or of all, the strongest first."""
    found = [f for result in case.results if notebook in ("", result.notebook) for f in result.findings]
    return sorted(found, key=lambda finding: finding.rank)


def compare_scene(played: Play, case: Case, truth: Truth) -> None:
    """What a scene, or work that waits, planted: words, a start, and a change."""
    notebook = asked_notebook(truth)
    played.place(case, notebook, truth, truth["onset"])
    found = findings_of(case, notebook)
    first = shown(found[0]) if found else f"nothing found by {notebook}"
    played.answer("cause", played.rank == 1, f"{truth['says']} is not what comes first: {first}")
    if not found:
        return
    is_then = is_in_time(found[0], truth["onset"], bucket_s(truth))
    played.answer("onset", is_then, f"{found[0].first_seen}, truth {truth['onset']}; {found[0].check}")
    if truth["change"]:
        compare_change(played, case, notebook, [truth["change"]])


def compare_cost(played: Play, case: Case, truth: Truth) -> None:
    """What a cost scenario planted: a kind of lines, its bar, its hour, whose it is, and a change."""
    played.place(case, "cost_spike", truth, truth["onset"])
    found = findings_of(case, "cost_spike")
    if not found:
        played.answer("cause", False, "nothing found by cost_spike")
        return
    played.answer("cause", played.rank == 1, f"{truth['usage_type']} is not what comes first: {shown(found[0])}")
    subject = found[0].subject
    played.answer("mark", subject.get("bar") == truth["bar"], f"bar {subject.get('bar')}, truth {truth['bar']}")
    is_then = played.buckets is not None and abs(played.buckets) <= 1
    played.answer("onset", is_then, f"{found[0].first_seen}, truth {truth['onset']}; {found[0].check}")
    if truth["changes"]:
        compare_change(played, case, "cost_spike", truth["changes"])


def compare_change(played: Play, case: Case, notebook: str, planted: list[Truth]) -> None:
    """Whether the first suspect of a notebook is a planted change."""
    asked = [check.id for check in CHECKS if check.notebook == notebook and "changes" in check.id]
    suspects = [finding for check in asked for finding in case.result(check).findings]
    first = suspects[0].subject["change"] if suspects else "no suspect"
    names = [change["name"] for change in planted]
    played.answer("change", any(name in first for name in names), f"{first}, truth {', '.join(names)}")


def compare_leak(played: Play, case: Case, truth: Truth) -> None:
    """Whether what was disclosed is what is said to be."""
    disclosed = case.crossings.loc[case.crossings["verdict"] == "disclosed", "id"]
    classes = truth["leak"]["classes"]
    planted = {audit_id for name in ("cached", "guessed") for audit_id in classes[name]["audit_ids"]}
    played.place(case, asked_notebook(truth), truth, truth["onset"])
    played.answer("cause", set(disclosed) == planted, f"{len(disclosed)} disclosures, truth {len(planted)}")


def is_in_time(finding: Finding, onset: str, within_s: int) -> bool:
    """Whether the finding begins when the cause does."""
    off = off_s(finding, onset)
    return off is not None and abs(off) <= within_s


def compare_requests(played: Play, case: Case, truth: Truth) -> None:
    """What a dms scenario planted in its requests and jobs."""
    findings, causes = findings_of(case), truth["causes"] or [truth]
    if not findings:
        played.answer("cause", False, "nothing found")
        return
    first, cause = findings[0], cause_of(findings[0], truth)
    onset = (cause or causes[0])["onset"]
    [notebook] = [result.notebook for result in case.results if first in result.findings]
    played.place(case, notebook, truth, onset)
    missing = [words for words in other_causes(truth) if not is_told(words, findings)]
    said = f"not among the findings: {missing}" if cause and missing else shown(first)
    played.answer("cause", cause is not None and not missing, said)
    cause = cause or truth
    if marks := marks_of(cause, truth):
        values = set(first.subject.values())
        played.answer("mark", values >= marks, f"{sorted(marks - values)} not in {first.subject}")
    is_then = is_in_time(first, cause["onset"], bucket_s(truth))
    played.answer("onset", is_then, f"{first.first_seen}, truth {cause['onset']}; {first.check}")
    if truth["shows_as"] not in (None, "slow") and not truth["causes"]:
        compare_who(played, case, truth)
    if cause["change"]:
        changes = case.result("changes_before").findings
        planted = truth["change_calls"] if cause is truth else [cause["change"]]
        suspect = f"{changes[0].subject['change']} at {changes[0].first_seen}" if changes else "no suspect"
        is_right = bool(changes) and any(is_call(changes[0], call) for call in planted)
        played.answer("change", is_right, f"{suspect}, truth {cause['change']['name']} at {cause['change']['time']}")


def compare_who(played: Play, case: Case, truth: Truth) -> None:
    """Whether as many tenants are said to be hit as were."""
    found = case.result("who_is_hit").findings
    hit = re.search(r"(\d+) of \d+ tenants hit", found[0].statement) if found else None
    is_right = hit is not None and int(hit[1]) == len(truth["tenants"])
    said = found[0].statement[:WORDS] if found else "nobody"
    played.answer("who", is_right, f"{said}, truth {len(truth['tenants'])}")


def other_causes(truth: Truth) -> list[str]:
    """Words of every cause where there are several."""
    return [cause["message_contains"] for cause in truth["causes"]]


def is_told(words: str, findings: list[Finding]) -> bool:
    """Whether a finding above low says the words."""
    return any(words in finding.statement for finding in findings if finding.severity.is_above_low)


def marks_of(cause: Truth, truth: Truth) -> set[str]:
    """Values that the finding's subject should hold."""
    if truth["kind"] == "latency":
        return set()
    mark = {cause["mark"]["value"]} if cause.get("mark") else set()
    return mark | ({truth["version"]} if truth["version"] else set())


def is_call(change: Finding, call: Truth) -> bool:
    """Whether a suspect change holds the planted call."""
    assert change.first_seen is not None
    assert change.last_seen is not None
    second = pd.Timedelta(seconds=1)
    is_then = change.first_seen - second <= pd.Timestamp(call["time"]) <= change.last_seen + second
    return is_then and call["name"] in change.subject["change"]


def shown(finding: Finding) -> str:
    """A finding in one short line."""
    return f"[{finding.severity}, {finding.check}] {finding.statement[:WORDS]}"
