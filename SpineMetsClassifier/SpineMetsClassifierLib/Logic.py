"""What the module SpineMetsClassifier does, without a window: from a lesion's segment to probability and report."""

import re
from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk
import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from spinemets.errors import InputError
from spinemets.models.classification import Result, classify_case
from spinemets.models.package import ModelPackage, find_packages
from spinemets.mrml.cases import identity_of_case, volumes_by_role
from spinemets.mrml.segmentations import (
    mask_from_segment,
    segment_or_first,
    segmentations_with_lesions,
    segments_of,
)
from spinemets.mrml.subject_hierarchy import place_beside
from spinemets.mrml.tables import fill_table_node, table_node_from_columns
from spinemets.mrml.volumes import fill_volume_node, image_from_volume_node, volume_node_from_image
from spinemets.progress import silent
from spinemets.report.page import write_report

from .ParameterNode import SpineMetsClassifierParameterNode

# Field of the parameter node by role.
VOLUME_FIELDS = {"t1": "volumeT1", "t2": "volumeT2", "fs_t2": "volumeFsT2"}
# Series on which the lesion's overlay is shown, first that the model used.
OVERLAY_ROLES = ("t2", "fs_t2", "t1")


@dataclass(frozen=True)
class Classification:
    """A result with the images that it was made from, so that a report can be written."""

    result: Result
    volumes: dict[str, object]
    images: dict[str, sitk.Image]


class SpineMetsClassifierLogic(ScriptedLoadableModuleLogic):
    """Can be used from scripts; every method that takes long reports to `progress`, which may raise `Cancelled`."""

    def getParameterNode(self):
        return SpineMetsClassifierParameterNode(super().getParameterNode())

    def modelPaths(self) -> list[Path]:
        """Model packages in the search path."""
        return find_packages()

    def readModel(self, path: str) -> ModelPackage:
        """Read and check a model package. Raises InputError, with what is wrong with it."""
        if not str(path).strip():
            raise InputError("model", "none is chosen", "choose a model package")
        return ModelPackage.read(path)

    def describeModel(self, path: str) -> tuple[ModelPackage | None, str]:
        """The package (None when it cannot be used) and, for the panel, what it is or what is wrong with it."""
        if not path:
            return None, ""
        try:
            package = self.readModel(path)
        except InputError as error:
            return None, str(error)
        lines = [
            _("{question}; needs {roles}").format(question=package.question, roles=", ".join(package.roles)),
            _("Probability of: {name}").format(name=package.positive_class),
        ]
        if package.simulated:
            lines.append(_("Trained on simulated cases: says nothing about a patient."))
        return package, "\n".join(lines)

    def chooseDefaults(self, parameters: SpineMetsClassifierParameterNode) -> None:
        """Choose the first model, the lesion, and the series of its case by their roles, where nothing is chosen yet.

        The lesion: of the only segmentation that holds lesions which SpineMets found. A model that is no longer where
        a saved scene says (another computer) is replaced by the one of the same file name.
        """
        paths = self.modelPaths()
        if not parameters.modelPath and paths:
            parameters.modelPath = str(paths[0])
        elif not Path(parameters.modelPath).is_file():
            same = [path for path in paths if path.name == re.split(r"[\\/]", parameters.modelPath)[-1]]
            parameters.modelPath = str(same[0]) if same else parameters.modelPath
        if parameters.lesionSegmentation is None:
            found = segmentations_with_lesions(slicer.mrmlScene)
            if len(found) == 1:
                parameters.lesionSegmentation = found[0]
        if parameters.lesionSegmentation is not None:
            known = segment_or_first(parameters.lesionSegmentation, parameters.lesionSegmentID)
            if known != parameters.lesionSegmentID:
                parameters.lesionSegmentID = known
        known = volumes_by_role(slicer.mrmlScene, beside=parameters.lesionSegmentation)
        for role, field in VOLUME_FIELDS.items():
            if getattr(parameters, field) is None and role in known:
                setattr(parameters, field, known[role])

    def chooseLesion(self, parameters: SpineMetsClassifierParameterNode, node, segmentID: str) -> None:
        """Take the lesion that the user chose. Of a segmentation just chosen, its first segment if none was; and the
        series of the case that it belongs to, in place of another case's."""
        isOther = node != parameters.lesionSegmentation
        parameters.lesionSegmentation = node
        parameters.lesionSegmentID = segment_or_first(node, segmentID) if isOther else segmentID
        if node is None or not isOther:
            return
        known = volumes_by_role(slicer.mrmlScene, beside=parameters.lesionSegmentation)
        for role, field in VOLUME_FIELDS.items():
            if role in known:
                setattr(parameters, field, known[role])

    def missingInput(self, parameters: SpineMetsClassifierParameterNode, package: ModelPackage | None) -> str:
        """What the user still has to choose; empty when the lesion can be classified."""
        if package is None:
            return _("Choose a model")
        if parameters.lesionSegmentation is None:
            return _("Choose the segmentation of the lesion")
        if parameters.lesionSegmentID not in segments_of(parameters.lesionSegmentation):
            return _("Choose the segment of the lesion")
        unknown = [role for role in package.roles if role not in VOLUME_FIELDS]
        if unknown:
            return _("This model needs series that this module does not offer: {roles}").format(
                roles=", ".join(unknown)
            )
        missing = [role for role in package.roles if getattr(parameters, VOLUME_FIELDS[role]) is None]
        if missing:
            return _("Choose the series that the model needs: {roles}").format(roles=", ".join(missing))
        return ""

    def inputsOf(self, parameters: SpineMetsClassifierParameterNode) -> tuple[str, ...]:
        """What an answer depends on; another tuple after the user chose another input."""
        nodes = [parameters.lesionSegmentation, *(getattr(parameters, field) for field in VOLUME_FIELDS.values())]
        ids = ["" if node is None else node.GetID() for node in nodes]
        return (parameters.modelPath, parameters.lesionSegmentID, *ids)

    def apply(self, parameters: SpineMetsClassifierParameterNode, progress=silent) -> Classification:
        """Classify with what the user chose; write tables and overlay, in the nodes of the last result if there are."""
        package = self.readModel(parameters.modelPath)
        missing = self.missingInput(parameters, package)
        if missing:
            raise InputError("inputs", "are not complete", missing)
        volumes = {role: getattr(parameters, VOLUME_FIELDS[role]) for role in package.roles}
        found = self.classify(
            volumes, parameters.lesionSegmentation, parameters.lesionSegmentID, package, progress=progress
        )
        self.show(found, parameters)
        return found

    def classify(self, volumes, segmentationNode, segmentID, package: ModelPackage, progress=silent) -> Classification:
        """Probability and contributions for one lesion.

        Parameters
        ----------
        volumes : volume node of each role that the model needs.
        segmentationNode, segmentID : the lesion, on any grid.

        Raises
        ------
        InputError : naming the series or segment at fault.
        """
        images = {role: image_from_volume_node(node) for role, node in volumes.items()}
        mask = mask_from_segment(segmentationNode, segmentID)
        author = f"3D Slicer: {segmentationNode.GetName()}, {segments_of(segmentationNode)[segmentID]}"
        result = classify_case(images, mask, package, mask_author=author, progress=progress)
        return Classification(result, dict(volumes), images)

    def show(self, found: Classification, parameters: SpineMetsClassifierParameterNode) -> None:
        """Write probability, contributions, features and the lesion's overlay into nodes."""
        tables = {
            "resultTable": ("Result", resultColumns(found.result)),
            "contributionsTable": ("Contributions", contributionColumns(found.result)),
            "featuresTable": ("Features", featureColumns(found.result)),
        }
        neighbour = next(iter(found.volumes.values()))
        for field, (name, columns) in tables.items():
            node = getattr(parameters, field)
            if node is None:
                node = table_node_from_columns(columns, slicer.mrmlScene, f"{name} {found.result.package.question}")
                setattr(parameters, field, node)
            else:
                fill_table_node(node, columns)
            place_beside(node, neighbour)
        role = self._overlaidRole(found)
        overlay = found.result.masks[role]
        if parameters.overlayVolume is None:
            name = f"{found.volumes[role].GetName()} lesion"
            parameters.overlayVolume = volume_node_from_image(overlay, slicer.mrmlScene, name, is_label=True)
        else:
            fill_volume_node(parameters.overlayVolume, overlay)
        place_beside(parameters.overlayVolume, found.volumes[role])

    def overlaidVolume(self, found: Classification):
        """The volume that the lesion's overlay lies on."""
        return found.volumes[self._overlaidRole(found)]

    def _overlaidRole(self, found: Classification) -> str:
        return next(role for role in (*OVERLAY_ROLES, *found.volumes) if role in found.result.masks)

    def describeResult(self, found: Classification) -> str:
        """The answer in words, for the panel."""
        result = found.result
        if result.abstained:
            lines = [_("No answer: {reason}").format(reason=result.prediction.reason)]
        else:
            low, high = result.interval
            lines = [
                _("Probability of {name}: {probability:.0%} (95 % interval {low:.0%} to {high:.0%})").format(
                    name=result.package.positive_class, probability=result.probability, low=low, high=high
                ),
                _("Class: {name} (threshold {threshold:.0%})").format(
                    name=result.class_name, threshold=result.threshold
                ),
            ]
        if result.simulated:
            lines.append(_("This model was trained on simulated cases: it says nothing about a patient."))
        return "\n".join([*lines, *result.warnings])

    def writeReport(self, found: Classification, path: str) -> Path:
        """Write the report as one self-contained HTML file; replaces the file. Raises InputError if it cannot."""
        identity = identity_of_case(found.volumes)
        write_report(found.result, identity, found.images, found.result.masks, path, overwrite=True)
        return Path(path)


def resultColumns(result: Result) -> dict[str, list]:
    """Table of the answer: one row a quantity."""
    interval = result.interval or (None, None)
    rows = {
        "question": result.package.question,
        "model": result.package.name,
        "positive class": result.package.positive_class,
        "probability": result.probability,
        "interval low": interval[0],
        "interval high": interval[1],
        "threshold": result.threshold,
        "class": result.class_name,
        "abstained": result.abstained,
        "reason": result.prediction.reason,
        "volume (ml)": result.sizes.volume_ml,
        "longest diameter (mm)": result.sizes.longest_diameter_mm,
        "trained on simulated cases": result.simulated,
        "warnings": "; ".join(result.warnings),
    }
    return {"quantity": list(rows), "value": ["" if value is None else str(value) for value in rows.values()]}


def contributionColumns(result: Result) -> dict[str, list]:
    """Table of contributions: one row a feature, largest first."""
    return {
        "feature": [entry.feature for entry in result.contributions],
        "value": [entry.value for entry in result.contributions],
        "standardised value": [entry.standardised_value for entry in result.contributions],
        "contribution": [entry.contribution for entry in result.contributions],
        "points": [entry.points for entry in result.contributions],
    }


def featureColumns(result: Result) -> dict[str, list]:
    """Table of all features: one row a feature."""
    return {"feature": list(result.features), "value": list(result.features.values())}
