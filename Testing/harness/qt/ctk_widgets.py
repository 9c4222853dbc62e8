"""CTK's widgets that hold no numbers."""

from __future__ import annotations

import enum

from PySide6 import QtCore, QtGui, QtWidgets

from Testing.harness.qt.standin import StandIn, computed, qt_property

# A module sees explicit hiding of a child through this property, as CTK keeps it.
EXPLICIT = "visibilityToParent"


class ctkCollapsibleButton(StandIn, QtWidgets.QAbstractButton):
    """A headline that hides what is below it. C++ alone has the constructor with a title."""

    STANDS_FOR = "ctkCollapsibleButton"
    SIGNALS = ("contentsCollapsed(bool)",)

    def __init__(self, parent=None) -> None:
        if isinstance(parent, str):
            raise TypeError("PythonQt offers no ctkCollapsibleButton(title): set the property text")
        super().__init__(parent)
        self._collapsed, self._forcing, self._height = False, False, self.maximumHeight()
        self.setCheckable(True)
        self.setChecked(True)
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Minimum, policy.Preferred)
        self.setContentsMargins(0, self._title_height(), 0, 0)
        self.toggled.connect(lambda checked: self.collapse(not checked))

    @computed("bool")
    def collapsed(self) -> bool:
        return self._collapsed

    @collapsed.setter
    def collapsed(self, collapsed: bool) -> None:
        self.setChecked(not collapsed)

    flat = qt_property("bool", False)
    contentsLineWidth = qt_property("int", 1)
    collapsedHeight = qt_property("int", 14)

    def collapse(self, collapsed: bool) -> None:
        if collapsed == self._collapsed:
            return
        self._collapsed = collapsed
        for child in self.children():
            if isinstance(child, QtWidgets.QWidget):
                self._force(child)
        self.setMaximumHeight(self._title_height() + self.collapsedHeight if collapsed else self._height)
        self.updateGeometry()
        self._emit("contentsCollapsed(bool)", collapsed)

    def _force(self, child) -> None:
        """Show or hide a child; one that was hidden by name stays hidden."""
        self._forcing = True
        child.setVisible(not self._collapsed and child.property(EXPLICIT) is not False)
        if child.property(EXPLICIT) is not False:
            child.setAttribute(QtCore.Qt.WidgetAttribute.WA_WState_ExplicitShowHide, False)
        self._forcing = False

    def setVisible(self, visible: bool) -> None:
        super().setVisible(visible)
        if visible and self._collapsed:
            for child in self.children():
                if isinstance(child, QtWidgets.QWidget):
                    self._force(child)

    def childEvent(self, event) -> None:
        child = event.child()
        if event.type() == QtCore.QEvent.Type.ChildAdded and isinstance(child, QtWidgets.QWidget):
            child.installEventFilter(self)
        super().childEvent(event)

    def eventFilter(self, child, event) -> bool:
        if self._forcing or not isinstance(child, QtWidgets.QWidget) or child.parent() is not self:
            return False
        if event.type() == QtCore.QEvent.Type.ShowToParent:
            child.setProperty(EXPLICIT, True)
            if self._collapsed:
                self._force(child)
        elif event.type() == QtCore.QEvent.Type.HideToParent:
            child.setProperty(EXPLICIT, False)
        return False

    def _title_height(self) -> int:
        return self.fontMetrics().height() + 8

    def sizeHint(self):
        inner = self.layout().totalSizeHint() if self.layout() and not self._collapsed else QtCore.QSize(0, 0)
        width = max(self.fontMetrics().horizontalAdvance(self.text()) + 30, inner.width())
        closed = self._title_height() + self.collapsedHeight if self._collapsed else 0
        return QtCore.QSize(width, max(self._title_height(), inner.height(), closed))

    def minimumSizeHint(self):
        inner = self.layout().totalMinimumSize() if self.layout() and not self._collapsed else QtCore.QSize(0, 0)
        return QtCore.QSize(max(60, inner.width()), max(self._title_height(), inner.height()))

    def hitButton(self, position) -> bool:
        return position.y() <= self._title_height()

    def paintEvent(self, _event) -> None:
        painter = QtGui.QPainter(self)
        title = QtCore.QRect(0, 0, self.width(), self._title_height())
        painter.fillRect(title, self.palette().button())
        painter.setPen(self.palette().buttonText().color())
        arrow = "▸" if self._collapsed else "▾"
        flags = QtCore.Qt.AlignmentFlag.AlignVCenter | QtCore.Qt.AlignmentFlag.AlignLeft
        painter.drawText(title.adjusted(6, 0, 0, 0), flags, f"{arrow}  {self.text()}")
        painter.end()


class ctkCollapsibleGroupBox(StandIn, QtWidgets.QGroupBox):
    STANDS_FOR = "ctkCollapsibleGroupBox"

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.toggled.connect(lambda _on: self._show_contents())

    @computed("bool")
    def collapsed(self) -> bool:
        return not self.isChecked()

    @collapsed.setter
    def collapsed(self, collapsed: bool) -> None:
        self.setChecked(not collapsed)

    collapsedHeight = qt_property("int", 14)

    def _show_contents(self) -> None:
        for child in self.children():
            if isinstance(child, QtWidgets.QWidget):
                child.setVisible(self.isChecked())


class ctkComboBox(StandIn, QtWidgets.QComboBox):
    STANDS_FOR = "ctkComboBox"

    @computed("QString")
    def defaultText(self) -> str:
        return self.placeholderText()

    @defaultText.setter
    def defaultText(self, text: str) -> None:
        self.setPlaceholderText(text)

    defaultIcon = qt_property("QIcon")
    elideMode = qt_property("Qt::TextElideMode", QtCore.Qt.TextElideMode.ElideNone)
    forceDefault = qt_property("bool", False)
    NeverScroll, AlwaysScroll, ScrollWithFocus, ScrollWithNoVScrollBar = 0, 1, 2, 4
    scrollWheelEffect = qt_property("ScrollEffect", AlwaysScroll)
    currentUserDataAsString = computed("QString")(lambda self: str(self.currentData() or "")).setter(
        lambda self, text: self.setCurrentIndex(self.findData(text))
    )

    def wheelEvent(self, event) -> None:
        effect = self.scrollWheelEffect
        if effect == self.AlwaysScroll or (effect == self.ScrollWithFocus and self.hasFocus()):
            super().wheelEvent(event)
        else:
            event.ignore()

    @staticmethod
    def _enumerated(prop: str, text: str):
        name = text.rpartition("::")[2]
        return getattr(ctkComboBox if prop == "scrollWheelEffect" else QtCore.Qt.TextElideMode, name)


class ctkPushButton(StandIn, QtWidgets.QPushButton):
    STANDS_FOR = "ctkPushButton"

    buttonTextAlignment = qt_property("Qt::Alignment")
    iconAlignment = qt_property("Qt::Alignment")


class ctkMessageBox(StandIn, QtWidgets.QMessageBox):
    STANDS_FOR = "ctkMessageBox"

    dontShowAgain = qt_property("bool", False)
    dontShowAgainVisible = qt_property("bool", False)
    dontShowAgainSettingsKey = qt_property("QString", "")


class ctkSearchBox(StandIn, QtWidgets.QLineEdit):
    STANDS_FOR = "ctkSearchBox"

    showSearchIcon = qt_property("bool", False)
    searchIcon = qt_property("QIcon")
    clearIcon = qt_property("QIcon")


class Filter(enum.IntFlag):
    """ctkPathLineEdit::Filter; the values are QDir's."""

    Dirs = 0x001
    Files = 0x002
    Drives = 0x004
    NoSymLinks = 0x008
    Readable = 0x010
    Writable = 0x020
    Executable = 0x040
    PermissionMask = 0x070
    Hidden = 0x100
    System = 0x200
    AllDirs = 0x400
    CaseSensitive = 0x800
    NoDot = 0x2000
    NoDotDot = 0x4000
    NoDotAndDotDot = 0x6000


class ctkPathLineEdit(StandIn, QtWidgets.QWidget):
    STANDS_FOR = "ctkPathLineEdit"
    SIGNALS = ("currentPathChanged(QString)", "validInputChanged(bool)")
    MOST_PATHS = 5

    def __init__(self, parent=None) -> None:
        if isinstance(parent, str):
            raise TypeError("PythonQt offers no ctkPathLineEdit(label): set its properties")
        super().__init__(parent)
        self._combo = QtWidgets.QComboBox(self)
        self._combo.setEditable(True)
        self._combo.setInsertPolicy(QtWidgets.QComboBox.InsertPolicy.NoInsert)
        self._browse = QtWidgets.QToolButton(self)
        self._browse.setText("...")
        self._browse.clicked.connect(self.browse)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._combo, 1)
        layout.addWidget(self._browse)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Fixed)
        self._combo.setMinimumWidth(20)
        self._combo.lineEdit().textChanged.connect(lambda path: self._emit("currentPathChanged(QString)", path))

    for _name in Filter.__members__:
        locals()[_name] = int(Filter[_name])
    del _name

    @computed("QString")
    def currentPath(self) -> str:
        return self._combo.currentText()

    @currentPath.setter
    def currentPath(self, path: str) -> None:
        self._combo.lineEdit().setText(path)

    def setCurrentPath(self, path: str) -> None:
        self.currentPath = path

    @computed("bool")
    def showBrowseButton(self) -> bool:
        return not self._browse.isHidden()

    @showBrowseButton.setter
    def showBrowseButton(self, shown: bool) -> None:
        self._browse.setVisible(shown)

    filters = qt_property("Filters", int(Filter.Dirs | Filter.Files | Filter.NoDotAndDotDot))
    nameFilters = qt_property("QStringList", [])
    label = qt_property("QString", "")
    settingKey = qt_property("QString", "")
    showHistoryButton = qt_property("bool", True)
    minimumContentsLength = qt_property("int", 0)
    sizeAdjustPolicy = qt_property("SizeAdjustPolicy", 0)

    @staticmethod
    def _enumerated(prop: str, text: str) -> int:
        names = [part.rpartition("::")[2] for part in text.split("|")]
        if prop == "sizeAdjustPolicy":
            return ("AdjustToContents", "AdjustToContentsOnFirstShow", "AdjustToMinimumContentsLength").index(names[0])
        return sum(int(Filter[name]) for name in names)

    def browse(self, *_clicked) -> None:
        path = QtWidgets.QFileDialog.getExistingDirectory(self, "Select a directory...", self.currentPath)
        if path:
            self.currentPath = path

    def addCurrentPathToHistory(self) -> None:
        path = self.currentPath
        if not path:
            return
        known = self._combo.findText(path)
        if known >= 0:
            self._combo.removeItem(known)
        self._combo.insertItem(0, path)
        self._combo.setCurrentIndex(0)
        self._combo.setMaxCount(self.MOST_PATHS)

    def retrieveHistory(self) -> None:
        """The harness keeps no history between runs."""

    def comboBox(self):
        return self._combo
