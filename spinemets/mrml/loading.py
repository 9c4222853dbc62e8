"""A study into a scene, series by series, so that a window stays alive meanwhile and the user can stop."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from spinemets.errors import InputError
from spinemets.mrml.cases import (
    ROLES_IN_ORDER,
    ROLES_LEFT_OUT,
    SceneCase,
    SceneSeries,
    case_with_uid,
    mark_series,
    study_attributes,
)
from spinemets.mrml.sequences import sequence_behind, sequence_nodes_from_image
from spinemets.mrml.subject_hierarchy import case_folder, place_in_folder, set_item_attributes
from spinemets.mrml.volumes import volume_node_from_image
from spinemets.progress import Progress, silent


@dataclass(frozen=True)
class LoadedCase:
    """A study in the scene. `volumes`: the volume node of each role; of a dynamic series, the one that shows a frame
    (where the Sequences module is absent, such a series is in `sequences` only). `problems`: why a series is not there.
    """

    folder: int
    volumes: Mapping[str, Any]
    sequences: Mapping[str, Any]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoadingStep:
    """How far loading is: the series that is read next."""

    done: int
    total: int
    message: str


def load_case(study: Any, scene: Any, progress: Progress = silent, keys: Collection[str] | None = None) -> LoadedCase:
    """Load every series of a `spinemets.studies.scanning.Study` that has a clinical role into a scene.

    A study that is in the scene already stays, with the roles that the user chose; only series that are missing are
    loaded. Of several series of one role, `volumes` names the one that the user or `Study.by_role` prefers. A series
    that cannot be read is left out and its fault is told in `problems`.

    Parameters
    ----------
    keys : of the series (`Series.key`) to load; None: of all that have a clinical role.

    Raises
    ------
    InputError : none of the series can be read.
    Cancelled : from `progress`. In both cases nothing that was loaded stays in the scene.
    """
    steps = loading_steps(study, scene, keys)
    try:
        while True:
            step = next(steps)
            progress("load", step.done, step.total, step.message)
    except StopIteration as end:
        loaded: LoadedCase = end.value
        return loaded
    finally:
        steps.close()


def loading_steps(
    study: Any, scene: Any, keys: Collection[str] | None = None
) -> Generator[LoadingStep, None, LoadedCase]:
    """`load_case` in steps: yields before each series. Closing the generator takes out what it had loaded."""
    known = case_with_uid(scene, study_uid(study))
    roles = {} if known is None else {entry.key: entry.role for entry in known.series()}
    there = set() if known is None else {entry.key for entry in known.series() if entry.volume is not None}
    wanted = [
        series
        for series in study.series
        if series.key not in there
        and (roles.get(series.key, series.role) not in ROLES_LEFT_OUT if keys is None else series.key in keys)
    ]
    name = str(study.patient_id or study.description or "study") if known is None else known.name
    problems: dict[str, InputError] = {}
    added: list[tuple[Any, str]] = []
    sequences: dict[str, Any] = {}
    try:
        for done, series in enumerate(wanted):
            role = roles.get(series.key, series.role)
            yield LoadingStep(done, len(wanted), f"{role}: {series.description}")
            try:
                shown, sequence, nodes = _load_series(replace(series, role=role), scene, f"{name} {role}")
            except InputError as error:
                problems[series.key] = error
                continue
            added += [(node, series.uid if node is (shown or sequence) else "") for node in nodes]
            if sequence is not None:
                sequences.setdefault(role, sequence)
        yield LoadingStep(len(wanted), len(wanted), "")
        if not added and problems:
            raise next(iter(problems.values()))
    except BaseException:
        for node, _uid in added:
            _remove(node)
        raise
    case = SceneCase(scene, case_folder(scene, name, study_uid(study)))
    set_item_attributes(scene, case.folder, study_attributes(study))
    for node, uid in added:
        place_in_folder(node, case.folder, uid)
    case.keep_series(_listed(study, case, problems))
    volumes = case.volumes()
    behind = {role: sequence_behind(volume) for role, volume in volumes.items()}
    sequences |= {role: sequence for role, sequence in behind.items() if sequence is not None}
    return LoadedCase(case.folder, volumes, sequences, tuple(map(str, problems.values())))


def study_uid(study: Any) -> str:
    """What a study is known by in a scene; of files that do not tell, their folder."""
    return study.uid or str(study.source)


def _listed(study: Any, case: SceneCase, problems: Mapping[str, InputError]) -> list[SceneSeries]:
    """The study's series as the case keeps them: those with a role of the user's first, then the best of each role."""
    chosen = [entry for entry in case.series() if entry.is_chosen]
    keys = {entry.key for entry in chosen}
    found = [series for role in ROLES_IN_ORDER for series in study.candidates(role) if series.key not in keys]
    return chosen + [
        SceneSeries(
            key=series.key,
            role=series.role,
            plane=series.plane,
            number=series.number,
            description=" ".join(filter(None, (series.description, series.part))),
            reason=series.reason,
            confidence=series.confidence,
            problem=problems[series.key].why if series.key in problems else series.problem,
            origin=series.origin or str(series.files[0]),
            frames=series.n_frames,
        )
        for series in found
    ]


def _load_series(series: Any, scene: Any, name: str) -> tuple[Any | None, Any | None, list[Any]]:
    """Volume that is shown, sequence, and all nodes made, of one series."""
    image = series.load()
    if image.GetDimension() == 4:
        nodes = sequence_nodes_from_image(image, series.times, scene, name)
        shown, sequence = nodes.shown, nodes.sequence
        made = [node for node in (nodes.sequence, nodes.browser, nodes.shown) if node is not None]
    else:
        shown, sequence = volume_node_from_image(image, scene, name), None
        made = [shown]
    for node in made:
        mark_series(node, series)
    return shown, sequence, made


def _remove(node: Any) -> None:
    """Take a node out of its scene, with the display nodes that were made for it."""
    scene = node.GetScene()
    if scene is None:  # the application removed it with the sequence or browser that it belonged to
        return
    shown = bool(node.IsA("vtkMRMLDisplayableNode"))
    displays = [node.GetNthDisplayNode(index) for index in range(node.GetNumberOfDisplayNodes())] if shown else []
    scene.RemoveNode(node)
    for display in displays:
        scene.RemoveNode(display)
