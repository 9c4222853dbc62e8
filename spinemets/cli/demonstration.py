"""The main job on a simulated study, stage by stage, with the truth beside what was found."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from spinemets.cli.workflow import classify_and_report, open_study
from spinemets.geometry.carrying import carry_mask
from spinemets.geometry.files import read_mask, write_image
from spinemets.models.classification import Result
from spinemets.models.package import ModelPackage, find_package
from spinemets.phantom.spine import SpinePhantom
from spinemets.phantom.study import write_study
from spinemets.progress import Progress
from spinemets.segmentation.lesion import LesionSegmentation, segment_lesion
from spinemets.segmentation.overlap import dice
from spinemets.studies.scanning import Study, scan_study

STUDY, RESULT = "study", "result"
READER = "SpineMets: normalized cut and region growing from a simulated outline"


@dataclass
class Demonstration:
    """What the demonstration found, and how long each stage took (s)."""

    seconds: dict[str, float] = field(default_factory=dict)
    study: Study | None = None
    lesion: LesionSegmentation | None = None
    result: Result | None = None
    dice: float = 0.0
    truth: str = ""
    report: Path = Path(RESULT) / "report.html"

    @contextmanager
    def stage(self, name: str, progress: Progress, number: int) -> Iterator[None]:
        """Time one stage and tell that it began."""
        progress("demo", number, 6, name)
        begin = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - begin

    def lines(self) -> list[str]:
        """The demonstration in words, one line a fact."""
        assert self.study is not None and self.lesion is not None and self.result is not None
        roles = ", ".join(f"{series.role} ({series.plane})" for series in self.study.series)
        probability = self.result.probability
        found = (
            "the model abstained"
            if probability is None
            else f"{probability:.3f} for {self.result.package.positive_class}"
        )
        work = {name: seconds for name, seconds in self.seconds.items() if name != "simulate"}
        return [
            "simulated study, not a patient; research use only",
            f"series       {roles}",
            f"lesion       {self.lesion.describe()}",
            f"Dice         {self.dice:.3f} with the simulated truth, on the dynamic series",
            f"probability  {found}; answer: {self.result.class_name}; truth: {self.truth}",
            "seconds      " + ", ".join(f"{name} {seconds:.1f}" for name, seconds in self.seconds.items()),
            f"             DICOM to report {sum(work.values()):.1f}",
        ]


def run_demonstration(folder: Path, model: str, seed: int, progress: Progress) -> Demonstration:
    """Simulate a study in `folder`/study, and leave lesion, result and report in `folder`/result."""
    shown = Demonstration()
    package = ModelPackage.read(find_package(model))
    with shown.stage("simulate", progress, 0):
        phantom = SpinePhantom(seed, lesion="osteolytic")
        files = write_study(phantom, folder / STUDY, format="dicom", progress=progress)
        shown.truth = phantom.kind
    with shown.stage("read series", progress, 1):
        shown.study = scan_study(folder / STUDY / "dicom")
        dynamic = shown.study.by_role("dce").load()
        outline = read_mask(files.outline)
    with shown.stage("segment", progress, 2):
        shown.lesion = segment_lesion(outline, dynamic, progress=progress)
    (folder / RESULT).mkdir()
    mask_file = folder / RESULT / "lesion_dce.nrrd"
    write_image(shown.lesion.mask, mask_file)
    truth = read_mask(files.masks["dce"])
    shown.dice = dice(shown.lesion.mask, carry_mask(truth, shown.lesion.mask))
    with shown.stage("read for model", progress, 3):
        opened = open_study(shown.study, package, mask_file, reader=READER)
    with shown.stage("classify and report", progress, 4):
        shown.result = classify_and_report(opened, package, folder / RESULT, seed=seed, progress=progress)
    progress("demo", 6, 6, "done")
    return shown
