"""Name the system libraries that the installed wheels need and that are missing, with the line that brings them.

`python Testing/harness/system_libraries.py`: exit status 0 when all are there. As measured on Debian, slicer-core 5.12,
vtk 9.6 and SimpleITK 2.5 need no more than the C and C++ run-time libraries, since nothing is rendered; X11, OpenGL and
EGL are opened only by rendering. Qt 6 (PySide6), which draws the windows of the widget tests into memory, wants EGL,
OpenGL, fontconfig, FreeType, D-Bus, GLib and xkbcommon. Text in its pictures needs a font (fonts-dejavu-core).
"""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("slicer_core", "SimpleITK")
# What the widget tests use of Qt; the other parts of PySide6 would ask for far more.
QT_PARTS = ("Core", "Gui", "PrintSupport", "Svg", "SvgWidgets", "Test", "UiTools", "Widgets")
QT_FILES = (*(f"Qt{part}.abi3.so" for part in QT_PARTS), "Qt/plugins/platforms/libqoffscreen.so")
BROUGHT_BY = (*PACKAGES, "vtkmodules", "PySide6", "shiboken6")
DEBIAN_PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libOpenGL.so.0": "libopengl0",
    "libX11.so.6": "libx11-6",
    "libXcursor.so.1": "libxcursor1",
    "libXext.so.6": "libxext6",
    "libXrender.so.1": "libxrender1",
    "libXt.so.6": "libxt6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libgcc_s.so.1": "libgcc-s1",
    "libgomp.so.1": "libgomp1",
    "libstdc++.so.6": "libstdc++6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libz.so.1": "zlib1g",
    "libzstd.so.1": "libzstd1",
}


def unresolved(ldd_output: str) -> set[str]:
    """Names that `ldd` did not find."""
    return {line.split("=>")[0].strip() for line in ldd_output.splitlines() if line.rstrip().endswith("not found")}


def apt_line(libraries: set[str]) -> str:
    """The command that installs the libraries, or that finds out what brings those that this file does not know."""
    known = sorted({DEBIAN_PACKAGES[name] for name in libraries if name in DEBIAN_PACKAGES})
    unknown = sorted(name for name in libraries if name not in DEBIAN_PACKAGES)
    lines = [f"sudo apt-get install {' '.join(known)}"] if known else []
    if unknown:
        lines.append(f"sudo apt-get install apt-file && sudo apt-file update && apt-file search {unknown[0]}")
    return "; ".join(lines)


def missing_libraries() -> set[str]:
    """System libraries that the wheels' binaries, and what these load, want and the loader does not find."""
    wanting = [*binaries_of(PACKAGES), *qt_binaries()]
    if not wanting:
        return set()
    ldd = subprocess.run(["ldd", *map(str, wanting)], capture_output=True, text=True, check=False)
    # One wheel brings libraries for the other; the importing process has loaded them by then.
    return unresolved(ldd.stdout) - {path.name for path in binaries_of(BROUGHT_BY)}


def binaries_of(packages: tuple[str, ...]) -> list[Path]:
    """Shared libraries in the folders of installed packages; found without importing them."""
    specs = [find_spec(name) for name in packages]
    folders = [Path(spec.origin).parent for spec in specs if spec is not None and spec.origin]
    return [path for folder in folders for path in folder.rglob("*.so*") if path.is_file()]


def qt_binaries() -> list[Path]:
    """The libraries of Qt that the widget tests load; found without importing them."""
    spec = find_spec("PySide6")
    if spec is None or not spec.origin:
        return []
    return [path for path in (Path(spec.origin).parent / name for name in QT_FILES) if path.is_file()]


def main() -> int:
    if not sys.platform.startswith("linux"):
        return 0
    missing = missing_libraries()
    if missing:
        print(f"system libraries are missing: {', '.join(sorted(missing))}", file=sys.stderr)
        print(f"install them with: {apt_line(missing)}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
