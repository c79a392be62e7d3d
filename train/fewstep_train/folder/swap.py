"""Put a new folder in the place of an old one: a process killed at any moment leaves one of them there, whole."""

import ctypes
import os
import shutil
from pathlib import Path

AT_FDCWD, RENAME_EXCHANGE = -100, 2  # of renameat2(2): paths count from the working folder; two names change places


def exchange(a: Path, b: Path) -> bool:
    """Two names change places in one step; False where the system or the file system cannot do that."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    return renameat2(AT_FDCWD, os.fsencode(a), AT_FDCWD, os.fsencode(b), RENAME_EXCHANGE) == 0


def aside(folder: Path) -> Path:
    """Where the old folder lies between the two renames that stand in for `exchange`."""
    return folder.with_name(f".{folder.name}.old")


def recover(folder: Path) -> None:
    """Clear up what a process left that was killed in `swap_in`."""
    old = aside(folder)
    if not folder.exists() and old.exists():
        old.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def swap_in(new: Path, folder: Path) -> None:
    """`new`, a folder beside `folder`, takes its place; the old one is deleted.

    Where `exchange` works there is a whole folder at every moment. Elsewhere there is none between two renames, and
    `recover` puts the old one back.
    """
    recover(folder)
    if not folder.exists():
        new.rename(folder)
    elif exchange(new, folder):
        shutil.rmtree(new)
    else:
        folder.rename(aside(folder))
        new.rename(folder)
        shutil.rmtree(aside(folder))
