"""Raw records + profile ─▶ frames in a schema: changes shape, never meaning."""

from ddms_ops.normalize.attributes import find_attributes
from ddms_ops.normalize.changes import normalize_alarms, normalize_changes
from ddms_ops.normalize.logs import normalize_logs
from ddms_ops.normalize.metrics import normalize_metrics

__all__ = ["find_attributes", "normalize_alarms", "normalize_changes", "normalize_logs", "normalize_metrics"]
