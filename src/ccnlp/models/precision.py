"""Which device and number format to compute with, chosen from what the machine has."""

from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

PrecisionChoice = Literal["auto", "fp32", "bf16"]
Precision = Literal["fp32", "bf16"]

BF16_INSTRUCTIONS = ("amx_bf16", "avx512_bf16")


@lru_cache(maxsize=1)
def choose_device() -> "torch.device":
    """The graphics card where there is one, with TF32 on for its fp32 products, else the CPU."""
    import torch

    if not torch.cuda.is_available():
        return torch.device("cpu")
    torch.set_float32_matmul_precision("high")
    return torch.device("cuda")


def choose_precision(device: "torch.device", choice: PrecisionChoice) -> Precision:
    """bf16 where `choice` is `auto` and the device computes in it, else what was chosen.

    A processor without bf16 instructions emulates them, several times slower than fp32.
    """
    if choice != "auto":
        return choice
    return "bf16" if has_fast_bf16(device.type) else "fp32"


@lru_cache(maxsize=2)
def has_fast_bf16(device_type: str) -> bool:
    """Whether the device has instructions for products of bf16 numbers."""
    import torch

    if device_type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device_type != "cpu":
        return False
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name) for name in BF16_INSTRUCTIONS)


def autocast(device: "torch.device", choice: PrecisionChoice) -> AbstractContextManager[object]:
    """A context in which products are computed in the chosen precision; weights stay fp32."""
    import torch

    if choose_precision(device, choice) == "fp32":
        return nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16)
