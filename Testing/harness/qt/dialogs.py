"""Modal dialogs, which would wait for ever in a test: they are remembered, and answered at once."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6 import QtWidgets

shown: list[Dialog] = []
# Answers for the next dialogs, in order; when there are none, the harmless one: Ok or Yes of a message, nothing chosen.
answers: list = []


@dataclass(frozen=True)
class Dialog:
    """What the user would have seen."""

    kind: str
    title: str
    text: str
    details: str = ""


def answered(dialog: Dialog, usual):
    shown.append(dialog)
    return answers.pop(0) if answers else usual


def _exec_message(box) -> int:
    buttons = QtWidgets.QMessageBox.StandardButton
    offered = box.standardButtons()
    usual = next((b for b in (buttons.Ok, buttons.Yes) if offered & b), buttons.Ok)
    text = "\n\n".join(part for part in (box.text(), box.informativeText()) if part)
    answer = answered(Dialog("message", box.windowTitle(), text, box.detailedText()), usual)
    return int(answer.value if hasattr(answer, "value") else answer)


def _static_message(kind: str, usual_name: str):
    def function(parent, title, text, *rest):
        usual = getattr(QtWidgets.QMessageBox.StandardButton, usual_name)
        answer = answered(Dialog(kind, title, text), usual)
        return QtWidgets.QMessageBox.StandardButton(int(answer)) if isinstance(answer, int) else answer

    return staticmethod(function)


def _file_dialog(kind: str, nothing):
    def function(*arguments, **keywords):
        strings = [value for value in arguments if isinstance(value, str)]
        return answered(Dialog(kind, strings[0] if strings else "", ""), nothing)

    return staticmethod(function)


def _exec_dialog(dialog) -> int:
    accepted = QtWidgets.QDialog.DialogCode.Accepted
    return int(answered(Dialog(type(dialog).__name__, dialog.windowTitle(), ""), accepted.value))


def replace_modal() -> None:
    """No dialog waits from now on; for the whole process."""
    box, files, inputs = QtWidgets.QMessageBox, QtWidgets.QFileDialog, QtWidgets.QInputDialog
    QtWidgets.QDialog.exec = _exec_dialog
    box.exec = _exec_message
    for kind, usual in (("information", "Ok"), ("warning", "Ok"), ("critical", "Ok"), ("question", "Yes")):
        setattr(box, kind, _static_message(kind, usual))
    for kind in ("getOpenFileName", "getSaveFileName", "getExistingDirectory"):
        setattr(files, kind, _file_dialog(kind, ""))
    files.getOpenFileNames = _file_dialog("getOpenFileNames", [])
    for kind, nothing in (("getText", ""), ("getItem", ""), ("getInt", 0), ("getDouble", 0.0)):
        setattr(inputs, kind, _file_dialog(kind, nothing))
