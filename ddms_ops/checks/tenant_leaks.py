"""Who got another tenant's records?"""

import pandas as pd

from ddms_ops.analysis.crossings import BLOCKED, DISCLOSED, EXPLAINED, UNKNOWN
from ddms_ops.analysis.leak_verdict import Stretch
from ddms_ops.checks.base import Facts
from ddms_ops.checks.refs import counted, log_refs, pairs_in_words, span_words
from ddms_ops.checks.trail_basis import must_have_trail
from ddms_ops.findings import EvidenceRef, Finding, Severity
from ddms_ops.redact import redact

CHECK, BLOCKED_CHECK = "tenant_leaks", "blocked_crossings"
PAIRS, CHARS, WHY_CHARS, STRETCHES = 3, 60, 300, 3
SEEN_BY = {
    "token_path": "the path in the log",
    "response_tenant": "what the log says was returned",
    "cache": "the cache key",
    "object_key": "the object key in the log",
    "object_access": "the access to the object",
}
NO_HOMES = "where users were at home then is not known, so a forged tenant of a user does not show"
NO_HISTORY = "whose the records are is known as of now only"
KINDS = {
    "direct": "the rows name both tenants",
    "owner_only": "the rows look consistent, only the records were another tenant's, as where a cache key lacks it",
    "search": "searches returned records of other tenants",
    "object_key": "object keys of other tenants were handed out",
    "token_path": "the users' own tenant is another than the one that the rows name",
    "job": "jobs without a user reached records of another tenant than their row names",
    "ended_share": "a share had been in force at another time, not then",
    "ended_membership": "a membership had been in force at another time, not then",
    "ended_support": "a support session had been in force at another time, not then",
    "response_tenant": "responses carried data of another tenant",
    "cache": "answers came out of what was cached for another tenant",
    "object_access": "objects of another tenant were read",
    "no_ticket": "a support session was in force without a ticket",
}


def check_tenant_leaks(facts: Facts) -> list[Finding]:
    """Disclosures by their fingerprint, then crossings of which it cannot be told, by why."""
    found = _judged(facts)
    disclosed = found[found["verdict"] == DISCLOSED]
    told = [_finding(facts, str(kind), rows) for kind, rows in disclosed.groupby("kind", sort=True)]
    unknown = found[found["verdict"] == UNKNOWN]
    return [*told, *(_undecided(str(why), rows) for why, rows in unknown.groupby("why", sort=True))]


def check_blocked_crossings(facts: Facts) -> list[Finding]:
    """Attempts that were denied: those of the tenants with the most, then all others."""
    judged = _judged(facts)
    blocked = judged[(judged["verdict"] == BLOCKED) & (judged["outcome"] == "denied")]
    attempts = blocked.groupby("actor").size().sort_index().sort_values(ascending=False, kind="stable")
    parts = {_name(actor): blocked[blocked["actor"] == actor] for actor in attempts.index[:PAIRS]}
    rest = attempts.index[PAIRS:]
    parts[counted(len(rest), "more tenant")] = blocked[blocked["actor"].isin(rest)]
    parts["callers of no known tenant"] = blocked[blocked["actor"].isna()]
    return [_blocked(actor, rows) for actor, rows in parts.items() if len(rows)]


def leaks_note(facts: Facts, _findings: list[Finding]) -> str:
    """What the findings leave out, and where more may hide."""
    counts = facts.crossings["verdict"].value_counts()
    explained, blocked = (int(counts.get(verdict, 0)) for verdict in (EXPLAINED, BLOCKED))
    words = [f"{explained:,} crossings are explained, {blocked:,} were refused or failed"]
    records = facts.tenants.records
    words += [NO_HISTORY] if records is not None and not records.since else []
    users = facts.tenants.users
    words += [NO_HOMES] if users is None or not users.since else []
    words += [f"more may hide: {hidden}"] if (hidden := leaks_doubt(facts)) else []
    return "; ".join(words)


def leaks_doubt(facts: Facts) -> str:
    """Why nothing found may not mean that nothing leaked; empty over a whole trail."""
    words = hidden_stretches(facts)
    return f"cannot tell {words}" if words else ""


def hidden_stretches(facts: Facts) -> str:
    """Of which stretches nothing can be told, and why; empty over a whole trail."""
    stretches = [*facts.leak_verdict.may_hide, *facts.leak_verdict.limited]
    words = [_stretch_words(stretch) for stretch in stretches[:STRETCHES]]
    more = [f"{len(stretches) - STRETCHES} more stretches"] if len(stretches) > STRETCHES else []
    return "; ".join([*words, *more])


def _stretch_words(stretch: Stretch) -> str:
    of = f"of {_name(stretch.tenant)} " if stretch.tenant else ""
    why = redact(", ".join(stretch.why[:1]))
    return f"{of}from {stretch.start:%Y-%m-%d %H:%M:%S} to {stretch.end:%Y-%m-%d %H:%M:%S} UTC ({why})"


def _judged(facts: Facts) -> pd.DataFrame:
    """CROSSINGS; of a system without a trail those that other sources show, where there are any."""
    if facts.profile.tenants is None or facts.tenants.trail is not None or facts.crossings.empty:
        must_have_trail(facts)
    return facts.crossings


def _finding(facts: Facts, kind: str, rows: pd.DataFrame) -> Finding:
    witnessed = rows["witnesses"].fillna("") != ""
    also = f"; {int(witnessed.sum()):,} of them also seen by {_ways(rows)}" if witnessed.any() else ""
    first, last = rows["timestamp"].min(), rows["timestamp"].max()
    return Finding(
        check=CHECK,
        severity=Severity.CRITICAL,
        statement=(
            f"{counted(rows['id'].nunique(), 'audit row' if facts.tenants.trail else 'request')}:"
            f" {counted(rows['actor'].nunique(), 'tenant')} got"
            f" {counted(rows['record'].nunique(), 'record')} of {counted(rows['owner'].nunique(), 'other tenant')},"
            f" {span_words(first, last)}: {KINDS[kind]};"
            f" {pairs_in_words(rows, _name, most=PAIRS)}{also}; {redact(str(rows['why'].value_counts().index[0]))}"
        ),
        subject={"kind": kind, "actors": _names(rows["actor"]), "owners": _names(rows["owner"])},
        evidence=(*log_refs(rows), *_witness_refs(facts, rows)),
        strength=float(len(rows)),
        first_seen=first,
        last_seen=last,
        observed=float(rows["id"].nunique()),
        unit="audit rows",
        next_step=next(iter(facts.tenants.containment), ""),
    )


def _undecided(why: str, rows: pd.DataFrame) -> Finding:
    """Rows that name or reach another tenant, of which it cannot be told whether they disclosed anything."""
    first, last = rows["timestamp"].min(), rows["timestamp"].max()
    return Finding(
        check=CHECK,
        severity=Severity.HIGH,
        statement=(
            f"{counted(rows['id'].nunique(), 'audit row')} may have disclosed"
            f" {counted(rows['record'].nunique(), 'record')}, {span_words(first, last)}: {redact(why)[:WHY_CHARS]}"
        ),
        subject={"kind": UNKNOWN, "why": redact(why)[:WHY_CHARS]},
        evidence=log_refs(rows),
        strength=float(len(rows)),
        first_seen=first,
        last_seen=last,
        observed=float(rows["id"].nunique()),
        unit="audit rows",
    )


def _blocked(actor: str, rows: pd.DataFrame) -> Finding:
    first, last = rows["timestamp"].min(), rows["timestamp"].max()
    return Finding(
        check=BLOCKED_CHECK,
        severity=Severity.LOW,
        statement=(
            f"{actor}: refused {counted(len(rows), 'attempt')} on"
            f" {counted(rows['owner'].nunique(), 'other tenant')}, {span_words(first, last)}"
        ),
        subject={"actor": actor},
        evidence=log_refs(rows),
        strength=float(len(rows)),
        first_seen=first,
        last_seen=last,
        observed=float(len(rows)),
        unit="attempts",
    )


def _witness_refs(facts: Facts, rows: pd.DataFrame) -> tuple[EvidenceRef, ...]:
    """Rows of logs and object accesses that belong to the same requests."""
    asked = rows.loc[rows["witnesses"].fillna("") != "", "request_id"].dropna()
    seen = facts.witnesses
    return log_refs(seen[seen["request_id"].isin(asked)])


def _ways(rows: pd.DataFrame) -> str:
    kinds = sorted({kind for kinds in rows["witnesses"].dropna() for kind in kinds.split(",") if kind})
    return ", ".join(SEEN_BY.get(kind, kind) for kind in kinds)


def _first(counts: pd.Series) -> list[tuple[str, int]]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    return [(str(name), int(number)) for name, number in ordered[:PAIRS]]


def _names(tenants: pd.Series) -> str:
    """The tenants with the most rows, as a finding names them."""
    counts = tenants.value_counts()
    more = f", and {len(counts) - PAIRS} more" if len(counts) > PAIRS else ""
    return ", ".join(_name(name) for name, _ in _first(counts)) + more


def _name(text: str) -> str:
    return redact(text)[:CHARS]
