"""Results in a scene: the record of each classification as a text node, with tables, a plot and the lesion's overlay.

A lesion has one result a model: a new one replaces it, in the same nodes. All lie in a folder of their own inside the
case's folder, so that they are saved with the scene; the text node holds result.json and is all that a panel needs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import SimpleITK as sitk
import slicer

from spinemets.mrml.cases import MAP_ATTRIBUTE
from spinemets.mrml.subject_hierarchy import case_folder_of, folder_in, folder_of, place_in_folder
from spinemets.mrml.tables import fill_table_node, table_node_from_columns
from spinemets.mrml.volumes import ATTRIBUTE_PREFIX, fill_volume_node, volume_node_from_image
from spinemets.report.wording import feature_in_words

RESULT, KEY, MEASURED_KEY = (ATTRIBUTE_PREFIX + name for name in ("Result", "ResultKey", "ResultMeasuredKey"))
LESION, MODEL = ATTRIBUTE_PREFIX + "ResultLesion", ATTRIBUTE_PREFIX + "ResultModel"
ANSWER, CONTRIBUTIONS, FEATURES = "Answer", "Contributions", "Features"
OVERLAY, SERIES, CHART, HEATMAP = "Overlay", "Series", "Chart", "Heatmap"


@dataclass(frozen=True)
class SceneResult:
    """A result in a scene. `document` is the content of result.json; `key` tells the inputs it was made from."""

    node: Any
    document: Mapping[str, Any]

    @property
    def key(self) -> str:
        """Hash of all that the result depends on."""
        return str(self.node.GetAttribute(KEY) or "")

    @property
    def measured_key(self) -> str:
        """Hash of what was measured: all but the clinical values."""
        return str(self.node.GetAttribute(MEASURED_KEY) or "")

    @property
    def lesion(self) -> str:
        """Identity of the lesion."""
        return str(self.node.GetAttribute(LESION) or "")

    @property
    def model(self) -> str:
        """Name of the model."""
        return str(self.node.GetAttribute(MODEL) or "")

    def part(self, role: str) -> Any | None:
        """Table, chart or volume node of the result: one of the names above; None when the user removed it."""
        return self.node.GetNodeReference(ATTRIBUTE_PREFIX + role)


def results_in(scene: Any) -> list[SceneResult]:
    """All results of a scene that can be read, in the order in which they were first made."""
    count = scene.GetNumberOfNodesByClass("vtkMRMLTextNode")
    nodes = [scene.GetNthNodeByClass(index, "vtkMRMLTextNode") for index in range(count)]
    found = []
    for node in nodes:
        document = _document(node) if node.GetAttribute(RESULT) else None
        if document is not None:
            found.append(SceneResult(node, document))
    return found


def result_with_key(scene: Any, key: str) -> SceneResult | None:
    """The result that was made from exactly these inputs; None when there is none."""
    return next((result for result in results_in(scene) if key and result.key == key), None)


def result_with_measured_key(scene: Any, key: str) -> SceneResult | None:
    """A result of these images, lesion and model, whatever the clinical values; None when there is none."""
    return next((result for result in results_in(scene) if key and result.measured_key == key), None)


def keep_result(
    document: Mapping[str, Any],
    key: str,
    lesion: tuple[str, str],
    volume: Any,
    overlay: sitk.Image | None = None,
    measured_key: str = "",
) -> SceneResult:
    """Put a result into the scene of `volume`, the series that its overlay lies on; replaces the one of the same lesion
    and model.

    Parameters
    ----------
    document : content of result.json. key : of its inputs; measured_key : of all but the clinical values.
    lesion : identity and name. overlay : the lesion on the grid of `volume`, 0/1.
    """
    scene = volume.GetScene()
    identity, name = lesion
    model = str(document["provenance"]["model"]["name"])
    known = [found for found in results_in(scene) if (found.lesion, found.model) == (identity, model)]
    title = f"{name}, {model}"
    node = known[0].node if known else _text_node(scene, f"{title} result.json", identity, model)
    node.SetText(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False))
    node.SetAttribute(KEY, key)
    node.SetAttribute(MEASURED_KEY, measured_key)
    result = SceneResult(node, document)
    for role, columns in (
        (ANSWER, answer_columns(document)),
        (CONTRIBUTIONS, contribution_columns(document)),
        (FEATURES, {"feature": list(document["features"]), "value": list(document["features"].values())}),
    ):
        _keep_table(result, role, columns, f"{title} {role.lower()}")
    _keep_chart(result, title, str(document["positive_class"]))
    if overlay is not None:
        _keep_overlay(result, overlay, f"{title} lesion")
    _place(result, volume, title)
    return result


def keep_heatmap(result: SceneResult, image: sitk.Image, feature: str) -> Any:
    """Put the map of a variable beside a result, in place of an earlier one; returns its volume node."""
    node, name = result.part(HEATMAP), f"{result.model} map"
    if node is None:
        node = volume_node_from_image(image, result.node.GetScene(), name)
        _refer(result, HEATMAP, node)
    else:
        fill_volume_node(node, image)
    node.SetAttribute(MAP_ATTRIBUTE, feature)
    place_in_folder(node, folder_of(result.node))
    return node


def remove_result(result: SceneResult) -> None:
    """Take a result and all its nodes out of the scene."""
    scene = result.node.GetScene()
    for role in (ANSWER, CONTRIBUTIONS, FEATURES, OVERLAY, SERIES, CHART, HEATMAP):
        part = result.part(role)
        if part is not None:
            scene.RemoveNode(part)
    scene.RemoveNode(result.node)


def answer_columns(document: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Table of the answer: one row a quantity, each as text."""
    low, high = document["interval"] or (None, None)
    rows = {
        "question": document["question"],
        "model": document["provenance"]["model"]["name"],
        "positive class": document["positive_class"],
        "probability": document["probability"],
        "interval low": low,
        "interval high": high,
        "threshold": document["threshold"],
        "class": document["class"],
        "abstained": document["abstained"],
        "reason": document["reason"],
        "volume (ml)": document["lesion"]["volume_ml"],
        "longest diameter (mm)": document["lesion"]["longest_diameter_mm"],
        "trained on simulated cases": document["simulated"],
        "warnings": "; ".join(document["warnings"]),
        "note": document["disclaimer"],
    }
    return {"quantity": list(rows), "value": ["" if value is None else str(value) for value in rows.values()]}


def contribution_columns(document: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Table of contributions: one row a variable, largest first."""
    entries: Sequence[Mapping[str, Any]] = document["contributions"]
    return {
        "variable": [": ".join(filter(None, feature_in_words(entry["feature"])[::-1])) for entry in entries],
        "feature": [entry["feature"] for entry in entries],
        "value": [entry["value"] for entry in entries],
        "standardised value": [entry["standardised_value"] for entry in entries],
        "contribution": [entry["contribution"] for entry in entries],
        "points": [entry["nomogram_points"] for entry in entries],
        "training low": [entry["training_range"][0] for entry in entries],
        "training high": [entry["training_range"][1] for entry in entries],
    }


def _document(node: Any) -> Mapping[str, Any] | None:
    """Content of a text node; None of one that somebody emptied or changed."""
    try:
        found = json.loads(node.GetText() or "")
        needed = ("contributions", "nomogram", "probability", "interval", "provenance", "classes", "lesion", "features")
        return found if isinstance(found, dict) and all(name in found for name in needed) else None
    except ValueError:
        return None


def _text_node(scene: Any, name: str, lesion: str, model: str) -> Any:
    node = scene.AddNewNodeByClass("vtkMRMLTextNode", scene.GenerateUniqueName(name))
    for attribute, value in ((RESULT, "1"), (LESION, lesion), (MODEL, model)):
        node.SetAttribute(attribute, value)
    return node


def _refer(result: SceneResult, role: str, node: Any) -> None:
    result.node.SetNodeReferenceID(ATTRIBUTE_PREFIX + role, node.GetID())


def _keep_table(result: SceneResult, role: str, columns: Mapping[str, Sequence[object]], name: str) -> None:
    known = result.part(role)
    if known is None:
        _refer(result, role, table_node_from_columns(columns, result.node.GetScene(), name))
    else:
        fill_table_node(known, columns)


def _keep_chart(result: SceneResult, title: str, positive_class: str) -> None:
    """Bars of the contributions, for a plot view."""
    scene, series, chart = result.node.GetScene(), result.part(SERIES), result.part(CHART)
    if series is None:
        series = scene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", scene.GenerateUniqueName(f"{title} bars"))
        _refer(result, SERIES, series)
    series.SetAndObserveTableNodeID(result.node.GetNodeReferenceID(ATTRIBUTE_PREFIX + CONTRIBUTIONS))
    series.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeBar)
    series.SetLabelColumnName("variable")
    series.SetYColumnName("contribution")
    series.SetColor(0.71, 0.31, 0.12)
    if chart is None:
        chart = scene.AddNewNodeByClass("vtkMRMLPlotChartNode", scene.GenerateUniqueName(f"{title} chart"))
        _refer(result, CHART, chart)
        chart.AddAndObservePlotSeriesNodeID(series.GetID())
    chart.SetTitle(title)
    chart.SetYAxisTitle(f"contribution to the logit, above 0 for {positive_class}")
    chart.SetLegendVisibility(False)


def _keep_overlay(result: SceneResult, overlay: sitk.Image, name: str) -> None:
    known = result.part(OVERLAY)
    if known is None:
        _refer(result, OVERLAY, volume_node_from_image(overlay, result.node.GetScene(), name, is_label=True))
    else:
        fill_volume_node(known, overlay)


def _place(result: SceneResult, volume: Any, title: str) -> None:
    """Put all nodes into one folder inside the case's, or beside the volume where there is no case."""
    parent = case_folder_of(volume) or folder_of(volume)
    folder = folder_in(result.node.GetScene(), parent, title)
    for node in (result.node, *map(result.part, (ANSWER, CONTRIBUTIONS, FEATURES, SERIES, CHART, OVERLAY))):
        if node is not None:
            place_in_folder(node, folder)
