"""The modules of the extension, as files."""

from pathlib import Path

from Testing.harness.simulated import app, simulated_study

__all__ = ["MODULES", "ROOT", "app", "simulated_study"]

ROOT = Path(__file__).parents[2]
MODULES = sorted(path.parent for path in ROOT.glob("*/CMakeLists.txt"))
