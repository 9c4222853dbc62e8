"""A fresh machine is told which packages the widget tests need."""

from Testing.harness.system_libraries import apt_line, qt_binaries


def test_libraries_of_qt_come_with_the_packages_that_bring_them():
    wanted = {"libEGL.so.1", "libxkbcommon.so.0", "libdbus-1.so.3", "libfontconfig.so.1", "libglib-2.0.so.0"}
    packages = "libdbus-1-3 libegl1 libfontconfig1 libglib2.0-0 libxkbcommon0"
    assert apt_line(wanted) == f"sudo apt-get install {packages}"


def test_the_plugin_that_draws_without_a_screen_is_looked_at():
    assert not qt_binaries() or "libqoffscreen.so" in [path.name for path in qt_binaries()]
