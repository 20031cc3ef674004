"""The log groups of a scene, one JSON object a line, a file a day."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np

from ddms_ops.simulate.ids import hexes
from ddms_ops.simulate.output import write_items
from ddms_ops.simulate.scene.drawn import Drawn
from ddms_ops.simulate.scene.lines import EXTRA_STREAMS, Event, request_events, stray_events
from ddms_ops.simulate.scene.timing import DAY_MS

SALTS_APART = 101
LAMBDA = "/aws/lambda/"
quote = json.encoder.encode_basestring


def write_logs(folder: Path, drawn: Drawn, salt: int) -> dict[str, int]:
    """Write the log groups that have events; returns the events of each."""
    events: dict[str, list[Event]] = {}
    parts: list[tuple[str, Iterator[Event]]] = []
    for place, requests in enumerate(drawn.requests):
        parts.append((requests.stream.group, request_events(drawn.scene, requests, salt + SALTS_APART * place)))
    for place, strays in enumerate(drawn.strays, len(parts)):
        parts.append((strays.extra.group, stray_events(drawn.scene, strays, salt + SALTS_APART * place)))
    for group, part in parts:
        events.setdefault(group, []).extend(part)
    for place, (group, inside) in enumerate(events.items()):
        _write(folder / group.replace("/", "__"), group, _streams(drawn, group), inside, salt + 13 + place)
    return {group: len(inside) for group, inside in events.items()}


def _streams(drawn: Drawn, group: str) -> int:
    """How many log streams a group has."""
    return max((each.stream.streams for each in drawn.requests if each.stream.group == group), default=EXTRA_STREAMS)


def _write(folder: Path, group: str, streams: int, events: Sequence[Event], salt: int) -> None:
    names = _names(group, max(streams, EXTRA_STREAMS), salt)
    ordered = sorted(events, key=lambda event: event.time_ms)
    for day, inside in groupby(ordered, key=lambda event: event.time_ms // DAY_MS):
        date = str(np.datetime64(day, "D"))
        lines = (
            f'{{"timestamp": {event.time_ms}, "message": {quote(event.message)},'
            f' "logStreamName": "{names[event.stream].replace("<day>", date.replace("-", "/"))}"}}\n'
            for event in inside
        )
        write_items(folder / f"{date}.jsonl.gz", lines)


def _names(group: str, count: int, salt: int) -> Mapping[int, str]:
    """Names of log streams as the service writes them; `<day>` stands for the day."""
    head = "<day>/[$LATEST]" if LAMBDA in group else f"{group.rpartition('/')[2]}/app/"
    return dict(enumerate(head + digits for digits in hexes(np.arange(count), salt)))
