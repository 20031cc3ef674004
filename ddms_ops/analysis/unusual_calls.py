"""What each actor did with the AWS API that it had not done before, and from where it had not come before."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network

import numpy as np
import pandas as pd

from ddms_ops.analysis.call_kinds import REFUSALS, SENSITIVE, is_address, is_within

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "::1/128")
"""Addresses that nobody outside has; documentation and test networks count as public."""
NEAR = {4: 24, 6: 48}
"""Prefix lengths within which an address is the same place: a provider gives them out anew."""
TURNOVER, FEWEST_PLACES = 0.2, 3
"""An actor with so many places, of which so great a share of its calls saw one only once, comes from anywhere."""
LINKED = "AWSServiceRoleFor"
AGENT = re.compile(r"^\W*(?:APN/[\d.]+\s+)?([A-Za-z][\w.-]*)")


@dataclass(frozen=True, slots=True)
class Unusual:
    """One actor's calls in a window against its baseline; frames are rows of CALLS.

    `new` are calls never made before, `sensitive` those that succeeded and that an intruder makes (new ones, or from a
    new address), `refused` those it may not make, `from_new` all from addresses that neither it nor another actor
    used before, `logins` console sign-ins of users with a password only (of federated sessions no record knows).
    `expected` is how many new calls its baseline lets expect (Good and Turing: the share of calls made
    once), NaN where it has none. `agents` and `regions` are new ones.
    """

    actor: str
    actor_type: str
    calls: pd.DataFrame
    before: int
    before_refused: int
    new: pd.DataFrame
    sensitive: pd.DataFrame
    refused: pd.DataFrame
    from_new: pd.DataFrame
    logins: pd.DataFrame
    expected: float
    agents: tuple[str, ...]
    regions: tuple[str, ...]

    @property
    def is_new(self) -> bool:
        """Whether the baseline has no call of this actor."""
        return self.before == 0

    @property
    def allowed_later(self) -> tuple[str, ...]:
        """Calls that were refused first and succeeded later."""
        if self.refused.empty:
            return ()
        first = self.refused.groupby("name")["timestamp"].min()
        last = self.calls[self.calls["error"].isna()].groupby("name")["timestamp"].max()
        both = first.index.intersection(last.index)
        return tuple(str(name) for name in both[(last[both] > first[both]).to_numpy()])


def by_somebody(calls: pd.DataFrame) -> pd.DataFrame:
    """Calls of people and programs: not of AWS's services, nor of what these call for somebody."""
    is_service = (calls["actor_type"] == "AWSService") | calls["actor"].str.startswith(LINKED, na=True)
    addresses = {text: is_address(text) for text in calls["source_ip"].dropna().unique()}
    return calls[~is_service.astype(bool) & calls["source_ip"].map(addresses).fillna(False).astype(bool)]


def unusual_calls(
    calls: pd.DataFrame, baseline: pd.DataFrame, *, trusted: tuple[str, ...] = (), automation: tuple[str, ...] = ()
) -> list[Unusual]:
    """Each actor of the window with what is new about it, by name; actors with nothing new are left out.

    Args:
        calls: CALLS of the window.
        baseline: CALLS of the baseline.
        trusted: networks (CIDR) whose addresses are no news.
        automation: actors whose addresses are no news.
    """
    now, before = (_marked(by_somebody(frame)) for frame in (calls, baseline))
    made = set(zip(before["actor"], before["key"], strict=True))
    is_new = np.array([pair not in made for pair in zip(now["actor"], now["key"], strict=True)], dtype=bool)
    is_far = _is_far(now, before, trusted, automation)
    is_ok = (now["error"].isna() & now["name"].isin(SENSITIVE)).to_numpy()
    now = now.assign(is_new=is_new, is_far=is_far, is_sensitive=is_ok & (is_new | is_far))
    has_news = is_new | is_far | now["is_refused"] | now["is_plain"] | (now["actor_type"] == "Root")
    earlier = dict(tuple(before.groupby("actor", sort=False)))
    return [
        _unusual(str(actor), rows, earlier.get(actor, before.iloc[:0]))
        for actor, rows in now[now["actor"].isin(now.loc[has_news, "actor"])].groupby("actor", sort=True)
    ]


def _marked(calls: pd.DataFrame) -> pd.DataFrame:
    """Calls with `key` (service and name), `place`, `family`, `is_refused`, and `is_plain` (password only)."""
    places = {text: place(text) for text in calls["source_ip"].unique()}
    families = {text: agent_family(text) for text in calls["user_agent"].unique()}
    is_login = (calls["name"] == "ConsoleLogin") & calls["error"].isna() & (calls["mfa"] == "no").fillna(False)
    return calls.assign(
        key=[f"{service}:{name}" for service, name in zip(calls["service"], calls["name"], strict=True)],
        place=[places[text] for text in calls["source_ip"]],
        family=[families[text] for text in calls["user_agent"]],
        is_refused=is_refused(calls),
        is_plain=is_login & calls["actor_type"].isin(("IAMUser", "Root")),
    )


def place(address: str) -> str:
    """The network that an address is given out of."""
    parsed = ip_address(address)
    version = 4 if isinstance(parsed, IPv4Address) else 6
    return str(ip_network(f"{address.split('%')[0]}/{NEAR[version]}", strict=False))


def agent_family(text: object) -> str:
    """The program a user agent names first: `aws-cli`, `Boto3`, `Mozilla`; empty without one."""
    found = AGENT.match(str(text or ""))
    return found[1].split("/")[0].lower() if found else ""


def _unusual(actor: str, rows: pd.DataFrame, before: pd.DataFrame) -> Unusual:
    once = (before["key"].value_counts() == 1).sum() / len(before) if len(before) else float("nan")
    return Unusual(
        actor=actor,
        actor_type=str(rows["actor_type"].iloc[0]),
        calls=rows,
        before=len(before),
        before_refused=int(before["is_refused"].sum()),
        new=rows[rows["is_new"]],
        sensitive=rows[rows["is_sensitive"]],
        refused=rows[rows["is_refused"]],
        from_new=rows[rows["is_far"]],
        logins=rows[rows["is_plain"]],
        expected=len(rows) * float(once),
        agents=_unseen(rows["family"], before["family"]),
        regions=_unseen(rows["region"].dropna(), before["region"].dropna()),
    )


def refused_calls(rows: pd.DataFrame) -> pd.DataFrame:
    """Calls that the caller may not make; a refused sign-in is none of them."""
    return rows[is_refused(rows)]


def is_refused(rows: pd.DataFrame) -> pd.Series:
    """Whether each call is one that the caller may not make (bool)."""
    codes = {text for text in rows["error"].dropna().unique() if REFUSALS.search(text)}
    return rows["error"].isin(codes) & (rows["name"] != "ConsoleLogin")


def _unseen(now: pd.Series, before: pd.Series) -> tuple[str, ...]:
    """Values that were not there before, sorted; none where nothing was there before."""
    old = set(before)
    return tuple(sorted(set(now) - old - {""})) if old else ()


def _is_far(
    now: pd.DataFrame, before: pd.DataFrame, trusted: tuple[str, ...], automation: tuple[str, ...]
) -> np.ndarray:
    """Whether each call came from where neither its actor nor another one had come from."""
    places = set(before["place"])
    near = (*PRIVATE, *trusted)
    is_strange = {
        text: where not in places and not is_within(text, near)
        for text, where in dict(zip(now["source_ip"], now["place"], strict=True)).items()
    }
    anywhere = set(automation)
    for actor, own in before.groupby("actor", sort=False)["place"]:
        counts = own.value_counts()
        if len(counts) >= FEWEST_PLACES and (counts == 1).sum() / len(own) > TURNOVER:
            anywhere.add(str(actor))
    pairs = zip(now["actor"], now["source_ip"], strict=True)
    return np.array([is_strange[text] and actor not in anywhere for actor, text in pairs], dtype=bool)
