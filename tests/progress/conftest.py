"""Where the builders of the live tests are."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "live"))
