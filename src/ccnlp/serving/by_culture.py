"""The part of an answer that sets cultures beside each other."""

from collections.abc import Sequence

import pandas as pd

from ccnlp.conditioning.keys import ConditionKeys
from ccnlp.cultures import canonical_culture
from ccnlp.examples import UNKNOWN
from ccnlp.models.by_culture import (
    disagreement,
    is_told_apart,
    predict_distributions,
    told_cultures,
)
from ccnlp.models.trained import TrainedModel
from ccnlp.serving.errors import RequestError

ALL = "all"
"""In place of keys: every culture that the model was trained on."""


def parse_cultures(model: TrainedModel, requested: Sequence[str]) -> tuple[str, ...]:
    """The keys of the cultures that a request asks for, each once.

    Args:
        model: that answers.
        requested: ISO 3166 regions and groups that the model knows, or `ALL` alone.

    Raises:
        RequestError: the model is told nothing of culture, or of one of these; one is none, or
            `ALL` stands beside others.
    """
    trained_cultures = told_cultures(model)
    if model.conditioning is None or not trained_cultures:
        raise RequestError(
            "the model is told nothing of culture, so that it can't answer by culture; leave "
            "'cultures' out, or train with culture.conditioning"
        )
    if all(key == ALL for key in requested):
        return trained_cultures
    if ALL in requested:
        raise RequestError(
            f"'cultures' names {ALL!r} beside others; it stands for every culture of the training, "
            f"{', '.join(trained_cultures)}, and is named alone"
        )
    keys = model.conditioning.keys
    cultures = tuple(dict.fromkeys(parse_culture(key, keys) for key in requested))
    for key in cultures:
        if not is_told_apart(model, key):
            raise RequestError(
                f"the model knows nothing of culture {key!r}, so that its answer would be that "
                f"for an unknown one; it was trained on {', '.join(trained_cultures)}"
            )
    return cultures


def parse_culture(key: str, keys: ConditionKeys) -> str:
    """The key of a culture in its canonical form.

    Without a conditioning a culture may be any group that the corpora declared; here the model
    knows which there are, and a wrong key is told.

    Raises:
        RequestError: neither a region nor one of the groups; names the near key.
    """
    groups = {*keys.cultures, *keys.atlas.parameters.groups, UNKNOWN}
    try:
        return canonical_culture(key, groups=groups)
    except ValueError as error:
        raise RequestError(f"the request: culture {error}") from None


def answer_by_culture(
    model: TrainedModel,
    rows: pd.DataFrame,
    *,
    task: str,
    cultures: Sequence[str],
    tokens_per_batch: int,
    min_disagreement: float | None,
) -> pd.DataFrame:
    """A row a text: `by_culture`, `disagreement` and `contested`.

    `by_culture` has, by culture, the probability of each label. `contested` is whether the
    disagreement reaches `min_disagreement`; it is left out where there is none.
    """
    labels = model.tasks[task].labels
    shares = predict_distributions(
        model, rows, task=task, cultures=cultures, tokens_per_batch=tokens_per_batch
    )
    by_culture = [
        {
            culture: dict(zip(labels, map(float, probabilities), strict=True))
            for culture, probabilities in zip(cultures, text_shares, strict=True)
        }
        for text_shares in shares
    ]
    answer = pd.DataFrame({"by_culture": by_culture, "disagreement": disagreement(shares)})
    if min_disagreement is None:
        return answer
    return answer.assign(contested=answer["disagreement"] >= min_disagreement)
