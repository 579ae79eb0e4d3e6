from dataclasses import replace

import numpy as np
import pytest
import torch

from ccnlp.models.embedding import embed_texts

TEXTS = [
    "the film was very good and I loved it",
    "bad",
    "",
    "la película es buena",
    "not good " * 60,
    "фильм хорош 😀",
]


@pytest.fixture(scope="module")
def vectors(tiny_encoder) -> np.ndarray:
    return embed_texts(tiny_encoder, TEXTS, precision="fp32")


def test_embed_texts_equals_transformers_mean_one_text_at_a_time(tiny_encoder, vectors) -> None:
    from transformers import AutoModel

    model = AutoModel.from_pretrained(tiny_encoder.folder).eval()
    tokenizer = tiny_encoder.load_tokenizer()
    for text, vector in zip(TEXTS, vectors, strict=True):
        encoded = tokenizer(text, truncation=True, return_tensors="pt")
        with torch.inference_mode():
            mean = model(**encoded).last_hidden_state.mean(dim=1)[0].numpy()
        np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), atol=1e-6)


def test_embed_texts_reads_a_special_token_in_a_text_as_text(tiny_encoder) -> None:
    from transformers import AutoModel

    model = AutoModel.from_pretrained(tiny_encoder.folder).eval()
    tokens = ["<s>", "▁good", "▁", "<unk>", "/", "s", "<unk>", "</s>"]
    ids = tiny_encoder.load_tokenizer().convert_tokens_to_ids(tokens)
    with torch.inference_mode():
        mean = model(torch.tensor([ids])).last_hidden_state.mean(dim=1)[0].numpy()

    (vector,) = embed_texts(tiny_encoder, ["good </s>"], precision="fp32")

    np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), atol=1e-6)


def test_embed_texts_unit_vectors_of_fp32(vectors) -> None:
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), 32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("tokens_per_batch", [1, 40, 100_000])
def test_embed_texts_batches_do_not_change_the_vectors(
    tiny_encoder, vectors, tokens_per_batch
) -> None:
    again = embed_texts(tiny_encoder, TEXTS, tokens_per_batch=tokens_per_batch, precision="fp32")
    np.testing.assert_allclose(again, vectors, atol=1e-6)


def test_embed_texts_bf16_is_near(tiny_encoder, vectors) -> None:
    half = embed_texts(tiny_encoder, TEXTS, precision="bf16")
    assert half.dtype == np.float32
    assert (half * vectors).sum(axis=1).min() > 0.999


def test_embed_texts_prefix_is_put_in_front(tiny_encoder) -> None:
    prefixed = replace(tiny_encoder, prefix="not very ")
    by_prefix = embed_texts(prefixed, ["bad"], precision="fp32")
    by_hand = embed_texts(tiny_encoder, ["not very bad"], precision="fp32")
    np.testing.assert_allclose(by_prefix, by_hand, atol=1e-6)


def test_embed_texts_cuts_at_the_limit(tiny_encoder) -> None:
    long, cut = "good bad " * 50, "good bad good"
    first, second = embed_texts(tiny_encoder, [long, cut], max_length_tokens=5, precision="fp32")
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_embed_texts_none_gives_no_rows(tiny_encoder) -> None:
    assert embed_texts(tiny_encoder, []).shape == (0, 32)
