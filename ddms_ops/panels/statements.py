"""What the database did: statements, waits, plans and tenants, as tables."""

from collections.abc import Iterator

import pandas as pd

from ddms_ops.analysis.lock_waits import PREPARED
from ddms_ops.analysis.lock_waits import UNKNOWN as UNKNOWN_PROCESS
from ddms_ops.analysis.statement_log import BEFORE, NOW
from ddms_ops.analysis.tenant_time import UNKNOWN
from ddms_ops.analysis.time_bridge import PARTS, residual
from ddms_ops.case import Case
from ddms_ops.checks.base import CannotTell
from ddms_ops.checks.basis import LOG
from ddms_ops.checks.blocking import chains_of, root_of
from ddms_ops.checks.tables import Quiet, Shown, html_table, joined, verdict
from ddms_ops.checks.tenant_database_time import time_by_tenant
from ddms_ops.panels.tables import check_panel
from ddms_ops.redact import redact

MOST, LISTED = 15, 8
TIMES = ("mean_ms", "p50_ms", "p95_ms", "p99_ms", "max_ms")
BLOCKS = ("rows_returned", "blocks_hit", "blocks_read", "temp_written", "wal_bytes")
NAMELESS = {PREPARED: "a prepared transaction", UNKNOWN_PROCESS: "not named by the log"}
WORDS = {
    "called_more": "called more", "called_less": "called less", "slower": "slower", "faster": "faster", "new": "new",
    "vanished": "vanished", "same": "as before",
}  # fmt: skip


def statements_table(case: Case) -> Shown:
    """Where the difference of database time comes from, statement by statement; the parts add up to it."""
    try:
        basis = case.statement_basis
    except CannotTell as lack:
        return verdict(f"Cannot be compared: {lack}.")
    table = basis.bridge
    rows = [_row(basis.text(str(row.Index)), row) for row in table.head(MOST).itertuples()]
    if len(table) > MOST:
        rows.append(_sum(f"{len(table) - MOST:,} more statements", table.iloc[MOST:]))
    rows.append(_sum("all", table))
    columns = ("statement", "moved", "Δ s", "by calls", "by time a call", "new", "vanished", "calls", "ms a call")
    caption = (
        f"Database time in {case.window} against {case.baseline} (scaled to the window's length), by the {basis.kind};"
        f" the parts miss {residual(table):.1g} of the difference"
    )
    shown = [html_table(columns, rows, caption=caption, align="llrrrrrrr")]
    shown += [_times(case)] if basis.kind == LOG else [_blocks(case)]
    return joined(*shown, *(verdict(note) for note in basis.notes))


def _row(text: str, row: object) -> tuple[object, ...]:
    parts = [_s(getattr(row, name)) for name in ("delta_ms", *PARTS)]
    calls = (_count(row.calls_now), Quiet(f"before {_count(row.calls_before)}"))  # type: ignore[attr-defined]
    means = (_ms(row.mean_now_ms), Quiet(f"before {_ms(row.mean_before_ms)}"))  # type: ignore[attr-defined]
    return (text, WORDS[str(row.kind)], *parts, calls, means)  # type: ignore[attr-defined]


def _sum(name: str, table: pd.DataFrame) -> tuple[object, ...]:
    parts = [_s(table[part].sum()) for part in ("delta_ms", *PARTS)]
    calls = (_count(table["calls_now"].sum()), Quiet(f"before {_count(table['calls_before'].sum())}"))
    return (Quiet(name), "", *parts, calls, "")


def _sides(case: Case) -> Iterator[tuple[str, str, pd.Series]]:
    """The statements on top: text (said once), side, and what the basis knows of it there."""
    basis = case.statement_basis
    for name in basis.bridge.index[:LISTED]:
        text = basis.text(str(name))
        for side, frame in ((NOW, basis.now), (BEFORE, basis.before)):
            if name in frame.index:
                yield text, side, frame.loc[name]
                text = ""


def _times(case: Case) -> Shown:
    """How long calls took, before and now."""
    rows = [
        (text, side, _count(each["calls"]), *(_ms(each[name]) for name in TIMES), each["first_seen"])
        for text, side, each in _sides(case)
    ]
    columns = ("statement", "", "calls", "mean", "p50", "p95", "p99", "max", "first seen")
    return html_table(columns, rows, caption="Time of a call, not scaled", align="llrrrrrrl")


def _blocks(case: Case) -> Shown:
    """What calls read and wrote, before and now."""
    rows = [
        (text, side, _count(each["calls"]), *(f"{each[name] / each['calls']:,.4g}" for name in BLOCKS))
        for text, side, each in _sides(case)
    ]
    columns = ("statement", "", "calls", "rows", "blocks hit", "blocks read", "temp blocks", "WAL bytes")
    return html_table(columns, rows, caption="Per call, not scaled", align="llrrrrrr")


def waits_table(case: Case) -> Shown:
    """Who waited for whom, the chains that cost most first, and what the sessions waited for."""
    found = check_panel(case, "blocking", "connections")
    rows = []
    for chain in chains_of(case, NOW)[:MOST]:
        root = root_of(case, chain)
        texts = tuple(case.statement_text(name) for name in chain.statements[:3])
        name = NAMELESS.get(chain.root, str(chain.root))
        who = (name, Quiet(redact(root.who) or "unknown"), Quiet(root.state or "state unknown"))
        did = case.statement_text(root.statement) if root.statement else None
        length = f"{chain.waited_ms / 1000:,.1f} s"
        rows.append((chain.start, who, did, chain.depth, len(chain.waiters), length, texts or None))
    columns = ("from", "root", "ran last", "deep", "waiting", "waited in all", "what waited")
    chains = html_table(columns, rows, caption="Lock waits, by the root that waited for nobody", align="lllrrrl")
    return joined(found, chains, _wait_classes(case))


def _wait_classes(case: Case) -> Shown:
    """What sampled sessions waited for, by class: now beside before."""
    sides = []
    for side in (NOW, BEFORE):
        seen = case.sampled_sessions(side)
        active = seen[seen["state"] == "active"]
        sides.append(active["wait_type"].fillna("CPU or not waiting").value_counts(normalize=True))
    if not len(sides[0]):
        return html_table(("wait",), [], caption="No samples of sessions in the window")
    rows = [(name, f"{share:.0%}", f"{sides[1].get(name, 0.0):.0%}") for name, share in sides[0].items()]
    return html_table(
        ("wait class", "share now", "before"), rows, caption="Active sessions of the samples", align="lrr"
    )


def tenants_time_table(case: Case) -> Shown:
    """Database time by tenant, with what cannot be attributed."""
    try:
        table = time_by_tenant(case)
    except CannotTell as lack:
        return verdict(f"Cannot be told: {lack}.")
    first = table.head(MOST)
    rows = [
        (
            Quiet("not attributed") if name == UNKNOWN else redact(str(name)),
            f"{row['now_ms'] / 1000:,.2f}",
            f"{row['before_ms'] / 1000:,.2f}",
            f"{row['share']:.1%}",
            _count(row["calls"]),
        )
        for name, row in first.iterrows()
    ]
    columns = ("tenant", "s now", "s before (scaled)", "share now", "calls")
    more = f", the first {MOST} of {len(table):,}" if len(table) > MOST else ""
    return html_table(columns, rows, caption=f"Database time by tenant{more}", align="lrrrr")


def _s(length_ms: float) -> str:
    return (
        f"{length_ms / 1000:+,.2f}" if abs(length_ms) >= 5 else ("0" if not length_ms else f"{length_ms / 1000:+.1g}")
    )


def _ms(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _count(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"
