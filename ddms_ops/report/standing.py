"""What findings.json of a case says already: other notebooks of it write into the same file, each in its own kernel."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from ddms_ops.checks import CHECKS
from ddms_ops.checks.base import NOT_REACHED
from ddms_ops.coverage import Coverage
from ddms_ops.errors import EvidenceError
from ddms_ops.files import stamp
from ddms_ops.findings import CheckResult, Verdict, ranked
from ddms_ops.incident import Incident
from ddms_ops.report.findings_file import NAME, read_document
from ddms_ops.report.reading import result_of

STALE = "made before its evidence was read again; run its notebook again"
ABOUT = ("system", "environment")
POST_MORTEM = "post_mortem"
EARLIER = ".earlier"
"""What stands in the name of a page, and of its notebook, that is of evidence that was read again since."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Results and coverage that stand in a report folder, and the notebooks that are said not to have been run."""

    results: tuple[CheckResult, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()

    def without(self, notebooks: Sequence[str]) -> dict[str, str]:
        """Notebooks that were not run, with the reason, but for those that were."""
        return {name: reason for name, reason in self.skipped if name not in notebooks}


NOTHING = Standing()


def standing(folder: Path, incident: Incident, *, tool: str, is_reread: bool) -> Standing:
    """What stands in a report folder of the same incident over the same time; nothing where there is none.

    Args:
        folder: the report folder.
        incident: whose case writes into it.
        tool: `ddms-ops x.y.z`; results of another version are not taken for this one's.
        is_reread: whether evidence was read again and has other records now: no result of before rests on it.

    Returns:
        Results that do not stand any more are not checked, with the reason.
    """
    document = _document(folder)
    if document is None or not is_about(document, incident):
        return NOTHING
    try:
        results = tuple(_with_strength(result_of(row)) for row in document["checks"])
        coverage = tuple(Coverage.from_dict(row) for row in document["coverage"])
        skipped = tuple((str(name), str(reason)) for name, reason in (document.get("skipped") or {}).items())
    except (KeyError, TypeError, ValueError, AttributeError):
        return NOTHING
    if is_reread or document.get("tool") != tool:
        results = tuple(_stale(result) for result in results)
    return Standing(results, coverage, skipped)


def _with_strength(result: CheckResult) -> CheckResult:
    """What is read back has its rank in place of its strength: within a check both order alike."""
    return replace(result, findings=tuple(replace(each, strength=-float(each.rank)) for each in result.findings))


def _stale(result: CheckResult) -> CheckResult:
    if result.reason == NOT_REACHED:
        return result
    return replace(result, status=Verdict.NOT_CHECKED, reason=STALE, findings=())


def not_reached(done: Iterable[CheckResult]) -> list[CheckResult]:
    """Of each notebook that has results, every check as one whose section was not reached."""
    begun = {result.notebook for result in done}
    asked = [check for check in CHECKS if check.notebook in begun]
    return [CheckResult(each.id, each.notebook, each.question, Verdict.NOT_CHECKED, NOT_REACHED) for each in asked]


def in_order(results: Iterable[CheckResult]) -> tuple[CheckResult, ...]:
    """Results in the order of CHECKS, of two of one check the later; ranked within each notebook."""
    known = {result.id: result for result in results}
    done = [known[check.id] for check in CHECKS if check.id in known]
    names = dict.fromkeys(result.notebook for result in done)
    return tuple(each for name in names for each in ranked(r for r in done if r.notebook == name))


def is_about(document: dict[str, Any], incident: Incident) -> bool:
    """Whether findings are of the same system and environment, window and baseline."""
    given = incident.as_dict()
    said = document.get("incident")
    return (
        isinstance(said, dict)
        and all(said.get(name) == given[name] for name in ABOUT)
        and document.get("window") == incident.window.as_dict()
        and document.get("baseline") == incident.baseline_window.as_dict()
    )


def is_of_another(folder: Path, incident: Incident) -> bool:
    """Whether a report folder holds findings of another time or system, or such that cannot be read."""
    document = _document(folder)
    return (folder / NAME).exists() and (document is None or not is_about(document, incident))


def set_pages_aside(folder: Path, name: str = "*") -> list[str]:
    """Call the page of a notebook, or of all but the post-mortem, and the notebook, those of earlier evidence.

    Returns:
        The new names.
    """
    found = [path for suffix in (".html", ".ipynb") for path in sorted(folder.glob(f"{name}{suffix}"))]
    pages = [path for path in found if path.stem != POST_MORTEM and not path.stem.endswith(EARLIER)]
    return [path.replace(path.with_stem(f"{path.stem}{EARLIER}")).name for path in pages]


def _document(folder: Path) -> dict[str, Any] | None:
    """findings.json, to be read only; None where there is none that can be read."""
    try:
        return _read(folder, stamp(folder / NAME))
    except (EvidenceError, OSError):
        return None


@lru_cache(maxsize=1)
def _read(folder: Path, _written: tuple[int, ...]) -> dict[str, Any]:
    """It is asked for several times between two writings."""
    return read_document(folder)
