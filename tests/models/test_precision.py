import pytest
import torch

from ccnlp.models import precision
from ccnlp.models.precision import autocast, choose_device, choose_precision, has_fast_bf16

CPU = torch.device("cpu")


@pytest.fixture
def capabilities(monkeypatch):
    """Sets what the processor is said to have."""

    def pretend(**has: bool) -> None:
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has)
        has_fast_bf16.cache_clear()

    yield pretend
    has_fast_bf16.cache_clear()


@pytest.mark.parametrize(
    ("has", "expected"),
    [
        ({"amx_bf16": True, "avx512_bf16": True}, "bf16"),
        ({"amx_bf16": False, "avx512_bf16": True}, "bf16"),
        ({"avx2": True, "avx512_bf16": False}, "fp32"),
        ({}, "fp32"),
    ],
)
def test_choose_precision_auto_asks_the_processor(capabilities, has, expected) -> None:
    capabilities(**has)
    assert choose_precision(CPU, "auto") == expected


@pytest.mark.parametrize("choice", ["fp32", "bf16"])
def test_choose_precision_explicit_choice_holds(capabilities, choice) -> None:
    capabilities()
    assert choose_precision(CPU, choice) == choice


def test_has_fast_bf16_unknown_device_has_not() -> None:
    assert not has_fast_bf16("meta")


@pytest.mark.parametrize(("choice", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_autocast_computes_in_the_choice_and_keeps_weights(choice, dtype) -> None:
    layer = torch.nn.Linear(4, 4)
    with autocast(CPU, choice):
        assert layer(torch.ones(1, 4)).dtype == dtype
    assert layer.weight.dtype == torch.float32


def test_choose_device_without_a_card_is_the_processor(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    choose_device.cache_clear()
    assert choose_device() == CPU
    choose_device.cache_clear()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_choose_device_card_computes_in_tf32() -> None:
    precision.choose_device.cache_clear()
    assert choose_device().type == "cuda"
    assert torch.get_float32_matmul_precision() == "high"
