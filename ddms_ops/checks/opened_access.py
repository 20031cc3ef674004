"""What was opened: to everybody, to an administrator, to another account, or narrowly; by whom and when?

The calls and their sources (CIS AWS Foundations Benchmark, GuardDuty finding types) stand in
`ddms_ops.analysis.opened`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from ddms_ops.analysis.call_kinds import BUILDERS, KEEPERS, REFUSALS, is_linked
from ddms_ops.analysis.opened import ADMIN, CALLS_THAT_OPEN, NARROW, opening
from ddms_ops.analysis.policies import WORLD
from ddms_ops.analysis.undone import UNDONE_BY, taken_back
from ddms_ops.checks.access_words import access_step, few, must_have_calls, shown
from ddms_ops.checks.base import Facts
from ddms_ops.checks.refs import counted, log_refs
from ddms_ops.findings import Finding, Severity

CHECK = "opened_access"
SHOWN = 10
SECRETS = ("GetSecretValue", "BatchGetSecretValue")
MANY_SECRETS = 5
STEP = "If nobody knows of it: take it back ({undo}), and look at what came in meanwhile"


@dataclass(frozen=True, slots=True)
class Effect:
    """What some calls of one actor do: how bad, and in words of our own; `rows` are of CALLS."""

    severity: Severity
    words: str
    rows: pd.DataFrame


def check_opened_access(facts: Facts) -> list[Finding]:
    """One finding for each actor, call and effect, and for each actor that read new secrets; ten at most.

    HIGH is what opens to everybody or makes an administrator, MEDIUM what opens to another account, to a wide network,
    to everybody on a web port or under a condition, or makes or weakens a credential, LOW the rest, what was refused,
    and what automation (of the profile, or CloudFormation) did to the same effect in the baseline.

    Raises:
        CannotTell: there is no record of calls.
    """
    must_have_calls(facts)
    found = [effect_finding(facts, CHECK, one) for one in [*opened(facts), *_secrets(facts)]]
    found.sort(key=lambda one: (one.severity.order, -one.strength, one.id))
    return found[:SHOWN]


def opened_note(facts: Facts, found: list[Finding]) -> str:
    """What the findings leave out."""
    more = len(opened(facts)) + len(_secrets(facts)) - len(found)
    lost = int(cut_parameters(facts).sum())
    parts = [f"{counted(more, 'more finding')}, none worse" if more > 0 else ""]
    parts.append(lost_words(lost) if lost else "")
    return "; ".join(part for part in parts if part)


def opened_doubt(facts: Facts) -> str:
    """Why no finding may not mean that nothing was opened."""
    lost = int(cut_parameters(facts).sum())
    return lost_words(lost) if lost else ""


def lost_words(lost: int) -> str:
    """Words for calls whose parameters are not known."""
    return f"what {counted(lost, 'call')} opened is not known: without parameters, or with more than can be read"


def cut_parameters(facts: Facts) -> pd.Series:
    """Which successful calls that may open something have no parameters to tell it (bool, by row of `facts.calls`)."""
    calls = facts.calls
    return calls["name"].isin(CALLS_THAT_OPEN) & calls["error"].isna() & calls["parameters"].isna()


def opened(facts: Facts) -> list[Effect]:
    """What the calls of the window and of `triage.change_lookback_min` before it open."""
    now = openings(facts.calls)
    return effects(facts, now, openings(facts.baseline_calls), severity_of_opening) if len(now) else []


def openings(calls: pd.DataFrame) -> pd.DataFrame:
    """Calls that open something, not of AWS's services, with `to` (to whom) and `words`.

    Args:
        calls: CALLS frame.
    """
    calls = calls[calls["name"].isin(CALLS_THAT_OPEN) & ~is_of_aws(calls)]
    judged = [
        opening(str(name), given, account="" if pd.isna(account) else str(account), actor=str(actor))
        for name, given, account, actor in calls[["name", "parameters", "account", "actor"]].itertuples(index=False)
    ]
    table = calls.assign(
        to=[one.to if one else "" for one in judged], words=[one.words if one else "" for one in judged]
    )
    return table[table["to"] != ""]


def is_of_aws(calls: pd.DataFrame) -> pd.Series:
    """Whether an AWS service made each call by itself: as a service, or in a role that only services can take."""
    return (calls["actor_type"] == "AWSService") | is_linked(calls["actor"])


def severity_of_opening(to: str) -> Severity:
    """HIGH to everybody or an administrator, LOW where narrow, else MEDIUM."""
    return Severity.HIGH if to in (WORLD, ADMIN) else Severity.LOW if to == NARROW else Severity.MEDIUM


def effects(
    facts: Facts, table: pd.DataFrame, earlier: pd.DataFrame, severity_of: Callable[[str], Severity]
) -> list[Effect]:
    """Calls that do the same, put together: by actor, call, effect, and whether they were refused.

    Args:
        facts: the case.
        table: rows of CALLS with `to` (kind of effect) and `words`.
        earlier: the same of the baseline.
        severity_of: severity of a kind.
    """
    found = []
    keyed = table.assign(is_refused=table["error"].notna(), who=table["actor"].fillna("unknown"))
    for _, rows in keyed.groupby(["who", "name", "to", "words", "is_refused"], sort=True):
        first = rows.iloc[0]
        severity = severity_of(str(first["to"]))
        if bool(first["is_refused"]) or is_usual_automation(facts, rows, earlier):
            severity = max(severity, Severity.LOW, key=lambda one: one.order)
        found.append(Effect(severity, str(first["words"]), rows))
    return found


def is_usual_automation(facts: Facts, rows: pd.DataFrame, earlier: pd.DataFrame) -> bool:
    """Whether automation made these calls, and calls to the same effect in the baseline too."""
    if rows["source_ip"].isin(KEEPERS).all():
        return True
    named = facts.access.automation if facts.access else ()
    is_built = bool(rows["source_ip"].isin(BUILDERS).all())
    if not is_built and str(rows["actor"].iloc[0]) not in named:
        return False
    is_before = earlier["error"].isna() & (earlier["timestamp"] < rows["timestamp"].max())
    alike = [earlier[name] == rows[name].iloc[0] for name in ("name", "actor", "words")]
    return bool((alike[0] & alike[1] & alike[2] & is_before).any())


def effect_finding(facts: Facts, check: str, one: Effect) -> Finding:
    """Calls that do the same as a finding: what, on what, by whom, when, from where, and whether it was taken back."""
    rows = one.rows.sort_values("timestamp")
    first, start, end = rows.iloc[0], rows["timestamp"].iloc[0], rows["timestamp"].iloc[-1]
    name, is_refused = str(first["name"]), bool(first["is_refused"])
    what = few(rows["resource"].dropna())
    undone = facts.calls.iloc[:0] if is_refused else taken_back(rows, facts.calls)
    how = "refused" if re.search(REFUSALS, str(first["error"])) else "failed"
    refused = f", {how} ({shown(first['error'])})" if is_refused else ""
    times = f", {len(rows):,} times until {end:%H:%M:%S}" if len(rows) > 1 else ""
    back = ""
    if len(undone):
        back = f"; taken back at {undone['timestamp'].iloc[-1]:%H:%M:%S} UTC by {few(undone['actor'])}"
    return Finding(
        check=check,
        severity=one.severity,
        statement=(
            f"{shown(name)} {one.words}{f' on {what}' if what else ''}: by {shown(first['actor'])} from"
            f" {few(rows['source_ip'].dropna()) or 'an unknown address'} at {start:%Y-%m-%d %H:%M:%S} UTC{times}"
            f"{refused}{back}"
        ),
        subject={
            "call": shown(name), "actor": shown(first["actor"]), "effect": one.words,
            **({"outcome": "refused"} if is_refused else {}),
        },
        evidence=log_refs(pd.concat([rows, undone])),
        strength=(facts.window.end - start) / facts.window.length,  # the earliest first: what follows rests on it
        first_seen=start,
        last_seen=end,
        observed=float(len(rows)),
        unit="calls",
        next_step=(
            access_step(facts, STEP.format(undo=UNDONE_BY.get(name, "by hand"))) if one.severity.is_above_low else ""
        ),
    )  # fmt: skip


def _secrets(facts: Facts) -> list[Effect]:
    """Secrets that an actor read and that it had not read in the baseline."""
    now = _secret_reads(facts.calls)
    if now.empty:
        return []
    known = pd.MultiIndex.from_frame(_secret_reads(facts.baseline_calls)[["actor", "resource"]].fillna(""))
    is_new = ~pd.MultiIndex.from_frame(now[["actor", "resource"]].fillna("")).isin(known)
    found = []
    for actor, rows in now[is_new].groupby("actor", sort=True):
        number = rows["resource"].nunique()
        is_first = str(actor) not in set(known.get_level_values(0))
        severity = Severity.MEDIUM if number >= MANY_SECRETS and is_first else Severity.LOW
        words = f"read {counted(number, 'secret')} that it had not read in the baseline"
        found.append(Effect(severity, words, rows.assign(is_refused=False)))
    return found


def _secret_reads(calls: pd.DataFrame) -> pd.DataFrame:
    is_read = calls["name"].isin(SECRETS) & calls["error"].isna() & (calls["actor_type"] != "AWSService")
    return calls[is_read & calls["resource"].notna() & calls["actor"].notna()]
