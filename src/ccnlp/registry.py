"""Plug-ins by name: readers, tasks, translators, filters and model sources register themselves."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from ccnlp.errors import ConfigurationError, did_you_mean

T = TypeVar("T")


class Registry(Generic[T]):
    """Classes or functions by name.

    Each plug-in is one module of `package` that decorates its class with `register`; the modules
    are imported on the first look-up, so that adding a plug-in is adding a file.

    Args:
        kind: what is registered, for messages, such as `reader`.
        package: the package whose modules register themselves, such as `ccnlp.corpora.readers`.
        parameter: where a user names one of them, such as `parameters/corpora.yml`.
    """

    def __init__(self, kind: str, *, package: str, parameter: str) -> None:
        self.kind = kind
        self.package = package
        self.parameter = parameter
        self._entries: dict[str, T] = {}
        self._is_discovered = False

    def register(self, name: str) -> Callable[[T], T]:
        """A decorator that files its class under `name`.

        Raises:
            ValueError: another class is already filed under `name`.
        """

        def add(entry: T) -> T:
            registered = self._entries.get(name)
            if registered is not None and _qualified_name(registered) != _qualified_name(entry):
                raise ValueError(f"{self.kind} {name!r} is already registered by {registered!r}")
            self._entries[name] = entry
            return entry

        return add

    def get(self, name: str) -> T:
        """The class filed under `name`.

        Raises:
            ConfigurationError: nothing is; the message suggests the nearest name.
        """
        self._discover()
        if name not in self._entries:
            hint = did_you_mean(name, self._entries)
            raise ConfigurationError(f"unknown {self.kind} {name!r}; {hint} ({self.parameter})")
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        self._discover()
        return iter(sorted(self._entries))

    def _discover(self) -> None:
        if self._is_discovered:
            return
        package = importlib.import_module(self.package)
        for module in pkgutil.iter_modules(package.__path__, self.package + "."):
            importlib.import_module(module.name)
        self._is_discovered = True


def _qualified_name(entry: object) -> tuple[str, str]:
    return (getattr(entry, "__module__", ""), getattr(entry, "__qualname__", repr(entry)))
