"""Incident-investigation notebooks: pulls logs, metrics and changes, and says what they show.

A notebook needs two names: `open_case` and the `Case` that it returns.
"""

__version__ = "0.1.0"

__all__ = ["Case", "__version__", "open_case"]


def __getattr__(name: str) -> object:
    if name in ("Case", "open_case"):
        from ddms_ops import case

        return getattr(case, name)
    raise AttributeError(f"module 'ddms_ops' has no attribute {name!r}")
