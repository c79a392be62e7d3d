"""The fields of a published configuration: each honoured, known to change nothing, or a reason to refuse the model."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Raw = Mapping[str, Any]


def words(*lists: str) -> frozenset[str]:
    """What stands between spaces."""
    return frozenset(name for text in lists for name in text.split())


# What transformers writes into any config.json, and what concerns training or tokens alone.
NEUTRAL = words(
    "architectures auto_map torch_dtype dtype transformers_version use_cache tokenizer_class transformers.js_config",
    "bos_token_id pad_token_id eos_token_id unk_token_id sep_token_id initializer_range attention_dropout",
    "return_dict output_attentions output_hidden_states gradient_checkpointing problem_type id2label label2id",
    "pretraining_tp attn_implementation task_specific_params finetuned_from",
)
PLAIN_ROTARY = (None, {"rope_type": "default"}, {"type": "default"})
# What some family has and none that this kit runs: with other values it is another network.
WANTED = {"rope_scaling": PLAIN_ROTARY, "rope_type": ("default",), "quantization_config": (None,)}


@dataclass(frozen=True)
class Fields:
    """`honoured`: those that the kit's configuration is made of. `wanted`: the values that the kit can run. `neutral`:
    those that change nothing of the arithmetic, beside NEUTRAL. Whoever wrote the file may add notes that begin with _.
    """

    honoured: frozenset[str]
    wanted: Mapping[str, tuple[Any, ...]]
    neutral: frozenset[str] = field(default_factory=frozenset)

    def check(self, raw: Raw, known: str) -> None:
        """Raises ValueError naming each field that is not as wanted or not known; what is left out is as wanted.

        `known`: the networks that this kit can run.
        """
        wanted = WANTED | dict(self.wanted)
        other = [
            f"{key} is {raw[key]!r}, not {' or '.join(map(repr, values))}"
            for key, values in wanted.items()
            if key in raw and raw[key] not in values
        ]
        if other:
            raise ValueError(f"{'; '.join(other)}: another network than {known}")
        known_names = self.honoured | self.neutral | NEUTRAL | wanted.keys()
        unknown = [f"{key} ({raw[key]!r})" for key in raw if key not in known_names and not key.startswith("_")]
        if unknown:
            raise ValueError(
                f"{', '.join(unknown)}: not known here, so it may be another network than {known}; "
                "what changes nothing may be taken out of the file"
            )


@contextmanager
def faults_of(file: Path) -> Iterator[None]:
    """Raises SystemExit, naming the file, for what a configuration lacks (KeyError) or has otherwise (ValueError)."""
    try:
        yield
    except KeyError as error:
        raise SystemExit(f"{file}: {error} is missing") from None
    except ValueError as error:
        raise SystemExit(f"{file}: {error}") from None


def read_json(file: Path) -> dict[str, Any]:
    """An object. Raises SystemExit where the file holds something else."""
    try:
        raw = json.loads(file.read_text())
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SystemExit(f"{file}: not readable as JSON: {error}") from None
    if not isinstance(raw, dict):
        raise SystemExit(f"{file}: no JSON object")
    return raw


def with_rotary(raw: Raw) -> dict[str, Any]:
    """config.json with what newer ones keep of rotary positions in an object of its own."""
    rotary = raw.get("rope_parameters") or {}
    return {key: value for key, value in raw.items() if key != "rope_parameters"} | rotary


def count(raw: Raw, key: str, default: int | None = None) -> int:
    """`default` where it is left out or null. Raises KeyError, or ValueError for what is no whole number above 0."""
    value = raw.get(key)
    if value is None:
        if default is None:
            raise KeyError(key)
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{key} is {value!r}, not a whole number above 0")
    return value


def llama_shape(raw: Raw, known: str) -> dict[str, int]:
    """What TransformerConfig calls the fields by which LLaMA, and many since, say their shape.

    `known`: whose network is meant. Raises KeyError, or ValueError for heads that do not make up the width.
    """
    heads, width = count(raw, "num_attention_heads"), count(raw, "hidden_size")
    if (head_dim := raw.get("head_dim")) not in (None, width // heads):
        raise ValueError(f"head_dim is {head_dim!r}, not {width // heads}: another network than {known}")
    return {
        "hidden_size": width,
        "n_blocks": count(raw, "num_hidden_layers"),
        "n_heads": heads,
        "n_kv_heads": count(raw, "num_key_value_heads", heads),
        "intermediate_size": count(raw, "intermediate_size"),
    }


def number(raw: Raw, key: str) -> float:
    """Raises KeyError, or ValueError for what is no number above 0."""
    value = raw[key]
    if not isinstance(value, int | float) or isinstance(value, bool) or not value > 0:
        raise ValueError(f"{key} is {value!r}, not a number above 0")
    return float(value)


def token_id(value: object, key: str, rows: int) -> int:
    """Raises ValueError for what is no token of a vocabulary of `rows`."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < rows:
        raise ValueError(f"{key} is {value!r}, not one of the {rows} tokens")
    return value


def end_of_text_ids(raw: Raw, rows: int) -> list[int]:
    """One or several, as a configuration gives them."""
    found = raw.get("eos_token_id")
    ids = found if isinstance(found, list) else [] if found is None else [found]
    return [token_id(i, "eos_token_id", rows) for i in ids]
