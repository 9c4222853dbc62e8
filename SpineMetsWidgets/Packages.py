"""A Python package that Slicer does not bring and that makes heatmaps faster: offered once, needed never."""

import importlib.util
import tempfile
from importlib.metadata import version
from pathlib import Path

import slicer
from slicer.i18n import tr as _

REQUIREMENT = "numba>=0.61"
ASKED = "SpineMets/numbaOffered"


def offerFasterMaps(requester: str) -> str:
    """Ask whether numba may be installed; once for each Slicer that a user has, and not where it is there already.

    Call it on the main thread when the map of a feature is about to be computed, which takes 2.3 times longer without;
    the features of a lesion alone are done in .3 s either way. Whatever the user answers and whatever becomes of the
    installation, the work goes on.

    Returns
    -------
    A sentence for the user when the installation failed, else "".
    """
    settings = slicer.app.revisionUserSettings()
    if slicer.app.testingEnabled() or _isInstalled("numba") or slicer.util.toBool(settings.value(ASKED, False)):
        return ""
    settings.setValue(ASKED, True)
    question = _(
        "Heatmaps take less than half the time when the Python package numba is installed in Slicer: 45 to 65 MB to"
        " download, about 210 MB on disk. SpineMets gives the same numbers without it.\n\nInstall it now?"
    )
    if not slicer.util.confirmYesNoDisplay(question, _("{requester} - faster heatmaps").format(requester=requester)):
        return ""
    try:
        with tempfile.TemporaryDirectory(prefix="SpineMets-packages-") as folder:
            _install(requester, _constraints(Path(folder)))
    except Exception as error:  # whatever pip, the network or the disk had
        return _("numba could not be installed ({error}); heatmaps are computed without it").format(error=error)
    return ""


def _isInstalled(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _constraints(folder: Path) -> Path:
    """Slicer's own numpy stays as it is."""
    path = folder / "constraints.txt"
    path.write_text(f"numpy=={version('numpy')}\n", encoding="utf-8")
    return path


def _install(requester: str, constraints: Path) -> None:
    try:
        from slicer.packaging import pip_ensure  # from Slicer 5.12 on
    except ImportError:
        slicer.util.pip_install([REQUIREMENT, "--constraint", str(constraints)])
        return
    pip_ensure(REQUIREMENT, constraints=constraints, prompt_install=False, requester=requester)
