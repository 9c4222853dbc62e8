"""What pyradiomics 3.0.1 answers to `difficult_cases`, kept beside this script so that tests need no pyradiomics.

    make pyradiomics
    .venv-pyradiomics/bin/python Testing/features/make_difficult_reference.py [FILE]

writes `difficult_reference.json.gz`, or FILE: name -> columns with values ("nan", "inf" in words), or the error that
it ends with.
"""

from __future__ import annotations

import gzip
import json
import logging
import math
import sys
import warnings
from pathlib import Path

import radiomics
from difficult_cases import Case, cases
from radiomics.featureextractor import RadiomicsFeatureExtractor

HERE = Path(__file__).parent


def answer(case: Case) -> dict:
    """Values by column, or the error."""
    setting = {"additionalInfo": False, "geometryTolerance": 1e-3, **case.parameters["setting"]}
    try:
        found = RadiomicsFeatureExtractor({**case.parameters, "setting": setting}).execute(case.image, case.mask)
    except Exception as error:  # whatever it is, its users see it
        return {"error": f"{type(error).__name__}: {error}"}
    numbers = {name: float(value) for name, value in found.items()}
    return {
        "features": {name: float(f"{v:.13g}") if math.isfinite(v) else str(v) for name, v in numbers.items()},
    }


def main() -> None:
    radiomics.logger.setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")
    told = {name: answer(case) for name, case in cases().items()}
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "difficult_reference.json.gz"
    with gzip.GzipFile(out, "wb", mtime=0) as file:
        file.write(json.dumps(told).encode())


if __name__ == "__main__":
    main()
