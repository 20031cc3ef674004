"""What is computed from what ECS says of a case's services, each frame once."""

from abc import abstractmethod
from functools import cached_property

import pandas as pd
import pyarrow as pa

from ddms_ops.normalize.containers import service_events, stopped_tasks

CONTAINERS = "containers"


class ContainerFrames:
    """The frames of a case that come from its ECS services; a `Case` brings the pull."""

    @abstractmethod
    def records(self, topic: str) -> pa.Table:
        """Raw records of a topic."""

    @cached_property
    def stopped_tasks(self) -> pd.DataFrame:
        """STOPPED of the window."""
        return stopped_tasks(self.records(CONTAINERS), CONTAINERS)

    @cached_property
    def service_events(self) -> pd.DataFrame:
        """SERVICE_EVENTS of the window, and from before it where the pull holds them."""
        return service_events(self.records(CONTAINERS), CONTAINERS)
