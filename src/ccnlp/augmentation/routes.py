"""Which languages a text goes through on its way back to its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from ccnlp.augmentation.parameters import Chain
from ccnlp.augmentation.translator import Translator
from ccnlp.errors import TranslationError


@dataclass(frozen=True)
class Route:
    """From a language through its pivots and back.

    Attributes:
        language: of the texts.
        pivots: in order.
    """

    language: str
    pivots: Chain

    @property
    def legs(self) -> tuple[tuple[str, str], ...]:
        """Source and target of each translation.

        >>> Route("en", ("ca", "es")).legs
        (('en', 'ca'), ('ca', 'es'), ('es', 'en'))
        """
        stops = (self.language, *self.pivots, self.language)
        return tuple(pairwise(stops))

    @property
    def pivot(self) -> str:
        """The pivots as examples name them, such as `ca>es`."""
        return ">".join(self.pivots)


def routes_for(language: str, routes: Mapping[str, tuple[Chain, ...] | None]) -> list[Route]:
    """The routes of a row's language.

    A regional tag without routes of its own takes those of its language, and keeps its region, so
    that an engine which knows `pt-BR` comes back to it. A tag with a script takes no other's.

    >>> routes_for("es-MX", {"es": (("en",),)})
    [Route(language='es-MX', pivots=('en',))]
    >>> routes_for("zh-Hant", {"zh": (("en",),)})
    []
    """
    chains = routes.get(language, routes.get(without_region(language)))
    return [Route(language, chain) for chain in chains or ()]


@lru_cache(maxsize=4096)
def without_region(language: str) -> str:
    """The tag without its region: `es` of `es-MX`, `zh-Hant` of `zh-Hant-TW`."""
    import langcodes

    tag = langcodes.Language.get(language)
    return language if tag.territory is None else tag.update_dict({"territory": None}).to_tag()


def check_routes(routes: Mapping[str, tuple[Chain, ...] | None], translator: Translator) -> None:
    """Checks every configured route.

    Raises:
        TranslationError: a chain is empty, or the engine lacks a direction; says which, how to
            install it and how to run without.
    """
    missing = []
    for language, chains in routes.items():
        for chain in chains or ():
            if not chain:
                raise TranslationError(
                    f"augmentation.routes: {language!r} has a route without pivots; "
                    "name one, such as [es]"
                )
            legs = Route(language, chain).legs
            missing += [leg for leg in legs if not translator.supports(*leg)]
    if missing:
        raise TranslationError(translator.missing_message(list(dict.fromkeys(missing))))
