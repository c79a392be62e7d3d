"""Which weights a number belongs to."""

import hashlib
from pathlib import Path

from fewstep_train.exported import read_manifest


def file_identity(path: Path) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of a checkpoint, or of an exported model's graph."""
    if path.is_dir():
        path = path / read_manifest(path)["graph"]["file"]
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
