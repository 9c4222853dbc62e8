"""Time from the folder of a DICOM study to a probability in the panel, and of the second look at the same case.

    python Testing/benchmarks/bench_classify.py [--rounds 3]

A simulated study with the series that a model needs, or with sagittal T1, T2, fat-suppressed T2 and an axial dynamic
series where it needs no others, is loaded and classified by the panels' own buttons, in a window that is not shown,
with the child process warm, with every shipped model. The lesion is the simulator's. Times are by the clock, from the
click on Load and from the click on Classify; on a busy machine, the time of the processors beside it says what the
work takes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

from Testing.harness import application, window

WAIT_SECONDS = 300.0
USUAL_ROLES = ("t1", "t2", "fs_t2", "dce")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    application.start()
    from spinemets.models.package import ModelPackage, find_packages
    from spinemets.phantom.spine import SpinePhantom
    from spinemets.phantom.study import write_study

    with tempfile.TemporaryDirectory() as folder:
        print(f"{'model':36} {'features':>8} {'DICOM to probability':>21} {'of processors':>14} {'second look':>12}")
        for path in find_packages():
            package = ModelPackage.read(path)
            roles = tuple(dict.fromkeys((*USUAL_ROLES, *package.roles)))
            study = Path(folder, *roles)
            if not study.exists():
                write_study(SpinePhantom(seed=1, lesion="osteolytic"), study, roles=roles)
            times = [one_round(study, package) for _ in range(given.rounds)]
            whole, cpu, again = (statistics.median(column) for column in zip(*times))
            print(f"{package.name:36} {len(package.features):8} {whole:19.2f} s {cpu:12.2f} s {again:10.3f} s")


def one_round(study: Path, package: Any) -> tuple[float, float, float]:
    """Seconds from Load to the answer, by the clock and of all processes, and of the second look."""
    opened = window.open_module("SpineMetsSegmenter")
    segmenter = opened.widget
    with tempfile.TemporaryDirectory() as autosave:
        segmenter.saving.root = Path(autosave)
        segmenter.standby.warmUp()
        wait(opened, lambda: segmenter.standby._warm.process._pid is not None)
        segmenter.ui.studyPathEdit.currentPath = str(study / "dicom")
        loading = processor_seconds()
        begin = time.perf_counter()
        segmenter.ui.loadStudyButton.click()
        wait(opened, lambda: not segmenter.isWorking)
        loaded, loading = time.perf_counter() - begin, processor_seconds() - loading
        put_lesion(segmenter, study)
        wait(opened, lambda: not segmenter._restTimer.isActive() and not segmenter.saving.isSaving)
        opened.select_module("SpineMetsClassifier")
        opened.name = "SpineMetsClassifier"
        panel = opened.widget
        panel.modelsChosen([str(package.path)])
        panel.clinicalValuesChosen(clinical_values(package))
        panel.standby.warmUp()
        wait(opened, lambda: panel.standby._warm.process._pid is not None)
        asking = processor_seconds()
        asked = answer(opened, panel)
        asking = processor_seconds() - asking
        again = answer(opened, panel)
        opened.close()
    return loaded + asked, loading + asking, again


def clinical_values(package: Any) -> dict[str, Any]:
    """The first word of each variable, or the middle of its range."""
    ranges = package.model["training"]["feature_ranges"]
    middle = {
        name: (low + high) / 2 for name, low, high in zip(package.features, ranges["low"], ranges["high"], strict=True)
    }
    return {name: next(iter(about.get("values", ())), middle[name]) for name, about in package.variables.items()}


def processor_seconds() -> float:
    """Of this process and of its children that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def answer(opened: Any, panel: Any) -> float:
    """Seconds from the click on Classify until the answer is shown."""
    begin = time.perf_counter()
    panel.ui.applyButton.click()
    wait(opened, lambda: not panel.isWorking)
    assert panel.documents(), panel.ui.statusLabel.text
    return time.perf_counter() - begin


def put_lesion(segmenter: Any, study: Path) -> None:
    """The simulator's lesion, as the Segmenter would leave it."""
    from spinemets.geometry.files import read_mask
    from spinemets.mrml.lesions import Content, add_lesion, ensure_part
    from spinemets.mrml.segmentations import replace_segment

    case = segmenter.logic.currentCase(segmenter.parameters)
    volumes = case.volumes()
    part = ensure_part(case, add_lesion(case, "L3", volumes["t2"]), Content.LESIONS, volumes["dce"])
    replace_segment(part.node, part.segment_id, read_mask(study / "truth" / "lesion_dce.nrrd"))


def wait(opened: Any, condition: Callable[[], bool]) -> None:
    opened.process_events(until=condition, timeout_s=WAIT_SECONDS)


if __name__ == "__main__":
    main()
