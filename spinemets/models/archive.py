"""The zip of a model package: members in, members out, nothing trusted.

Every member is read in memory and never written to disk, and still a path that would leave the archive is refused, so
that a package is safe for whoever unpacks it with another tool.
"""

from __future__ import annotations

import hashlib
import json
import stat
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path, PurePosixPath

from spinemets.errors import InputError
from spinemets.models.structure import StructureError, parse_json
from spinemets.outputs import replacing_file

MODEL_MEMBER = "model.json"
MANIFEST_MEMBER = "manifest.json"
MANIFEST_VERSION = 1
MAX_MEMBERS = 64
MAX_JSON_BYTES = 32 * 2**20
MAX_MEMBER_BYTES = 512 * 2**20
MAX_TOTAL_BYTES = 1024 * 2**20
EPOCH = (1980, 1, 1, 0, 0, 0)
GET_ANOTHER = "get the package again from where it was made"
DO_NOT_TRUST = "do not use this package; get it from a source that you trust"


def sha256_of(data: bytes) -> str:
    """SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def read_archive(path: Path) -> tuple[dict[str, bytes], str]:
    """All members of the package at `path`, checked against its manifest, and the SHA-256 of the file itself.

    Raises
    ------
    InputError : the file is missing, not a zip, damaged, hostile, or does not agree with its manifest.
    """
    data = _read_file(path)
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            _check_entries(path, archive.infolist())
            members = {entry.filename: _read_entry(path, archive, entry) for entry in archive.infolist()}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise InputError(path, f"is not a readable zip archive ({error})", GET_ANOTHER) from error
    _check_manifest(path, members)
    return members, sha256_of(data)


def write_archive(members: Mapping[str, bytes], path: Path, overwrite: bool = False) -> None:
    """Write `members` and their manifest; the same members always give the same bytes.

    Raises
    ------
    InputError : a member's name is not a plain relative path, or `path` cannot be written.
    """
    for name in members:
        fault = _name_fault(name)
        if fault or name == MANIFEST_MEMBER:
            raise InputError(name, fault or "is written by SpineMets itself", "rename this member")
    manifest = {
        "schema_version": MANIFEST_VERSION,
        "sha256": {name: sha256_of(members[name]) for name in sorted(members)},
    }
    contents = {MANIFEST_MEMBER: json.dumps(manifest, indent=1).encode()} | {
        name: members[name] for name in sorted(members)
    }
    with replacing_file(path, overwrite) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            entry = zipfile.ZipInfo(name, date_time=EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, content)


def _read_file(path: Path) -> bytes:
    if not path.exists():
        raise InputError(
            path, "does not exist", "give the path of a .spinemets file; `spinemets models` lists the known ones"
        )
    if not path.is_file():
        raise InputError(path, "is not a file", "give the path of a .spinemets file")
    try:
        if path.stat().st_size > MAX_TOTAL_BYTES:
            raise InputError(path, f"is larger than {MAX_TOTAL_BYTES >> 20} MiB", DO_NOT_TRUST)
        return path.read_bytes()
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "check the file and its permissions") from error


def _name_fault(name: str) -> str | None:
    """Why `name` may not be the name of a member, or None."""
    parts = PurePosixPath(name).parts
    if not name or name.startswith("/") or "\\" in name or ":" in name or not name.isprintable():
        return "is not a plain relative path"
    if ".." in parts or name != "/".join(parts):
        return "is a path that leaves the archive or is not normal"
    return None


def _check_entries(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_MEMBERS:
        raise InputError(path, f"has {len(entries)} members, more than {MAX_MEMBERS}", DO_NOT_TRUST)
    seen: set[str] = set()
    for entry in entries:
        name = entry.orig_filename  # as stored: `filename` is already cut at a null byte
        fault = _name_fault(name)
        if fault is None and stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
            fault = "is a link or another special file"
        if fault is None and entry.flag_bits & 0x1:
            fault = "is encrypted"
        if fault is None and entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            fault = "is compressed in a way that packages are not"
        if fault is None and name.lower() in seen:
            fault = "is there twice"
        if fault is None and entry.file_size > _limit(name):
            fault = f"unpacks to more than {_limit(name) >> 20} MiB"
        if fault:
            raise InputError(path, f"member {name!r} {fault}", DO_NOT_TRUST)
        seen.add(name.lower())
    if sum(entry.file_size for entry in entries) > MAX_TOTAL_BYTES:
        raise InputError(path, f"unpacks to more than {MAX_TOTAL_BYTES >> 20} MiB", DO_NOT_TRUST)


def _limit(name: str) -> int:
    return MAX_JSON_BYTES if name.endswith(".json") else MAX_MEMBER_BYTES


def _read_entry(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The member's bytes; the size in the zip's directory may lie, so no more than that is ever read."""
    with archive.open(entry) as stream:
        content = stream.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise InputError(path, f"member {entry.filename!r} has not the size that it states", DO_NOT_TRUST)
    return content


def _check_manifest(path: Path, members: dict[str, bytes]) -> None:
    for name in (MANIFEST_MEMBER, MODEL_MEMBER):
        if name not in members:
            raise InputError(path, f"has no member {name}", f"is it a SpineMets model package? {GET_ANOTHER}")
    try:
        manifest = parse_json(members[MANIFEST_MEMBER])
    except StructureError as error:
        raise InputError(path, f"{MANIFEST_MEMBER} {error}", GET_ANOTHER) from error
    hashes = manifest.get("sha256") if isinstance(manifest, dict) else None
    if not isinstance(hashes, dict) or not all(isinstance(value, str) for value in hashes.values()):
        raise InputError(path, f"{MANIFEST_MEMBER} does not list the members and their SHA-256", GET_ANOTHER)
    if manifest.get("schema_version") != MANIFEST_VERSION:
        version = manifest.get("schema_version")
        why = f"{MANIFEST_MEMBER} has the schema version {version!r}; this program knows {MANIFEST_VERSION}"
        raise InputError(path, why, "update SpineMets, or use a package made for this version")
    for name in hashes.keys() - members.keys():
        raise InputError(path, f"member {name!r} of its manifest is missing", GET_ANOTHER)
    for name in members.keys() - hashes.keys() - {MANIFEST_MEMBER}:
        raise InputError(path, f"member {name!r} is not in its manifest", DO_NOT_TRUST)
    for name, stated in hashes.items():
        if sha256_of(members[name]) != stated.lower():
            raise InputError(path, f"member {name!r} has another SHA-256 than its manifest states", DO_NOT_TRUST)
