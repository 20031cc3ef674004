"""Do logs or object accesses show one tenant reaching another's data?"""

import pandas as pd

from ddms_ops.analysis.crossings import DISCLOSED
from ddms_ops.analysis.log_witnesses import LogReach
from ddms_ops.checks.base import CannotTell, Facts
from ddms_ops.checks.refs import counted, log_refs, of_sample, pairs_in_words, span_words
from ddms_ops.checks.trail_basis import NOT_DECLARED
from ddms_ops.coverage import FAULTY
from ddms_ops.findings import Finding, Severity
from ddms_ops.redact import redact
from ddms_ops.tenancy import LogTenants, Tenants
from ddms_ops.window import iso

CHECK = "tenant_witnesses"
KINDS = {
    "token_path": "token against path",
    "response_tenant": "token against what was returned",
    "cache": "token against cache key",
    "object_key": "token against object key",
    "object_access": "account or principal against object",
}
RETURNED = ("response_tenant", "cache", "object_access")  # what these show was handed out, no more was asked for only
MANY = 10  # requests from which on the others are as bad
SHOWN, CHARS, PAIRS = 50, 60, 3
NO_PLACE = (
    "the profile does not say where logs or objects name tenants (tenants.logs, or tenants.objects with buckets and"
    " accounts or principals)"
)
NEXT = "Hold the requests against their audit rows, and see what was returned"


def check_tenant_witnesses(facts: Facts) -> list[Finding]:
    """Served requests by kind, tenant of the caller and tenant of what was reached; what was refused apart, LOW.

    Requests that the audit trail tells of as disclosures are told by kind only: they are no further ones.

    Searches without a tenant filter are told by endpoint, answers of a cache by keys without a tenant all together.
    """
    declared = _declared(facts)
    found = facts.witnesses
    if found.empty and not _sees_objects(declared) and (lack := unseen(facts.log_reach, declared.logs)):
        raise CannotTell(lack)
    named = found[found["owner"].notna()]
    told = named["request_id"].isin(_told_by_the_trail(facts.crossings))
    beside, named = named[told], named[~told]
    served, refused = named[named["outcome"] == "served"], named[named["outcome"] != "served"]
    pairs = served.groupby(["kind", served["actor"].fillna(""), "owner"], sort=True)
    tried = refused.groupby([refused["actor"].fillna(""), "owner"], sort=True)
    findings = [_crossing(facts, str(kind), str(actor), str(owner), rows) for (kind, actor, owner), rows in pairs]
    findings += [_blocked(facts, str(actor), str(owner), rows) for (actor, owner), rows in tried]
    findings += [_beside(facts, str(kind), rows) for kind, rows in beside.groupby("kind", sort=True)]
    findings += _unkept(facts, found[found["owner"].isna() & (found["outcome"] == "served")])
    return sorted(findings, key=_order)[:SHOWN]


def witnesses_note(facts: Facts, findings: list[Finding]) -> str:
    """What the findings leave out, and where more may hide."""
    words = [f"the {SHOWN} strongest are told"] if len(findings) == SHOWN else []
    return "; ".join([*words, *([f"more may hide: {doubt}"] if (doubt := witnesses_doubt(facts)) else [])])


def witnesses_doubt(facts: Facts) -> str:
    """Why nothing found may not mean that nothing crossed; empty over whole evidence."""
    declared = _declared(facts)
    words = [unseen(facts.log_reach, declared.logs)] if declared.logs != LogTenants() else []
    gaps = facts.witness_gaps
    words += [f"{gap.why}, {iso(gap.start)} to {iso(gap.end)}" for gap in gaps.head(PAIRS).itertuples()]
    words += [f"and at {len(gaps) - PAIRS:,} other times"] if len(gaps) > PAIRS else []
    if declared.objects.buckets:
        kinds = ("changes", "access") if declared.objects.access_logs else ("changes",)
        pulls = [pull for kind in kinds for pull in facts.pulls(kind)]
        words += [f"{pull.pull} is {pull.status.replace('_', ' ')}" for pull in pulls if pull.status in FAULTY]
    return "; ".join(word for word in words if word)


def unseen(reach: LogReach, declared: LogTenants) -> str:
    """Why the logs could not have shown a crossing, and which key of the profile would help; empty where they could."""
    if reach.is_telling:
        return ""
    if not (reach.token or reach.path):
        fields = ", ".join(declared.token_tenant) or "none declared"
        return f"no log event of the window names the caller's tenant (tenants.logs.token_tenant: {fields})"
    if reach.token:
        return (
            "the log events name the caller's tenant and none beside it"
            " (tenants.logs: path_tenant, object_tenant, object_key, cache_key or search_path)"
        )
    return "the log events name the path's tenant, not the caller's (tenants.logs.token_tenant)"


def _declared(facts: Facts) -> Tenants:
    if facts.profile.tenants is None:
        raise CannotTell(NOT_DECLARED)
    declared = facts.tenants
    if declared.logs == LogTenants() and not _sees_objects(declared):
        raise CannotTell(NO_PLACE)
    return declared


def _sees_objects(declared: Tenants) -> bool:
    objects = declared.objects
    return bool(objects.buckets and (objects.accounts or objects.principals))


def _crossing(facts: Facts, kind: str, actor: str, owner: str, rows: pd.DataFrame) -> Finding:
    number = _requests(rows)
    is_worst = kind in RETURNED or number >= MANY
    noun = "S3 request" if kind == "object_access" else "response"
    words = f"{_name(actor)} got {counted(number, noun)} for tenant {_shown(owner)} ({KINDS[kind]})"
    subject = {"kind": kind, "actor": _shown(actor), "owner": _shown(owner)}
    return _finding(facts, rows, words, subject, Severity.CRITICAL if is_worst else Severity.HIGH, noun)


def _beside(facts: Facts, kind: str, rows: pd.DataFrame) -> Finding:
    """Requests that the audit trail tells of as disclosures, seen by another source too."""
    where = "the records of accesses to objects" if kind == "object_access" else "the logs"
    words = f"{where} show the same for {counted(_requests(rows), 'request')} behind the disclosures in the trail"
    words += f" ({KINDS[kind]}): {pairs_in_words(rows, _shown, most=PAIRS)}"
    return _finding(facts, rows, words, {"kind": kind, "told": "by the trail"}, Severity.HIGH, "request")


def _blocked(facts: Facts, actor: str, owner: str, rows: pd.DataFrame) -> Finding:
    kinds = ", ".join(KINDS[str(kind)] for kind in sorted(rows["kind"].unique()))
    failed = int((rows["outcome"] == "failed").sum())
    ways = "refused" if not failed else "failed" if failed == len(rows) else "refused or failed"
    words = f"blocked: {counted(_requests(rows), 'attempt')} of {_name(actor)} on tenant {_shown(owner)}"
    subject = {"kind": "blocked", "actor": _shown(actor), "owner": _shown(owner)}
    return _finding(facts, rows, f"{words} {ways} ({kinds})", subject, Severity.LOW, "attempt")


def _unkept(facts: Facts, rows: pd.DataFrame) -> list[Finding]:
    """What nothing keeps apart: searches by endpoint, answers of a cache together, listings by who listed."""
    found = []
    searches = rows[rows["kind"] == "search_unfiltered"]
    for endpoint, part in searches.groupby(_endpoint(searches["record"]), sort=True):
        number = _requests(part)
        words = f"{number:,} {'search' if number == 1 else 'searches'}"
        subject = {"kind": "search_unfiltered", "endpoint": _shown(str(endpoint))}
        words = f"{words} of {_shown(str(endpoint))} without a tenant filter"
        found.append(_finding(facts, part, words, subject, Severity.MEDIUM, "request"))
    cached = rows[rows["kind"] == "cache"]
    if len(cached):
        words = f"{counted(_requests(cached), 'response')} out of a cache by keys that name no tenant"
        words += f", to {counted(cached['actor'].nunique(), 'tenant')}"
        found.append(_finding(facts, cached, words, {"kind": "cache"}, Severity.MEDIUM, "response"))
    listed = rows[rows["kind"] == "object_access"]
    for actor, part in listed.groupby(listed["actor"].fillna(""), sort=True):
        words = f"{_name(str(actor))} listed the keys of all tenants {counted(_requests(part), 'time')}"
        subject = {"kind": "listing", "actor": _shown(str(actor))}
        found.append(_finding(facts, part, words, subject, Severity.HIGH, "request"))
    return found


def _finding(
    facts: Facts, rows: pd.DataFrame, words: str, subject: dict[str, str], severity: Severity, noun: str
) -> Finding:
    first, last = rows["timestamp"].min(), rows["timestamp"].max()
    users = rows["user"].nunique()
    sampled = of_sample(facts) if rows["pull"].astype("str").str.startswith("logs").any() else ""
    by = f", {counted(users, 'user')}" if users else ""
    return Finding(
        check=CHECK,
        severity=severity,
        statement=f"{words}{sampled}, {span_words(first, last)}{by}",
        subject=subject,
        evidence=log_refs(rows),
        strength=float(_requests(rows)),
        first_seen=first,
        last_seen=last,
        observed=float(_requests(rows)),
        unit=f"{noun}s",
        next_step=NEXT if severity is not Severity.LOW else "",
    )


def _told_by_the_trail(crossings: pd.DataFrame) -> pd.Series:
    """Requests that are disclosures by the audit trail; without one, witnesses alone tell of what was disclosed."""
    is_of_trail = crossings["pull"].astype("str").str.startswith("trail/")
    return crossings.loc[(crossings["verdict"] == DISCLOSED) & is_of_trail, "request_id"].dropna()


def _requests(rows: pd.DataFrame) -> int:
    """How many requests the rows are of; a row without a request's id is one."""
    return int(rows["request_id"].nunique() + rows["request_id"].isna().sum())


def _endpoint(paths: pd.Series) -> pd.Series:
    """Paths with the segments that hold a digit (but v1, v2, …) masked."""
    return paths.fillna("(no path)").str.replace(r"/(?!v\d{1,3}(?:/|$))[^/]*\d[^/]*", "/{id}", regex=True)


def _name(tenant: str) -> str:
    return f"tenant {_shown(tenant)}" if tenant else "a caller of no single tenant"


def _shown(text: str) -> str:
    return redact(" ".join(text.split()))[:CHARS]


def _order(found: Finding) -> tuple[int, float, str]:
    return found.severity.order, -found.strength, found.id
