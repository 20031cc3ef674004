"""Which calls has an actor not made before, from where, and which was it refused?

What counts as sensitive follows GuardDuty's finding types and the CIS AWS Foundations Benchmark; see
`ddms_ops.analysis.call_kinds`. Root and console sign-ins without a second factor are CIS 1.7, 4.2 and 4.3.
"""

import pandas as pd

from ddms_ops.analysis.call_kinds import AREAS
from ddms_ops.analysis.group_rates import rate_test
from ddms_ops.analysis.unusual_calls import Unusual
from ddms_ops.checks.access_words import access_step, few, must_have_calls, shown
from ddms_ops.checks.base import Facts
from ddms_ops.checks.refs import counted, log_refs, span_words
from ddms_ops.findings import Finding, Severity
from ddms_ops.redact import redact

CHECK = "unusual_calls"
SHOWN = 10
BURST = 3  # so many sensitive calls are no mistake
STEADY_BURST = 5  # of an actor from where it always comes, whose calls hardly ever change
STEADY_CALLS, STEADY_NEW = 20, 0.5
SWEPT_AREAS = 3  # of four: what opens, blinds, sees secrets, moves data
ENUMERATED = 5  # so many different calls refused: somebody tries what is allowed
SHORT_CALLS = 20
STEP = "Ask {actor} whether these calls are theirs; if nobody knows of them, disable its keys and sessions"
LOST_STEP = "Compare the policies of {actor}, and of what it called, with before: it was allowed these calls then"


def check_unusual_calls(facts: Facts) -> list[Finding]:
    """One finding for each actor with news, the worst ten.

    HIGH is a burst of sensitive calls from an address new to the actor and to the account, or of the root user;
    MEDIUM fewer of these, a burst in a region that nobody used, many refused calls, root, or a first console sign-in
    without a second factor; LOW any other new write, new address or new region; INFO new reads, and as many new calls
    as the baseline lets expect. Never above MEDIUM where the baseline is short.

    Raises:
        CannotTell: there is no record of calls.
    """
    must_have_calls(facts)
    is_short = bool(short_baseline(facts))
    found = [_finding(facts, one, is_short=is_short) for one in facts.unusual]
    found.sort(key=lambda one: (one.severity.order, -one.strength, one.id))
    return found[:SHOWN]


def short_baseline(facts: Facts) -> str:
    """Why the baseline tells little of what is usual, empty where it does."""
    calls = len(facts.baseline_calls)
    lacking = [row for row in facts.pulls("changes.baseline") if not row.is_all_there]
    if lacking:
        return f"{lacking[0].pull} is {str(lacking[0].status).replace('_', ' ')}"
    if calls < SHORT_CALLS:
        return f"the baseline has {counted(calls, 'API call')}"
    if facts.baseline.length < facts.window.length / 2:
        return f"the baseline is {facts.baseline.minutes:.0f} minutes, less than half the window"
    return ""


def calls_note(facts: Facts, found: list[Finding]) -> str:
    """What the findings leave out, and how far the baseline can tell."""
    more = len(facts.unusual) - len(found)
    short = short_baseline(facts)
    parts = [f"{counted(more, 'more actor')} with news, none worse" if more > 0 else ""]
    parts.append(f"{short}, so nothing is said above medium" if short else "")
    return "; ".join(part for part in parts if part)


def calls_doubt(facts: Facts) -> str:
    """Why no finding may not mean that no call was unusual."""
    return short_baseline(facts) if facts.calls.empty else ""


def _finding(facts: Facts, one: Unusual, *, is_short: bool) -> Finding:
    severity, rows = _judged(facts, one)
    if is_short and severity is Severity.HIGH:
        severity = Severity.MEDIUM
    rows = rows.sort_values("timestamp")
    start, end = rows["timestamp"].iloc[0], rows["timestamp"].iloc[-1]
    of = f" of account {shown(one.account)}" if one.is_namesake else ""
    return Finding(
        check=CHECK,
        severity=severity,
        statement=f"{shown(one.actor)} ({_kind(one)}{of}) {'; '.join(_words(one))}; {span_words(start, end)}",
        subject={"actor": shown(one.actor), "kind": _kind(one), **({"account": shown(one.account)} if of else {})},
        evidence=log_refs(rows),
        strength=10.0 * len(one.sensitive) + len(one.refused) + len(one.new) / 10,
        first_seen=start,
        last_seen=end,
        observed=float(one.new["name"].nunique()),
        unit="new calls",
        next_step=_step(facts, one, rows) if severity.is_above_low else "",
    )


def _judged(facts: Facts, one: Unusual) -> tuple[Severity, pd.DataFrame]:
    """How bad it is, and the calls that say so."""
    far = one.sensitive[one.sensitive.index.isin(one.from_new.index)]
    pairs = len(far[["name", "resource"]].drop_duplicates())
    if one.actor_type == "Root":
        rows = one.sensitive if len(one.sensitive) else one.calls
        no_factor = len(one.logins) > 0
        return (Severity.HIGH if len(one.sensitive) or no_factor else Severity.MEDIUM), rows
    if pairs >= BURST:
        return Severity.HIGH, one.from_new
    if pairs and (pairs > 1 or far["is_write"].any()):
        return Severity.MEDIUM, one.from_new
    if _is_probing(facts, one):
        return Severity.MEDIUM, one.refused
    if one.sensitive.index.isin(one.from_far.index).sum() >= BURST:
        return Severity.MEDIUM, one.from_far
    if _is_out_of_character(one) or _is_sweep(one):
        return Severity.MEDIUM, one.sensitive
    if len(one.logins) and (one.is_new or len(one.from_new)):
        return Severity.MEDIUM, one.logins
    rows = next(part for part in (one.from_new, one.new, one.from_far, one.refused, one.logins, one.calls) if len(part))
    is_usual = one.new["key"].nunique() <= one.expected
    has_news = any(len(part) for part in (one.from_new, one.sensitive, one.from_far, one.logins))
    is_low = has_news or (one.new["is_write"].any() and not is_usual)
    return (Severity.LOW if is_low else Severity.INFO), rows


def _is_probing(facts: Facts, one: Unusual) -> bool:
    """Whether so much is refused that somebody may be trying what is allowed."""
    triage = facts.profile.triage
    number = len(one.refused)
    ratio, p_value = rate_test(number, one.before_refused, facts.window.minutes, facts.baseline.minutes)
    is_more = ratio >= triage.rise and p_value * max(len(facts.unusual), 1) < triage.significance
    is_many = number >= triage.min_events or one.refused["name"].nunique() >= ENUMERATED
    return is_many and (is_more or (number >= ENUMERATED and one.before_refused == 0))


def _step(facts: Facts, one: Unusual, rows: pd.DataFrame) -> str:
    """What comes next: of an actor that lost a permission its policies, else whether the calls are its own."""
    is_lost = len(one.lost) > 0 and set(rows["name"]) <= set(one.lost) and bool(rows["error"].notna().all())
    name = shown(one.actor)
    return LOST_STEP.format(actor=name) if is_lost else access_step(facts, STEP.format(actor=name))


def _is_out_of_character(one: Unusual) -> bool:
    """Whether an actor whose calls hardly ever change makes many sensitive calls that it never made."""
    names = one.sensitive["name"].nunique()
    return names >= STEADY_BURST and one.before >= STEADY_CALLS and one.expected < STEADY_NEW


def _is_sweep(one: Unusual) -> bool:
    """Whether new sensitive calls are of so many areas that no single piece of work explains them."""
    names = set(one.sensitive["name"])
    return len(names) >= STEADY_BURST and sum(bool(names & area) for area in AREAS) >= SWEPT_AREAS


def _kind(one: Unusual) -> str:
    return redact(one.actor_type)[:20]


def _words(one: Unusual) -> list[str]:
    """Clauses on what is new about an actor, the most telling first."""
    words = []
    if len(one.sensitive):
        words.append(
            f"made {counted(len(one.sensitive), 'sensitive call')} ({few(_names(one.sensitive), most=5)}),"
            f" first at {one.sensitive['timestamp'].min():%H:%M:%S} UTC"
        )
    if len(one.from_new):
        called = counted(len(one.from_new), "call")
        words.append(f"{called} from an address new to the account: {few(one.from_new['source_ip'])}")
    if len(one.new):
        usual = "" if one.is_new else f" ({one.expected:.1f} expected by the {one.before:,} of the baseline)"
        words.append(
            f"{counted(one.new[['service', 'name']].drop_duplicates().shape[0], 'call')} not made in the baseline,"
            f" {counted(len(one.new), 'time')}{usual}: {few(_names(one.new), most=5)}"
        )
    if len(one.refused):
        names = counted(one.refused["name"].nunique(), "kind")
        words.append(
            f"refused {counted(len(one.refused), 'time')} ({names}: {few(_names(one.refused))}),"
            f" {one.before_refused:,} in the baseline"
            + (f"; allowed in the baseline: {few(one.lost)}" if one.lost else "")
        )
    if len(one.from_far):
        words.append(f"{counted(len(one.from_far), 'write')} in a region that nobody used in the baseline")
    if one.allowed_later:
        words.append(f"allowed after it was refused: {few(one.allowed_later)}")
    if number := len(one.logins):
        words.append(f"{counted(number, 'console sign-in')} without a second factor")
    words += [
        f"new {what}: {few(values)}" for what, values in (("program", one.agents), ("region", one.regions)) if values
    ]
    if one.actor_type == "Root":
        words.insert(0, f"the root user made {counted(len(one.calls), 'call')}")
    return [*words, "no call of it in the baseline"] if one.is_new else words


def _names(rows: pd.DataFrame) -> list[str]:
    """Calls by how often they were made."""
    counts = rows["name"].value_counts()
    return sorted((str(name) for name in counts.index), key=lambda name: (-counts[name], name))
