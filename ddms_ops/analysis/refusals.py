"""Who is refused: everybody, many users by a few addresses, or one user again and again.

A try is a sign-in or a request that is refused or let in. The shares of single addresses and users are held against
that of all others by the Chernoff bound of a binomial tail, times the number of addresses or users compared
(Bonferroni); what is left over against the baseline by `rate_test`, per try that is let in.
"""

from dataclasses import dataclass
from math import exp, log

import pandas as pd

from ddms_ops.analysis.group_rates import rate_test
from ddms_ops.analysis.onset import counts_per_bucket, expected_counts, onset_of
from ddms_ops.analysis.requests import between
from ddms_ops.analysis.shapes import Shift
from ddms_ops.window import Window

EVERYBODY, SPRAYED, ONE_USER, STRANGERS, UNCLEAR = "everybody", "few_addresses", "one_user", "many_addresses", "unclear"
MANY_USERS = 5
MOSTLY = 0.5
"""Of whom more tries than this are refused, of him it is not a mistyped password now and then."""
DROPPED = 0.5
FEWEST_NAMED, NAMED_SHARE = 10, 0.1
"""So many of the refused tries must name a user, or an address, to tell whether these are strangers."""


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on it is a finding; as in the profile's section `triage`."""

    min_events: int
    significance: float
    rise: float


@dataclass(frozen=True, slots=True)
class Refusals:
    """Refused tries that belong together; `rows` and `let_in` are rows of SIGN_INS.

    `tries` are those of the same addresses, users or time; `before` refused ones of the baseline, `usual` the
    baseline's share; `let_in` what succeeded afterwards where nobody had been let in before. `is_known` says that the
    same user was let in from the same address in the baseline: an old password that a program keeps trying.
    """

    kind: str
    rows: pd.DataFrame
    tries: int
    before: int
    usual: float
    let_in: pd.DataFrame
    is_known: bool = False
    shift: Shift | None = None

    @property
    def share(self) -> float:
        """Share of the tries that were refused."""
        return len(self.rows) / self.tries if self.tries else 0.0


def refusals(
    now: pd.DataFrame, before: pd.DataFrame, window: Window, baseline: Window, limits: Limits
) -> list[Refusals]:
    """Groups of refused tries that the baseline does not explain, the largest first.

    Args:
        now, before: SIGN_INS of window and baseline.
        window, baseline: the two.
        limits: from when on it is a finding.
    """
    minutes = (window.minutes, baseline.minutes)
    found = [
        *_by("address", now, before, minutes, limits),
        *_by("user", now, before, minutes, limits),
    ]
    taken: set[int] = set()
    kept = []
    for one in sorted(found, key=lambda one: (-len(one.rows), one.kind)):
        if not taken & set(one.rows.index):
            kept.append(one)
            taken |= set(one.rows.index)
    kept = _together(kept)
    rest = now[~now.index.isin(taken)]
    kept += _all(rest, before, window, baseline, limits)
    return sorted(kept, key=lambda one: (-len(one.rows), one.kind))


def _by(
    name: str, now: pd.DataFrame, before: pd.DataFrame, minutes: tuple[float, float], limits: Limits
) -> list[Refusals]:
    """Addresses that are refused for many users, or users that are refused again and again."""
    tries = now[now[name].notna()]
    table = tries.groupby(name)["is_refused"].agg(["sum", "size"])
    few = table[(table["sum"] >= limits.min_events) & (table["sum"] / table["size"] > MOSTLY)]
    earlier = before[before["is_refused"]][name].value_counts()
    usual = _share(before)
    shared = _shared_addresses(before) if name == "address" else frozenset()
    found = []
    for value, (refused, size) in few.iterrows():
        rest = _share_of(len(now) - size, now["is_refused"].sum() - refused)
        if value in shared or _tail(refused, size, max(rest, usual)) * len(table) >= limits.significance:
            continue
        was = int(earlier.get(value, 0))
        ratio, p_value = rate_test(int(refused), was, *minutes)
        if was and (ratio < limits.rise or p_value >= limits.significance):
            continue
        own = tries[tries[name] == value]
        one = _of_cluster(name, own, before, was)
        found += [one] if one else []
    return found


def _shared_addresses(before: pd.DataFrame) -> frozenset[str]:
    """Addresses from which many users were let in: of an office, or of a proxy that all come through."""
    users = before[~before["is_refused"]].groupby("address")["user"].nunique()
    return frozenset(str(address) for address in users.index[users >= MANY_USERS])


def _of_cluster(name: str, own: pd.DataFrame, before: pd.DataFrame, was: int) -> Refusals | None:
    rows = own[own["is_refused"]]
    users = rows["user"].nunique()
    if name == "address" and 0 < users < MANY_USERS:
        return None
    known = before[~before["is_refused"]][["user", "address"]].dropna()
    pairs = pd.MultiIndex.from_frame(known)
    later = own[~own["is_refused"] & (own["timestamp"] > rows["timestamp"].min()) & own["place"].isin(rows["place"])]
    later = later[~pd.MultiIndex.from_frame(later[["user", "address"]]).isin(pairs)]
    is_known = bool(name == "user" and pd.MultiIndex.from_frame(rows[["user", "address"]]).isin(pairs).all())
    kind = SPRAYED if name == "address" else ONE_USER
    return Refusals(kind, rows, len(own), was, _usual(before), later, is_known)


def _together(found: list[Refusals]) -> list[Refusals]:
    """Addresses that try many users are one finding; each user that is tried stays one of its own."""
    sprayed = [one for one in found if one.kind == SPRAYED]
    if len(sprayed) < 2:
        return found
    joined = Refusals(
        SPRAYED,
        pd.concat([one.rows for one in sprayed]).sort_values(["timestamp", "pull", "row"]),
        sum(one.tries for one in sprayed),
        sum(one.before for one in sprayed),
        sprayed[0].usual,
        pd.concat([one.let_in for one in sprayed]),
    )
    return [joined, *(one for one in found if one.kind != SPRAYED)]


def _all(now: pd.DataFrame, before: pd.DataFrame, window: Window, baseline: Window, limits: Limits) -> list[Refusals]:
    """What is refused beyond single addresses and users, where it is more often than in the baseline."""
    refused, was = now[now["is_refused"]], int(before["is_refused"].sum())
    let_in, were = len(now) - len(refused), len(before) - was
    exposures = (let_in, were) if let_in and were else (window.minutes, baseline.minutes)
    ratio, p_value = rate_test(len(refused), was, *exposures)
    if len(refused) < limits.min_events or before.empty or ratio < limits.rise or p_value >= limits.significance:
        return []
    expected = expected_counts(was / baseline.minutes, window)
    shift = onset_of(counts_per_bucket(refused["timestamp"], window), expected, window, ratio=limits.rise)
    start, end = (shift.start, shift.end or window.end) if shift else (window.start, window.end)
    inside = between(now, start, end)
    rows = inside[inside["is_refused"]]
    if rows.empty:
        inside, rows = now, refused
    kind = _kind(inside, before, (end - start) / pd.Timedelta(minutes=1), baseline.minutes)
    return [Refusals(kind, rows, len(inside), was, _usual(before), inside.iloc[:0], shift=shift)]


def _kind(inside: pd.DataFrame, before: pd.DataFrame, minutes: float, baseline_minutes: float) -> str:
    """Whether those are refused who are let in otherwise, or strangers."""
    refused, let_in = inside[inside["is_refused"]], inside[~inside["is_refused"]]
    known = before[~before["is_refused"]]
    if len(known) >= MANY_USERS and len(let_in) / minutes < DROPPED * len(known) / baseline_minutes:
        return EVERYBODY
    for name in ("user", "address"):
        named = refused[name].dropna()
        if len(named) >= max(FEWEST_NAMED, NAMED_SHARE * len(refused)):
            middle = known["timestamp"].median()
            early, late = known[known["timestamp"] <= middle][name], known[known["timestamp"] > middle][name]
            usual = late.isin(early.dropna()).mean() if len(late) else 0.0
            seen = named.isin(known[name].dropna()).mean()
            if seen >= MOSTLY * usual and seen > 0:
                return EVERYBODY
            return STRANGERS if usual > MOSTLY else UNCLEAR
    return UNCLEAR


def _usual(before: pd.DataFrame) -> float:
    """The baseline's share of refused tries, 0 without any try."""
    return float(before["is_refused"].mean()) if len(before) else 0.0


def _share(tries: pd.DataFrame) -> float:
    return _share_of(len(tries), tries["is_refused"].sum())


def _share_of(tries: float, refused: float) -> float:
    """Share with half a refused try in ten added, so that nothing known is neither never nor always."""
    return float((refused + 0.5) / (tries + 10))


def _tail(refused: float, tries: float, share: float) -> float:
    """Bound of the probability that so many or more of the tries are refused by chance."""
    seen = refused / tries
    if seen <= share:
        return 1.0
    apart = seen * log(seen / share) + ((1 - seen) * log((1 - seen) / (1 - share)) if seen < 1 else 0.0)
    return exp(-tries * apart)
