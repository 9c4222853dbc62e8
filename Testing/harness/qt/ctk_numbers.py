"""CTK's widgets for numbers."""

from __future__ import annotations

from PySide6 import QtCore, QtWidgets

from Testing.harness.qt.standin import StandIn, computed, qt_property


class ctkDoubleSpinBox(StandIn, QtWidgets.QWidget):
    STANDS_FOR = "ctkDoubleSpinBox"
    SIGNALS = ("valueChanged(double)", "valueChanged(QString)", "decimalsChanged(int)", "editingFinished()")

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._spin = QtWidgets.QDoubleSpinBox(self)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._spin)
        self._spin.valueChanged.connect(self._changed)
        self._spin.editingFinished.connect(lambda: self._emit("editingFinished()"))

    def _changed(self, value: float) -> None:
        self._emit("valueChanged(double)", value)
        self._emit("valueChanged(QString)", self._spin.text())

    value = computed("double")(lambda self: self._spin.value()).setter(lambda self, v: self._spin.setValue(v))
    minimum = computed("double")(lambda self: self._spin.minimum()).setter(lambda self, v: self._spin.setMinimum(v))
    maximum = computed("double")(lambda self: self._spin.maximum()).setter(lambda self, v: self._spin.setMaximum(v))
    singleStep = computed("double")(lambda self: self._spin.singleStep()).setter(
        lambda self, v: self._spin.setSingleStep(v)
    )
    decimals = computed("int")(lambda self: self._spin.decimals()).setter(lambda self, v: self._spin.setDecimals(v))
    prefix = computed("QString")(lambda self: self._spin.prefix()).setter(lambda self, v: self._spin.setPrefix(v))
    suffix = computed("QString")(lambda self: self._spin.suffix()).setter(lambda self, v: self._spin.setSuffix(v))

    def setValue(self, value: float) -> None:
        self._spin.setValue(value)


class ctkDoubleSlider(StandIn, QtWidgets.QWidget):
    STANDS_FOR = "ctkDoubleSlider"
    SIGNALS = ("valueChanged(double)", "sliderMoved(double)", "sliderPressed()", "sliderReleased()")
    STEPS = 10000

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._slider = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal, self)
        self._slider.setRange(0, self.STEPS)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider)
        self._low, self._high, self._value = 0.0, 99.0, 0.0
        self._slider.valueChanged.connect(self._moved)

    def _moved(self, step: int) -> None:
        self.setValue(self._low + step * (self._high - self._low) / self.STEPS)

    def _place(self) -> None:
        was = self._slider.blockSignals(True)
        span = (self._high - self._low) or 1.0
        self._slider.setValue(round((self._value - self._low) / span * self.STEPS))
        self._slider.blockSignals(was)

    def setValue(self, value: float) -> None:
        value = min(max(value, self._low), self._high)
        if value != self._value:
            self._value = value
            self._place()
            self._emit("valueChanged(double)", value)

    def _set_minimum(self, low: float) -> None:
        self._low = low
        self.setValue(self._value)
        self._place()

    def _set_maximum(self, high: float) -> None:
        self._high = high
        self.setValue(self._value)
        self._place()

    value = computed("double")(lambda self: self._value).setter(setValue)
    minimum = computed("double")(lambda self: self._low).setter(_set_minimum)
    maximum = computed("double")(lambda self: self._high).setter(_set_maximum)
    singleStep = qt_property("double", 1.0)
    pageStep = qt_property("double", 10.0)
    tracking = qt_property("bool", True)


class ctkSliderWidget(StandIn, QtWidgets.QWidget):
    """A slider and a box for the same number."""

    STANDS_FOR = "ctkSliderWidget"
    SIGNALS = ("valueChanged(double)", "valueIsChanging(double)", "decimalsChanged(int)")

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._slider, self._spin = ctkDoubleSlider(self), QtWidgets.QDoubleSpinBox(self)
        self._spin.setRange(0, 99)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider, 1)
        layout.addWidget(self._spin)
        self._slider._listen("valueChanged(double)", lambda value: self._spin.setValue(value))
        self._spin.valueChanged.connect(self._changed)

    def _changed(self, value: float) -> None:
        self._slider.setValue(value)
        self._emit("valueChanged(double)", value)

    def _set_minimum(self, low: float) -> None:
        self._spin.setMinimum(low)
        self._slider._set_minimum(low)

    def _set_maximum(self, high: float) -> None:
        self._spin.setMaximum(high)
        self._slider._set_maximum(high)

    value = computed("double")(lambda self: self._spin.value()).setter(lambda self, v: self._spin.setValue(v))
    minimum = computed("double")(lambda self: self._spin.minimum()).setter(_set_minimum)
    maximum = computed("double")(lambda self: self._spin.maximum()).setter(_set_maximum)
    singleStep = computed("double")(lambda self: self._spin.singleStep()).setter(
        lambda self, v: self._spin.setSingleStep(v)
    )
    decimals = computed("int")(lambda self: self._spin.decimals()).setter(lambda self, v: self._spin.setDecimals(v))
    prefix = computed("QString")(lambda self: self._spin.prefix()).setter(lambda self, v: self._spin.setPrefix(v))
    suffix = computed("QString")(lambda self: self._spin.suffix()).setter(lambda self, v: self._spin.setSuffix(v))
    spinBoxVisible = computed("bool")(lambda self: not self._spin.isHidden()).setter(
        lambda self, shown: self._spin.setVisible(shown)
    )
    pageStep = qt_property("double", 10.0)
    tracking = qt_property("bool", True)
    tickInterval = qt_property("double", 0.0)
    popupSlider = qt_property("bool", False)

    def setValue(self, value: float) -> None:
        self._spin.setValue(value)

    def reset(self) -> None:
        self._spin.setValue(max(self._spin.minimum(), 0.0))


class ctkRangeWidget(StandIn, QtWidgets.QWidget):
    """Two numbers, the lower never above the upper."""

    STANDS_FOR = "ctkRangeWidget"
    SIGNALS = (
        "valuesChanged(double,double)",
        "minimumValueChanged(double)",
        "maximumValueChanged(double)",
        "rangeChanged(double,double)",
    )

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self._low, self._high = QtWidgets.QDoubleSpinBox(self), QtWidgets.QDoubleSpinBox(self)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for spin in (self._low, self._high):
            spin.setRange(0, 99)
            layout.addWidget(spin)
            spin.valueChanged.connect(self._changed)
        self._high.setValue(99)

    def _changed(self, _value: float) -> None:
        if self._low.value() > self._high.value():
            other = self._low if self.sender() is self._high else self._high
            other.setValue(self.sender().value())
            return
        self._emit("minimumValueChanged(double)", self._low.value())
        self._emit("maximumValueChanged(double)", self._high.value())
        self._emit("valuesChanged(double,double)", self._low.value(), self._high.value())

    def setRange(self, low: float, high: float) -> None:
        for spin in (self._low, self._high):
            spin.setRange(low, high)
        self._emit("rangeChanged(double,double)", low, high)

    def setValues(self, low: float, high: float) -> None:
        for spin, value in ((self._low, low), (self._high, high)):
            was = spin.blockSignals(True)
            spin.setValue(value)
            spin.blockSignals(was)
        self._emit("valuesChanged(double,double)", self._low.value(), self._high.value())

    def _set_decimals(self, decimals: int) -> None:
        for spin in (self._low, self._high):
            spin.setDecimals(decimals)

    def _set_step(self, step: float) -> None:
        for spin in (self._low, self._high):
            spin.setSingleStep(step)

    minimumValue = computed("double")(lambda self: self._low.value()).setter(lambda self, v: self._low.setValue(v))
    maximumValue = computed("double")(lambda self: self._high.value()).setter(lambda self, v: self._high.setValue(v))
    minimum = computed("double")(lambda self: self._low.minimum()).setter(
        lambda self, v: self.setRange(v, self._low.maximum())
    )
    maximum = computed("double")(lambda self: self._low.maximum()).setter(
        lambda self, v: self.setRange(self._low.minimum(), v)
    )
    decimals = computed("int")(lambda self: self._low.decimals()).setter(_set_decimals)
    singleStep = computed("double")(lambda self: self._low.singleStep()).setter(_set_step)
    tracking = qt_property("bool", True)
