"""Where the library `spinemets` is found: the same lines in every module, since each must start without the others."""

import importlib.util
import sys
from pathlib import Path

PACKAGES = ("spinemets", "SpineMetsWidgets")


def makeLibraryImportable() -> None:
    """Put the folder of the library and of the shared widgets on the path when they are not there.

    In an installed extension they lie beside the module files and are found; in the source tree they lie beside the
    module's folder.
    """
    if any(importlib.util.find_spec(name) is None for name in PACKAGES):
        sys.path.append(str(Path(__file__).resolve().parents[2]))
