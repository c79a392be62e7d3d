"""Tensors of a published folder: safetensors in one file or in shards."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open
from torch import Tensor

from fewstep_train.published.fields import read_json

Shapes = Mapping[str, tuple[int, ...]]
INDEX, SINGLE = "model.safetensors.index.json", "model.safetensors"
CONSTANT = "rotary_emb.inv_freq"  # saved by some versions, though it follows from the configuration


class Shards(Mapping[str, Tensor]):
    """Tensors of safetensors files by published name, read one at a time when asked for."""

    def __init__(self, folder: Path) -> None:
        self.handles: dict[str, Any] = {}
        for file in shard_files(folder):
            try:
                handle = safe_open(file, framework="pt")
            except Exception as error:
                raise SystemExit(f"{file}: not readable as safetensors: {error}") from None
            names = handle.keys()
            self.handles |= {name: handle for name in names if not name.endswith(CONSTANT)}

    def __getitem__(self, name: str) -> Tensor:
        return self.handles[name].get_tensor(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.handles)

    def __len__(self) -> int:
        return len(self.handles)

    def shapes(self) -> Shapes:
        return {name: tuple(handle.get_slice(name).get_shape()) for name, handle in self.handles.items()}


def shard_files(folder: Path) -> list[Path]:
    index = folder / INDEX
    names = indexed_files(index) if index.exists() else [SINGLE]
    for file in (files := [folder / name for name in names]):
        if not file.is_file():
            raise SystemExit(f"{file}: no such file; the folder holds {SINGLE}, or {INDEX} and the shards it names")
    return files


def indexed_files(index: Path) -> list[str]:
    """The names of the shards that an index names; raises SystemExit where it has none, or one outside its folder."""
    names = read_json(index).get("weight_map")
    if not isinstance(names, dict) or not names or not all(isinstance(name, str) for name in names.values()):
        raise SystemExit(f"{index}: no weight_map in it, which says in which file each tensor is")
    for name in names.values():
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise SystemExit(f"{index}: {name!r} lies outside the folder, so it is refused")
    return sorted(set(names.values()))


class Renamed(Mapping[str, Tensor]):
    """The tensors of `shards` by our names."""

    def __init__(self, shards: Shards, names: Mapping[str, str]) -> None:
        self.shards, self.names = shards, names

    def __getitem__(self, name: str) -> Tensor:
        return self.shards[self.names[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def check_tensors(found: Shapes, expected: Shapes, what: str = "the tensors do") -> None:
    """Raises SystemExit naming every tensor that is missing, surplus or of another shape than `expected`.

    `what`: begins the sentence "... not fit the configuration".
    """
    problems = [f"missing: {name} {shape}" for name, shape in expected.items() if name not in found]
    problems += [f"surplus: {name} {shape}" for name, shape in found.items() if name not in expected]
    problems += [
        f"wrong shape: {name} is {found[name]}, the configuration says {shape}"
        for name, shape in expected.items()
        if name in found and found[name] != shape
    ]
    if problems:
        raise SystemExit(f"{what} not fit the configuration:\n  " + "\n  ".join(problems))
