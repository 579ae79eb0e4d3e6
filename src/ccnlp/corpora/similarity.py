"""How alike texts are: the key of equal texts, character n-grams, and MinHash to find near ones."""

import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.progress import ProgressLine

NUM_HASHES = 64
NUM_BANDS = 16
"""Bands of 4 hashes find pairs of similarity 0.8 with probability 0.9998, of 0.7 with 0.99."""

ESTIMATE_MARGIN = 0.1
"""Pairs whose estimate is further below a threshold are not verified: of pairs right at the
threshold 0.8 one in forty is missed so, of those at 0.85 one in a thousand."""

PART = "\n"
"""Between the parts of a text that says several things, such as a pair; clean parts have none."""

SEED = 1
TEXTS_PER_CHUNK = 500
"""Their n-grams fit in the processor's cache: twice as fast as 4,000."""

PAIRS_PER_CHUNK = 50_000

PACKED_COLUMNS = tuple(f"signature_{i}" for i in range(NUM_BANDS // 2 + NUM_HASHES // 8))
END = "\0"
MIX = np.uint64(0x9E3779B97F4A7C15)


Indices = npt.NDArray[np.int64]


def text_key(text: str) -> str:
    """What equal texts have in common: they may differ in case, width of characters, white space.

    >>> text_key("  Ｎever AGAIN ") == text_key("never again")
    True
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.casefold().split())


def parts_key(text: str) -> str:
    """What equal texts have in common whose parts are each equal.

    >>> parts_key("a B\\nc") == parts_key("a\\nb c")
    False
    """
    return PART.join(map(text_key, text.split(PART)))


def shingles(key: str, *, ngram: int) -> set[str]:
    """The character n-grams of a text's key; a shorter key is filled up to one n-gram."""
    key = key.ljust(ngram, END)
    return {key[i : i + ngram] for i in range(len(key) - ngram + 1)}


def jaccard(first: str, second: str, *, ngram: int) -> float:
    """The Jaccard similarity of two texts' n-grams, 0..1."""
    return _overlap(shingles(text_key(first), ngram=ngram), shingles(text_key(second), ngram=ngram))


def parts_jaccard(first: str, second: str, *, ngram: int) -> float:
    """The similarity of the parts that are least alike, 0..1, of texts with as many parts.

    Two questions about one long passage are nearly the same text as a whole, and two examples.
    """
    first_parts, second_parts = first.split(PART), second.split(PART)
    if len(first_parts) != len(second_parts):
        return jaccard(first, second, ngram=ngram)
    pairs = zip(first_parts, second_parts, strict=True)
    return min(jaccard(first_part, second_part, ngram=ngram) for first_part, second_part in pairs)


def _overlap(first: set[str], second: set[str]) -> float:
    num_common = len(first & second)
    return num_common / (len(first) + len(second) - num_common)


def similar_pairs(
    first: "pd.Series[str]",
    second: "pd.Series[str]",
    pairs: tuple[Indices, Indices],
    *,
    threshold: float,
    ngram: int,
    skip: Collection[int],
) -> Iterator[tuple[int, int]]:
    """The pairs whose texts have a Jaccard similarity of at least the threshold, in their order.

    Args:
        first: texts, such as those of train.
        second: texts, such as those of test.
        pairs: positions in `first` and in `second`; fastest where sorted by the first ones.
        threshold: 0..1.
        ngram: characters of an n-gram.
        skip: positions of `first` that need no further pair; may grow on the way.
    """
    for start in range(0, len(pairs[0]), PAIRS_PER_CHUNK):
        first_positions, second_positions = (
            side[start : start + PAIRS_PER_CHUNK] for side in pairs
        )
        texts = zip(
            first.iloc[first_positions].tolist(),
            second.iloc[second_positions].tolist(),
            strict=True,
        )
        last_position, grams = -1, set[str]()
        for i, j, (first_text, second_text) in zip(
            first_positions.tolist(), second_positions.tolist(), texts, strict=True
        ):
            if i in skip:
                continue
            if i != last_position:
                last_position, grams = i, shingles(text_key(first_text), ngram=ngram)
            if _overlap(grams, shingles(text_key(second_text), ngram=ngram)) >= threshold:
                yield i, j


@dataclass(frozen=True)
class Signatures:
    """MinHash signatures (Broder 1997) of texts, cut down to what finding near ones needs.

    Attributes:
        bands: (texts, NUM_BANDS), uint32; texts that are alike share at least one band's value.
        sketch: (texts, NUM_HASHES), uint8, the low bits of each hash; the share of equal ones
            estimates the Jaccard similarity.
    """

    bands: npt.NDArray[np.uint32]
    sketch: npt.NDArray[np.uint8]

    def estimate(
        self, positions: Indices, other: "Signatures", other_positions: Indices
    ) -> npt.NDArray[np.float64]:
        """About how similar the texts of each pair are; off by 0.05 in the mean at 0.8."""
        shares_equal = np.empty(len(positions))
        for start in range(0, len(positions), PAIRS_PER_CHUNK):
            chunk = slice(start, start + PAIRS_PER_CHUNK)
            sketch = self.sketch[positions[chunk]]
            shares_equal[chunk] = (sketch == other.sketch[other_positions[chunk]]).mean(axis=1)
        return shares_equal

    def to_table(self) -> pd.DataFrame:
        """The signatures packed into columns of 64 bits, to be stored beside their texts."""
        packed = np.hstack([self.bands.view(np.uint64), self.sketch.view(np.uint64)])
        return pd.DataFrame(packed, columns=list(PACKED_COLUMNS))

    @classmethod
    def from_table(cls, table: pd.DataFrame) -> "Signatures":
        """The signatures that `to_table` packed."""
        packed = np.ascontiguousarray(table[list(PACKED_COLUMNS)].to_numpy(np.uint64))
        bands, sketch = np.hsplit(packed, [NUM_BANDS // 2])
        return cls(
            np.ascontiguousarray(bands).view(np.uint32), np.ascontiguousarray(sketch).view(np.uint8)
        )


@dataclass(frozen=True)
class SignedTexts:
    """Some texts of a column, none of them copied.

    Attributes:
        texts: the column.
        positions: positions in it, ascending.
        signatures: of the texts there.
    """

    texts: "pd.Series[str]"
    positions: Indices
    signatures: Signatures


def sign_at(texts: "pd.Series[str]", positions: Indices, *, ngram: int) -> SignedTexts:
    """The texts at these positions, signed."""
    bands = np.empty((len(positions), NUM_BANDS), dtype=np.uint32)
    sketch = np.empty((len(positions), NUM_HASHES), dtype=np.uint8)
    progress = ProgressLine("texts hashed to find those nearly the same", total=len(positions))
    for start in range(0, len(positions), TEXTS_PER_CHUNK):
        chunk = slice(start, start + TEXTS_PER_CHUNK)
        chunk_texts = _take(texts, positions[chunk])
        hashes = _minhash([text_key(text) for text in chunk_texts], ngram=ngram)
        bands[chunk] = _fold_bands(hashes)
        sketch[chunk] = hashes & np.uint32(0xFF)
        progress.advance(len(chunk_texts))
    return SignedTexts(texts, positions, Signatures(bands, sketch))


def _take(texts: "pd.Series[str]", positions: Indices) -> list[str]:
    """The texts at ascending positions, of a slice: Arrow is slow to pick from many chunks."""
    start = int(positions[0])
    texts_between = texts.iloc[start : int(positions[-1]) + 1]
    return (
        texts_between.iloc[positions - start].tolist()
        if len(texts_between) > len(positions)
        else texts_between.tolist()
    )


def sign(texts: "pd.Series[str]", *, ngram: int) -> Signatures:
    """The signatures of texts; each depends on its own text alone."""
    return sign_at(texts, np.arange(len(texts)), ngram=ngram).signatures


def _minhash(keys: list[str], *, ngram: int) -> npt.NDArray[np.uint32]:
    from rensa import RMinHash

    filled = [key.ljust(ngram, END) for key in keys]
    lengths = np.fromiter(map(len, filled), dtype=np.int64, count=len(filled))
    text = "".join(filled) + END * ngram
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    grams = np.zeros(len(codes) - ngram, dtype=np.uint64)
    for i in range(ngram):
        grams *= MIX
        grams += codes[i : len(codes) - ngram + i]
    ends = np.cumsum(lengths)
    is_inside = np.ones(len(grams), dtype=bool)  # and does not run over into the next text
    for i in range(1, ngram):
        is_inside[ends - i] = False
    offsets = np.concatenate([[0], np.cumsum(lengths - ngram + 1)]).astype(np.uint64)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(
        grams[is_inside], offsets, NUM_HASHES, SEED
    )
    return np.asarray(matrix.to_rows(), dtype=np.uint32)


def _fold_bands(hashes: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    by_band = hashes.reshape(len(hashes), NUM_BANDS, -1)
    folded = np.zeros(by_band.shape[:2], dtype=np.uint64)
    for i in range(by_band.shape[2]):
        folded ^= by_band[:, :, i]
        folded *= MIX
        folded ^= folded >> np.uint64(29)
    return folded.astype(np.uint32)
