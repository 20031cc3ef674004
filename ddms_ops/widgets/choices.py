"""What a control offers to choose from: labels that may be shown, with the key that each stands for; at most 200."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from ddms_ops.case import Case
from ddms_ops.checks import CHECKS
from ddms_ops.checks.base import CannotTell
from ddms_ops.checks.refs import with_error
from ddms_ops.declaration import LEVELS, log_group_names
from ddms_ops.settings import assets
from ddms_ops.widgets.control import words

MOST = 200
LABEL_CHARS = 110
INCIDENTS = Path("parameters/incidents")


def labelled(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Keys by label, in order, the first 200: labels are redacted, on one line, cut, and each is there once."""
    found: dict[str, str] = {}
    for label, key in pairs:
        whole = words(" ".join(label.split()))
        shown = base = whole if len(whole) <= LABEL_CHARS else f"{whole[:LABEL_CHARS]}…"
        number = 2
        while shown in found:
            shown, number = f"{base} ({number})", number + 1
        found[shown] = key
        if len(found) == MOST:
            break
    return found


def chosen(choices: Mapping[str, str], text: str) -> dict[str, str]:
    """What a text means, as choices: a label, a key, where all are offered the labels that hold it, else itself."""
    typed = text.strip()
    if text in choices or not typed:
        return {text: choices[text]} if typed else {}
    held = {label: key for label, key in choices.items() if typed.casefold() in label.casefold()}
    is_sure = typed in choices.values() or len(choices) >= MOST or not held
    return {typed: typed} if is_sure else held


def group_choices(case: Case) -> dict[str, str]:
    """Groups of log events: errors and new or rising warnings first, as `case.error_groups` has them."""
    bad, groups = case.error_groups, case.groups
    rest = groups[~groups["group"].isin(bad.ids)].assign(says=groups["template"])
    rows = [row for frame in (bad.frame, rest) for row in frame.head(MOST).itertuples()]
    return labelled(
        (f"{row.group} · {row.events:,} {row.trend} · {with_error(row.error, str(row.says))}", str(row.group))
        for row in rows
    )


def tenant_choices(case: Case) -> dict[str, str]:
    """Tenants of the logs, most failed requests first, as `case.tenants_seen` has them."""
    rows = case.tenants_seen.frame.head(MOST).itertuples()
    return labelled(
        (
            f"{row.tenant} · {'?' if pd.isna(row.failed) else f'{row.failed:,}'} failed of {row.requests:,}",
            str(row.tenant),
        )
        for row in rows
    )


def check_choices(case: Case, notebook: str) -> dict[str, str]:
    """Findings of a notebook by rank, then its checks; checks not run yet are run."""
    results = [case.result(check.id) for check in CHECKS if check.notebook == notebook]
    done = {result.id: result for result in case.results}
    findings = sorted((f for result in results for f in done[result.id].findings), key=lambda finding: finding.rank)
    named = [(f"{f.id} · {f.severity} · {f.statement}", f.id) for f in findings]
    asked = [(f"{r.id} · {str(r.status).replace('_', ' ')} · {r.question}", r.id) for r in results]
    return labelled([*named, *asked])


def statement_choices(case: Case) -> dict[str, str]:
    """Statements by how much their database time moved; none where it cannot be compared."""
    try:
        basis = case.statement_basis
    except CannotTell:
        return {}
    rows = basis.bridge.head(MOST).itertuples()
    return labelled(
        (f"{row.Index} · {row.delta_ms / 1000:+,.2f} s · {basis.text(str(row.Index))}", str(row.Index)) for row in rows
    )


def levels() -> dict[str, str]:
    """Levels of log events, worst first."""
    return {level: level for level in reversed(LEVELS)}


def components(case: Case) -> dict[str, str]:
    """Components that the profile names for log groups."""
    named = log_group_names(case.profile, case.incident.environment).values()
    return labelled((name, name) for name in sorted({group.component for group in named if group.component}))


def log_groups(case: Case) -> dict[str, str]:
    """Log groups, declared and found."""
    return labelled((name, name) for name in case.log_groups)


def incident_files() -> dict[str, Path]:
    """Incident files by name: those below where one stands, and the shipped ones; the first 200."""
    found: dict[str, Path] = {}
    for folder in (INCIDENTS, assets("parameters") / "incidents"):
        for path in sorted(folder.glob("*.yaml")):
            found.setdefault(path.stem, path)
    return dict(list(found.items())[:MOST])
