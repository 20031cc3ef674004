"""The breach annex and the runbook's containment steps, for people to complete."""

from pathlib import Path
from typing import Protocol

import pandas as pd

from ddms_ops.analysis.crossings import DISCLOSED
from ddms_ops.checks.refs import counted
from ddms_ops.checks.tables import Badge, Quiet, Shown, html_table, joined
from ddms_ops.panels.tenants_audit import MOST, Audited, no_trail, not_declared
from ddms_ops.redact import redact
from ddms_ops.report.annex import BY_PEOPLE, Annex, breach_annex
from ddms_ops.report.annex_files import write_annex_files
from ddms_ops.tenancy import Tenants
from ddms_ops.window import parse_instant


class Clocked(Audited, Protocol):
    """An audited case that knows the time and the folder of its report."""

    folder: Path

    @property
    def tenants(self) -> Tenants:
        """The profile's declaration."""
        ...

    @property
    def known_tenants(self) -> list[str]:
        """Ids of the tenants that the system lists."""
        ...

    def now(self) -> pd.Timestamp:
        """The clock, UTC."""
        ...


def annex_panel(case: Clocked, aware: str = "", phase: int = 1) -> Shown:
    """What Art. 33(3) GDPR asks for, each item told or marked for people; the tenants affected; the 72 hours.

    The lists for the customers are written into `annex/` of the report folder; none where the profile declares no
    tenants, or no audit trail and no other source shows a disclosure.

    Args:
        case: the case.
        aware: when people became aware, as ISO 8601 with a zone; empty: not stated.
        phase: which notification it is.

    Raises:
        WindowError: `aware` is no instant with a zone.
    """
    stated = parse_instant(aware, name="aware") if aware else None
    if case.profile.tenants is None:
        return not_declared()
    if case.profile.tenants.trail is None and not (case.crossings["verdict"] == DISCLOSED).any():
        return joined(no_trail(), containment(case))
    found = breach_annex(
        case.crossings,
        case.leak_verdict,
        now=case.now(),
        aware=stated,
        categories=case.profile.tenants.categories,
        phase=phase,
    )
    files = write_annex_files(
        case.folder,
        case.crossings,
        tenants=case.known_tenants,
        folded=case.tenants.folded,
    )
    return joined(_items(found), _tenants(found), _lists(files), containment(case))


def _lists(files: tuple[Path, ...]) -> Shown:
    rows = [(f"{path.parent.name}/{path.name}",) for path in files[:MOST]]
    more = f", the first {MOST}" if len(files) > MOST else ""
    return html_table(("file",), rows, caption=f"{counted(len(files), 'list')} for affected customers{more}")


def _items(found: Annex) -> Shown:
    rows = [
        (
            item.article,
            item.title,
            redact(item.text) if item.is_supplied else (Badge(BY_PEOPLE, "medium"), *_more(item.text)),
        )
        for item in found.items
    ]
    return html_table(("GDPR", "what", "as far as the trail tells"), rows, caption="Notification of a breach")


def _more(text: str) -> tuple[Quiet, ...]:
    rest = redact(text.removeprefix(BY_PEOPLE).removeprefix(": "))
    return (Quiet(rest),) if rest else ()


def _tenants(found: Annex) -> Shown:
    rows = [
        (redact(str(row.tenant)), str(row.records), int(row.accesses), row.first, row.last)  # type: ignore[call-overload,arg-type]
        for row in found.tenants.head(MOST).itertuples()
    ]
    more = f", the first {MOST}" if len(found.tenants) > MOST else ""
    caption = (
        f"{counted(len(found.tenants), 'tenant')} affected{more}; {len(found.unaffected):,} verified unaffected,"
        f" of {len(found.cannot_tell):,} nobody can tell; reached by {counted(len(found.actors), 'tenant')}"
    )
    return html_table(("tenant", "records", "accesses", "first", "last"), rows, caption=caption, align="lrrll")


def containment(case: Audited) -> Shown:
    """The runbook's steps to contain a leak, as a checklist to tick by hand."""
    steps = case.profile.tenants.containment if case.profile.tenants else ()
    rows = [("☐", place, step) for place, step in enumerate(steps, 1)]
    return html_table(("done", "step", "do"), rows, caption="Containment", align="lrl")
