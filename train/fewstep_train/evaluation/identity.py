"""Which weights a number belongs to."""

import hashlib
from pathlib import Path


def file_identity(path: Path) -> str:
    """The first 16 hexadecimal digits of the file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
