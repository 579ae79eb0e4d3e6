"""Texts through other languages and back, asking an engine only for what the store lacks."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import pandas as pd

from ccnlp.augmentation.parameters import AugmentationParameters
from ccnlp.augmentation.routes import Route, check_routes, routes_for
from ccnlp.augmentation.selection import LABEL, TEXT
from ccnlp.augmentation.store import Direction, TranslationStore
from ccnlp.augmentation.translator import Translator
from ccnlp.examples import stable_hash
from ccnlp.progress import ProgressLine

KEPT_COLUMNS = ["corpus", "task", "language", "culture", LABEL]
COLUMNS = [
    *("id", "parent_id", *KEPT_COLUMNS, "pivot", "engine"),
    *("original", "pivot_text", "candidate"),
]
COUNT_COLUMNS = ["source", "target", "engine", "revision", "asked", "stored", "translated"]


@dataclass(frozen=True)
class Counts:
    """What one leg asked for.

    Attributes:
        asked: distinct texts.
        stored: of them, those that the store had.
        translated: of them, those that the engine was asked for.
    """

    asked: int
    stored: int
    translated: int


def translate_round_trips(
    selected: pd.DataFrame,
    parameters: AugmentationParameters,
    *,
    translator: Translator,
    store: TranslationStore,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every selected row through every route of its language, and what was asked of whom.

    Returns:
        The round trips: a row a selected row and route, with `original`, `pivot_text` (in the last
        pivot language) and `candidate`; and a table of counts, a row a leg.

    Raises:
        TranslationError: a route's direction is missing, before any work; or the engine fails.
            What was translated until then is stored.
    """
    check_routes(parameters.routes, translator)
    jobs = [
        (route, rows)
        for language, rows in selected.groupby("language", observed=True)
        for route in routes_for(str(language), parameters.routes)
    ]
    num_texts = sum(len(route.legs) * len(rows) for route, rows in jobs)
    line = ProgressLine("texts translated", total=num_texts)
    translate = partial(
        translate_with_store,
        translator=translator,
        store=store,
        chunk_size=parameters.chunk_size_texts,
        advance=line.advance,
    )
    tables, counts = [], []
    for route, rows in jobs:
        stage_texts = [rows[TEXT].tolist()]
        for direction in [direction_of(translator, *leg) for leg in route.legs]:
            translations, leg_counts = translate(stage_texts[-1], direction)
            stage_texts.append(translations)
            counts.append({**asdict(direction), **asdict(leg_counts)})
        tables.append(_as_table(route, rows, stage_texts, translator))
    round_trips = pd.concat(tables, ignore_index=True) if tables else _empty_table(selected)
    return round_trips, pd.DataFrame(counts, columns=COUNT_COLUMNS)


def direction_of(translator: Translator, source: str, target: str) -> Direction:
    """The store's key for what the translator does between two languages."""
    return Direction(
        source=source,
        target=target,
        engine=translator.name,
        revision=translator.revision(source, target),
        decoding=translator.decoding,
    )


def translate_with_store(
    texts: Sequence[str],
    direction: Direction,
    *,
    translator: Translator,
    store: TranslationStore,
    chunk_size: int,
    advance: Callable[[int], None],
) -> tuple[list[str], Counts]:
    """The translations in the order of `texts`, asking the engine only for what the store lacks.

    Args:
        texts: may repeat; each distinct text is asked for once.
        direction: what the store keys them by.
        translator: the engine.
        store: read first, and written after every chunk.
        chunk_size: texts asked for at once; a resumed run asks in the same chunks.
        advance: told how many of `texts` are done.
    """
    distinct = list(dict.fromkeys(texts))
    translation_of = store.look_up(distinct, direction)
    missing = [text for text in distinct if text not in translation_of]
    counts = Counts(len(distinct), stored=len(translation_of), translated=len(missing))
    advance(len(texts) - len(missing))
    for start in range(0, len(missing), chunk_size):
        chunk = missing[start : start + chunk_size]
        translated = translator.translate(chunk, source=direction.source, target=direction.target)
        translations = dict(zip(chunk, translated, strict=True))
        store.add(translations, direction)
        translation_of |= translations
        advance(len(chunk))
    return [translation_of[text] for text in texts], counts


def _as_table(
    route: Route, rows: pd.DataFrame, stage_texts: list[list[str]], translator: Translator
) -> pd.DataFrame:
    candidates = stage_texts[-1]
    revisions = dict.fromkeys(translator.revision(*leg) for leg in route.legs)
    ids_and_candidates = zip(rows["id"], candidates, strict=True)
    return pd.DataFrame(
        {
            "id": [
                stable_hash(["back_translation", row_id, route.pivot, text])
                for row_id, text in ids_and_candidates
            ],
            "parent_id": rows["id"].to_numpy(),
            **{column: rows[column].to_numpy() for column in KEPT_COLUMNS},
            "pivot": route.pivot,
            "engine": f"{translator.name} {' + '.join(revisions)}",
            "original": stage_texts[0],
            "pivot_text": stage_texts[-2],
            "candidate": candidates,
        }
    )


def _empty_table(selected: pd.DataFrame) -> pd.DataFrame:
    columns = {column: selected[column].iloc[:0] for column in KEPT_COLUMNS}
    texts = {c: pd.Series([], dtype="str") for c in COLUMNS if c not in KEPT_COLUMNS}
    return pd.DataFrame({**columns, **texts})[COLUMNS]
