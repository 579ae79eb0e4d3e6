"""What a training depends on besides its inputs: the code, the libraries and the arithmetic."""

import hashlib
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import ccnlp
from ccnlp.models.precision import PrecisionChoice, choose_device, choose_precision

SOURCES = (
    *("atlas", "conditioning", "cultures.py", "examples.py", "metrics.py"),
    *("models", "tasks", "training"),
)
"""Modules and packages of ccnlp that decide on the weights that a training ends with."""

LIBRARIES = ("accelerate", "numpy", "torch", "transformers")


@lru_cache(maxsize=1)
def fingerprint_code() -> str:
    """Changes with the project's code that trains and with the versions of what it trains by."""
    package = Path(ccnlp.__file__).parent
    digest = hashlib.sha256()
    for source in SOURCES:
        path = package / source
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.relative_to(package).as_posix().encode())
            digest.update(file.read_bytes())
    for library in LIBRARIES:
        digest.update(f"{library} {version(library)}".encode())
    return digest.hexdigest()


def fingerprint_arithmetic(choice: PrecisionChoice) -> str:
    """The device and the precision that `choice` comes to on it, such as `cpu bf16`."""
    device = choose_device()
    return f"{device.type} {choose_precision(device, choice)}"
