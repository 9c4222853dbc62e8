"""Options that several commands share, so that they are spelled and explained once."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

from spinemets.cli.parsing import typer


class ProgressStyle(str, Enum):
    """How progress is shown: a bar for a person, one JSON object a line for a program, or nothing."""

    bar = "bar"
    json = "json"
    none = "none"


class StudyFormat(str, Enum):
    """How a simulated study is written."""

    dicom = "dicom"
    nifti = "nifti"


class Question(str, Enum):
    """The five clinical questions; the class named first is the positive one."""

    osteoblastic_vs_osteolytic = "osteoblastic-vs-osteolytic"
    malignant_vs_osteoporotic = "malignant-vs-osteoporotic"
    metastasis_vs_primary = "metastasis-vs-primary"
    lung_vs_other = "lung-vs-other"
    myeloma_vs_metastasis = "myeloma-vs-metastasis"


OutFile = Annotated[Path, typer.Option("--out", metavar="FILE", help="File to write.")]
OutFolder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write to.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there already.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of everything random; the same seed, the same result.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
ShowProgress = Annotated[
    ProgressStyle, typer.Option("--progress", help="Bar on a terminal, one JSON object a line, or none.")
]
