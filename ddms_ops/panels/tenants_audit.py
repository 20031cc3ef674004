"""Who reached whose records: the leak matrix, what was disclosed, what explains the rest, and what cannot be told."""

from collections.abc import Mapping
from typing import Protocol

import pandas as pd

from ddms_ops.analysis.crossings import DISCLOSED, EXPLAINED, UNKNOWN
from ddms_ops.analysis.leak_verdict import CANNOT_TELL, LEAKED, NO_LEAK, LeakVerdict, Stretch
from ddms_ops.checks.refs import counted
from ddms_ops.checks.tables import Badge, Quiet, Shown, html_table, joined, lead_line
from ddms_ops.checks.tables import verdict as sentence
from ddms_ops.checks.tenant_witnesses import KINDS as WITNESSES
from ddms_ops.checks.trail_basis import NO_TRAIL, NOT_DECLARED
from ddms_ops.declaration import Profile
from ddms_ops.redact import redact
from ddms_ops.tenancy import ExceptionRule
from ddms_ops.window import Window

MOST, NAMED, REASONS = 20, 5, 3
NOBODY, NO_OWNER = "nobody knows who", "owner not known"
TONES = {LEAKED: "critical", CANNOT_TELL: "medium", NO_LEAK: "good"}
DISCLOSURE = ["owner", "actor", "record_type", "record", "action", "kind", "why", "witnesses"]
EXCUSE = ["rule", "why"]
NO_ROWS = "The audit trail has no rows in the window, so nothing can be said."
KINDS = {
    **WITNESSES,
    "direct": "the row names both tenants",
    "owner_only": "only the record is another tenant's",
    "search": "result of a search",
    "object_key": "object key handed out",
    "token_path": "the user is another tenant's",
    "job": "job without a user",
    "ended_share": "share not in force then",
    "ended_membership": "membership not in force then",
    "ended_support": "support session not in force then",
    "no_ticket": "support session without a ticket",
}
"""Kinds of disclosures, short enough for a table; without an audit trail those of witnesses."""


class Audited(Protocol):
    """A case whose tenants were audited; frames are in the schemas."""

    @property
    def profile(self) -> Profile:
        """The system's declaration."""
        ...

    @property
    def window(self) -> Window:
        """The incident window."""
        ...

    def trail(self, part: str) -> pd.DataFrame:
        """The answer to one question of `trail_sql.PARTS`."""
        ...

    @property
    def leak_matrix(self) -> pd.DataFrame:
        """CELLS of the window."""
        ...

    @property
    def crossings(self) -> pd.DataFrame:
        """CROSSINGS of the window, judged."""
        ...

    @property
    def leak_verdict(self) -> LeakVerdict:
        """The verdict on the window."""
        ...


def not_declared() -> Shown:
    """What stands in the place of each table where the profile declares no tenants."""
    return sentence(f"{NOT_DECLARED[0].upper()}{NOT_DECLARED[1:]}.")


def no_trail() -> Shown:
    """What stands in the place of what is read from the trail where the profile declares none."""
    return sentence(f"{NO_TRAIL[0].upper()}{NO_TRAIL[1:]}.")


def _lacking(case: Audited) -> Shown | None:
    """What to say instead of a table over the trail; None where a trail is declared."""
    tenants = case.profile.tenants
    return not_declared() if tenants is None else no_trail() if tenants.trail is None else None


def leak_matrix(case: Audited) -> Shown:
    """Who acted × whose record: cells off the diagonal, those without an actor or owner first, then most rows."""
    if lack := _lacking(case):
        return lack
    cells = case.leak_matrix
    if cells.empty:
        return sentence(NO_ROWS)
    own = (cells["actor"] == cells["owner"]).fillna(False).astype(bool)
    off = cells[~own].assign(is_known=lambda rows: rows["actor"].notna() & rows["owner"].notna())
    off = off.sort_values(["is_known", "rows", "actor", "owner"], ascending=[True, False, True, True], kind="stable")
    rows = [_cell(cell) for cell in off.head(MOST).itertuples()]
    if len(off) > MOST:
        rest = off.iloc[MOST:]
        more = Quiet(f"and {counted(len(rest), 'more cell')}")
        rows.append((more, "", "", int(rest["rows"].sum()), rest["first"].min(), rest["last"].max()))
    columns = ("actor's tenant", "record's owner", "outcome", "rows", "first", "last")
    known = int(off.loc[off["is_known"], "rows"].sum())
    null = int(off.loc[~off["is_known"], "rows"].sum())
    caption = (
        f"Rows across tenants, before any excuse: {known:,} of {int(cells['rows'].sum()):,};"
        f" {null:,} more name no actor or no owner"
    )
    return joined(html_table(columns, rows, caption=caption, align="lllrll"), _plain_rule(case))


def _plain_rule(case: Audited) -> Shown:
    """What a comparison of the row's own two tenants would have told."""
    cells = case.trail("matrix")
    stated = cells.get("stated", cells["actor"])
    if stated.isna().all():
        return sentence("The rows name one tenant only: a comparison of a row's own two tenants shows nothing.")
    differ = stated.notna() & cells["row_tenant"].notna() & (stated != cells["row_tenant"])
    disclosed = case.crossings[(case.crossings["verdict"] == DISCLOSED).to_numpy()]
    seen = int(disclosed["seen_by"].str.contains("row", regex=False).sum())
    words = (
        f"A comparison of a row's own two tenants names {counted(int(cells.loc[differ, 'rows'].sum()), 'row')}, and"
        f" {seen:,} of the {counted(len(disclosed), 'disclosure')}."
    )
    return sentence(words)


def _cell(cell: object) -> tuple[object, ...]:
    actor, owner = (
        Badge(loud, "high") if pd.isna(name) else redact(str(name))
        for name, loud in ((cell.actor, NOBODY), (cell.owner, NO_OWNER))  # type: ignore[attr-defined]
    )
    return (actor, owner, str(cell.outcome), int(cell.rows), cell.first, cell.last)  # type: ignore[attr-defined]


def disclosures_table(case: Audited) -> Shown:
    """Records that were disclosed, the first at the top: when, how, who else shows it, why nothing excuses it."""
    found = case.crossings[(case.crossings["verdict"] == DISCLOSED).to_numpy()]
    unknown = int((case.crossings["verdict"] == UNKNOWN).sum())
    doubt = f"; of {counted(unknown, 'more row')} it cannot be told" if unknown else ""
    if found.empty:
        words = NO_ROWS if case.leak_matrix.empty else f"No row of the window shows a disclosure{doubt}."
        return _lacking(case) or sentence(words)
    named = found.assign(**{name: found[name].fillna("") for name in DISCLOSURE})
    table = named.groupby(DISCLOSURE, sort=False)["timestamp"].agg(["min", "max", "size"]).reset_index()
    table = table.sort_values(["min", *DISCLOSURE], kind="stable")
    common = _common(table["why"])
    rows = [
        (
            (redact(row.record), Quiet(", ".join(filter(None, (redact(row.record_type), redact(row.action)))))),
            redact(row.owner) or None, redact(row.actor) or None, row.min, row.max, int(row.size),
            (
                _word(row.kind, KINDS),
                *_quiet("" if row.why == common else redact(row.why)),
                *_quiet(_also_seen(row.witnesses)),
            ),
        )
        for row in table.head(MOST).itertuples()
    ]  # fmt: skip
    columns = ("record", "owner", "actor's tenant", "first", "last", "times", "how, and why nothing excuses it")
    more = f"; the first {MOST} of {len(table):,} are listed" if len(table) > MOST else ""
    why = f"; {redact(common)}{'' if (table['why'] == common).all() else ', but where a row says otherwise'}"
    caption = (
        f"{counted(len(found), 'disclosure')} in {counted(len(table), 'line')}{doubt}{more}{why if common else ''}"
    )
    return html_table(columns, rows, caption=caption, align="lllllrl")


def _one_reason(reasons: pd.Series) -> str:
    number = reasons.nunique()
    return f"{'' if number == 1 else f'{number:,} reasons, e.g. '}{reasons.iloc[0]}"


def _common(reasons: pd.Series) -> str:
    """The reason of more than half of the lines, or none."""
    counts = reasons.value_counts()
    return str(counts.index[0]) if counts.iloc[0] * 2 > len(reasons) else ""


def _word(name: object, words: Mapping[str, str]) -> str:
    return words.get(str(name), redact(str(name).replace("_", " ")))


def _also_seen(kinds: object) -> str:
    named = ", ".join(_word(kind, WITNESSES) for kind in str(kinds).split(",") if kind)
    return f"also seen: {named}" if named else ""


def _quiet(words: str) -> tuple[Quiet, ...]:
    return (Quiet(words),) if words else ()


def explained_table(case: Audited) -> Shown:
    """How many rows each rule, grant or membership explains, and which rules have expired and explain nothing."""
    if lack := _lacking(case):
        return lack
    found = case.crossings[(case.crossings["verdict"] == EXPLAINED).to_numpy()]
    rules = {f"rule {rule.name}": _rule_words(rule, case.window) for rule in _rules(case)}
    named = found.assign(**{name: found[name].fillna("") for name in EXCUSE})
    table = named.groupby("rule", sort=True).agg(
        rows=("timestamp", "size"), first=("timestamp", "min"), last=("timestamp", "max"), why=("why", _one_reason)
    )
    table = table.sort_values("rows", ascending=False, kind="stable")
    rows: list[tuple[object, ...]] = [
        (redact(str(row.Index)), int(row.rows), row.first, row.last, (redact(row.why), *rules.get(str(row.Index), ())))  # type: ignore[call-overload,arg-type]
        for row in table.head(MOST).itertuples()
    ]
    if len(table) > MOST:
        rows.append((Quiet(f"and {len(table) - MOST:,} more"), int(table["rows"].iloc[MOST:].sum()), None, None, ""))
    unused = {f"rule {rule.name}": rule for rule in _rules(case) if f"rule {rule.name}" not in table.index}
    rows += [(redact(name), 0, None, None, _unused(rule, rules[name])) for name, rule in unused.items()]
    columns = ("explained by", "rows", "first", "last", "why")
    return html_table(columns, rows, caption=f"{counted(len(found), 'row')} explained", align="lrlll")


def _rules(case: Audited) -> tuple[ExceptionRule, ...]:
    return case.profile.tenants.exceptions if case.profile.tenants else ()


def _rule_words(rule: ExceptionRule, window: Window) -> tuple[object, ...]:
    """What a rule's dates say of the window: nothing where it is in force throughout."""
    since, until = pd.Timestamp(rule.since), pd.Timestamp(rule.until)
    dates = Quiet(f"in force {_exact(since.tz_convert('UTC'))} to {_exact(until.tz_convert('UTC'))} UTC")
    if until <= window.start:
        return (Badge("expired", "high"), dates)
    if since >= window.end:
        return (Badge("not begun", "info"), dates)
    if until < window.end:
        return (Badge("expires in the window", "medium"), dates)
    return (Badge("begins in the window", "info"), dates) if since > window.start else ()


def _unused(rule: ExceptionRule, said: tuple[object, ...]) -> tuple[object, ...]:
    """Why a rule stands here without a row."""
    reason = f"{redact(rule.reason)}; {redact(rule.owner)} answers for it"
    return (*said, reason) if said else (Quiet("explains no row"), reason)


def verdict_table(case: Audited) -> Shown:
    """What may be said of the window, stretch by stretch, and of which tenants."""
    if case.profile.tenants is None:
        return not_declared()
    said = case.leak_verdict
    tenants = (
        ("affected", Badge(str(len(said.affected)), "critical" if said.affected else "good"), _named(said.affected)),
        ("verified unaffected", Badge(str(len(said.unaffected)), "good"), _named(said.unaffected)),
        (
            "cannot tell",
            Badge(str(len(said.cannot_tell)), "medium" if said.cannot_tell else "good"),
            _named(said.cannot_tell),
        ),
    )
    parts = [lead_line(Badge(said.word, TONES[said.word]), f"in {case.window}")]
    parts += [lack] if (lack := _lacking(case)) else []
    parts.append(_strip("Stretches", said.stretches))
    if said.may_hide and said.affected:
        parts.append(_strip("Where more may hide", said.may_hide))
    if said.limited:
        parts.append(_strip("Of one tenant only", said.limited))
    return joined(*parts, html_table(("tenants", "how many", "which"), tenants, caption="Tenants"))


def _strip(caption: str, stretches: tuple[Stretch, ...]) -> Shown:
    """Stretches in order of time; of very many the longest."""
    longest = sorted(stretches, key=lambda stretch: (stretch.start - stretch.end, stretch.start))[:MOST]
    rows = [
        (
            _exact(stretch.start), _exact(stretch.end), Badge(stretch.verdict, TONES[stretch.verdict]),
            redact(stretch.tenant) if stretch.tenant else Quiet("all"), _reasons(stretch.why),
        )
        for stretch in sorted(longest, key=lambda stretch: (stretch.start, stretch.tenant or ""))
    ]  # fmt: skip
    more = f", the longest {MOST} of {len(stretches):,}" if len(stretches) > MOST else ""
    columns = ("from (UTC)", "to", "verdict", "tenant", "why")
    return html_table(columns, rows, caption=f"{caption}{more}", align="lllll")


def _reasons(why: tuple[str, ...]) -> object:
    lines = [redact(reason) for reason in why[:REASONS]]
    more = [f"and {len(why) - REASONS:,} more reasons"] if len(why) > REASONS else []
    return (*lines, *more) or None


def _exact(stamp: pd.Timestamp) -> str:
    """To the microsecond where there is a fraction, for a stretch ends with the very row."""
    text = f"{stamp:%Y-%m-%d %H:%M:%S.%f}"
    return text.removesuffix(".000000")


def _named(tenants: tuple[str, ...]) -> str | None:
    shown = ", ".join(redact(name) for name in tenants[:MOST])
    return f"{shown} and {len(tenants) - MOST:,} more" if len(tenants) > MOST else shown or None
