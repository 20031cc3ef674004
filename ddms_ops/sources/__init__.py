"""Where records come from: one seam, several backends."""

from pathlib import Path

from ddms_ops.errors import SourceError
from ddms_ops.sources.base import Source

KNOWN = "files:<folder of exports> or case:<report folder>"


def open_source(text: str) -> Source:
    """The source that `files:DIR` or `case:DIR` names.

    Raises:
        SourceError: another word, or a folder that cannot serve.
    """
    kind, _, place = text.partition(":")
    if kind == "files" and place:
        from ddms_ops.sources.files import FilesSource

        return FilesSource(Path(place).expanduser())
    if kind == "case" and place:
        from ddms_ops.sources.recorded import RecordedSource

        return RecordedSource(Path(place).expanduser())
    raise SourceError(f"source: {text!r} is not known; write {KNOWN}")
