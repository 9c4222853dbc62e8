"""A simulated study in the module Sample Data: made on this computer, no network is needed."""

import csv
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

NAME = "SpineMetsSimulatedStudy"
SEED = 1
MESSAGE_MILLISECONDS = 10_000


def registerSampleStudy() -> None:
    """Offer the study in the module Sample Data, where the application has that module."""
    try:
        from SampleData import SampleDataLogic
    except ImportError:
        return
    thumbnail = Path(__file__).parents[1] / "Resources" / "Icons" / f"{NAME}.png"
    # A name of file and node belongs to every source; a press of its button calls `customDownloader` alone.
    SampleDataLogic.registerCustomSampleDataSource(
        category="SpineMets",
        sampleName=_("Simulated spine MRI"),
        uris="",
        fileNames=NAME,
        nodeNames=NAME,
        thumbnailFileName=str(thumbnail),
        customDownloader=_download,
    )


def _download(source) -> None:
    SampleStudy.the().start()


class SampleStudy:
    """Simulates the study in a child process, once, and loads it with outline and lesion; the window stays alive."""

    _only = None

    @classmethod
    def the(cls) -> "SampleStudy":
        """The one of this application: a second press while it works changes nothing."""
        if cls._only is None:
            cls._only = cls()
        return cls._only

    def __init__(self) -> None:
        self.isRunning = False
        self._job = self._loading = None

    @property
    def folder(self) -> Path:
        """Where the study is kept."""
        return Path(slicer.mrmlScene.GetCacheManager().GetRemoteCacheDirectory()) / NAME

    def start(self) -> None:
        """Load the study; simulate it first where nobody has. Returns at once."""
        if self.isRunning:
            return
        from SpineMetsWidgets.Job import Job

        self.isRunning = True
        if (self.folder / "cohort.csv").is_file():
            self._load(None)
            return
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        arguments = ["phantom", self.folder, "--seed", SEED, "--overwrite"]
        self._job = Job(arguments, self._tell, self._load, self._fail)
        self._tell("simulate", 0, 1, _("Simulating a study"))
        self._job.start()

    def _load(self, _result) -> None:
        from SpineMetsWidgets.Job import Job
        from SpineMetsWidgets.StudyLoading import StudyLoading

        def startJob(*callbacks):
            arguments, onProgress, onFinished, onFailed, onEnded = callbacks
            job = Job(arguments, onProgress, onFinished, onFailed, onEnded=onEnded)
            job.start()
            return job

        self._loading = StudyLoading(
            slicer.mrmlScene,
            startJob,
            lambda function: qt.QTimer.singleShot(0, function),
            self._tell,
            self._loaded,
            self._fail,
            folder=slicer.app.temporaryPath,
        )
        self._loading.start(str(self.folder / "dicom"))

    def _loaded(self, loaded) -> None:
        self.isRunning = False
        addTruth(loaded, self.folder)
        text = _("The simulated study is there. Go on in SpineMets Segmenter or SpineMets Classifier.")
        slicer.util.showStatusMessage(text, MESSAGE_MILLISECONDS)

    def _fail(self, sentence: str) -> None:
        self.isRunning = False
        slicer.util.showStatusMessage("")
        slicer.util.errorDisplay(_("The simulated study could not be loaded. {why}").format(why=sentence))

    def _tell(self, stage, _done, _total, message="") -> None:
        slicer.util.showStatusMessage(message if message and message != "done" else stage)


def addTruth(loaded, folder: Path) -> None:
    """Outline and lesion of the simulation as the Segmenter would leave them, unless the study has a lesion already."""
    from spinemets.geometry.files import read_mask
    from spinemets.mrml.cases import SceneCase
    from spinemets.mrml.lesions import Content, add_lesion, ensure_part, lesions_of
    from spinemets.mrml.segmentations import replace_segment

    case = SceneCase(slicer.mrmlScene, loaded.folder)
    if lesions_of(case):
        return
    with (folder / "cohort.csv").open(encoding="utf-8") as stream:
        level = next(csv.DictReader(stream))["level"]
    volumes = case.volumes()
    identity = add_lesion(case, level, volumes["t2"])
    for content, role, truth in ((Content.OUTLINES, "t2", "outline_t2"), (Content.LESIONS, "dce", "lesion_dce")):
        part = ensure_part(case, identity, content, volumes[role])
        replace_segment(part.node, part.segment_id, read_mask(folder / "truth" / f"{truth}.nrrd"))
