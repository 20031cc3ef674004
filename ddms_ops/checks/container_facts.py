"""What the checks of capacity read of ECS."""

from typing import Protocol

import pandas as pd


class ContainerFacts(Protocol):
    """Services and tasks; frames as in `ddms_ops.normalize.containers`."""

    @property
    def stopped_tasks(self) -> pd.DataFrame:
        """STOPPED of the window."""
        ...

    @property
    def service_events(self) -> pd.DataFrame:
        """SERVICE_EVENTS of the window, and from before it where the pull holds them."""
        ...
