"""Apertium: rule-based translation, offline, from the distribution's archive."""

import hashlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from ccnlp.augmentation import segments
from ccnlp.augmentation.translator import TRANSLATORS, WITHOUT, Translator
from ccnlp.errors import TranslationError

# fmt: off
PACKAGES = frozenset({
    "afr-nld", "arg-cat", "bel-rus", "br-fr", "cat-ita", "cat-srd", "dan-nor", "en-gl", "eng-cat",
    "eng-spa", "eo-ca", "eo-en", "eo-es", "eo-fr", "es-ast", "es-gl", "es-pt", "es-ro", "eu-en",
    "eu-es", "fr-es", "fra-cat", "fra-frp", "hbs-eng", "hbs-mkd", "hbs-slv", "ind-zlm", "isl-eng",
    "isl-swe", "mkd-bul", "mkd-eng", "nno-nob", "oc-ca", "oc-es", "oci-fra", "pol-szl", "por-cat",
    "pt-gl", "rus-ukr", "spa-arg", "spa-ast", "spa-cat", "spa-ita", "srd-ita", "swe-dan",
    "swe-nor", "urd-hin",
})
# fmt: on
"""Language pairs as the package archive names them: `apertium-eng-spa` and so on."""

OTHER_CODES = {"ms": ("zlm",), "sr": ("hbs",), "hr": ("hbs",), "bs": ("hbs",), "no": ("nob",)}
"""Apertium's codes that are not the ISO 639 codes of the same language."""

RESERVED = re.compile(r"([\[\]{}^$/\\@<>])")
"""Characters with a meaning in Apertium's stream format."""

DEBRIS = re.compile(r"(?<!\\)<[\w.]+>|(?<![\w\\])[*@#](?=\w)")
"""No text that is shown to the engine has these: `segments` keeps them from it."""

MODE = re.compile(r"([a-z]{2,3})-([a-z]{2,3})(?:_([A-Z]{2}))?")


@TRANSLATORS.register("apertium")
class Apertium(Translator):
    """Translates with the pairs that are installed.

    Rows are kept apart in three ways: each is flushed through every program of the pipe by a null
    byte, each ends a sentence, and each carries its number through the pipe as formatting. A row
    that comes back without its number is asked for again.

    So no word crosses rows. How a rare word is read may still depend on the rows before it, as the
    tagger adds kinds of ambiguity that its data lacks to those it knows; with the pairs tried, up
    to one row in eight differs when the rows are shuffled, by a word. Each call is a new pipe, so
    that the same rows in the same order always give the same.
    """

    name = "apertium"
    decoding = f"unknown=keep segments={segments.VERSION}"

    def supports(self, source: str, target: str) -> bool:
        """Whether a mode for the direction is installed."""
        return shutil.which("apertium") is not None and _find_mode(source, target) is not None

    def how_to_install(self, directions: Sequence[tuple[str, str]]) -> str:
        """The package archive's command."""
        packages = {direction: _packages(*direction) for direction in directions}
        names = sorted({"apertium"}.union(*packages.values()))
        missing = [f"{a}>{b}" for (a, b), package_names in packages.items() if not package_names]
        hint = f" (no package has {', '.join(missing)}: mend augmentation.routes)"
        return "sudo apt-get install " + " ".join(names) + (hint if missing else "")

    def revision(self, source: str, target: str) -> str:
        """Such as `3.8.3 eng-spa 1a2b3c4d`: the engine, the mode, and the hash of its data."""
        mode = self._mode(source, target)
        return f"{_engine_version()} {mode.stem} {_hash_of_mode(mode)}"

    def translate_rows(self, texts: Sequence[str], *, source: str, target: str) -> list[str]:
        """The translations; what must survive (see `segments`) is not shown to the engine."""
        mode = self._mode(source, target).stem
        split_texts = [segments.split(text) for text in texts]
        segment_texts = [
            piece.text for pieces in split_texts for piece in pieces if piece.is_translatable
        ]
        translations = iter(self._translate_segments(segment_texts, mode=mode))
        return [
            segments.join(pieces, [next(translations) for piece in pieces if piece.is_translatable])
            for pieces in split_texts
        ]

    def _mode(self, source: str, target: str) -> Path:
        mode = _find_mode(source, target)
        if mode is None:
            raise TranslationError(self.missing_message([(source, target)]))
        return mode

    def _translate_segments(self, texts: Sequence[str], *, mode: str) -> list[str]:
        """Asks again for the rows after one at which a program of the pipe crashed."""
        translations: dict[int, str] = {}
        while len(translations) < len(texts):
            pending = [row for row in range(len(texts)) if row not in translations]
            intact = self._run({row: texts[row] for row in pending}, mode=mode)
            if not intact:
                raise TranslationError(
                    f"apertium {mode} crashed on {texts[pending[0]][:100]!r}; "
                    f"leave its route out of augmentation.routes, {WITHOUT}"
                )
            translations |= intact
        return [translations[row] for row in range(len(texts))]

    def _run(self, texts: dict[int, str], *, mode: str) -> dict[int, str]:
        """The translations of the rows that came back with their number."""
        stream = "".join(f"{_escape(text)}.[][{row}]\0" for row, text in texts.items())
        process = subprocess.Popen(
            ["apertium", "-z", "-u", "-f", "none", mode],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            start_new_session=True,  # a group of its own, so that the whole pipe can be ended
        )
        try:
            output, _ = process.communicate(
                stream.encode(), timeout=self.parameters.timeout_seconds
            )
        except subprocess.TimeoutExpired:
            raise TranslationError(
                f"apertium {mode} took longer than {self.parameters.timeout_seconds:g} s for "
                f"{len(texts)} texts; raise augmentation.translator.timeout_seconds, lower "
                f"augmentation.chunk_size_texts, {WITHOUT}"
            ) from None
        finally:
            _end(process)
        replies = output.decode(errors="replace").split("\0")
        return {
            row: _unescape(reply.removesuffix(f"[][{row}]").removesuffix("."))
            for row, reply in zip(texts, replies, strict=False)
            if reply.endswith(f"[][{row}]")
        }


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _escape(text: str) -> str:
    return RESERVED.sub(r"\\\1", text)


def _unescape(reply: str) -> str:
    """The words of a reply, without the tags and marks that words it can't inflect come with."""
    return re.sub(r"\\(.)", r"\1", DEBRIS.sub("", reply))


def _data_folder() -> Path:
    return Path(os.environ.get("APERTIUM_DATADIR", "/usr/share/apertium"))


def _find_mode(source: str, target: str) -> Path | None:
    """The mode file for the direction; one for the target's region (`es-pt_BR`) goes first."""
    region = target.rsplit("-", maxsplit=1)[-1] if "-" in target else ""
    best = None
    for path in sorted((_data_folder() / "modes").glob("*.mode")):
        match = MODE.fullmatch(path.stem)
        if match and match[1] in _codes(source) and match[2] in _codes(target):
            if match[3] == region and region:
                return path
            best = path if match[3] is None else best
    return best


def _packages(source: str, target: str) -> set[str]:
    pairs = {f"{a}-{b}" for a in _codes(source) for b in _codes(target)}
    pairs |= {f"{b}-{a}" for a in _codes(source) for b in _codes(target)}
    return {f"apertium-{pair}" for pair in pairs & PACKAGES}


@lru_cache(maxsize=256)
def _codes(language: str) -> tuple[str, ...]:
    """What Apertium may call a language: ISO 639-1 or 639-3. A script has no translator."""
    import langcodes

    tag = langcodes.Language.get(language)
    if tag.script is not None or tag.language is None:
        return ()
    return (tag.language, tag.to_alpha3(), *OTHER_CODES.get(tag.language, ()))


@lru_cache(maxsize=1)
def _engine_version() -> str:
    result = subprocess.run(["apertium", "-V"], capture_output=True, text=True, check=False)
    return result.stdout.strip().removeprefix("Apertium ") or "unknown"


@lru_cache(maxsize=256)
def _hash_of_mode(mode: Path) -> str:
    """The first 8 hexadecimal digits of SHA-256 over the mode and the data that it names."""
    text = mode.read_text(encoding="utf-8")
    digest = hashlib.sha256(text.encode())
    for name in re.findall(r"'([^']+)'", text):
        digest.update(Path(name).read_bytes())
    return digest.hexdigest()[:8]
