"""What a control offers to choose from: labels that may be shown, with the key that each stands for; at most 200."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from ddms_ops.case import Case
from ddms_ops.checks import CHECKS
from ddms_ops.checks.base import CannotTell
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


def chosen(choices: Mapping[str, str], text: str) -> str:
    """The key of a label, or what was typed itself."""
    return choices.get(text, text.strip())


def group_choices(case: Case) -> dict[str, str]:
    """Groups of log events: errors and new or rising warnings first, most events first."""
    groups = case.groups
    if groups.empty:
        return {}
    is_bad = groups["is_error"] | ((groups["level"] == "WARN") & groups["trend"].isin(["new", "rising"]))
    rows = pd.concat([groups[is_bad], groups[~is_bad]]).head(MOST)
    return labelled(
        (f"{row.group} · {row.events:,} {row.trend} · {_said(row)}", row.group) for row in rows.itertuples()
    )


def tenant_choices(case: Case) -> dict[str, str]:
    """Tenants with requests in the window, most failed ones first."""
    known = case.requests[["tenant", "failed"]].dropna(subset=["tenant"])
    counts = known.groupby(known["tenant"].astype("str"))["failed"].agg(["sum", "size"])
    counts = (
        counts.rename_axis("name").reset_index().sort_values(["sum", "size", "name"], ascending=[False, False, True])
    )
    rows = counts.head(MOST).itertuples(index=False, name=None)
    return labelled((f"{name} · {failed:,} failed of {total:,}", name) for name, failed, total in rows)


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


def _said(row: object) -> str:
    """Error and template of a group."""
    template, error = str(row.template), row.error  # type: ignore[attr-defined]
    return template if pd.isna(error) or template.startswith(str(error)) else f"{error}: {template}"
