"""What the tests of statistics share."""

from __future__ import annotations

import sys
from pathlib import Path

# This folder has the name of a module of Python, so that its files cannot be imported as `statistics.NAME`.
sys.path.append(str(Path(__file__).parent))
