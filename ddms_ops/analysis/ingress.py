"""What a rule of a security group opens: which ports, to which networks, and whether that is everybody.

The parameters are those of EC2's AuthorizeSecurityGroupIngress, RevokeSecurityGroupIngress and
ModifySecurityGroupRules, as CloudTrail records them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

from ddms_ops.analysis.policies import DEEPEST, values

Network = IPv4Network | IPv6Network
EVERYWHERE, WEB, WIDE, NAMED = "everywhere", "web", "wide", "named"
"""Everybody; everybody on a web port or by ping; a network too wide for an office; named sources."""
WEB_PORTS = (80, 443)
PINGS = ("icmp", "icmpv6", "1", "58")
HALF, SIX = 2**31, IPv6Network("2000::/3")
"""Half of all addresses of version 4 is everybody, as are all that version 6 gives out."""
WIDEST = {4: 16, 6: 32}
"""A public network wider than this is nobody's office."""
CLAUSES = 3


@dataclass(frozen=True, slots=True)
class Ports:
    """Protocol and ports of a rule; without ports all of them."""

    protocol: str
    first: int | None
    last: int | None

    @property
    def words(self) -> str:
        """`port 22`, `ports 80 to 443`, `all ports` or `ping`."""
        if self.protocol in PINGS:
            return "ping"
        if self.protocol == "-1" or self.first is None or self.first < 0:
            return "all ports"
        return f"port {self.first}" if self.first == self.last else f"ports {self.first} to {self.last}"

    @property
    def is_web(self) -> bool:
        """Whether it is one port that is meant for everybody, or no port but ping."""
        is_port = self.first == self.last and self.first in WEB_PORTS
        return self.protocol in PINGS or (self.protocol != "-1" and is_port)


def rules(given: object) -> dict[Ports, tuple[str, ...]]:
    """Sources (networks, as recorded) of each protocol and ports in the parameters of a call."""
    found: dict[Ports, list[str]] = {}
    for permission in list(_permissions(given, 0)) or [given]:
        scalars = list(values(permission))
        first, last = (_number([value for key, value in scalars if key == name]) for name in ("fromport", "toport"))
        protocol = next((str(value).lower() for key, value in scalars if key == "ipprotocol"), "")
        sources = [str(value) for key, value in scalars if key.startswith("cidr")]
        found.setdefault(Ports(protocol, first, first if last is None else last), []).extend(sources)
    return {ports: tuple(dict.fromkeys(sources)) for ports, sources in found.items()}


def reach(ports: Ports, sources: tuple[str, ...]) -> tuple[str, str]:
    """How far a rule reaches (`everywhere`, `web`, `wide`, `named`), and to whom in words of our own."""
    networks = [network for network in map(_network, sources) if network is not None]
    if everybody := _everybody(networks):
        return (WEB if ports.is_web else EVERYWHERE), " and ".join(everybody)
    if any(network.prefixlen < WIDEST[network.version] and network.is_global for network in networks):
        return WIDE, "a wide public network"
    return NAMED, "named sources"


def _everybody(networks: list[Network]) -> list[str]:
    """The networks that hold everybody, alone or together; none where they do not."""
    fours = [network for network in networks if isinstance(network, IPv4Network)]
    is_half = sum(network.num_addresses for network in collapse_addresses(fours)) >= HALF
    sixes = [network for network in networks if isinstance(network, IPv6Network) and SIX.subnet_of(network)]
    return list(dict.fromkeys(str(network) for network in [*(fours if is_half else []), *sixes]))[:CLAUSES]


def _permissions(given: object, depth: int) -> Iterator[object]:
    """Each part of the parameters that names a protocol."""
    if depth > DEEPEST:
        return
    if isinstance(given, dict) and any(str(key).lower() == "ipprotocol" for key in given):
        yield given
    elif isinstance(given, dict | list):
        for inner in given.values() if isinstance(given, dict) else given:
            yield from _permissions(inner, depth + 1)


def _number(listed: list[object]) -> int | None:
    text = str(listed[0]) if listed else ""
    return int(text) if text.lstrip("-").isdigit() and len(text) <= 6 else None


def _network(text: str) -> Network | None:
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None
