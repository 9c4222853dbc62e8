"""MetaImage files (.mha) checked for their length: SimpleITK prints several lines on standard error for short ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spinemets.errors import InputError

SUFFIX = ".mha"
LONGEST_HEADER = 65536
BYTES = {"CHAR": 1, "SHORT": 2, "INT": 4, "LONG": 4, "LONG_LONG": 8, "FLOAT": 4, "DOUBLE": 8}


def check_whole(path: Path) -> None:
    """Refuse a file that holds fewer bytes than its header says; files with another header are left to SimpleITK.

    Raises
    ------
    InputError : the file is cut short.
    """
    with path.open("rb") as stream:
        start = stream.read(LONGEST_HEADER)
    fields: dict[str, str] = {}
    place = 0
    while "ElementDataFile" not in fields:
        end = start.find(b"\n", place)
        if end < 0:
            return
        name, _, value = start[place:end].decode("latin-1").partition("=")
        fields[name.strip()] = value.strip()
        place = end + 1
    needed = _data_bytes(fields)
    held = path.stat().st_size - place
    if fields["ElementDataFile"] == "LOCAL" and needed is not None and held < needed:
        raise InputError(path, f"is cut short: {held} of {needed} bytes of voxels", "copy or download the file again")


def _data_bytes(fields: dict[str, str]) -> int | None:
    """How long the voxels are in the file; None when the header does not tell."""
    if fields.get("CompressedData", "False").lower() == "true":
        size = fields.get("CompressedDataSize", "")
        return int(size) if size.isdigit() else None
    kind = fields.get("ElementType", "").removeprefix("MET_").removesuffix("_ARRAY").replace("UCHAR", "CHAR")
    width = BYTES.get(kind) or BYTES.get(kind.removeprefix("U"))
    sizes = fields.get("DimSize", "").split()
    channels = fields.get("ElementNumberOfChannels", "1")
    if width is None or not sizes or not all(size.isdigit() for size in (*sizes, channels)):
        return None
    return int(np.prod([int(size) for size in sizes], dtype=np.int64)) * width * int(channels)
