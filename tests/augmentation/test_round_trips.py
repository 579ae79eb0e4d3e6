import signal
import subprocess
import sys
import time

import pytest

from ccnlp.augmentation.round_trips import (
    direction_of,
    translate_round_trips,
    translate_with_store,
)
from ccnlp.augmentation.store import TranslationStore
from ccnlp.errors import TranslationError

TEXTS = [f"text number {n}" for n in range(10)]


def translate(texts, translator, store, chunk_size=3):
    done = []
    translations, counts = translate_with_store(
        texts,
        direction_of(translator, "en", "es"),
        translator=translator,
        store=store,
        chunk_size=chunk_size,
        advance=done.append,
    )
    assert sum(done) == len(texts)
    return translations, counts


def test_translations_are_in_the_order_of_texts_and_repeats_are_asked_once(toy_translator, store):
    translator = toy_translator()
    translations, counts = translate(["b a", "c", "b a", ""], translator, store)
    assert translations == ["es a b", "es c", "es a b", ""]
    assert translator.chunks == [["b a", "c"]]
    assert (counts.asked, counts.stored, counts.translated) == (3, 0, 3)


def test_a_rerun_asks_for_nothing(toy_translator, store):
    first, _ = translate(TEXTS, toy_translator(), store)
    translator = toy_translator(fails_after_chunks=0)
    second, counts = translate(TEXTS, translator, store)
    assert second == first
    assert (counts.stored, counts.translated) == (10, 0)


def test_resumed_after_a_failure_asks_only_for_what_is_missing(toy_translator, store):
    with pytest.raises(TranslationError, match="the toy is broken"):
        translate(TEXTS, toy_translator(fails_after_chunks=2), store)
    translator = toy_translator()
    translations, counts = translate(TEXTS, translator, store)
    assert translations == [f"es {n} number text" for n in range(10)]
    assert translator.chunks == [TEXTS[6:9], TEXTS[9:]]  # as they would have been
    assert (counts.stored, counts.translated) == (6, 4)


SLOW_RUN = """
import sys, time
from pathlib import Path
from ccnlp.augmentation.round_trips import direction_of, translate_with_store
from ccnlp.augmentation.store import TranslationStore
from ccnlp.augmentation.translator import Translator, TranslatorParameters

class Slow(Translator):
    name, decoding = "toy", "order=reversed"
    def supports(self, source, target): return True
    def how_to_install(self, directions): return ""
    def revision(self, source, target): return f"1 {source}-{target}"
    def translate_rows(self, texts, *, source, target):
        time.sleep(0.05)
        return [" ".join([target, *reversed(text.split())]) for text in texts]

slow = Slow(TranslatorParameters(name="toy", timeout_seconds=1))
translate_with_store(
    [f"text number {n}" for n in range(1000)], direction_of(slow, "en", "es"), translator=slow,
    store=TranslationStore(Path(sys.argv[1])), chunk_size=3, advance=lambda n: None,
)
"""


def test_killed_and_run_again_loses_at_most_one_chunk(toy_translator, store):
    process = subprocess.Popen([sys.executable, "-c", SLOW_RUN, str(store.path)])
    while not store.path.exists() or len(store) < 6:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    num_stored = len(store)
    assert num_stored % 3 == 0
    texts = [f"text number {n}" for n in range(num_stored + 10)]
    translator = toy_translator()
    translations, counts = translate(texts, translator, TranslationStore(store.path))
    assert (counts.stored, counts.translated) == (num_stored, 10)
    assert translations == [f"es {n} number text" for n in range(num_stored + 10)]


def test_round_trips_of_every_route(toy_translator, store, make_examples, make_parameters):
    selected = make_examples(
        [{"text": "a b"}, {"text": "c d", "language": "es-MX", "culture": "MX"}, {"text": "e f"}]
    )
    routes = {"en": [["es"], ["ca", "es"]], "es": [["en"]], "hi": None}
    table, counts = translate_round_trips(
        selected, make_parameters(routes=routes), translator=toy_translator(), store=store
    )
    assert table[["parent_id", "pivot", "pivot_text", "candidate"]].to_numpy().tolist() == [
        ["row0", "es", "es b a", "en a b es"],
        ["row2", "es", "es f e", "en e f es"],
        ["row0", "ca>es", "es a b ca", "en ca b a es"],
        ["row2", "ca>es", "es e f ca", "en ca f e es"],
        ["row1", "en", "en d c", "es-MX c d en"],
    ]
    assert table["id"].is_unique
    assert table["engine"].iloc[0] == "toy 1 en-es + 1 es-en"
    assert table["culture"].tolist()[-1] == "MX"
    legs = list(zip(counts["source"], counts["target"], counts["asked"], strict=True))
    assert legs[:4] == [("en", "es", 2), ("es", "en", 2), ("en", "ca", 2), ("ca", "es", 2)]


def test_round_trip_ids_do_not_depend_on_other_rows(
    toy_translator, store, make_examples, make_parameters
):
    selected = make_examples([{"text": "a b"}, {"text": "c d"}])
    parameters = make_parameters(routes={"en": [["es"]]})
    both, _ = translate_round_trips(selected, parameters, translator=toy_translator(), store=store)
    one, counts = translate_round_trips(
        selected.iloc[1:], parameters, translator=toy_translator(), store=store
    )
    assert one["id"].tolist() == both["id"].tolist()[1:]
    assert counts["stored"].tolist() == [1, 1]


def test_no_rows_give_an_empty_table(toy_translator, store, make_examples, make_parameters):
    selected = make_examples([{"text": "a"}]).iloc[:0]
    table, counts = translate_round_trips(
        selected, make_parameters(routes={}), translator=toy_translator(), store=store
    )
    assert table.empty
    assert counts.empty
    assert {"candidate", "parent_id", "label", "pivot"} <= set(table.columns)


def test_a_missing_direction_fails_before_any_work(
    toy_translator, store, make_examples, make_parameters
):
    translator = toy_translator()
    routes = {"en": [["es"]], "fr": [["tlh"]]}
    with pytest.raises(TranslationError, match="fr>tlh, tlh>fr"):
        translate_round_trips(
            make_examples([{"text": "a"}]),
            make_parameters(routes=routes),
            translator=translator,
            store=store,
        )
    assert translator.chunks == []
