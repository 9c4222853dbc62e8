"""`qt`, `ctk` and Slicer's widgets for tests: Qt 6 behind the idioms of PythonQt, stand-ins bound to a real scene.

`facts` knows what the real classes have; `wrappers`, `properties`, `signals` and `enumerations` make PySide6 behave as
PythonQt does; the other files hold the stand-ins, one family of widgets each. A stand-in refuses what the real class
refuses, and says so plainly where it merely lacks what the real class has (`HarnessLacks`).
"""

import ctypes
import sys

if sys.version_info < (3, 12):
    # PySide6 6.12 returns None without counting the reference, since None lives for ever from Python 3.12 on. Before,
    # Python ends with "none_dealloc" after some ten thousand calls: here None is counted often enough.
    ctypes.c_ssize_t.from_address(id(None)).value += 1 << 40
