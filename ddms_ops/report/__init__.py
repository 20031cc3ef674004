"""Reports: findings.json, HTML, summary, post-mortem."""

__all__ = ["Report", "open_report"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from ddms_ops.report import document

        return getattr(document, name)
    raise AttributeError(f"module 'ddms_ops.report' has no attribute {name!r}")
