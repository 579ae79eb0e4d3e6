"""A toy model that answers two cultures differently, and ones that can't."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from ccnlp.conditioning.base import fit
from ccnlp.models.by_culture import (
    disagreement,
    is_told_apart,
    predict_distributions,
    told_cultures,
)

SEEN = pd.DataFrame({"culture": ["GB", "MX"], "language": ["en", "es"], "domain": "und"})


def conditioned_on(model, parameters):
    return dataclasses.replace(model, conditioning=fit(parameters, SEEN))


def test_each_text_is_answered_for_each_culture(conditioned_model):
    rows = pd.DataFrame({"text": ["good", "bad film"], "language": "en"}, index=[7, 7])
    options = {"task": "sentiment", "tokens_per_batch": 256}
    shares = predict_distributions(conditioned_model, rows, cultures=["MX", "GB"], **options)
    assert shares.shape == (2, 2, 3)
    assert shares.sum(axis=2) == pytest.approx(np.ones((2, 2)), abs=1e-5)
    for i, culture in enumerate(["MX", "GB"]):
        predictions = conditioned_model.predict(rows.assign(culture=culture), **options)
        assert shares[:, i] == pytest.approx(np.stack(predictions["probabilities"]), abs=1e-5)
    assert (disagreement(shares) > 0).all()


def test_no_text_has_no_answer(conditioned_model):
    rows = pd.DataFrame({"text": pd.Series([], dtype="object")})
    shares = predict_distributions(
        conditioned_model, rows, task="sentiment", cultures=["MX", "GB"], tokens_per_batch=256
    )
    assert shares.shape == (0, 2, 3)
    assert disagreement(shares).shape == (0,)


def test_disagreement_of_texts_worked_by_hand():
    shares = np.array([[[1, 0], [0, 1]], [[0.5, 0.5], [0.5, 0.5]], [[1, 0], [0.5, 0.5]]])
    expected = [1, 0, np.sqrt(1.5 - 0.75 * np.log2(3))]
    assert disagreement(shares) == pytest.approx(expected, abs=1e-7)


def test_model_is_told_apart_what_it_knows_of(conditioned_model):
    assert told_cultures(conditioned_model) == ("GB", "MX", "latam")
    told_apart = {key: is_told_apart(conditioned_model, key) for key in ("MX", "GT", "JP", "und")}
    # Guatemala has the subregion of Mexico; nothing is known of Japan.
    assert told_apart == {"MX": True, "GT": True, "JP": False, "und": False}


def test_model_that_is_told_of_language_alone_has_no_cultures(tiny_model, culture_parameters):
    parameters = culture_parameters("prefix", prefix={"fields": ["language"]})
    assert told_cultures(conditioned_on(tiny_model, parameters)) == ()
    assert told_cultures(conditioned_on(tiny_model, culture_parameters("prefix"))) == ("GB", "MX")
    assert told_cultures(tiny_model) == ()
    assert not is_told_apart(tiny_model, "GB")
