"""Where the library `spinemets` is found: the same lines in every module, since each must start without the others."""

import importlib.util
import sys
from pathlib import Path


def makeLibraryImportable() -> None:
    """Put the library's folder on the path when it is not there.

    In an installed extension `spinemets` lies beside the module files and is found; in the source tree it lies beside
    the module's folder.
    """
    if importlib.util.find_spec("spinemets") is None:
        sys.path.append(str(Path(__file__).resolve().parents[2]))
