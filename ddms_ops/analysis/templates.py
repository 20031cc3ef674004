"""Message templates: the variable parts of a text masked, so that variants of one text are one.

Masks are applied to the distinct texts only. The same texts in any order give the same templates.
"""

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

MASK = "<*>"
# RE2, no look-around. Each mask has an example in tests/analysis/test_templates.py.
FILE_KINDS = "pdf|docx?|xlsx?|pptx?|odt|rtf|png|jpe?g|gif|tiff?|bmp|txt|csv|tsv|json|xml|html?|zip|gz|eml|msg|mp4|mov"
MASKS: dict[str, str] = {
    "quoted_file": rf"""'[^'\n]*\.(?:{FILE_KINDS})'|"[^"\n]*\.(?:{FILE_KINDS})\"""",
    "file": rf"[^\s'\"/=:]+\.(?:{FILE_KINDS})\b",
    "uuid": r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}",
    "email": r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    "url": r"https?://[^\s\"'<>]+",
    "arn": r"arn:aws[\w-]*:[\w-]*:[\w-]*:\d*:[^\s\"',;)]+",
    "path": r"(?:/[\w.%{}~@+-]+){2,}/?",
    "number": r"[-+]?\w*\d\w*(?:[-.:/+,]\w*\d\w*)*%?",
}
ANY = "(?:" + "|".join(MASKS.values()) + ")"
RUN = r"<\*>(?:[\s,.:/-]*<\*>)+"


def message_templates(messages: pd.Series) -> pd.Series:
    """The template of each message.

    Args:
        messages: text; null counts as the empty text.

    Returns:
        category named "template", same index: the text with every variable part as `<*>`.
    """
    texts = pa.array(messages.fillna(""), type=pa.large_string())
    encoded = (texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts).dictionary_encode()
    distinct = encoded.dictionary
    for pattern in (ANY, RUN):
        distinct = pc.replace_substring_regex(distinct, pattern, MASK)
    merged = distinct.dictionary_encode()
    codes = merged.indices.take(encoded.indices).to_numpy(zero_copy_only=False)
    values = pd.Categorical.from_codes(codes, pd.Index(merged.dictionary.to_pylist(), dtype="str"))
    return pd.Series(values, index=messages.index, name="template")
