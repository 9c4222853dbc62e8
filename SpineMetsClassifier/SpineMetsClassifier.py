"""Declares the module; its code is in SpineMetsClassifierLib."""

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import ScriptedLoadableModule
from SpineMetsClassifierLib.Library import makeLibraryImportable
from SpineMetsClassifierLib.SampleStudy import registerSampleStudy
from SpineMetsClassifierLib.SelfTest import SpineMetsClassifierTest

__all__ = ["SpineMetsClassifier", "SpineMetsClassifierTest"]


def __getattr__(name):
    """The panel's class, asked for when the panel is first opened: what it is made of is on the path by then."""
    if name == "SpineMetsClassifierWidget":
        from SpineMetsClassifierLib.Widget import SpineMetsClassifierWidget

        return SpineMetsClassifierWidget
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class SpineMetsClassifier(ScriptedLoadableModule):
    """Lesion in; probability, contributions and report out."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        # Here, not in the logic: it imports the library when the module is opened, or from a script before that.
        makeLibraryImportable()
        parent.title = _("SpineMets Classifier")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Quantification")]
        # Their nodes and logic are used, so they are loaded first.
        parent.dependencies = ["Segmentations", "Sequences", "SubjectHierarchy", "Tables", "Volumes"]
        parent.contributors = ["SpineMets contributors"]
        parent.helpText = _(
            "Applies a model package to a spinal lesion: probability with its interval, class and threshold, what each"
            " feature did to the result, tables and a report. Models named demo were trained on"
            " simulated cases and say nothing about a patient. Research use only, not for diagnosis."
            ' See the <a href="{url}">documentation</a>.'
        ).format(url="https://github.com/SpineMets/SpineMets#classifier")
        parent.acknowledgementText = _(
            "The clinical questions and methods are those of five published studies; see the documentation."
        )
        slicer.app.connect("startupCompleted()", registerSampleStudy)
