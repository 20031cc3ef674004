"""Message templates beside Drain3: quality and cost of both, from one run.

    python benchmarks/templates.py [--messages N] [--peer-messages N] [--drain3 PYTHON] [--loghub FOLDER]

Three parts: the loghub sets of FOLDER, N generated messages of a service (1,000,000 unless told; see
template_messages.py), and 200,000 texts that no mask makes alike. Drain3 pins old packages, so it runs under an
interpreter of its own, PYTHON, and over fewer messages (300,000 unless told), for it is slow; without PYTHON its lines
say so. Each run is a process of its own. GA is the share of messages whose group is exactly the true one, FGA the F1
over groups.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from measuring import Cost, report_cost
from template_messages import generated_messages

from ddms_ops.analysis.templates import message_templates

LOGHUB = Path(__file__).parents[2] / "shared" / "data" / "loghub"
PEERS = ("default", "masks", "number")
ABSENT = "not measured: name an interpreter that has drain3 with --drain3"


def accuracy(found: Sequence[object], truth: Sequence[object]) -> tuple[float, float]:
    """GA and FGA."""
    pairs = pd.DataFrame({"found": pd.factorize(pd.Series(found))[0], "true": pd.factorize(pd.Series(truth))[0]})
    sizes = pairs.groupby(["found", "true"]).size().reset_index(name="n")
    of_found, of_true = pairs["found"].value_counts(), pairs["true"].value_counts()
    exact = sizes[(sizes["n"] == sizes["found"].map(of_found)) & (sizes["n"] == sizes["true"].map(of_true))]
    return float(exact["n"].sum() / len(pairs)), 2 * len(exact) / (len(of_found) + len(of_true))


def peer(python: str, name: str, messages: Sequence[str], truth: Sequence[object]) -> Cost:
    """Drain3's cost and quality."""
    if not python:
        return {"failed": ABSENT}
    with tempfile.TemporaryDirectory() as folder:
        texts, groups = Path(folder) / "messages.json", Path(folder) / "groups.json"
        texts.write_text(json.dumps(list(messages)))
        script = str(Path(__file__).with_name("drain3_peer.py"))
        done = subprocess.run(
            [python, script, name, str(texts), str(groups)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            return {"failed": (done.stderr.strip() or "no words").splitlines()[-1]}
        cost: Cost = json.loads(done.stdout.splitlines()[-1])
        cost["ga"], cost["fga"] = accuracy(json.loads(groups.read_text()), truth)
    return cost


def ours(name: str, rows: int) -> Cost:
    """Our cost and quality, measured in a process of its own."""
    command = [sys.executable, __file__, "--one", name, "--messages", str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    cost: Cost = json.loads(done.stdout.splitlines()[-1])
    return cost


def one(name: str, rows: int) -> None:
    """Do one piece of our work and print its cost."""
    truth: Sequence[object]
    if name == "generated":
        texts, truth = generated_messages(rows)
    else:
        texts, truth = unlike_texts(rows), ()
    messages = pd.Series(texts, dtype="str")

    def check(found: pd.Series) -> dict[str, object]:
        by_message, by_group = accuracy(found.astype("object").to_numpy(), truth) if len(truth) else (np.nan, np.nan)
        return {"rows": len(found), "groups": int(found.nunique()), "ga": by_message, "fga": by_group}

    report_cost(lambda: message_templates(messages), check)


def unlike_texts(rows: int) -> list[str]:
    """Different texts of words without numbers, in which three of ten words are names drawn at random."""
    rng = random.Random(1)
    letters = "bcdfghjklmnpqrstvwxz"
    names = ["".join(rng.choices(letters, k=6)) for _ in range(20_000)]
    verbs = ["".join(rng.choices(letters, k=5)) for _ in range(40)]
    found: set[str] = set()
    while len(found) < rows:
        one, two, three = rng.choices(names, k=3)
        verb, noun = rng.choices(verbs, k=2)
        found.add(f"the {noun} {one} could not {verb} {two} while {three} was there")
    return sorted(found)


def row(name: str, cost: Cost) -> None:
    """Print a line of the table."""
    if "failed" in cost:
        print(f"{name:<34}{cost['failed'][:100]}")
        return
    per_s = cost["rows"] / cost["cpu_s"] / 1000
    print(
        f"{name:<34}{cost['rows']:>10,}{cost['wall_s']:>9.2f}{cost['cpu_s']:>9.2f}{per_s:>11,.0f}{cost['peak_mb']:>9,.0f}"
        f"{cost['groups']:>9,}{cost['ga']:>8.3f}{cost['fga']:>8.3f}"
    )


def loghub(folder: Path, python: str) -> None:
    """Quality on each set and its mean."""
    files = sorted(folder.glob("*.csv.gz"))
    if not files:
        print(f"no loghub sets in {folder}")
        return
    print(f"{'loghub: GA FGA':<16}{'ours':>16}" + "".join(f"{'Drain3 ' + name:>16}" for name in PEERS))
    totals: list[list[tuple[float, float]]] = []
    for file in files:
        frame = pd.read_csv(file, dtype="str", keep_default_na=False)
        found = message_templates(frame["Content"]).astype("object")
        costs = [peer(python, name, frame["Content"].tolist(), frame["EventId"]) for name in PEERS]
        others = [(cost.get("ga", np.nan), cost.get("fga", np.nan)) for cost in costs]
        totals.append([accuracy(found.to_numpy(), frame["EventId"]), *others])
        print(f"{file.name.split('.')[0]:<16}" + "".join(f"{ga:>10.3f}{fga:>6.3f}" for ga, fga in totals[-1]))
    means = np.array(totals).mean(axis=0)
    print(
        f"{'mean':<16}" + "".join(f"{ga:>10.3f}{fga:>6.3f}" for ga, fga in means) + ("" if python else f"   {ABSENT}")
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--peer-messages", type=int, default=300_000)
    parser.add_argument("--drain3", default="", metavar="PYTHON")
    parser.add_argument("--loghub", type=Path, default=LOGHUB)
    parser.add_argument("--one", choices=("generated", "unlike"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        one(asked.one, asked.messages)
        return
    loghub(asked.loghub, asked.drain3)
    columns = f"{'messages':>10}{'wall s':>9}{'CPU s':>9}{'k/CPU s':>11}{'peak MB':>9}{'groups':>9}{'GA':>8}{'FGA':>8}"
    print(f"\n{'':<34}{columns}")
    row("generated, ours", ours("generated", asked.messages))
    texts, truth = generated_messages(min(asked.peer_messages, asked.messages))
    for name in PEERS:
        row(f"generated, Drain3 {name}", peer(asked.drain3, name, texts, truth.tolist()))
    row("200,000 unlike texts, ours", ours("unlike", 200_000))


if __name__ == "__main__":
    main()
