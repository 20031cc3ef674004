"""Groups of messages: their list, and one of them with what leads on from it."""

import pandas as pd

from ddms_ops.analysis.group_rates import UNKNOWN
from ddms_ops.analysis.impact import is_hit, tenant_table
from ddms_ops.checks.refs import counted, shown_template, with_error
from ddms_ops.coverage import Coverage
from ddms_ops.hops.asked import group_id
from ddms_ops.hops.lines import damaged_notes, level_notes
from ddms_ops.hops.reading import BASELINE, WINDOW, log_coverage, log_notes
from ddms_ops.hops.requests import ended, kind_notes, untied
from ddms_ops.hops.view import View
from ddms_ops.hops.views import Ground, Group, Listed

SHOWN = ("group", "says", "events", "baseline_events", "trend", "ratio", "first_seen", "last_seen", "tenants")
NAMED = 3


def error_groups(case: Ground) -> Listed[Group]:
    """Groups of errors and of new or rising warnings, most events first; each opens by its id.

    Returns:
        A view; its frame is that of `case.groups` with `says`, what the group's events say, redacted.
    """
    table = case.groups
    if len(table):
        is_shown = table["is_error"].astype(bool)
        is_shown |= (table["level"] == "WARN") & table["trend"].isin(["new", "rising"])
        table = table[is_shown].reset_index(drop=True)
    return Listed(
        title=f"Groups of errors and of new or rising warnings ({len(case.groups) - len(table):,} groups of others)",
        frame=_said(case, table),
        coverage=_coverage(case),
        call="case.error_groups",
        columns=SHOWN,
        notes=(*_not_compared(table), *level_notes(case), *damaged_notes(case), *log_notes(case)),
        hops=tuple(f"case.group({str(name)!r})" for name in table["group"].head(1)),
        noun="group",
        ids=tuple(str(name) for name in table["group"]),
        _opened=lambda name: group(case, name),
    )


def _not_compared(table: pd.DataFrame) -> tuple[str, ...]:
    """How many groups are of log groups with nothing to compare on one side, so that 0 there is no count."""
    number = int((table["trend"] == UNKNOWN).sum())
    told = f"Nothing to compare with on the other side, so 0 there is no count: {counted(number, 'group')} (unknown)."
    return (told,) if number else ()


def _coverage(case: Ground) -> tuple[Coverage, ...]:
    return log_coverage(case, WINDOW, BASELINE)


def group(case: Ground, given: object) -> Group:
    """One group of messages, by its id or the only one that begins so; any group, not only errors.

    Raises:
        BadInput: none, or several.
    """
    name = group_id(case, given)
    table = case.groups[case.groups["group"] == name].reset_index(drop=True)
    row = table.iloc[0]
    frame = _said(case, table)
    call = f"case.group({name!r})"
    ways = [f"{call}.lines()", f"{call}.requests()", f"{call}.tenants()"]
    ways += [f"{call}.before()"] if row["baseline_events"] else []
    return Group(
        title=f"Group {name}: {with_error(row['error'], frame['says'].iloc[0])} ({_went(row)})",
        frame=frame,
        coverage=_coverage(case),
        call=call,
        columns=SHOWN[2:],
        notes=(*_where(case, name), *log_notes(case)),
        hops=tuple(ways),
        case=case,
        id=name,
        _by_tenant=lambda: tenants_of(case, name),
    )


def _went(row: pd.Series) -> str:
    """`new, 5 events, 0 in the baseline`; a side that was not read, or is empty, has no 0."""
    sides: tuple[str, ...] = counted(int(row["events"]), "event"), f"{int(row['baseline_events']):,} in the baseline"
    if row["trend"] == UNKNOWN:
        lacking = "nothing of the window to compare", "nothing of the baseline to compare with"
        counts = row["events"], row["baseline_events"]
        sides = tuple(words if n else lack for n, words, lack in zip(counts, sides, lacking, strict=True))
    return ", ".join((row["trend"], *sides))


def _said(case: Ground, table: pd.DataFrame) -> pd.DataFrame:
    """Groups with what their events say, and how many tenants they are of."""
    says, tenants = [], []
    for name in table["group"]:
        events = case.log_events[case.log_events["group"] == name]
        tenants.append(events["tenant"].nunique())
        events = case.baseline_log_events[case.baseline_log_events["group"] == name] if events.empty else events
        says.append(shown_template(events))
    said = pd.Series(says, index=table.index, dtype="str")
    return table.assign(says=said, tenants=pd.Series(tenants, index=table.index, dtype="int64"))


def _where(case: Ground, name: str) -> tuple[str, ...]:
    """`endpoints: POST /x (96); versions: 2.15.0 (96)`: the most frequent of some columns, in the window."""
    events = case.log_events[case.log_events["group"] == name]
    found = []
    for column, words in (("endpoint", "endpoints"), ("log_group", "log groups"), ("version", "versions")):
        counts = events[column].dropna().astype("str").value_counts()
        shown = ", ".join(f"{value} ({number:,})" for value, number in counts.head(NAMED).items())
        more = f" and {len(counts) - NAMED} more" if len(counts) > NAMED else ""
        found += [f"{words}: {shown}{more}"] if shown else []
    return ("; ".join(found),) if found else ()


def tenants_of(case: Ground, name: str) -> View:
    """Whose events a group has, most requests hit first.

    Returns:
        A view; its frame has tenant, events (of the group), hit (Int64, requests that they belong to; null where none
        of its events names one), requests (all of the tenant's in the window) and share (hit of requests, 0..1, NaN
        without requests). A request that was not seen to end counts among both.
    """
    events = case.log_events[case.log_events["group"] == name]
    found = ended(case)
    loose = untied(found, events)
    table = tenant_table(_everyone(found, events, loose))
    counts = events["tenant"].dropna().astype("str").value_counts()
    table = table.rename(columns={"failed": "hit"}).reindex(table.index.union(counts.index))
    table["events"] = counts.reindex(table.index)
    table[["events", "hit", "requests"]] = table[["events", "hit", "requests"]].fillna(0).astype("int64")
    frame = table.rename_axis("tenant").reset_index()[["tenant", "events", "hit", "requests", "share"]]
    is_its = (frame["hit"] > 0) | (frame["events"] > 0)
    others = int((~is_its).sum())
    frame = frame.astype({"hit": "Int64"})
    frame.loc[(frame["hit"] == 0) & (frame["events"] > 0), ["hit", "share"]] = None
    frame = frame[is_its].sort_values(["hit", "events", "tenant"], ascending=[False, False, True], ignore_index=True)
    nameless = int(events["tenant"].isna().sum())
    notes = [f"{counted(others, 'other tenant')} had requests and none of this group."] if others else []
    notes += (
        [f"{counted(nameless, 'event')} of the group {'names' if nameless == 1 else 'name'} no tenant."]
        if nameless
        else []
    )
    return View(
        title=f"Tenants of group {name}",
        frame=frame,
        coverage=log_coverage(case, WINDOW),
        call=f"case.group({name!r}).tenants()",
        notes=(*notes, *_loose_notes(loose), *kind_notes(case), *log_notes(case)),
        hops=tuple(f"case.tenant({str(tenant)!r})" for tenant in frame["tenant"].head(1)),
    )


def _everyone(found: pd.DataFrame, events: pd.DataFrame, loose: pd.DataFrame) -> pd.DataFrame:
    """Tenant and whether it was hit (`failed`) of each request that ended, and of each that no end was seen of."""
    hit = found[["tenant"]].assign(failed=is_hit(found, events).to_numpy(dtype=bool))
    own = loose[loose["request_id"].notna()].drop_duplicates("request_id")
    return pd.concat([hit, own[["tenant"]].assign(failed=True)]) if len(own) else hit


def _loose_notes(loose: pd.DataFrame) -> tuple[str, ...]:
    """What events of no request that ended were counted as."""
    open_ones, nameless = loose["request_id"].nunique(), int(loose["request_id"].isna().sum())
    told = []
    if open_ones:
        told += [f"Not seen to end, each counted as a request that was hit: {counted(open_ones, 'request')} of it."]
    if nameless:
        told += [
            f"Without a request id, so which requests they hit cannot be told: {counted(nameless, 'event')} of it."
        ]
    return tuple(told)
