"""What is not listed in CMake is not in the package that users install."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from Testing.modules.conftest import MODULES, ROOT


def listed(cmake_file: Path, variable: str) -> set[str]:
    text = cmake_file.read_text(encoding="utf-8")
    name = re.search(r"set\(MODULE_NAME\s+(\w+)\)", text).group(1)
    body = re.search(rf"set\({variable}\s+([^)]*)\)", text).group(1)
    return {entry.replace("${MODULE_NAME}", name) for entry in body.split()}


def tracked(module: Path, pattern: str) -> set[str]:
    files = {path.relative_to(module).as_posix() for path in module.rglob(pattern) if path.is_file()}
    return {name for name in files if not name.startswith("Testing/") and "__pycache__" not in name}


def test_there_are_modules():
    assert {"SpineMetsSegmenter", "SpineMetsClassifier"} <= {module.name for module in MODULES}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_every_script_is_listed_and_every_listed_script_exists(module):
    assert listed(module / "CMakeLists.txt", "MODULE_PYTHON_SCRIPTS") == tracked(module, "*.py")


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_every_resource_is_listed_and_every_listed_resource_exists(module):
    present = {f"Resources/{name}" for name in tracked(module / "Resources", "*")}
    assert listed(module / "CMakeLists.txt", "MODULE_PYTHON_RESOURCES") == present


def test_root_builds_every_module():
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    assert set(re.findall(r"add_subdirectory\((\w+)\)", text)) == {module.name for module in MODULES}


def test_package_names_are_unique_among_extensions():
    """All modules of all extensions share one import path: nothing may be called `utils` or `Logic`."""
    for module in MODULES:
        importable = {path.name for path in module.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
        assert importable == {f"{module.name}.py", f"{module.name}Lib"}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_icon_is_a_picture_of_the_right_size(module):
    from PIL import Image

    with Image.open(module / "Resources" / "Icons" / f"{module.name}.png") as icon:
        assert icon.size == (128, 128)


def test_every_module_finds_the_library_the_same_way():
    texts = {(module / f"{module.name}Lib" / "Library.py").read_text(encoding="utf-8") for module in MODULES}
    assert len(texts) == 1


STAND_IN_FOR_SLICER = """
set(Slicer_QTSCRIPTEDMODULES_LIB_DIR lib/Slicer/qt-scripted-modules)
set(Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR lib/Slicer/qt-scripted-modules)
foreach(part USE_FILE EXTENSION_GENERATE_CONFIG EXTENSION_CPACK)
  set(Slicer_${part} ${CMAKE_CURRENT_LIST_DIR}/nothing.cmake)
endforeach()
function(slicerMacroBuildScriptedModule)
  cmake_parse_arguments(MY "WITH_GENERIC_TESTS" "NAME" "SCRIPTS;RESOURCES" ${ARGN})
  if(MY_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "${MY_UNPARSED_ARGUMENTS}")
  endif()
  foreach(file ${MY_SCRIPTS} ${MY_RESOURCES})
    get_filename_component(folder ${file} DIRECTORY)
    install(FILES ${file} DESTINATION ${Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR}/${folder})
  endforeach()
endfunction()
"""


@pytest.mark.skipif(shutil.which("cmake") is None or shutil.which("c++") is None, reason="needs cmake and a compiler")
def test_installed_extension_has_the_library_beside_the_modules_and_finds_it(tmp_path):
    """Configured and installed with a stand-in for Slicer's CMake package; then imported from where it landed."""
    (tmp_path / "slicer").mkdir()
    (tmp_path / "slicer" / "SlicerConfig.cmake").write_text(STAND_IN_FOR_SLICER)
    (tmp_path / "slicer" / "nothing.cmake").write_text("")
    build, place = tmp_path / "build", tmp_path / "installed"
    configure = [
        "cmake",
        "-S",
        ROOT,
        "-B",
        build,
        f"-DSlicer_DIR={tmp_path / 'slicer'}",
        f"-DCMAKE_INSTALL_PREFIX={place}",
    ]
    for command in (configure, ["cmake", "--build", build], ["cmake", "--install", build]):
        subprocess.run(list(map(str, command)), check=True, capture_output=True)
    folder = place / "lib" / "Slicer" / "qt-scripted-modules"
    assert not list(folder.rglob("__pycache__"))
    for package in ("spinemets", "SpineMetsWidgets"):
        assert (build / "lib" / "Slicer" / "qt-scripted-modules" / package / "__init__.py").is_file()
        sources = {path.relative_to(ROOT / package).as_posix() for path in (ROOT / package).rglob("*.py")}
        assert {path.relative_to(folder / package).as_posix() for path in (folder / package).rglob("*.py")} == sources
    code = (
        "from SpineMetsSegmenterLib.Library import makeLibraryImportable; makeLibraryImportable();"
        "import spinemets.mrml, SpineMetsWidgets; print(spinemets.__file__)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True, env={"PYTHONPATH": "."}
    )
    assert Path(found.stdout.strip()) == folder / "spinemets" / "__init__.py"
