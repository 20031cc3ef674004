"""What let somebody reach another tenant's record, as of the moment: shares, memberships, support sessions, rules."""

from dataclasses import dataclass

import pandas as pd

from ddms_ops.tenancy import ExceptionRule, Tenants
from ddms_ops.tenant_ids import compared_tenants

SHARE, MEMBERSHIP, SUPPORT = "share", "membership", "support session"
ENDED = {SHARE: "ended_share", MEMBERSHIP: "ended_membership", SUPPORT: "ended_support"}
NO_TICKET = "no_ticket"
OF_RULE = {"user": "usr", "actor": "actor", "owner": "reached", "action": "action",
           "record_type": "record_type", "record": "record"}  # fmt: skip
FOLDED = ("actor", "owner")


@dataclass(frozen=True, slots=True)
class Excuses:
    """For each crossing, in its order, what excuses it, and what would have once.

    `active` names the share, membership, session or rule in force then, empty without one; `ended` is the kind of
    disclosure where one was in force before or after, or lacked its ticket.
    """

    active: pd.Series
    active_words: pd.Series
    ended: pd.Series
    ended_words: pd.Series


def excuses(
    crossings: pd.DataFrame,
    grants: pd.DataFrame | None,
    members: pd.DataFrame | None,
    impersonations: pd.DataFrame | None,
    tenants: Tenants,
) -> Excuses:
    """What excuses each crossing.

    Args:
        crossings: `timestamp`, `actor`, `reached`, `folded_owner`, `usr`, `record` and the columns that rules name.
        grants, members, impersonations: as the questions of these names answer; None where not declared.
        tenants: the profile's declaration.
    """
    found = _Found(crossings)
    if grants is not None:
        found.add(SHARE, _shares(crossings, grants, tenants))
    if members is not None:
        found.add(MEMBERSHIP, _let_in(crossings, members, tenants, needs_ticket=False))
    if impersonations is not None:
        needs_ticket = tenants.impersonations is not None and bool(tenants.impersonations.ticket)
        found.add(SUPPORT, _let_in(crossings, impersonations, tenants, needs_ticket=needs_ticket))
    for rule in tenants.exceptions:
        found.add_rule(rule, _fits(crossings, rule, tenants))
    given = zip(ENDED, (grants, members, impersonations), strict=True)
    return found.excuses([name for name, one in given if one is not None])


class _Found:
    """What was found so far for each crossing; the first that is in force counts."""

    def __init__(self, crossings: pd.DataFrame) -> None:
        self._times, self._is_known = crossings["timestamp"], crossings["actor"].notna()
        self._active, self._active_words, self._ended, self._ended_words = (
            pd.Series("", index=crossings.index, dtype="str") for _ in range(4)
        )

    def add(self, kind: str, pairs: pd.DataFrame) -> None:
        """Pairs of a crossing (`place`) and a stretch that fits but for its time and ticket, the last to end first."""
        times = self._times.loc[pairs["place"]].set_axis(pairs.index)
        is_begun = pairs["since"].isna() | (pairs["since"] <= times)
        is_in_force = is_begun & (pairs["until"].isna() | (times < pairs["until"]))
        lacks_ticket = pairs["lacks_ticket"].astype("bool")
        allowing = pairs[is_in_force & ~lacks_ticket].drop_duplicates("place").set_index("place")
        allowing = allowing[self._active[allowing.index] == ""]
        self._active[allowing.index] = kind
        self._active_words[allowing.index] = [
            f"a {kind}{_from(since)}{'' if pd.isna(until) else f' until {_at(until)}'} allows it"
            for since, until in zip(allowing["since"], allowing["until"], strict=True)
        ]
        others = pairs.assign(is_begun=is_begun, is_in_force=is_in_force)[~(is_in_force & ~lacks_ticket)]
        for pair in others.drop_duplicates("place").itertuples():
            said = "has no ticket" if pair.is_in_force else _ended(pair.since, pair.until, bool(pair.is_begun))
            self._end(pair.place, f"a {kind} {said}")
            self._ended[pair.place] = self._ended[pair.place] or (NO_TICKET if pair.is_in_force else ENDED[kind])

    def add_rule(self, rule: ExceptionRule, fits: pd.Series) -> None:
        """The crossings that a rule's `where` fits."""
        since, until = pd.Timestamp(rule.since), pd.Timestamp(rule.until)
        fits = fits & (self._is_known | ("user" in rule.where))
        is_in_force = fits & (self._times >= since) & (self._times < until)
        is_first = is_in_force & (self._active == "")
        self._active[is_first] = f"rule {rule.name}"
        self._active_words[is_first] = f"{rule.reason} (answered for by {rule.owner}, until {_at(until)})"
        for place in fits.index[fits & ~is_in_force]:
            self._end(place, f"the rule {rule.name} {_ended(since, until, self._times[place] >= since)}")

    def _end(self, place: int, words: str) -> None:
        self._ended_words[place] = "; ".join(part for part in (self._ended_words[place], words) if part)

    def excuses(self, declared: list[str]) -> Excuses:
        """All that was found; `declared` are the kinds that were looked at."""
        nothing = f"no {_or(declared)} allows it" if declared else "nothing is declared that would allow it"
        words = self._ended_words.mask(self._ended_words == "", nothing)
        return Excuses(self._active, self._active_words, self._ended, words)


def _shares(crossings: pd.DataFrame, grants: pd.DataFrame, tenants: Tenants) -> pd.DataFrame:
    """Shares of the record with the actor's tenant, or with everybody (no tenant at all); of other tenants' records."""
    asked = crossings[crossings["folded_owner"].isna() | (crossings["folded_owner"] != crossings["actor"])]
    if tenants.records is not None and tenants.records.types:
        asked = asked[asked["record_type"].isin(tenants.records.types)]
    asked = pd.DataFrame({"place": asked.index, "record": asked["record"], "actor": asked["actor"]}).dropna()
    given = grants.assign(actor=compared_tenants(grants["tenant"], is_folded=tenants.folded), lacks_ticket=False)
    named = asked.merge(given[given["actor"].notna()], on=["record", "actor"])
    public = asked.merge(given[given["tenant"].isna()].drop(columns="actor"), on="record")
    return _ordered(pd.concat([named, public]))


def _let_in(crossings: pd.DataFrame, access: pd.DataFrame, tenants: Tenants, *, needs_ticket: bool) -> pd.DataFrame:
    """Stretches in which the user was let into the tenant that was reached."""
    asked = pd.DataFrame({"place": crossings.index, "usr": crossings["usr"], "reached": crossings["reached"]}).dropna()
    ticket = access["ticket"].astype("str")
    given = access.assign(
        reached=compared_tenants(access["tenant"], is_folded=tenants.folded),
        lacks_ticket=needs_ticket & ~ticket.str.contains(r"\w", regex=True, na=False),
    )
    return _ordered(asked.merge(given, on=["usr", "reached"]))


def _ordered(pairs: pd.DataFrame) -> pd.DataFrame:
    """By crossing; the stretch that ended last comes first."""
    order = ["place", "until", "since"]
    return pairs.sort_values(order, ascending=[True, False, False], kind="stable", ignore_index=True)


def _fits(crossings: pd.DataFrame, rule: ExceptionRule, tenants: Tenants) -> pd.Series:
    fits = pd.Series(True, index=crossings.index)
    for name, values in rule.where.items():
        asked = pd.Series(values, dtype="str")
        asked = compared_tenants(asked, is_folded=tenants.folded) if name in FOLDED else asked
        fits &= crossings[OF_RULE[name]].isin(asked.dropna().tolist())
    return fits


def _ended(since: pd.Timestamp, until: pd.Timestamp, is_begun: bool) -> str:
    return f"ended {_at(until)}" if is_begun else f"began only {_at(since)}"


def _from(since: pd.Timestamp) -> str:
    return "" if pd.isna(since) else f" from {_at(since)}"


def _at(stamp: pd.Timestamp) -> str:
    return f"{stamp.tz_convert('UTC'):%Y-%m-%d %H:%M:%S} UTC"


def _or(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
