"""`spinemets compare`: whether two models differ."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from spinemets.cli.options import AsJson, OutFile, Overwrite
from spinemets.cli.parsing import typer


def compare(
    first: Annotated[Path, typer.Argument(metavar="A.csv", help="Predictions: case, label (0 or 1), probability.")],
    second: Annotated[Path, typer.Argument(metavar="B.csv", help="Predictions of the same cases by another model.")],
    out: OutFile,
    unpaired: Annotated[bool, typer.Option("--unpaired", help="The tables hold different cases.")] = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Compare the AUCs of two tables of predictions by DeLong's test."""
    import json

    from spinemets.cli.reporting import print_json, print_line
    from spinemets.learning.comparison import compare_predictions
    from spinemets.outputs import check_writable_file, replacing_file

    check_writable_file(out, overwrite)
    found = compare_predictions(first, second, paired=not unpaired)
    with replacing_file(out, overwrite) as partial:
        partial.write_text(json.dumps(found, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    if as_json:
        print_json(found)
        return
    a, b = found["estimate"]
    print_line(f"AUC {a:.3f} and {b:.3f}, difference {found['difference']:+.3f}, p {found['p']:.3g} ({found['test']})")
