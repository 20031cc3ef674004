"""The tenants that the leading finding hit as a table, and who was not hit or not seen in its caption."""

from collections.abc import Iterable

from ddms_ops.analysis.impact import Impact
from ddms_ops.case import Case
from ddms_ops.checks.leading import leading
from ddms_ops.checks.refs import of_sample, plural, tenants_in_words
from ddms_ops.checks.tables import Shown, html_table
from ddms_ops.checks.who_is_hit import hit_of, spellings_note
from ddms_ops.panels.tables import check_panel
from ddms_ops.redact import redact

MOST = 10
NAMED = 5


def tenants_table(case: Case) -> Shown:
    """The ten tenants with most requests hit by the leading finding; who was not hit or not seen stands above."""
    result = case.result("who_is_hit")
    sign = leading(case) if result.findings else None
    if sign is None or sign.check == "traffic":
        return check_panel(case, "who_is_hit")
    hit = hit_of(case, sign)
    first = hit.impact.hit.head(MOST)
    rows = [(redact(str(row.Index)), row.failed, row.requests, f"{row.share:.1%}") for row in first.itertuples()]
    noun = plural(hit.noun)
    columns = ("tenant", f"{noun} hit", f"its {noun} since it began", "share hit")
    return html_table(columns, rows, caption=_caption(case, hit.impact, noun), align="lrrr")


def _caption(case: Case, impact: Impact, noun: str) -> str:
    order = f"the {MOST} with most {noun} hit" if len(impact.hit) > MOST else f"most {noun} hit first"
    parts = [_verdict(impact) + of_sample(case), *([order] if len(impact.hit) > 1 else []), *_hardest(impact)]
    if impact.unseen:
        parts.append(f"not known, for they had traffic in the baseline only: {_named(impact.unseen)}")
    parts.append(spellings_note(case, []))
    return "; ".join(part for part in parts if part)


def _verdict(impact: Impact) -> str:
    """`all 40 tenants with traffic were hit`, or how many were, and who was not."""
    if not impact.is_known:
        return tenants_in_words(impact)
    hit, seen = len(impact.hit), len(impact.tenants)
    if hit == seen:
        return f"all {seen} tenants with traffic were hit" if seen > 1 else "the only tenant with traffic was hit"
    were = "was" if hit == 1 else "were"
    return f"{hit} of {seen} tenants with traffic {were} hit; not hit: {_named(impact.unaffected.index)}"


def _hardest(impact: Impact) -> list[str]:
    """The tenant with the highest share among the busier half of those hit, where it is not the first one."""
    hit = impact.hit
    busy = hit[hit["requests"] >= hit["requests"].median()]
    if len(busy) < 2 or not impact.is_known:
        return []
    top = busy["share"].max()
    if hit["share"].iloc[0] >= top:
        return []
    row = busy[busy["share"] == top].iloc[0]
    share = f"{top:.1%}, {row['failed']:,.0f} of {row['requests']:,.0f}"
    return [f"highest share among the busier half: {redact(str(row.name))} ({share})"]


def _named(tenants: Iterable[object]) -> str:
    names = [redact(str(name)) for name in tenants]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{len(names):,} ({', '.join(names[:NAMED])}{more})"
