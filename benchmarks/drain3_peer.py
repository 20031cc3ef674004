"""Drain3 over messages of a file; runs under an interpreter that has it, and needs nothing else.

    PYTHON benchmarks/drain3_peer.py default|masks|number MESSAGES.json GROUPS.json

Writes the group of each message and prints what the work cost. `masks` has typed masks and the delimiters of pairs and
JSON, `number` those delimiters and one mask for all that has a digit: its best and its fastest good configuration.
"""

import json
import sys
from pathlib import Path

from drain3 import TemplateMiner
from drain3.masking import MaskingInstruction
from drain3.template_miner_config import TemplateMinerConfig
from measuring import report_cost

NUMBER = r"[-+]?(?:\w+[-.])*\w*\d\w*(?:[-.:/+,]\w*\d\w*)*%?"
MASKS = (
    (r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", "uuid"),
    (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "email"),
    (r"https?://[^\s\"'<>]+", "url"),
    (r"(?:/[\w.%{}~@+-]+){2,}/?", "path"),
    (r"(?:[\w-]+\.)+(?:com|net|org|edu|local)\b", "host"),
    (NUMBER, "number"),
)


def config(name: str) -> TemplateMinerConfig:
    """Drain3's own defaults, or those with masks and delimiters."""
    found = TemplateMinerConfig()
    found.profiling_enabled = False
    if name != "default":
        masks = MASKS if name == "masks" else ((NUMBER, "*"),)
        found.masking_instructions = [MaskingInstruction(pattern, kind) for pattern, kind in masks]
        found.drain_extra_delimiters = [",", ":", "=", '"']
    return found


def main() -> None:
    """Group the messages, as asked."""
    name, messages, groups = sys.argv[1:]
    texts: list[str] = json.loads(Path(messages).read_text())

    def grouped() -> list[int]:
        miner = TemplateMiner(config=config(name))
        return [miner.add_log_message(text)["cluster_id"] for text in texts]

    def check(found: list[int]) -> dict[str, int]:
        Path(groups).write_text(json.dumps(found))
        return {"rows": len(found), "groups": len(set(found))}

    report_cost(grouped, check)


if __name__ == "__main__":
    main()
