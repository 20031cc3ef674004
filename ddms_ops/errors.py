"""The exceptions a caller may catch.

    DdmsOpsError
    ├── BadInput            the user's mistake: one line, exit 2, nothing done
    │   ├── WindowError     a time or an interval that cannot be used
    │   ├── ProfileError    a system profile with faults (all of them)
    │   ├── IncidentError   an incident file or parameter with faults (all of them)
    │   ├── UnknownSystem   no profile of that name
    │   ├── SourceError     a source that cannot be opened at all
    │   └── QueryError      a Logs Insights query that is wrong or not supported
    ├── EvidenceError       an evidence folder that is not what its manifest says
    └── RunError            a notebook that could not be run to its end

Each message says what happened, what was given and what would work, and never carries
a secret or the content of a record.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class DdmsOpsError(Exception):
    """Base of everything this package raises on purpose."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the message, for where it was raised tells a person nothing."""
        return [f"{type(self).__name__}: {self}"]


class BadInput(DdmsOpsError):
    """The user's mistake; `faults` holds one line for each."""

    def __init__(self, *faults: str) -> None:
        self.faults: tuple[str, ...] = faults
        super().__init__("\n".join(faults))


class WindowError(BadInput):
    """A time or an interval that cannot be used."""


class ProfileError(BadInput):
    """A system profile with faults."""


class IncidentError(BadInput):
    """An incident file, or a parameter, with faults."""


class UnknownSystem(BadInput):
    """No profile has that name."""


class SourceError(BadInput):
    """A source that cannot be opened at all."""


class QueryError(BadInput):
    """A Logs Insights query that is wrong, or uses what is not supported."""


class EvidenceError(DdmsOpsError):
    """An evidence folder that is not what its manifest says."""


class RunError(DdmsOpsError):
    """A notebook that could not be run to its end."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint naming the closest known name, or the empty string."""
    close: Sequence[str] = get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
