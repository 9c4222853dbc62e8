"""Pictures of every state of the Classifier's panel, to look at after a change: light and dark, on two sizes of screen.

    python Resources/Screenshots/classifier_states.py FOLDER

For each state FOLDER receives the window (`STATE-light-1280x800.png`) and the panel in its whole length
(`STATE-light-panel.png`). A simulated study is made and classified meanwhile, so that it takes some minutes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

SIZES = ((1280, 800), (1920, 1080))
PALETTES = ("light", "dark")
DEMONSTRATION, TREE = "osteoblastic-vs-osteolytic-demo", "lung-vs-other-lang-2019"
NOMOGRAM = "metastasis-vs-primary-demo"
WAIT_SECONDS = 300.0


class States:
    """The Classifier in a window, photographed state by state."""

    def __init__(self, out: Path) -> None:
        from Testing.harness import window

        self._windows = window
        self._out = out
        self.shown = window.open_module("SpineMetsClassifier", size=SIZES[0])
        self.panel = self.shown.widget

    def photograph(self, state: str, upTo: str = "") -> None:
        """Write the pictures of a state, with a part of the panel in sight."""
        for palette in PALETTES:
            self._windows._qt_application.setPalette(self._windows._palette(palette))
            for width, height in SIZES:
                self.shown.resize(width, height)
                self.shown.process_events()
                if upTo:
                    self.shown._window._panel.ensureWidgetVisible(self.shown._find(upTo), 0, 0)
                self.shown.grab(self._out / f"{state}-{palette}-{width}x{height}.png")
            self.shown._window._panel.widget().grab().save(str(self._out / f"{state}-{palette}-panel.png"))
        self._windows._qt_application.setPalette(self._windows._palette("light"))
        self.shown.resize(*SIZES[0])
        sys.stdout.write(f"{state}\n")
        sys.stdout.flush()

    def wait(self, condition: Callable[[], bool] | None = None) -> None:
        self.shown.process_events(until=condition or (lambda: not self.panel.isWorking), timeout_s=WAIT_SECONDS)
        self.shown.process_events()

    def ask(self, model: str) -> None:
        """Tick a model alone and let it answer."""
        from spinemets.models.package import find_package

        self.panel.modelsChosen([str(find_package(model))])
        self.shown.click("applyButton")
        self.wait()

    def load(self, study: Path) -> Any:
        import slicer

        from spinemets.mrml.cases import cases_in

        self.shown.type("studyPathEdit", str(study / "dicom"))
        self.shown.click("loadStudyButton")
        self.wait()
        return cases_in(slicer.mrmlScene)[-1]

    def draw(self, case: Any, role: str, mask: Any, name: str) -> None:
        """Give the case a lesion, as the Segmenter would leave it."""
        from spinemets.mrml.lesions import Content, add_lesion, ensure_part
        from spinemets.mrml.segmentations import replace_segment

        part = ensure_part(case, add_lesion(case, name, case.volumes()[role]), Content.LESIONS, case.volumes()[role])
        replace_segment(part.node, part.segment_id, mask)
        self.panel.refresh()
        self.shown.choose("lesionComboBox", name)


def main() -> None:
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "classifier-states")
    out.mkdir(parents=True, exist_ok=True)
    from Testing.harness import application

    application.start()
    from spinemets.geometry.files import read_mask
    from spinemets.phantom.spine import SpinePhantom
    from spinemets.phantom.study import write_study

    study = out / "study"
    if not study.exists():
        write_study(SpinePhantom(seed=1, lesion="osteolytic"), study, roles=("t1", "t2", "fs_t2", "dce"))
    states = States(out)
    try:
        states.panel.library.folder = out / "models"
        states.photograph("empty")
        library(states)
        case = states.load(study)
        states.photograph("study")
        states.draw(case, "dce", read_mask(study / "truth" / "lesion_dce.nrrd"), "L3")
        missing(states)
        answers(states)
        unlike(states, case, study)
        worklist(states, study, out)
    finally:
        states.shown.close()


def library(states: States) -> None:
    states.shown.ui("modelTable").selectRow(0)
    states.shown.click("cardButton")
    states.photograph("library", "cardLabel")
    states.shown.click("cardButton")
    states.shown.ui("modelTable").clearSelection()
    states.shown.click("databaseButton")
    states.photograph("database")
    states.shown.click("databaseButton")


def missing(states: States) -> None:
    """A model that needs a series that is not there."""
    from spinemets.models.package import find_package

    kept = states.panel.parameters.volumeFsT2
    states.panel.modelsChosen([str(find_package(DEMONSTRATION))])
    states.panel.parameters.volumeFsT2 = None
    states.photograph("missing", "applyButton")
    states.panel.parameters.volumeFsT2 = kept


def answers(states: States) -> None:
    from spinemets.models.package import find_package

    shown, panel = states.shown, states.panel
    shown.click("showLesionButton")
    shown.click("applyButton")
    states.wait(lambda: "Features" in panel.ui.progressLabel.text)
    states.photograph("running", "progressLabel")
    states.wait()
    states.photograph("answer", "answerLabel")
    states.photograph("nomogram", "resultResearchLabel")
    shown.click("mapCollapsibleButton")
    shown.click("showMapButton")
    states.wait()
    states.photograph("heatmap", "jumpToMaximumButton")
    shown.click("mapCollapsibleButton")
    states.ask(TREE)
    shown.click("showHotSpotButton")
    states.photograph("tree", "showHotSpotButton")
    panel.modelsChosen([str(find_package(DEMONSTRATION)), str(find_package(TREE))])
    states.photograph("several", "resultTable")
    if any(path.stem == NOMOGRAM for path in find_package(DEMONSTRATION).parent.glob("*.spinemets")):
        clinical(states)


def clinical(states: States) -> None:
    from spinemets.models.package import find_package

    states.panel.modelsChosen([str(find_package(NOMOGRAM))])
    states.photograph("clinical-missing", "clinicalButtonsRow")
    states.panel.clinicalValuesChosen({"age": 61.0, "signal": "uneven", "boundaries": "clear"})
    states.ask(NOMOGRAM)
    states.photograph("clinical", "clinicalButtonsRow")
    states.photograph("clinical-nomogram", "resultResearchLabel")


def unlike(states: States, case: Any, study: Path) -> None:
    """A lesion that is none: the model warns or gives no answer. Then a child process that crashes."""
    import SimpleITK as sitk

    from spinemets.geometry.files import read_mask

    mask = read_mask(study / "truth" / "lesion_t2.nrrd")
    elsewhere = sitk.Resample(mask, mask, sitk.TranslationTransform(3, (0.0, -45.0, 0.0)), sitk.sitkNearestNeighbor)
    states.draw(case, "t2", elsewhere, "behind the spine")
    states.ask(DEMONSTRATION)
    states.photograph("abstained", "noticeLabel")
    states.shown.choose("lesionComboBox", "L3")
    forget_answers()
    states.panel.refresh()
    states.shown.click("applyButton")
    states.wait(lambda: "Features" in states.panel.ui.progressLabel.text)
    os.kill(states.panel._classifying._job._process._pid, 9)
    states.wait()
    states.photograph("error", "statusLabel")


def forget_answers() -> None:
    import slicer

    from spinemets.mrml.results import remove_result, results_in

    for result in results_in(slicer.mrmlScene):
        remove_result(result)


def worklist(states: States, study: Path, out: Path) -> None:
    import csv

    series = {"t1": "01-Sag_T1_TSE", "t2": "02-Sag_T2_TSE", "fs_t2": "03-Sag_T2_STIR"}
    rows = [["case", "lesion", *series, "mask"]]
    for number in (1, 2, 3):
        absent = {"t1"} if number == 2 else set()
        files = [str(study / "dicom" / ("absent" if role in absent else name)) for role, name in series.items()]
        rows.append([f"P{number}", "L3", *files, str(study / "truth" / "lesion_t2.nrrd")])
    with (out / "cohort.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)
    (study / "dicom" / "absent").mkdir(exist_ok=True)
    (out / "answers").mkdir(exist_ok=True)
    states.shown.click("worklistCollapsibleButton")
    states.panel.ui.worklistPathEdit.currentPath = str(out / "cohort.csv")
    states.shown.answer_dialogs(str(out / "answers"))
    states.shown.click("worklistButton")
    states.wait()
    states.shown.click("exportCollapsibleButton")
    states.photograph("worklist", "worklistLabel")


if __name__ == "__main__":
    main()
