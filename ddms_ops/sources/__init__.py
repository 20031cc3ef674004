"""Where records come from: one seam, several backends."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from ddms_ops.declaration import Profile
from ddms_ops.errors import SourceError
from ddms_ops.sources.base import Source

KNOWN = "live, files:<folder of exports> or case:<report folder>"
EXTRA = "source: live needs more packages ({name} is missing); pip install 'ddms-ops[live]'"


def open_source(text: str, *, profile: Profile, environment: str, clock: Callable[[], pd.Timestamp]) -> Source:
    """The source that `live`, `files:DIR` or `case:DIR` names.

    Args:
        profile, environment: say where `live` asks; the others do not look at them.
        clock: of the caller, for what depends on how long ago the window is.

    Raises:
        SourceError: another word, or a source that cannot serve.
    """
    kind, _, place = text.partition(":")
    if text == "live":
        try:
            from ddms_ops.sources.live import LiveSource
        except ModuleNotFoundError as missing:
            raise SourceError(EXTRA.format(name=missing.name)) from None
        return LiveSource(profile, environment, clock=clock)
    if kind == "files" and place:
        from ddms_ops.sources.files import FilesSource

        return FilesSource(Path(place).expanduser())
    if kind == "case" and place:
        from ddms_ops.sources.recorded import RecordedSource

        return RecordedSource(Path(place).expanduser())
    raise SourceError(f"source: {text!r} is not known; write {KNOWN}")
