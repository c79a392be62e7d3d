"""A published LLaMA-shaped model: a Hugging Face folder with config.json, safetensors and tokenizer.json."""

from pathlib import Path

from tokenizers import Tokenizer

from fewstep_train.identity import content_identity
from fewstep_train.networks.config import empty_network
from fewstep_train.networks.transformer import TransformerConfig
from fewstep_train.published.causal import Causal, build, for_whole_texts, parameter_shapes, separator_of
from fewstep_train.published.fields import (
    Fields,
    Raw,
    count,
    faults_of,
    llama_shape,
    number,
    read_json,
    with_rotary,
    words,
)
from fewstep_train.published.names import dream_name
from fewstep_train.published.safetensors_folder import Renamed, Shards, check_tensors, shard_files

KNOWN = "LLaMA's without scaled positions"
FIELDS = Fields(
    honoured=words(
        "hidden_size num_hidden_layers num_attention_heads num_key_value_heads intermediate_size vocab_size",
        "max_position_embeddings rope_theta rms_norm_eps head_dim",
    ),
    wanted={
        "model_type": ("llama",),
        "hidden_act": ("silu",),
        "attention_bias": (False,),
        "mlp_bias": (False,),
        "is_llama_config": (True,),
        "rope_interleaved": (False,),
    },
    neutral=frozenset(["tie_word_embeddings"]),  # the tensors tell
)


def llama_config(raw: Raw) -> TransformerConfig:
    FIELDS.check(raw, KNOWN)
    return TransformerConfig(
        **llama_shape(raw, KNOWN),
        vocab_size=count(raw, "vocab_size"),
        length=count(raw, "max_position_embeddings", 2048),
        norm="rms",
        mlp="swiglu",
        output_bias=False,
        rope_base=number({"rope_theta": 10_000.0} | raw, "rope_theta"),
        norm_eps=number({"rms_norm_eps": 1e-6} | raw, "rms_norm_eps"),
    )


def read_causal_folder(folder: Path) -> Causal:
    """Raises SystemExit naming what is missing or does not fit. Dream's tensors have LLaMA's names."""
    files = [folder / "config.json", folder / "tokenizer.json"]
    for file in files:
        if not file.is_file():
            raise SystemExit(f"{file}: no such file; a published causal model has it beside its safetensors")
    raw = with_rotary(read_json(files[0]))
    with faults_of(files[0]):
        config = llama_config(raw)
        empty_network(config)
    shards = Shards(folder)
    shapes = parameter_shapes(config, tied="lm_head.weight" not in shards)
    names = {name: dream_name(name) for name in shapes}
    check_tensors(shards.shapes(), {names[name]: shape for name, shape in shapes.items()})
    tokenizer = for_whole_texts(Tokenizer.from_file(str(files[1])))
    return Causal(
        folder.resolve().name,
        content_identity([*files, *shard_files(folder)]),
        build(config, Renamed(shards, names)),
        tokenizer,
        separator_of(tokenizer, raw.get("bos_token_id"), folder),
    )
