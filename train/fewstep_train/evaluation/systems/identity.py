"""Which weights a number belongs to."""

from pathlib import Path
from typing import Any

from fewstep_train.folder.exported import read_manifest
from fewstep_train.identity import content_identity, digest

# What a manifest says that changes what its graph is run with, or how its weights are read.
FACTS = ("algorithm", "network", "vocab_size", "mask_token_id", "source_distribution", "exponent")


def model_identity(path: Path) -> str:
    """Of a checkpoint, or of an exported model's folder by its float32 graph."""
    if not path.is_dir():
        return content_identity([path])
    manifest = read_manifest(path)
    return graph_identity(path, manifest, manifest["graph"]["file"])


def graph_identity(folder: Path, manifest: dict[str, Any], name: str) -> str:
    """Of the graph file `name`, the weights that lie beside it, the tokenizer, and what the manifest says of them."""
    files = [name, f"{name}.data", *filter(None, [manifest["tokenizer"]])]
    facts = repr([manifest.get(key) for key in FACTS])
    return digest(facts, content_identity(file for file in (folder / name for name in files) if file.exists()))
