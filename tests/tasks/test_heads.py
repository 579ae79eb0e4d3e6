import pytest
import torch

from ccnlp.models.precision import autocast
from ccnlp.tasks.heads import PooledClassifier, pool

STATES = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [90.0, 90.0]]])
MASK = torch.tensor([[1, 1, 0]])


@pytest.mark.parametrize(("pooling", "vector"), [("first", [1.0, 2.0]), ("mean", [2.0, 3.0])])
def test_pool_reads_the_vector_off_what_is_no_padding(pooling, vector):
    pooled = pool(STATES.bfloat16(), MASK, pooling=pooling)

    assert pooled.tolist() == [vector]
    assert pooled.dtype == torch.float32


@pytest.mark.parametrize("pooling", ["first", "mean"])
def test_pooled_classifier_computes_in_fp32_where_the_encoder_computes_in_bf16(pooling):
    head = PooledClassifier(64, 3, pooling=pooling, dropout=0.0)
    states = torch.randn(8, 5, 64).bfloat16()
    mask = torch.ones(8, 5)

    with autocast(torch.device("cpu"), "bf16"):
        logits = head(states, mask)

    assert logits.dtype == torch.float32
    torch.testing.assert_close(logits, head(states.float(), mask), rtol=0, atol=0)
