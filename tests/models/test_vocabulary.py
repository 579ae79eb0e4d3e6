import logging

import pytest
import torch
from torch import nn
from transformers.models.gemma3.modeling_gemma3 import Gemma3TextScaledWordEmbedding

from ccnlp.models.network import load_backbone
from ccnlp.models.vocabulary import TrimmedEmbedding, restore_embeddings, trim_embeddings

IDS = torch.tensor([[0, 5, 7, 2]])


def test_trimmed_embedding_looks_up_the_rows_of_the_full_table():
    full = nn.Embedding(6, 2)
    trimmed = TrimmedEmbedding(full, torch.tensor([1, 4]))

    torch.testing.assert_close(trimmed(torch.tensor([[4, 1]])), full(torch.tensor([[4, 1]])))
    assert trimmed.weight.shape == (2, 2)


def test_trimmed_embedding_refuses_an_id_that_was_trimmed():
    trimmed = TrimmedEmbedding(nn.Embedding(6, 2), torch.tensor([1, 4]))

    with pytest.raises(IndexError):
        trimmed(torch.tensor([2]))


def test_restore_embeddings_puts_trained_rows_back_and_keeps_the_others(tiny_encoder):
    encoder = load_backbone(tiny_encoder.folder)
    before = encoder.get_input_embeddings().weight.detach().clone()
    trim_embeddings(encoder, torch.tensor([0, 5]).numpy())
    with torch.no_grad():
        encoder.get_input_embeddings().weight += 1

    restore_embeddings(encoder)

    after = encoder.get_input_embeddings().weight
    torch.testing.assert_close(after[[0, 5]], before[[0, 5]] + 1)
    untouched = [i for i in range(len(before)) if i not in (0, 5)]
    torch.testing.assert_close(after[untouched], before[untouched], rtol=0, atol=0)
    restore_embeddings(encoder)  # nothing to do
    assert encoder.get_input_embeddings() is not None


def test_trim_embeddings_changes_no_state_of_the_tokens_that_it_keeps(tiny_encoder):
    encoder = load_backbone(tiny_encoder.folder).eval()
    before = encoder(input_ids=IDS).last_hidden_state

    trim_embeddings(encoder, torch.tensor([0, 2, 5, 7]).numpy())

    assert isinstance(encoder.get_input_embeddings(), TrimmedEmbedding)
    torch.testing.assert_close(encoder(input_ids=IDS).last_hidden_state, before)


def test_trim_embeddings_leaves_a_table_that_scales_its_rows(tiny_encoder, caplog):
    encoder = load_backbone(tiny_encoder.folder).eval()
    plain = encoder.get_input_embeddings()
    scaled = Gemma3TextScaledWordEmbedding(*plain.weight.shape, padding_idx=1, embed_scale=8.0)
    encoder.set_input_embeddings(scaled)
    before = encoder(input_ids=IDS).last_hidden_state

    with caplog.at_level(logging.INFO, logger="ccnlp.models.vocabulary"):
        trim_embeddings(encoder, torch.tensor([0, 2, 5, 7]).numpy())

    torch.testing.assert_close(encoder(input_ids=IDS).last_hidden_state, before)
    assert "all embedding rows are trained, as Gemma3TextScaledWordEmbedding does" in caplog.text
