"""What names of Slicer's own Python, and of arguments in our files, stand for; types as in `types_of`."""

from __future__ import annotations

from Testing.static_api.containers import Type

# Arguments that mean one thing in all our files.
MEANINGS: dict[str, Type] = {
    "scene": ("object", "vtkMRMLScene"),
    "layout_node": ("object", "vtkMRMLLayoutNode"),
    "layoutNode": ("object", "vtkMRMLLayoutNode"),
    "interactor": ("some", "vtkRenderWindowInteractor"),
    "cross_hair": ("object", "vtkMRMLCrosshairNode"),
    "segmentation_node": ("object", "vtkMRMLSegmentationNode"),
    "segmentationNode": ("object", "vtkMRMLSegmentationNode"),
    "ui": ("ui", "*"),
}
SLICER_GLOBALS: dict[str, Type] = {
    "app": ("object", "qSlicerApplication"),
    "mrmlScene": ("object", "vtkMRMLScene"),
}
# What the application puts into its modules, and PythonQt into Qt's, beside classes; not judged.
OF_THE_APPLICATION = {
    "slicer": ("dicomDatabase", "dicomListener", "moduleNames", "selfTests", "cli", "logic", "testing"),
    "qt": (
        "SIGNAL",
        "SLOT",
        "Signal",
        "Slot",
        "Property",
        "QtCriticalMsg",
        "QtDebugMsg",
        "QtWarningMsg",
        "qDebug",
        "qWarning",
        "qCritical",
    ),
    "ctk": ("ctk",),
}
SLICER_MODULES = ("util", "i18n", "packaging", "parameterNodeWrapper", "ScriptedLoadableModule", "modules")
# What Slicer's own Python classes, from which ours derive, hold.
OF_SLICERS_BASES: dict[str, dict[str, Type]] = {
    "ScriptedLoadableModule": {"parent": ("object", "qSlicerScriptedLoadableModule")},
    "ScriptedLoadableModuleWidget": {
        "parent": ("object", "qSlicerScriptedLoadableModuleWidget"),
        "layout": ("object", "QVBoxLayout"),
    },
    "AbstractScriptedSegmentEditorEffect": {"scriptedEffect": ("object", "qSlicerSegmentEditorScriptedEffect")},
}
OF_SLICER_UTIL: dict[str, Type] = {
    "mainWindow": ("some", "qSlicerMainWindow"),
    "settingsValue": (),
}
SCENE_EXACT = ("AddNewNodeByClass", "CreateNodeByClass", "GetSingletonNode")
SCENE_SOME = ("GetFirstNodeByClass", "GetNthNodeByClass", "GetFirstNode", "GetNthNodeByName", "GetDefaultNodeByClass")
