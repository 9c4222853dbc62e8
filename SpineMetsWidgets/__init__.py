"""What the panels of the extension share; the library's windows, so to say: Qt here, mathematics in `spinemets`.

- `Panel`: a module's panel that follows its parameter node through scene close, import, enter, exit and reload.
- `Job`: long work in a child process, with progress and Cancel; `Standby` keeps one such process warm.
- `ChildProcess`: the process itself, on Qt.
- `ApplyButton`: a button that becomes Cancel while its work runs.
- `Autosave`: a segmentation on disk after each action, whole or not at all, while the user goes on.
- `PdfPages`: text and figures on pages of a PDF file.
- `StudyOpener`: a study into the scene, from a folder or the DICOM database, through `StudyLoading`.
- `SvgFigure`: a figure of the report in a panel, for its width and in its colours.
- `TableRows`: tables as high as their content.
- `Shortcuts`: keys that live only while their module is shown.

The package lies beside `spinemets` and is found in the same way.
"""
