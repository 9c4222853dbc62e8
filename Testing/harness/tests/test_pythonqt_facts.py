"""Behaviour of PythonQt that was measured in the real application; PySide6 alone behaves otherwise."""

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from Testing.harness.qt import errors, facts, signals

needs_facts = pytest.mark.skipif(not facts.available(), reason="no table of API facts beside the checkout")


@pytest.fixture(autouse=True)
def _application(qt_application):
    return qt_application


@pytest.fixture
def qt():
    import qt

    return qt


def test_a_property_is_an_attribute_and_hides_the_method_of_its_name(qt):
    spin = qt.QSpinBox()
    spin.maximum = 50
    spin.setValue(7)
    assert spin.value == 7
    with pytest.raises(TypeError):
        spin.value()


def test_an_attribute_that_does_not_exist_can_be_neither_set_nor_read(qt):
    button = qt.QPushButton("x")
    with pytest.raises(AttributeError, match="C\\+\\+ objects take no new attributes"):
        button.tooltip = "typed wrongly"
    with pytest.raises(AttributeError):
        button.tooltip  # noqa: B018
    with pytest.raises(AttributeError, match="can not be overwritten"):
        button.click = None


def test_a_wrong_signal_is_an_error_here(qt):
    button = qt.QPushButton()
    with pytest.raises(signals.NoSuchSignal, match="clickd"):
        button.connect("clickd(bool)", print)
    with pytest.raises(signals.NoSuchSignal):
        button.connect("clicked(int)", print)


def test_arguments_are_trimmed_to_what_the_function_takes(qt):
    button, got = qt.QPushButton(), []
    button.checkable = True

    class Receiver:
        def none(self):
            got.append(())

        def one(self, checked):
            got.append((checked,))

        def all(self, *values):
            got.append(values)

    receiver = Receiver()
    for function in (receiver.none, receiver.one, receiver.all):
        assert button.connect("toggled(bool)", function)
    button.checked = True
    assert got == [(), (True,), (True,)]


def test_disconnect_ends_one_connection_and_says_whether_there_was_one(qt):
    button, got = qt.QPushButton(), []
    button.connect("clicked()", lambda: got.append(1))
    function = got.append
    button.connect("clicked(bool)", function)
    assert button.disconnect("clicked(bool)", function)
    assert not button.disconnect("clicked(bool)", function)
    button.click()
    assert got == [1]


def test_signals_may_also_be_connected_and_sent_as_attributes(qt):
    line, got = qt.QLineEdit(), []
    line.textChanged.connect(got.append)
    line.text = "spine"
    line.textChanged.emit("again")
    assert got == ["spine", "again"]


def test_an_exception_in_a_slot_stops_nothing_and_is_kept_for_the_test(qt):
    button, got = qt.QPushButton(), []

    def wrong():
        raise ValueError("in the slot")

    button.connect("clicked()", wrong)
    button.connect("clicked()", lambda: got.append("went on"))
    button.click()
    assert got == ["went on"]
    with pytest.raises(errors.ErrorsInCallbacks, match="in the slot"):
        errors.raise_collected()


def test_an_exception_in_a_vtk_observer_is_kept_too():
    import slicer

    def wrong(_caller, _event):
        raise KeyError("in the observer")

    slicer.mrmlScene.AddObserver(slicer.mrmlScene.NodeAddedEvent, wrong)
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode")
    with pytest.raises(errors.ErrorsInCallbacks, match="in the observer"):
        errors.raise_collected()


@needs_facts
def test_setters_that_only_cpp_has_do_not_exist():
    import ctk
    import slicer

    combo = slicer.qMRMLNodeComboBox()
    with pytest.raises(AttributeError, match=r"exists in C\+\+ only"):
        combo.setNoneEnabled(False)
    combo.noneEnabled = True
    assert combo.noneEnabled
    with pytest.raises(ValueError, match="ctkCollapsibleButton"):
        ctk.ctkCollapsibleButton("title")
    with pytest.raises(AttributeError):
        ctk.ctkCollapsibleButton().setCollapsed(True)


@needs_facts
def test_names_of_qt_6_do_not_exist(qt):
    with pytest.raises(AttributeError):
        qt.QLineEdit().textChangd  # noqa: B018
    with pytest.raises(AttributeError):
        qt.QComboBox().setPlaceholderTextt("")
    assert not hasattr(qt.QMouseEvent, "position")
    assert not hasattr(qt, "QEnterEvents")


@needs_facts
def test_a_class_that_only_lacks_a_stand_in_says_so():
    import slicer

    with pytest.raises(facts.HarnessLacks, match="no stand-in"):
        slicer.qMRMLTreeView  # noqa: B018


def test_classes_have_no_bases_in_common(qt):
    button = qt.QPushButton()
    assert isinstance(button, qt.QPushButton)
    assert not isinstance(button, qt.QWidget)
    assert button.inherits("QWidget")
    assert button.className() == "QPushButton"


def test_values_are_converted_as_pythonqt_does(qt):
    spin, label = qt.QSpinBox(), qt.QLabel()
    spin.setValue(3.7)
    assert spin.value == 3
    with pytest.raises(ValueError, match="wrong arguments"):
        spin.setValue("3")
    with pytest.raises(AttributeError, match="does not accept"):
        spin.value = "3"
    label.text = 5
    assert label.text == "5"
    with pytest.raises(ValueError, match="keyword"):
        label.setText(text="x")


def test_name_exec_and_flags(qt):
    import ctk

    button = qt.QPushButton()
    button.name = "applyButton"
    assert button.objectName == "applyButton"
    assert qt.QDialog().exec_() == 1
    edit = ctk.ctkPathLineEdit()
    edit.filters = ctk.ctkPathLineEdit.Dirs | ctk.ctkPathLineEdit.Files
    assert edit.filters == 3


def test_enumerations_are_whole_numbers_that_combine(qt):
    both = qt.Qt.AlignLeft | qt.Qt.AlignTop
    assert both == 0x21
    label = qt.QLabel()
    label.setAlignment(both)
    assert label.alignment == 0x21
    label.alignment = qt.Qt.AlignRight
    assert label.alignment == int(qt.Qt.AlignRight)


def test_dynamic_properties_become_attributes(qt):
    button = qt.QPushButton()
    button.setProperty("caseID", 5)
    assert button.caseID == 5
    button.caseID = 6
    assert button.property("caseID") == 6


def test_a_child_is_an_attribute_by_its_name(qt):
    box = qt.QGroupBox()
    button = qt.QPushButton(box)
    button.name = "inner"
    assert box.inner == button
    assert box.findChild("QPushButton", "inner") == button
    assert box.findChildren(qt.QPushButton) == (button,)


def test_lists_come_back_as_tuples():
    import slicer

    combo = slicer.qMRMLNodeComboBox()
    combo.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    assert combo.nodeTypes == ("vtkMRMLScalarVolumeNode",)


def test_a_python_class_overrides_virtual_functions_and_may_call_the_base(qt):
    events = []

    class Gauge(qt.QWidget):
        def __init__(self, parent=None):
            super().__init__(parent)
            self.reading = 5  # a Python class may have attributes of its own

        def paintEvent(self, event):
            painter = qt.QPainter(self)
            painter.fillRect(event.rect(), qt.QColor("#ff0000"))
            painter.end()

        def resizeEvent(self, event):
            events.append(event.size().width())
            super().resizeEvent(event)

        def sizeHint(self):
            return qt.QSize(40, 30)

    gauge = Gauge()
    gauge.resize(40, 30)
    gauge.show()
    picture = gauge.grab().toImage()
    assert gauge.reading == 5
    assert gauge.sizeHint().width() == 40
    assert picture.pixelColor(10, 10).red() == 255
    assert picture.pixelColor(10, 10).green() == 0
    assert events


def test_an_exception_in_an_override_is_kept_and_the_base_goes_on(qt):
    class Broken(qt.QWidget):
        def sizeHint(self):
            raise ValueError("in the override")

    broken = Broken()
    broken.adjustSize()
    with pytest.raises(errors.ErrorsInCallbacks, match="in the override"):
        errors.raise_collected()


def test_a_timer_calls_and_a_process_is_a_real_one(qt):
    import sys

    from Testing.harness.qt.errors import raise_collected

    process, lines, ended = qt.QProcess(), [], []
    process.connect("readyReadStandardOutput()", lambda: lines.append(process.readAllStandardOutput().data()))
    process.connect("finished(int,QProcess::ExitStatus)", lambda code, status: ended.append((code, status)))
    process.start(sys.executable, ["-c", "print('one'); import sys; sys.exit(3)"])
    assert process.waitForStarted(10000)
    assert process.waitForFinished(10000)
    qt.QApplication.processEvents()
    assert b"".join(lines).strip() == b"one"
    assert ended == [(3, qt.QProcess.NormalExit)]
    called = []
    qt.QTimer.singleShot(0, lambda: called.append(1))
    qt.QApplication.processEvents()
    raise_collected()
    assert called == [1]


def test_a_wrapper_stays_the_same_object_and_a_destroyed_one_is_false(qt):
    import shiboken6

    box = qt.QWidget()
    button = qt.QPushButton(box)
    assert box.children()[0] == button
    shiboken6.delete(box._qt)
    assert not button
