"""Error messages and stack traces with their variable parts filled in."""

from ddms_ops.simulate.dms.catalog import FILES
from ddms_ops.simulate.scenario import ErrorKind


def error_text(message: str, bits: int, digits: str) -> str:
    """The message, its variable parts from 64 bits and 32 hex digits of the event."""
    if "{" not in message:
        return message
    return message.format(
        n=bits % 4_900 + 100,
        ms=10_000 + bits % 61,
        wait=bits % 600 + 120,
        size=bits % 48_000_000 + 1_024,
        ip=f"10.0.{bits % 4 + 12}.{bits // 7 % 250 + 3}",
        hex=digits[:16].upper(),
        uuid=f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-b{digits[17:20]}-{digits[20:]}",
        file=FILES[bits // 11 % len(FILES)],
    )


def stack_text(kind: ErrorKind, text: str) -> str:
    """The stack trace as Node.js prints it; empty where the kind has none."""
    return "\n    at ".join((f"{kind.name}: {text}", *kind.frames)) if kind.frames else ""
