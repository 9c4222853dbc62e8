"""Declares the module; its code is in SpineMetsSegmenterLib."""

from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import ScriptedLoadableModule
from SpineMetsSegmenterLib.Library import makeLibraryImportable
from SpineMetsSegmenterLib.SelfTest import SpineMetsSegmenterTest
from SpineMetsSegmenterLib.Widget import SpineMetsSegmenterWidget

__all__ = ["SpineMetsSegmenter", "SpineMetsSegmenterTest", "SpineMetsSegmenterWidget"]


class SpineMetsSegmenter(ScriptedLoadableModule):
    """Series in, lesion out."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        # Here, not in the logic: it imports the library when the module is opened, or from a script before that.
        makeLibraryImportable()
        parent.title = _("SpineMets Segmenter")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Quantification")]
        # Their nodes and logic are used, so they are loaded first.
        parent.dependencies = ["Markups", "Segmentations", "Sequences", "SubjectHierarchy", "Volumes"]
        parent.contributors = ["SpineMets contributors"]
        parent.helpText = _(
            "Loads a spine MRI study, finds what each series is, and turns a loose outline of the diseased segment on"
            " a sagittal series into a three-dimensional lesion on the axial dynamic series, by normalized cut and"
            " region growing; measures how the lesion takes up the contrast agent. Research use only,"
            " not for diagnosis."
            ' See the <a href="{url}">documentation</a>.'
        ).format(url="https://github.com/SpineMets/SpineMets#segmenter")
        parent.acknowledgementText = _(
            "The method follows N. Lang et al., Differentiation of spinal metastases originated from lung and other"
            " cancers using radiomics and deep learning based on DCE-MRI, Magnetic Resonance Imaging, 2019."
        )
