"""HTML that may stand in a report: our tables, text and pictures, and nothing that acts or loads."""

import re

import mistune
import nh3
from markupsafe import Markup

from ddms_ops.checks.tables import TONES

TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del", "details", "div", "dl",
    "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "ol", "p",
    "pre", "q", "s", "small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "u", "ul", "var", "wbr",
}  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt"},
    "td": {"colspan", "rowspan", "data-label"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start"},
    "details": {"open"},
    "tr": {"id", "title"},
    **{name: {"title"} for name in ("span", "p", "h3")},
}
KINDS = {"claim", "fact", "coincides", "people", "declared", "counted"}
TABLES = {
    "pm", "answer", "response", "deadlines", "findings", "silent", "weighed", "steps", "timeline", "coverage", "ledger",
    "glossary", "declared", "pinned",
}  # fmt: skip
CLASSES = {
    "div": {"ddms-table"},
    "span": {"ddms-badge", "quiet", "when", "kind", *KINDS, *(f"ddms-{tone}" for tone in TONES)},
    "p": {"verdict", "lead", "quiet", *KINDS},
    "h3": KINDS,
    "pre": {"template"},
    "table": {"findings", *TABLES},
    "tr": KINDS,
    "td": {"num", "quiet", "basis"},
    "th": {"num"},
}
PULL = re.compile(r"pull-[0-9]{1,6}")
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]*")
LOCAL = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*)?(?:#[A-Za-z0-9._-]*)?")


class _Renderer(mistune.HTMLRenderer):
    """Headings get an anchor; HTML in the source is text."""

    def heading(self, text: str, level: int, **_: object) -> str:
        return f'<h{level} id="{anchor(re.sub("<[^>]*>", "", text))}">{text}</h{level}>\n'


def safe_html(html: str) -> Markup:
    """An output's HTML without scripts, styles, forms, ids, or anything from elsewhere.

    Args:
        html: may be hostile. Pictures stay if they are data: URIs, links if they lead to the page
            itself or to a file beside it.
    """
    return _clean(html, ATTRIBUTES)


def markdown_html(source: str) -> Markup:
    """A Markdown cell as HTML; raw HTML in it is text, `$` has no meaning, headings have anchors."""
    render = mistune.create_markdown(escape=True, renderer=_Renderer(escape=True), plugins=["table", "strikethrough"])
    named = {f"h{level}": {"id"} for level in range(1, 7)}
    return _clean(str(render(source)), ATTRIBUTES | named)


def anchor(heading: str) -> str:
    """The id of a heading."""
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-") or "section"


def _clean(html: str, attributes: dict[str, set[str]]) -> Markup:
    cleaned = nh3.clean(
        html,
        tags=TAGS,
        attributes=attributes,
        allowed_classes=CLASSES,
        url_schemes={"data"},
        attribute_filter=_keep,
        link_rel=None,
    )
    return Markup(cleaned)


def _keep(tag: str, name: str, value: str) -> str | None:
    if (tag, name) == ("img", "src"):
        return value if PICTURE.fullmatch(value) else None
    if (tag, name) == ("a", "href"):
        return value if LOCAL.fullmatch(value) else None
    if (tag, name) == ("tr", "id"):
        return value if PULL.fullmatch(value) else None
    return value
