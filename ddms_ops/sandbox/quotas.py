"""AWS's request quotas: a second's worth of calls at once, then as many as the quota refills."""

import threading
import time
from collections.abc import Callable

from ddms_ops.sandbox.refusal import Refusal
from ddms_ops.sources.aws.actions import QUOTAS


class Quotas:
    """A token bucket for each operation that has a quota; threads may share it.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def spend(self, service: str, operation: str) -> None:
        """One call.

        Raises:
            Refusal: there have been too many; asking again later works.
        """
        rate = QUOTAS.get((service, operation))
        if rate is None:
            return
        with self._lock:
            now = self._clock()
            tokens, before = self._buckets.get((service, operation), (rate, now))
            tokens = min(rate, tokens + (now - before) * rate)
            is_free = tokens >= 1
            self._buckets[service, operation] = (tokens - is_free, now)
        if not is_free:
            raise Refusal("ThrottlingException", "Rate exceeded")
