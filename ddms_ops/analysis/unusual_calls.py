"""What each actor did with the AWS API that it had not done before, and from where it had not come before."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network

import numpy as np
import pandas as pd

from ddms_ops.analysis.call_kinds import REFUSALS, SENSITIVE, is_address, is_linked, is_service_name, is_within

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "::1/128")
"""Addresses that nobody outside has; documentation and test networks count as public."""
NEAR = {4: 24, 6: 48}
"""Prefix lengths within which an address is the same place: a provider gives them out anew."""
TURNOVER, FEWEST_PLACES = 0.2, 3
"""An actor with so many places, of which so great a share of its calls saw one only once, comes from anywhere."""
GLOBAL = (
    "iam",
    "sts",
    "signin",
    "organizations",
    "cloudfront",
    "route53",
    "route53domains",
    "account",
    "support",
)
"""Services whose calls are recorded in one region, or that are called from any: their region is no news."""
AGENT = re.compile(r"^\W*(?:APN/[\d.]+\s+)?([A-Za-z][\w.-]*)")


@dataclass(frozen=True, slots=True)
class Unusual:
    """One actor's calls in a window against its baseline; frames are rows of CALLS.

    `new` are calls never made before, `sensitive` those that succeeded and that an intruder makes (new ones, or from a
    new address), `refused` those it may not make, `from_new` all from addresses that neither it nor another actor
    used before, `from_far` its new writes in regions that nobody used before, `logins` console sign-ins of users with a
    password only (of federated sessions no record knows), `lost` refused calls that it was allowed in the baseline.
    An actor is one of its account: a role of the same name in another account is another one; `is_namesake` says that
    there is one.
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
    from_far: pd.DataFrame
    lost: tuple[str, ...]
    account: str = ""
    is_namesake: bool = False

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
    """Calls of people and programs: not of AWS's services, nor of what these call for somebody.

    What came from `AWS Internal`, the console, or from a source that the record does not name is its actor's own call.
    """
    is_service = (calls["actor_type"] == "AWSService") | is_linked(calls["actor"]) | calls["actor"].isna()
    names = {text for text in calls["source_ip"].dropna().unique() if is_service_name(text)}
    return calls[~is_service & ~calls["source_ip"].isin(names)]


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
    made = set(zip(before["who"], before["key"], strict=True))
    is_new = np.array([pair not in made for pair in zip(now["who"], now["key"], strict=True)], dtype=bool)
    is_far = _is_far(now, before, trusted, automation)
    is_away = _is_away(now, before)
    is_ok = (now["error"].isna() & now["name"].isin(SENSITIVE)).to_numpy()
    is_news = is_new | is_far | is_away
    now = now.assign(is_new=is_new, is_far=is_far, is_away=is_away, is_sensitive=is_ok & is_news)
    has_news = is_news | now["is_refused"] | now["is_plain"] | (now["actor_type"] == "Root")
    earlier = dict(tuple(before.groupby("who", sort=False)))
    owners = pd.concat([now, before])[["actor", "who"]].drop_duplicates()["actor"].value_counts()
    return [
        _unusual(rows, earlier.get(who, before.iloc[:0]), is_namesake=owners[rows["actor"].iloc[0]] > 1)
        for who, rows in now[now["who"].isin(now.loc[has_news, "who"])].groupby("who", sort=True)
    ]


def _marked(calls: pd.DataFrame) -> pd.DataFrame:
    """Calls with `who` (actor and account), `key`, `place`, `family`, `is_refused`, and `is_plain` (password only)."""
    places = {text: place(text) for text in calls["source_ip"].unique()}
    families = {text: agent_family(text) for text in calls["user_agent"].unique()}
    is_login = (calls["name"] == "ConsoleLogin") & calls["error"].isna() & (calls["mfa"] == "no").fillna(False)
    return calls.assign(
        who=calls["actor"].astype("str") + " " + calls["account"].fillna("").astype("str"),
        key=[f"{service}:{name}" for service, name in zip(calls["service"], calls["name"], strict=True)],
        place=[places[text] for text in calls["source_ip"]],
        family=[families[text] for text in calls["user_agent"]],
        is_refused=is_refused(calls),
        is_plain=is_login & calls["actor_type"].isin(("IAMUser", "Root")),
    )


def place(address: object) -> str:
    """The network that an address is given out of; of what is no address itself."""
    text = str(address)
    if not is_address(text):
        return text
    parsed = ip_address(text)
    version = 4 if isinstance(parsed, IPv4Address) else 6
    return str(ip_network(f"{text.split('%')[0]}/{NEAR[version]}", strict=False))


def agent_family(text: object) -> str:
    """The program a user agent names first: `aws-cli`, `Boto3`, `Mozilla`; empty without one."""
    found = AGENT.match(str(text or ""))
    return found[1].split("/")[0].lower() if found else ""


def _unusual(rows: pd.DataFrame, before: pd.DataFrame, *, is_namesake: bool) -> Unusual:
    allowed = set(before["name"][before["error"].isna()])
    account = rows["account"].iloc[0]
    once = (before["key"].value_counts() == 1).sum() / len(before) if len(before) else float("nan")
    return Unusual(
        actor=str(rows["actor"].iloc[0]),
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
        from_far=rows[rows["is_away"]],
        lost=tuple(sorted(str(name) for name in set(rows["name"][rows["is_refused"]]) & allowed)),
        account="" if pd.isna(account) else str(account),
        is_namesake=is_namesake,
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
        text: is_address(text) and where not in places and not is_within(text, near)
        for text, where in dict(zip(now["source_ip"], now["place"], strict=True)).items()
    }
    anywhere = set(now["who"][now["actor"].isin(automation)])
    for who, own in before.groupby("who", sort=False)["place"]:
        counts = own.value_counts()
        if len(counts) >= FEWEST_PLACES and (counts == 1).sum() / len(own) > TURNOVER:
            anywhere.add(str(who))
    pairs = zip(now["who"], now["source_ip"], strict=True)
    return np.array([is_strange[text] and who not in anywhere for who, text in pairs], dtype=bool)


def _is_away(now: pd.DataFrame, before: pd.DataFrame) -> np.ndarray:
    """Whether each call wrote in a region in which nobody had called before; never where no region is known."""
    regions = before["region"].dropna().unique()
    is_other = now["region"].notna() & ~now["region"].isin(regions) & ~now["service"].isin(GLOBAL)
    return (is_other & now["is_write"] & (len(regions) > 0)).to_numpy(dtype=bool)
