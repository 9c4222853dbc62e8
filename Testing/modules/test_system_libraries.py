"""A fresh machine must be told what to install, not shown a loader's message."""

from Testing.harness.system_libraries import apt_line, missing_libraries, unresolved

LDD = """
/venv/vtkmodules/vtkRenderingUI.so:
\tlinux-vdso.so.1 (0x00007ffd)
\tlibX11.so.6 => not found
\tlibGL.so.1 => not found
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)
"""


def test_missing_libraries_are_told_with_the_packages_that_bring_them():
    assert unresolved(LDD) == {"libX11.so.6", "libGL.so.1"}
    assert apt_line(unresolved(LDD)) == "sudo apt-get install libgl1 libx11-6"


def test_an_unknown_library_comes_with_the_way_to_look_it_up():
    assert "apt-file search libodd.so.3" in apt_line({"libodd.so.3"})


def test_nothing_is_missing_where_the_tests_run():
    assert missing_libraries() == set()
