"""A button that starts long work and, while that runs, cancels it."""

from slicer.i18n import tr as _


class ApplyButton:
    """Gives a QPushButton two faces: what it starts, and Cancel.

    Parameters
    ----------
    button : the button, with the text that starts the work.
    onApply, onCancel : called when the user clicks one face or the other.
    """

    def __init__(self, button, onApply, onCancel) -> None:
        self.button = button
        self._text = button.text
        self._onApply, self._onCancel = onApply, onCancel
        self._isWorking = False
        button.connect("clicked()", self._onClicked)

    def showReady(self, missing: str, tip: str) -> None:
        """The work can be started; or not, when something is missing: the tool tip says what. No effect on Cancel."""
        if self._isWorking:
            return
        self.button.enabled = not missing
        self.button.toolTip = missing or tip

    def showWorking(self, isWorking: bool) -> None:
        """Be Cancel while work runs. Call `showReady` after it has ended."""
        self._isWorking = isWorking
        self.button.text = _("Cancel") if isWorking else self._text
        if isWorking:
            self.button.enabled = True
            self.button.toolTip = _("Stop; everything stays as it was before.")

    def disconnect(self) -> None:
        """Let go of the button."""
        self.button.disconnect("clicked()", self._onClicked)

    def _onClicked(self) -> None:
        if self._isWorking:
            self._onCancel()
        else:
            self._onApply()
