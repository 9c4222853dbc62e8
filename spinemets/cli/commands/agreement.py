"""`spinemets agreement`: how alike two readers measure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from spinemets.cli.options import OutFile, Overwrite
from spinemets.cli.parsing import typer


def agreement(
    first: Annotated[Path, typer.Argument(metavar="A.csv", help="Features (with --masks: the cohort) of one reading.")],
    second: Annotated[Path, typer.Argument(metavar="B.csv", help="The same lesions, read by another or again.")],
    out: OutFile,
    icc: Annotated[str, typer.Option(metavar="FORM", help="1,1  2,1  3,1  1,k  2,k or 3,k.")] = "2,1",
    masks: Annotated[bool, typer.Option("--masks", help="Compare the masks: Dice and HD95 of each lesion.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Intraclass correlation of each feature, with its interval."""
    from spinemets.cli.reporting import print_line
    from spinemets.learning.comparison import agreement_table, mask_agreement, write_rows
    from spinemets.outputs import check_writable_file
    from spinemets.statistics.agreement import ICC_FORMS

    if icc not in ICC_FORMS:
        raise typer.BadParameter(f"--icc is one of {'  '.join(ICC_FORMS)}")
    check_writable_file(out, overwrite)
    rows = mask_agreement(first, second) if masks else agreement_table(first, second, icc)
    write_rows(rows, out, overwrite)
    if masks:
        mean = sum(row["dice"] for row in rows) / len(rows)
        print_line(f"{out}: {len(rows)} lesions, mean Dice {mean:.3f}")
        return
    good = sum(row["icc"] is not None and row["icc"] > 0.75 for row in rows)
    print_line(f"{out}: {len(rows)} features, {good} with an ICC({icc}) above 0.75")
