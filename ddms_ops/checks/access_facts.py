"""What the checks of access anomalies read."""

from typing import Protocol

import pandas as pd

from ddms_ops.analysis.unusual_calls import Unusual
from ddms_ops.operations import Access


class AccessFacts(Protocol):
    """Calls of the AWS API and sign-ins; frames as in `ddms_ops.access_schemas`."""

    @property
    def access(self) -> Access | None:
        """The profile's section `access`; None where it has none."""
        ...

    @property
    def calls(self) -> pd.DataFrame:
        """CALLS of the window and `triage.change_lookback_min` before it."""
        ...

    @property
    def baseline_calls(self) -> pd.DataFrame:
        """CALLS of the baseline."""
        ...

    @property
    def unusual(self) -> list[Unusual]:
        """Actors of the window with what is new about them."""
        ...

    @property
    def sign_ins(self) -> pd.DataFrame:
        """SIGN_INS of the window, of the logs of those who sign in."""
        ...

    @property
    def baseline_sign_ins(self) -> pd.DataFrame:
        """SIGN_INS of the baseline."""
        ...

    @property
    def sign_in_doubts(self) -> tuple[str, ...]:
        """What of sign-ins could not be read, in words."""
        ...
