"""SQL text with its literals masked: the same steps in DuckDB, for a whole log, and in Python, for one text.

Each pattern is one of RE2 that Python's `re` reads alike. The first two go from token to token: a quote in a comment is
no string, a comment sign in a string no comment. RE2 replaces all that it finds by one thing, so what is kept carries
the mark of what is masked too, and it is taken off again afterwards.
"""

import re

MARK = "\x01"  # stands for `$1` until the end
SPACE = r"[ \t\r\n\f\v]"
WORD = "[A-Za-z_\u0080-\U0010ffff][0-9A-Za-z_\u0080-\U0010ffff]*"
QUOTED = r'"[^"]*(?:""[^"]*)*"'
STRING = r"[^']*(?:''[^']*)*'?"
ESCAPED = r"[^'\\]*(?:(?:''|\\(?s:.))[^'\\]*)*(?:'|\\)?"
COMMENT = r"/\*[^*]*\*+(?:[^/*][^*]*\*+)*/"
NESTED = rf"/\*[^*/]*(?:(?:\*+[^*/]|/+[^*/]|{COMMENT})[^*/]*)*\*+/"
TEXTS = "|".join(
    (
        rf"({QUOTED}|\?[|&])",
        rf"\b[eE](')(?:{ESCAPED})(?:{SPACE}*[\r\n]{SPACE}*'(?:{ESCAPED}))*",
        rf"(?:\b(?:[uU]&|[bBxXnN]))?(')(?:{STRING})(?:{SPACE}*[\r\n]{SPACE}*'(?:{STRING}))*",
        r"--[^\r\n]*",
        NESTED,
        r"/\*(?s:.*)",
        r"\B(\$)\$(?:(?s:.*?)\$\$|(?s:.*))",
        rf"\B(\$){WORD}\$(?:(?s:.*)\$(?:{WORD})?\$|(?s:.*))",
        r"[\x00-\x08]",
    )
)
NUMBERS = "|".join(
    (
        rf"({QUOTED}|\?[|&]) ",
        r"' ",
        r"\$(?:[0-9]+| )",
        r"\b[0-9][0-9_]*\.?[0-9_]*[eE][+-]?[0-9]+",
        r"\b[0-9]\w*(?:\.\w*)?",
        r"\B\.[0-9]\w*(?:[+-][0-9]+)?",
        r"\?",
        r"%s\b",
    )
)
ITEM = rf"(?:{MARK}|\b(?i:null|true|false)\b)(?:::[\w.]+(?:\[\])*)?"
ROW = r"\([^()]*(?:\([^()]*\)[^()]*)*"
CUT_ROW = rf"(?: ?{ROW}(?:\([^()]*)?)? ?$"
REPEATED = "|".join(
    (
        # cut off after the first row: that one is left open, to be the beginning of the whole one and to parse as none
        rf"(\b(?i:values) ?{ROW})\)(?: ?, ?{ROW}\))* ?,{CUT_ROW}",
        rf"(\b(?i:values) ?{ROW}\))(?: ?, ?{ROW}\)?)+",
        rf"(\b(?i:in) ?\( ?{ROW}\))(?: ?, ?{ROW}\)?)+",
        rf"((?:\b(?i:in) ?\(|\[) ?{ITEM})(?: ?, ?{ITEM})+",
    )
)
SETTING = r"^ ?((?i:set)(?: (?i:session|local))? [\w.\"]+ ?(?:=|\b(?i:to)\b))[^;]*"
# The body of DO is code, not a literal; only PL/pgSQL begins so. The quote at its end, else one that opens, goes too
GAP = rf"(?:{SPACE}|--[^\r\n]*[\r\n]|{NESTED})*"
LANGUAGE = rf"(?i:language){SPACE}+(?i:plpgsql)\b"
DO = rf"^({GAP}(?i:do)\b{GAP}(?:{LANGUAGE}{GAP})?"
BODY = rf"(?:<<|(?i:declare|begin)\b{GAP}[\w\"</-])"
DOLLARS = rf"\$(?:{WORD})?\$"
DO_OPENS = rf"{DO}){DOLLARS}({GAP}{BODY})"
DO_CLOSES = rf"{DO}{BODY}(?s:.*)){DOLLARS}([; \t\r\n\f\v]*(?:{LANGUAGE}[; \t\r\n\f\v]*)?)$"
REGEX, EXACT = True, False
STEPS: tuple[tuple[bool, str, str], ...] = (
    (REGEX, DO_OPENS, r"\1 \2"),
    (REGEX, DO_CLOSES, r"\1 \2"),
    (REGEX, TEXTS, r"\1\2\3\4\5 "),
    (REGEX, NUMBERS, rf"\1{MARK}"),
    (EXACT, f'"{MARK}', '"'),
    (EXACT, f"?|{MARK}", "?|"),
    (EXACT, f"?&{MARK}", "?&"),
    (REGEX, rf"{SPACE}{{2,}}|[\t\r\n\f\v]", " "),
    (EXACT, f"{MARK} {MARK}", f"? {MARK}"),  # two side by side: the first is the operator of jsonb
    (REGEX, SETTING, rf"\1 {MARK}"),
    (REGEX, REPEATED, r"\1\2\3\4"),
)
AROUND = " ;,$"  # at the ends; what is left of a text that was cut off
COMPILED = tuple((re.compile(pattern, re.ASCII) if is_regex else pattern, by) for is_regex, pattern, by in STEPS)


def masked(text: str) -> str:
    """The statement without its literals and comments, white space squeezed.

    Strings, numbers, dates and parameters, however they are spelled (`$2`, `?`, `%s`), become `$1`; the value of SET
    too. Lists of IN and ARRAY and the rows of VALUES are one item long. Quoted identifiers stay as they are. Of DO the
    PL/pgSQL is masked like SQL.

    Args:
        text: SQL, of any dialect; it may be cut off anywhere, of a literal that is cut nothing is left.
    """
    for pattern, by in COMPILED:
        text = text.replace(pattern, by) if isinstance(pattern, str) else pattern.sub(by, text)
    return text.strip(AROUND).replace(MARK, "$1")


def masked_expression(column: str) -> str:
    """SQL of DuckDB that gives what `masked` gives, for a whole column.

    Args:
        column: name of a column, as the query writes it; never a text from a record.

    Returns:
        An expression of type VARCHAR; null where the column is.
    """
    expression = column
    for is_regex, pattern, by in STEPS:
        name, options = ("regexp_replace", ", 'g'") if is_regex else ("replace", "")
        expression = f"{name}({expression}, {_quoted(pattern)}, {_quoted(by)}{options})"
    return f"replace(trim({expression}, {_quoted(AROUND)}), {_quoted(MARK)}, '$1')"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
