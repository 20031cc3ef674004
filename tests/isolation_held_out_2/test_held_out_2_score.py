"""The rules against this set of objects, which somebody else wrote."""

from pathlib import Path

from isolation_scoring import score

from ddms_ops.sandbox.postgres import PostgresServer

BAR = 0.95


def test_precision_and_recall(held_out_server_2: PostgresServer):
    """At least 0.95 each."""
    precision, recall, words = score(held_out_server_2, Path(__file__).parent)
    print(f"precision {precision:.3f}, recall {recall:.3f}; {words}")
    assert precision >= BAR, words
    assert recall >= BAR, words
