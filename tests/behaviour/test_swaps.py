from ccnlp.behaviour.swaps import make_swaps


def test_a_term_is_swapped_for_others_of_its_set(make_texts, make_parameters):
    cases = make_swaps(make_texts("Anna was good"), make_parameters().swaps, seed=0)

    assert sorted(cases["text"]) == ["Fatma was good", "Mei was good"]
    assert set(cases["original"]) == {"Anna was good"}
    assert set(cases["change"]) == {"Anna → Fatma", "Anna → Mei"}
    assert cases["test"].unique().tolist() == ["names"]
    assert cases["unit"].unique().tolist() == ["en0"]
    assert cases["domain"].unique().tolist() == ["reviews"]
    assert cases["expected"].isna().all()


def test_a_term_that_stands_there_takes_no_place_of_another(make_texts, make_parameters):
    cases = make_swaps(make_texts("Anna saw Mei"), make_parameters().swaps, seed=0)

    assert sorted(cases["text"]) == ["Anna saw Fatma", "Fatma saw Mei"]


def test_swaps_of_a_text_are_drawn_by_the_seed(make_texts, make_parameters):
    parameters = make_parameters().swaps.model_copy(update={"swaps_per_text": 1})
    texts = make_texts(*(f"Anna {i}" for i in range(20)))

    first, again, other = (make_swaps(texts, parameters, seed=seed) for seed in (0, 0, 1))

    assert len(first) == 20
    assert first.equals(again)
    assert not first.equals(other)
    assert set(first["change"]) == {"Anna → Fatma", "Anna → Mei"}


def test_sets_are_those_of_the_language(make_texts, make_parameters):
    swaps = make_parameters().swaps
    assert make_swaps(make_texts("Anna", language="fr"), swaps, seed=0).empty
    cases = make_swaps(make_texts("Gute Anna", language="de-AT"), swaps, seed=0)
    assert cases["text"].tolist() == ["Schlechte Anna"]


def test_text_with_a_word_that_would_change_too_is_no_case(make_texts, make_parameters):
    values = make_parameters().swaps.model_dump() | {"unless": {"names": {"en": ["her"]}}}
    swaps = make_parameters(swaps=values).swaps
    cases = make_swaps(make_texts("Anna and her film", "Anna and herbs"), swaps, seed=0)
    assert set(cases["original"]) == {"Anna and herbs"}


def test_no_text_gives_no_case(make_texts, make_parameters):
    assert make_swaps(make_texts(), make_parameters().swaps, seed=0).empty
