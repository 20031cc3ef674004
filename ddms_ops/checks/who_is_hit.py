"""Who is hit, and who is not?"""

from ddms_ops.analysis.impact import blast_radius
from ddms_ops.analysis.onset import Excursion
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.impacts import Hit, hit_by
from ddms_ops.checks.leading import events_of, leading
from ddms_ops.checks.refs import counted, log_refs, of_sample, plural, tenants_in_words
from ddms_ops.checks.traffic import tenants_moved
from ddms_ops.findings import Finding, Severity
from ddms_ops.redact import redact

WORST = 5


def check_who_is_hit(facts: Facts) -> list[Finding]:
    """Requests and tenants that the leading finding hit, and the tenants verified unaffected."""
    sign = leading(facts)
    if sign is None:
        return []
    if sign.check == "traffic":
        return _moved(facts, sign)
    rows = events_of(facts, sign)
    hit = hit_of(facts, sign)
    if not hit.impact.requests:
        return []
    return [
        Finding(
            check="who_is_hit",
            severity=Severity.INFO,
            statement=_words(hit) + of_sample(facts),
            subject={"explains": sign.id},
            evidence=log_refs(rows),
            strength=hit.impact.share,
            first_seen=sign.first_seen,
            last_seen=sign.last_seen,
            observed=hit.impact.share,
            unit="ratio",
        )
    ]


def spellings_note(facts: Facts, _findings: list[Finding]) -> str:
    """Tenants that the log events spell in several ways, which are counted as one; empty where there are none."""
    others = facts.tenant_spellings
    names = sorted(set(others.values()))
    shown = [
        f"{redact(name)} (also {', '.join(repr(redact(other)) for other, one in others.items() if one == name)})"
        for name in names[:WORST]
    ]
    more = f" and {len(names) - WORST:,} more" if len(names) > WORST else ""
    return f"tenants spelled in several ways are counted once: {', '.join(shown)}{more}" if shown else ""


def hit_of(facts: Facts, sign: Finding) -> Hit:
    """Blast radius of a finding from its first event's minute to the end of the window."""
    assert sign.first_seen is not None  # every sign dates an onset
    since, rows = sign.first_seen.floor("min"), events_of(facts, sign)
    if "group" in sign.subject:
        return hit_by(facts, rows, since, facts.window.end)
    impact = blast_radius(facts.requests, rows, since, facts.window.end, facts.baseline_requests)
    return Hit(impact, "request" if facts.has_requests else "log event")


def _words(hit: Hit) -> str:
    impact, text = hit.impact, hit.words
    text += f" since {impact.since:%Y-%m-%d %H:%M} UTC"
    text += f"; {impact.users_hit:,} of {impact.users:,} users" if impact.users else ""
    tenants = tenants_in_words(impact)
    if not tenants:
        return f"{text}; no event names a tenant"
    worst = ", ".join(
        f"{redact(str(row.Index))} {row.failed:,} ({row.share:.0%} of theirs)"
        for row in impact.hit.head(WORST).itertuples()
    )
    parts = [text, tenants + (f", most of them {worst}" if worst else "")]
    if impact.is_known and len(impact.unaffected):
        parts.append(f"{counted(len(impact.unaffected), 'tenant')} had traffic and no such failure")
    if impact.unseen:
        parts.append(f"{counted(len(impact.unseen), 'tenant')} of the baseline had no traffic, so nothing is known")
    if impact.no_tenant_failed and len(impact.hit):
        parts.append(f"{impact.no_tenant_failed:,} hit {plural(hit.noun)} name no tenant")
    return "; ".join(parts)


def _moved(facts: Facts, sign: Finding) -> list[Finding]:
    assert sign.first_seen is not None
    assert sign.last_seen is not None
    minutes = (sign.last_seen - sign.first_seen).total_seconds() / 60
    found = Excursion(
        sign.first_seen, sign.last_seen, (sign.observed or 0) * minutes, (sign.baseline or 0) * minutes, sign.strength
    )
    table = tenants_moved(facts, found)
    if table.empty:
        raise CannotTell("no tenant has enough traffic in the baseline to tell")
    moved = int(table["moved"].sum())
    return [
        Finding(
            check="who_is_hit",
            severity=Severity.INFO,
            statement=(
                f"{moved} of {len(table)} tenants with enough traffic to tell moved with the total"
                f" from {found.start:%Y-%m-%d %H:%M} UTC; {len(table) - moved} did not"
            ),
            subject={"explains": sign.id},
            evidence=sign.evidence,
            strength=moved / len(table),
            first_seen=sign.first_seen,
            last_seen=sign.last_seen,
            observed=moved / len(table),
            unit="ratio",
        )
    ]
