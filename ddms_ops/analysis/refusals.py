"""Who is refused: everybody, many users by a few addresses, or one user again and again.

A try is a sign-in or a request that is refused or let in. The shares of single addresses and users are held against
that of all others by the Chernoff bound of a binomial tail, times the number of addresses or users compared
(Bonferroni); what is left over against the baseline by `rate_test`, per try that is let in.
"""

from dataclasses import dataclass
from math import exp, log

import pandas as pd

from ddms_ops.analysis.call_kinds import is_within
from ddms_ops.analysis.group_rates import rate_test
from ddms_ops.analysis.onset import counts_per_bucket, expected_counts, onset_of
from ddms_ops.analysis.requests import between
from ddms_ops.analysis.shapes import Shift
from ddms_ops.analysis.sign_ins import origin
from ddms_ops.analysis.unusual_calls import PRIVATE
from ddms_ops.window import Window

EVERYBODY, SPRAYED, ONE_USER, STRANGERS, UNCLEAR = "everybody", "few_addresses", "one_user", "many_addresses", "unclear"
FORBIDDEN, FORBIDDEN_REASON = "forbidden", "HTTP 403"
"""Those who are let in elsewhere at that time may not do one thing: no matter of signing in."""
TYPED_PER_MIN = 6
"""More tries a minute than this are of nobody who types, and of no client that waits between its tries."""
MANY_USERS = 5
MOSTLY = 0.5
"""Of whom more tries than this are refused, of him it is not a mistyped password now and then."""
MOSTLY_FORBIDDEN = 0.9
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
    baseline's share, None without any try in it; `let_in` what succeeded afterwards, `strange_in` how much of it was
    not let in from there in the baseline. `is_known` says that the same user (or an address that names none) was let
    in from there in the baseline, and that the tries are no faster than of a program that keeps trying an old password.
    """

    kind: str
    rows: pd.DataFrame
    tries: int
    before: int
    usual: float | None
    let_in: pd.DataFrame
    strange_in: int = 0
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
    now, before = _placed(now), _placed(before)
    found = [
        *_by("origin", now, before, minutes, limits),
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
    shared = _shared_addresses(before) if name == "origin" else frozenset()
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
    users = before[~before["is_refused"]].groupby("origin")["user"].nunique()
    return frozenset(str(address) for address in users.index[users >= MANY_USERS])


def _of_cluster(name: str, own: pd.DataFrame, before: pd.DataFrame, was: int) -> Refusals | None:
    rows = own[own["is_refused"]]
    users = rows["user"].nunique()
    if name == "origin" and 0 < users < MANY_USERS:
        return None
    later = own[~own["is_refused"] & (own["timestamp"] > rows["timestamp"].min()) & own["place"].isin(rows["place"])]
    is_known = (name == "user" or users == 0) and bool(_were_let_in(rows, before).all()) and _is_slow(rows, own, before)
    kind = SPRAYED if name == "origin" else ONE_USER
    strange = int((~_were_let_in(later, before)).sum())
    return Refusals(kind, rows, len(own), was, _usual(before), later, strange, is_known)


def _placed(tries: pd.DataFrame) -> pd.DataFrame:
    """Tries with `origin`: of version 6 the network that one customer has, else the address."""
    return tries.assign(origin=tries["address"].map(origin).astype("str"))


def _were_let_in(tries: pd.DataFrame, before: pd.DataFrame) -> pd.Series:
    """Whether in the baseline each user was let in from there, and where none is named whether anybody was (bool).

    All private addresses are one place: nobody outside has them, and a program's change with each start.
    """
    known = before[~before["is_refused"]]
    places, earlier = (frame["origin"].map(_inside).astype("str") for frame in (tries, known))
    pairs = set(zip(known["user"].astype("str"), earlier, strict=True))
    anywhere = set(earlier.dropna())
    seen = [
        place in anywhere if pd.isna(user) else (user, place) in pairs
        for user, place in zip(tries["user"].astype("str"), places, strict=True)
    ]
    return pd.Series(seen, index=tries.index, dtype="bool")


def _inside(place: object) -> object:
    return "private" if is_within(str(place).removesuffix("/64"), PRIVATE) else place


def _is_slow(rows: pd.DataFrame, own: pd.DataFrame, before: pd.DataFrame) -> bool:
    """Whether the fastest minute of the tries is no faster than people type, or than twice the fastest before."""
    is_own = before["user"].isin(own["user"].dropna()) | before["origin"].isin(own["origin"].dropna())
    fastest, usual = (
        int(times.dt.floor("1min").value_counts().max()) if len(times) else 0
        for times in (rows["timestamp"], before[is_own]["timestamp"])
    )
    return fastest <= max(TYPED_PER_MIN, 2 * usual)


def _together(found: list[Refusals]) -> list[Refusals]:
    """Addresses that try many users are one finding; each user that is tried stays one of its own."""
    sprayed = [one for one in found if one.kind == SPRAYED and not one.is_known]
    if len(sprayed) < 2:
        return found
    joined = Refusals(
        SPRAYED,
        pd.concat([one.rows for one in sprayed]).sort_values(["timestamp", "pull", "row"]),
        sum(one.tries for one in sprayed),
        sum(one.before for one in sprayed),
        sprayed[0].usual,
        pd.concat([one.let_in for one in sprayed]),
        sum(one.strange_in for one in sprayed),
    )
    return [joined, *(one for one in found if one.kind != SPRAYED or one.is_known)]


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
    if kind == EVERYBODY and _is_forbidden(inside):
        kind = FORBIDDEN
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


def _is_forbidden(inside: pd.DataFrame) -> bool:
    """Whether nearly all is refused by status 403, at places beside which the same people are let in elsewhere."""
    refused = inside[inside["is_refused"]]
    if (refused["reason"] == FORBIDDEN_REASON).mean() < MOSTLY_FORBIDDEN:
        return False
    elsewhere = inside[~inside["is_refused"] & ~inside["place"].isin(refused["place"])]
    name = "user" if refused["user"].notna().mean() >= MOSTLY else "address"
    names = set(refused[name].dropna())
    return bool(names) and len(names & set(elsewhere[name].dropna())) >= MOSTLY * len(names)


def _usual(before: pd.DataFrame) -> float | None:
    """The baseline's share of refused tries, None without any try."""
    return float(before["is_refused"].mean()) if len(before) else None


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
