"""Declares the hidden module that puts the lesion tools into every Segment Editor."""

from pathlib import Path

import slicer
from SegmentEditorSpineMetsLib.Library import makeLibraryImportable
from SegmentEditorSpineMetsLib.SelfTest import SegmentEditorSpineMetsTest
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import ScriptedLoadableModule

__all__ = ["SegmentEditorSpineMets", "SegmentEditorSpineMetsTest"]

EFFECT_FILE = "SegmentEditorSpineMetsLib/SegmentEditorEffect.py"


class SegmentEditorSpineMets(ScriptedLoadableModule):
    """Registers the effect; has no panel of its own."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        makeLibraryImportable()
        parent.title = _("SegmentEditor SpineMets")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        parent.dependencies = ["Segmentations", "Markups", "Sequences"]
        parent.hidden = True
        parent.contributors = ["SpineMets contributors"]
        parent.helpText = _(
            "Hidden module that adds the effect SpineMets to the Segment Editor: spinal lesions by normalized cut,"
            " region growing and strokes. Research use only, not for diagnosis."
            ' See the <a href="{url}">documentation</a>.'
        ).format(url="https://github.com/SpineMets/SpineMets#segment-editor-effect")
        parent.acknowledgementText = _(
            "The way from outline to lesion follows Lang et al. 2019; see the documentation."
        )
        self.isRegistered = False
        slicer.app.connect("startupCompleted()", self.registerEditorEffect)

    def registerEditorEffect(self):
        """Let every Segment Editor that is made from now on offer the effect; calling it again changes nothing."""
        if self.isRegistered:
            return
        self.isRegistered = True
        import qSlicerSegmentationsEditorEffectsPythonQt as effects
        import SegmentEditorSpineMetsLib
        from SegmentEditorSpineMetsLib.SegmentEditorEffect import SegmentEditorEffect

        # The application looks in the package for a class of the file's name, where Python has put the file itself.
        SegmentEditorSpineMetsLib.SegmentEditorEffect = SegmentEditorEffect
        effect = effects.qSlicerSegmentEditorScriptedEffect(None)
        effect.setPythonSource((Path(self.parent.path).parent / EFFECT_FILE).as_posix())
        effect.self().register()
