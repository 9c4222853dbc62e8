"""`spinemets segment`: from an outline, strokes or a drawing to a lesion."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from spinemets.cli.options import AsJson, OutFile, Overwrite, ProgressStyle, ShowProgress
from spinemets.cli.parsing import typer

if TYPE_CHECKING:
    import SimpleITK as sitk

    from spinemets.progress import Progress


class Method(str, Enum):
    """How the lesion is found."""

    ncut = "ncut"
    ncut_3d = "ncut-3d"
    grow = "grow"
    strokes = "strokes"
    manual = "manual"


class Pipeline(str, Enum):
    """Lang 2019 with its weak places repaired, or taken literally."""

    repaired = "repaired"
    literal = "literal"


def parse_point(text: str | None) -> tuple[float, float, float] | None:
    """`x,y,z` in LPS mm, as on the command line."""
    if text is None:
        return None
    try:
        x, y, z = (float(part) for part in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"--seed-point {text!r} is not x,y,z in mm") from error
    return x, y, z


def segment(
    image: Annotated[Path, typer.Option(metavar="IMAGE", help="Image or dynamic series: a file or a DICOM folder.")],
    out: OutFile,
    outline: Annotated[
        Path | None, typer.Option(metavar="MASK", help="Outline of the diseased segment, on its own grid.")
    ] = None,
    method: Annotated[
        Method,
        typer.Option(
            help="Normalized cut (of slices, or in 3-D) and growing, growing alone, a reader's strokes, or the drawing."
        ),
    ] = Method.ncut,
    pipeline: Annotated[
        Pipeline, typer.Option(help="Of ncut, ncut-3d and grow: the published method repaired, or taken literally.")
    ] = Pipeline.repaired,
    seed_point: Annotated[
        str | None, typer.Option(metavar="X,Y,Z", help="Point inside the lesion, LPS mm; default: found.")
    ] = None,
    strokes: Annotated[
        Path | None, typer.Option(metavar="JSON", help="Strokes of --method strokes; with --outline they correct.")
    ] = None,
    smooth: Annotated[float, typer.Option(metavar="MM", min=0, help="Smooth the drawing of --method manual.")] = 0.0,
    parameters: Annotated[
        Path | None, typer.Option(metavar="JSON", help="Parameters that differ from the pipeline's.")
    ] = None,
    label: Annotated[int | None, typer.Option(help="Label of the outline, of several; default: all.")] = None,
    canal: Annotated[
        Path | None, typer.Option(metavar="MASK", help="Spinal canal or cord: the distance to it is told.")
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    progress: ShowProgress = ProgressStyle.bar,
) -> None:
    """Segment a lesion.

    ncut, ncut-3d, grow: the outline of the diseased segment, on its own sagittal grid, is carried to the image, and the
    lesion is looked for in and around it. strokes: each stroke says what is lesion and what is not. manual: the outline
    is the lesion; slices between those drawn are filled in, holes closed.
    """
    from SimpleITK import GetArrayViewFromImage

    from spinemets.cli.reporting import print_json, print_line, showing_progress
    from spinemets.errors import InputError
    from spinemets.geometry.files import read_mask, write_image
    from spinemets.geometry.grids import check_frame_of_reference, check_overlap
    from spinemets.geometry.sizes import sizes_of
    from spinemets.outputs import check_writable_file
    from spinemets.segmentation.several import distance_to_canal_mm
    from spinemets.studies.opening import open_image

    point = parse_point(seed_point)
    if (method is Method.strokes) != (strokes is not None):
        raise typer.BadParameter("--strokes and --method strokes belong together")
    if outline is None and method is not Method.strokes:
        raise typer.BadParameter(f"--method {method.value} needs an --outline")
    check_writable_file(out, overwrite)
    picture = open_image(image)
    drawn = None if outline is None else read_mask(outline, label)
    if drawn is not None:
        check_frame_of_reference(drawn, picture, str(outline), str(image))
        check_overlap(picture, drawn, str(image), str(outline))
    near = None if canal is None else read_mask(canal)
    if near is not None:
        check_frame_of_reference(near, picture, str(canal), str(image))
    with showing_progress(progress) as report:
        if method is Method.manual and drawn is not None:
            mask, facts = _drawn(drawn, picture, smooth)
        elif drawn is not None:
            chosen = method.value if method is not Method.strokes else "ncut"
            mask, facts = _found(drawn, picture, chosen, point, _parameters(pipeline, parameters), report)
        if strokes is not None:
            mask, facts = _stroked(picture, strokes, mask if drawn is not None else None, facts if drawn else {})
    if not GetArrayViewFromImage(mask).any():
        raise InputError("lesion", "has no voxel in the image", "draw it thicker, on more slices, or with more strokes")
    facts |= sizes_of(mask).as_json()
    if near is not None:
        facts["distance_to_canal_mm"] = distance_to_canal_mm(mask, near)
    write_image(mask, out, overwrite)
    if as_json:
        print_json({"out": str(out), **facts}, progress)
        return
    for warning in facts.get("warnings", ()):
        print_line(f"warning: {warning}")
    print_line(f"{out}: {_described(facts)}")


def _parameters(pipeline: Pipeline, path: Path | None) -> Any:
    from spinemets.errors import InputError
    from spinemets.segmentation.parameters import SegmentationParameters

    if path is None:
        return SegmentationParameters.literal() if pipeline is Pipeline.literal else None
    base = SegmentationParameters.literal() if pipeline is Pipeline.literal else SegmentationParameters()
    data = _read_json(path)
    if not isinstance(data, Mapping):
        raise InputError(path, "is no object of parameters", 'write {"left_right_factor": 5}')
    return SegmentationParameters.from_json({**base.as_json(), **data})


def _read_json(path: Path) -> object:
    import json

    from spinemets.errors import InputError

    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "choose another file") from error
    except ValueError as error:
        raise InputError(path, f"is no JSON ({error})", "choose another file") from error


def _found(
    outline: sitk.Image,
    picture: sitk.Image,
    method: str,
    point: tuple[float, float, float] | None,
    parameters: Any,
    report: Progress,
) -> tuple[sitk.Image, dict[str, Any]]:
    from spinemets.segmentation.lesion import segment_lesion

    lesion = segment_lesion(outline, picture, method=method, seed_point=point, parameters=parameters, progress=report)
    return lesion.mask, lesion.as_json()


def _drawn(outline: sitk.Image, picture: sitk.Image, smoothing_mm: float) -> tuple[sitk.Image, dict[str, Any]]:
    """The drawing completed on its own grid, then carried to the image's."""
    from spinemets.geometry.carrying import carry_mask
    from spinemets.segmentation.interpolation import interpolate_slices
    from spinemets.segmentation.manual import fill_holes, smooth

    whole = fill_holes(interpolate_slices(outline))
    if smoothing_mm > 0:
        whole = smooth(whole, smoothing_mm)
    mask = carry_mask(whole, picture)
    return mask, {"method": "manual", "smoothing_mm": smoothing_mm}


def _stroked(
    picture: sitk.Image, path: Path, start: sitk.Image | None, facts: dict[str, Any]
) -> tuple[sitk.Image, dict[str, Any]]:
    from spinemets.segmentation.stroke_segmenter import StrokeSegmenter
    from spinemets.segmentation.strokes import strokes_from_json

    segmenter = StrokeSegmenter(picture, start)
    mask = segmenter.add_all(strokes_from_json(_read_json(path)))
    return mask, {**facts, "method": "strokes", "strokes": len(segmenter.strokes)}


def _described(facts: Mapping[str, Any]) -> str:
    extent = " x ".join(f"{value:.0f}" for value in facts["extent_mm"])
    told = f"lesion of {facts['volume_ml']:.2f} ml, {extent} mm"
    if "seed_point" in facts:
        told += ", grown from " + ", ".join(f"{value:.1f}" for value in facts["seed_point"])
    if "distance_to_canal_mm" in facts:
        told += f", {facts['distance_to_canal_mm']:.1f} mm from the canal"
    return told
