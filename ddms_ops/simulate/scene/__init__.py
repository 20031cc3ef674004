"""Small systems played from a declaration: streams of log events, metrics, calls, queues, executions, alarms."""

from ddms_ops.simulate.scene.declared import Scene
from ddms_ops.simulate.scene.export import write_scene
from ddms_ops.simulate.scene.playing import played

__all__ = ["Scene", "played", "write_scene"]
