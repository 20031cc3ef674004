"""One scene: drawn, written, and its truth told."""

from pathlib import Path

import numpy as np

from ddms_ops.simulate.cloudtrail import event_time
from ddms_ops.simulate.output import Written, write_json
from ddms_ops.simulate.scenario import MINUTE_MS
from ddms_ops.simulate.scene.alarms import transitions, write_alarms
from ddms_ops.simulate.scene.declared import Scene
from ddms_ops.simulate.scene.drawn import Drawn, draw
from ddms_ops.simulate.scene.gauges import draw_series, write_metrics
from ddms_ops.simulate.scene.logs import write_logs
from ddms_ops.simulate.scene.trail import write_trail

Told = dict[str, object]
SALT = 36


def write_scene(folder: Path, scene: Scene, *, seed: int, events: int) -> Written:
    """Write the export of a scene as it is (see `played`), and say what is in it.

    Args:
        folder: where to write logs/, metrics/, alarms/, trail/ and what `documents` of the scene gives.
        scene: as the seed plays it.
        seed: of the random numbers; the same seed writes the same bytes.
        events: log events in baseline and window together.

    Returns:
        The truth, and the first alarm of the window (from the onset on, where there is one).
    """
    salt = int(np.random.default_rng([seed, SALT]).integers(2**62))
    drawn = draw(scene, seed, events)
    logged = write_logs(folder / "logs", drawn, salt)
    series = draw_series(drawn, seed)
    points = write_metrics(folder / "metrics", series)
    changes = transitions(scene, series)
    write_alarms(folder / "alarms", changes)
    records = write_trail(folder / "trail", scene, seed, salt)
    for name, content in scene.documents(scene).items():
        write_json(folder / name, content)
    since = scene.onset_ms or scene.start_ms
    rung = [change.time_ms for change in changes if change.is_alarm and change.time_ms >= since]
    went_off = [change.alarm.name for change in changes if change.is_alarm]
    written = {"events": logged, "metric_points": points, "trail_records": records, "alarms": went_off}
    truth = {**_planted(scene), **written, "failed": _failed(drawn)}
    return Written(truth, min(rung, default=None))


def _planted(scene: Scene) -> Told:
    """What was planted, and what a report must say of it."""
    expected = scene.expected
    return {
        "scenario": scene.name,
        "system": scene.system,
        "is_quiet": expected is None,
        "kind": _kind(scene) if expected else None,
        "notebook": expected.notebook if expected else None,
        "says": list(expected.says) if expected else [],
        "onset": scene.onset,
        "bucket_s": expected.bucket_s if expected else None,
        "gradual": expected.is_gradual if expected else False,
        "change": _change(scene, expected.change) if expected and expected.change else None,
    }


def _kind(scene: Scene) -> str:
    """What goes wrong first of all."""
    if any(failure.share != failure.usual for failure in scene.failures):
        return "failures"
    if scene.slower or scene.traffic:
        return "slower" if scene.slower else "traffic"
    if any(extra.then_per_min is not None for extra in scene.extras):
        return "extras"
    return "gauges" if any(gauge.then is not None for gauge in scene.gauges) else "calls"


def _change(scene: Scene, name: str) -> Told:
    """The planted change of that name.

    Raises:
        ValueError: the scene has no such call.
    """
    for call in scene.changes:
        if call.name.startswith(name):
            time_ms = scene.anchor_ms + round(call.at_min * MINUTE_MS)
            return {"time": event_time(time_ms), "name": name, "source": f"{call.service}.amazonaws.com",
                    "actor": call.actor, "resource": call.resource}  # fmt: skip
    raise ValueError(f"{scene.system} {scene.name}: expects the change {name!r}, which is none of its changes")


def _failed(drawn: Drawn) -> dict[str, Told]:
    """Requests that end in each failure before the onset and from it on, by its place and log group."""
    scene, found = drawn.scene, dict[str, Told]()
    since = scene.end_ms if scene.onset_ms is None else scene.onset_ms
    for place, failure in enumerate(scene.failures):
        ended = np.concatenate([each.ended_ms[each.failure == place] for each in drawn.requests])
        before = int(((ended >= scene.first_ms) & (ended < since)).sum())
        after = int(((ended >= since) & (ended < scene.end_ms)).sum())
        found[f"{place} {failure.group}"] = {"before": before, "after": after}
    return found
