"""A stand-in must not offer what the real class lacks: code would pass its tests and fail in the application."""

import importlib

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from Testing.harness.qt import facts, namespaces, standin

NAMES = sorted(name for names in namespaces.STAND_INS.values() for name in names)
each = pytest.mark.parametrize("name", NAMES)
needs_facts = pytest.mark.skipif(not facts.available(), reason="no table of API facts beside the checkout")


def own_classes(name):
    """Classes that were written here, of a stand-in and its bases."""
    kind = namespaces.stand_in(name)
    return [base for base in kind.__mro__ if base.__module__.startswith("Testing.harness")]


@needs_facts
@each
def test_every_public_name_is_the_real_class_s(name):
    assert facts.has_class(name)
    offered = {attribute for base in own_classes(name) for attribute in vars(base) if not attribute.startswith("_")}
    cpp_names = {"STANDS_FOR", "SIGNALS", "STEPS", "MOST_PATHS", "load"}
    overrides = {attribute for attribute in offered if hasattr(qt_base(name), attribute)}
    assert offered - cpp_names - overrides <= facts.names(name)


def qt_base(name):
    """The class of PySide6 under a stand-in, whose virtual functions it may override."""
    return next(base for base in namespaces.stand_in(name).__mro__ if base.__module__.startswith("PySide6."))


@needs_facts
@each
def test_every_signal_is_the_real_class_s(name):
    assert namespaces.stand_in(name)._known_signals() <= facts.signals(name)


@needs_facts
@each
def test_every_property_is_of_the_real_type(name):
    real = facts.properties(name)
    for base in own_classes(name):
        for attribute, value in vars(base).items():
            if isinstance(value, standin.Property):
                assert real[attribute][0] == value.kind, attribute
                assert real[attribute][1] == (value.fset is not None), attribute


@needs_facts
@each
def test_a_property_of_the_real_class_is_no_method_here(name):
    """`spin.value()` would work here and fail there."""
    for base in own_classes(name):
        for attribute in facts.properties(name):
            value = vars(base).get(attribute)
            virtual = hasattr(qt_base(name), attribute)  # overridden for Qt; hidden from the module by the property
            assert value is None or virtual or isinstance(value, standin.Property), attribute


@needs_facts
@each
def test_a_method_of_the_real_class_is_no_property_here(name):
    real = facts.properties(name)
    for base in own_classes(name):
        for attribute, value in vars(base).items():
            assert not isinstance(value, standin.Property) or attribute in real, attribute


@each
def test_the_stand_in_inherits_like_the_real_class(name):
    assert name == namespaces.stand_in(name).STANDS_FOR or name == "QUiLoader"


def test_files_of_stand_ins_can_be_imported_alone():
    for file in namespaces.STAND_INS:
        importlib.import_module(f"Testing.harness.qt.{file}")
