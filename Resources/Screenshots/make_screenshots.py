"""The pictures of the README and the tutorial, made by the program: `make screenshots`.

Runs the demonstration; photographs its report in headless Chromium (Debian package `chromium`), and the panels
at each step of the tutorial in the widget harness, which draws Slicer's own slice images without Slicer's window.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
REPORT_SIZE = (1240, 1500)
WINDOW_SIZE = (1280, 800)
SHOWN_WIDTH = 900
MODEL = "osteoblastic-vs-osteolytic-demo"
LONGEST_WAIT_SECONDS = 180


def photograph(page: Path, picture: Path, size: tuple[int, int]) -> None:
    """Write what a browser window of `size` pixels shows of `page`."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit("make_screenshots: no Chromium was found; run: sudo apt-get install chromium")
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--hide-scrollbars",
                f"--user-data-dir={profile}",
                f"--window-size={size[0]},{size[1]}",
                f"--screenshot={picture}",
                page.as_uri(),
            ],
            check=True,
            capture_output=True,
        )


def keep(large: Path, name: str) -> None:
    """Reduce a picture to the width of a page, and keep it."""
    picture = Image.open(large).convert("RGB")
    height = round(picture.height * SHOWN_WIDTH / picture.width)
    reduced = picture.resize((SHOWN_WIDTH, height), Image.Resampling.LANCZOS)
    # A palette makes the file smaller; k-means keeps the colours of few pixels too, such as those of words.
    reduced.quantize(256, kmeans=3, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)


def photograph_segmenter(study: Path, work: Path) -> None:
    """The panel after each step of the tutorial."""
    sys.path.insert(0, str(ROOT))
    from Testing.harness import window

    shown = window.open_module("SpineMetsSegmenter", size=WINDOW_SIZE)
    try:
        panel = shown.widget
        panel.saving.root = work / "autosave"
        os.chdir(study.parents[1])  # the picture shows a path as short as the tutorial's
        shown.type("studyPathEdit", str(Path(study.parent.name) / study.name / "dicom"))
        shown.click("loadStudyButton")
        shown.process_events(until=lambda: not panel.isWorking, timeout_s=LONGEST_WAIT_SECONDS)
        step(shown, work, "segmenter-study")
        shown.type("levelComboBox", level_of(study))
        shown.click("addLesionButton")
        shown.click("outlineButton")
        draw_truth(panel, study)
        go_to_lesion(shown)
        step(shown, work, "segmenter-outline")
        shown.click("findButton")
        tool = panel.editorSection.editor.activeEffect().self().tool
        shown.process_events(until=lambda: not tool.isWorking, timeout_s=LONGEST_WAIT_SECONDS)
        step(shown, work, "segmenter-preview")
        shown.click("acceptButton")
        go_to_lesion(shown)
        shown.click("timeCourseCheckBox")
        step(shown, work, "segmenter-lesion")
        shown.click("timeCourseCheckBox")
        photograph_classifier(shown, work)
    finally:
        shown.close()


def photograph_classifier(shown: Any, work: Path) -> None:
    """The Classifier on the lesion that the Segmenter left."""
    shown.select_module("SpineMetsClassifier")
    shown.name = "SpineMetsClassifier"
    from spinemets.models.package import find_package

    panel = shown.widget
    panel.modelsChosen([str(find_package(MODEL))])
    shown.click("showLesionButton")
    shown.click("applyButton")
    shown.process_events(until=lambda: not panel.isWorking, timeout_s=LONGEST_WAIT_SECONDS)
    panel_scrolls = shown._window._panel.verticalScrollBar()
    shown.process_events(until=lambda: panel_scrolls.value() > 0, timeout_s=LONGEST_WAIT_SECONDS)
    step(shown, work, "classifier-answer")
    scroll_to(shown, "resultResearchLabel")
    step(shown, work, "classifier-nomogram")
    shown.click("mapCollapsibleButton")
    shown.click("showMapButton")
    shown.process_events(until=lambda: not panel.isWorking, timeout_s=LONGEST_WAIT_SECONDS)
    shown.click("exportCollapsibleButton")
    scroll_to(shown, "exportWidget")
    step(shown, work, "classifier-heatmap")


def scroll_to(shown: Any, name: str) -> None:
    """Bring a part of the panel into sight."""
    shown.process_events()
    shown._window._panel.ensureWidgetVisible(shown._find(name), 0, 0)


def level_of(study: Path) -> str:
    """Vertebra of the simulated lesion."""
    import json

    return str(json.loads((study / "truth" / "truth.json").read_text(encoding="utf-8"))["level"])


def draw_truth(panel: Any, study: Path) -> None:
    """Take the simulated reader's outline as drawn."""
    from spinemets.geometry.files import read_mask
    from spinemets.mrml.segmentations import replace_segment

    part = panel.logic.outlinePart(panel.parameters)
    replace_segment(part.node, part.segment_id, read_mask(study / "truth" / "outline_t2.nrrd"))


def go_to_lesion(shown: Any) -> None:
    """Show the lesion in all views, once the panel knows of its new voxels."""
    shown.process_events(until=lambda: shown.ui("goToLesionButton").enabled, timeout_s=LONGEST_WAIT_SECONDS)
    shown.click("goToLesionButton")


def step(shown: Any, work: Path, name: str) -> None:
    shown.process_events()
    shown.grab(str(work / f"{name}.png"))
    keep(work / f"{name}.png", name)


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        out = work / "demo"
        subprocess.run([sys.executable, "-m", "spinemets", "demo", "--out", str(out)], check=True)
        photograph(out / "result" / "report.html", work / "report.png", REPORT_SIZE)
        keep(work / "report.png", "report")
        photograph_segmenter(out / "study", work)


if __name__ == "__main__":
    main()
