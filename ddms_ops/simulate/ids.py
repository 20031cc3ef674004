"""Identifiers that follow from a number: the same request has the same id wherever it is written."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def mix(numbers: NDArray[np.int64], salt: int) -> NDArray[np.uint64]:
    """64 well-mixed bits for each number (splitmix64)."""
    bits = numbers.astype(np.uint64) * GOLDEN + np.uint64(salt)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def hexes(numbers: NDArray[np.int64], salt: int) -> list[str]:
    """32 lower-case hex digits for each number."""
    raw = np.empty((len(numbers), 2), dtype=">u8")
    raw[:, 0] = mix(numbers, salt)
    raw[:, 1] = mix(numbers, salt ^ 0x5DEECE66D)
    text = raw.tobytes().hex()
    return [text[place : place + 32] for place in range(0, len(text), 32)]


def uuids(numbers: NDArray[np.int64], salt: int) -> list[str]:
    """A version 4 UUID for each number."""
    return [f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}" for h in hexes(numbers, salt)]


def uuids_of(numbers: Iterable[int], salt: int) -> list[str]:
    """`uuids` of a few plain integers."""
    return uuids(np.fromiter(numbers, dtype=np.int64), salt)


def hexes_of(numbers: Iterable[int], salt: int) -> list[str]:
    """`hexes` of a few plain integers."""
    return hexes(np.fromiter(numbers, dtype=np.int64), salt)
