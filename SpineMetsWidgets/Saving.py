"""Run in a child process: puts a segmentation's file in its place, compressed, whole or not at all."""

import gzip
import os
import shutil
import sys
from pathlib import Path

RAW, GZIPPED = b"encoding: raw", b"encoding: gzip"
END_OF_HEADER = b"\n\n"
# Fast rather than small: masks shrink to some per cent anyway.
LEVEL = 1


def save(source: Path, target: Path) -> None:
    """Write the uncompressed NRRD file `source` to `target`, compressed; replaces `target` at once when all is there.

    Raises
    ------
    InputError : `target` cannot be written; what was there stays.
    """
    from spinemets.outputs import replacing_file

    with replacing_file(target, overwrite=True) as draft, source.open("rb") as given, draft.open("wb") as written:
        header = _header_of(given)
        if RAW in header:
            written.write(header.replace(RAW, GZIPPED))
            with gzip.GzipFile(fileobj=written, mode="wb", compresslevel=LEVEL, filename="", mtime=0) as packed:
                shutil.copyfileobj(given, packed)
        else:
            written.write(header)
            shutil.copyfileobj(given, written)
        written.flush()
        os.fsync(written.fileno())


def _header_of(file) -> bytes:
    """Everything up to the empty line after which the voxels begin; the file stands there then."""
    read = b""
    while END_OF_HEADER not in read:
        block = file.read(4096)
        if not block:
            break
        read += block
    end = read.find(END_OF_HEADER) + len(END_OF_HEADER) if END_OF_HEADER in read else len(read)
    file.seek(end)
    return read[:end]


def main() -> None:
    """`main` of the child: source and target are its two arguments."""
    from spinemets.errors import InputError

    source, target = map(Path, sys.argv[1:3])
    try:
        save(source, target)
    except InputError as error:
        sys.stderr.write(f"spinemets: {error}\n")
        sys.exit(1)
