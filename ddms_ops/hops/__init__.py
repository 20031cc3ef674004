"""Following a thread: each hop is one call of a case and answers with a view; see `ddms_ops.hops.calls`."""

from ddms_ops.hops.view import View

__all__ = ["View"]
