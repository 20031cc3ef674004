"""The error answer of a service."""


class Refusal(Exception):
    """A call that is answered with an error: its code as AWS names it, words, and the HTTP status."""

    def __init__(self, code: str, words: str = "", *, status: int = 400) -> None:
        super().__init__(code, words)
        self.code, self.words, self.status = code, words, status


def invalid(words: str) -> Refusal:
    """The refusal of a parameter that cannot be used."""
    return Refusal("InvalidParameterException", words)
