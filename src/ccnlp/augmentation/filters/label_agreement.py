"""Whether a round trip still bears its label."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from ccnlp.augmentation.filtering import FILTERS, Filter, FilterContext, Scores
from ccnlp.augmentation.parameters import LabelClassifierParameters
from ccnlp.examples import stable_hash


@FILTERS.register("label_agreement")
class LabelAgreement(Filter):
    """How much less a classifier believes the label of the candidate than that of the original.

    The classifier is a logistic regression on the encoder's vectors, fitted on native train rows.
    Where people judged the texts, the label is the majority of the row's own culture; a row whose
    annotators are tied has none, and is neither learnt from nor translated. The classifier is
    cross-fitted by `group_id`: no row is judged by a model that has seen it. What counts is the
    change, so that originals which the classifier finds hard are not lost for it.
    """

    name = "label_agreement"

    def texts_to_embed(self, round_trips: pd.DataFrame, context: FilterContext) -> Iterable[str]:
        """Originals, candidates and the rows that the classifier learns from."""
        learning_rows = [
            self._learning_rows(rows, str(task), context) for task, rows in _by_task(round_trips)
        ]
        texts = [text for rows in learning_rows for text in rows["text"]]
        return [*texts, *round_trips["original"], *round_trips["candidate"]]

    def score(self, round_trips: pd.DataFrame, context: FilterContext) -> Scores:
        """Probability of the label for the candidate less that for the original, -1..1.

        NaN for a task with a single label.
        """
        scores = np.full(len(round_trips), np.nan)
        parameters = context.parameters.label_classifier
        for task, rows in _by_task(round_trips):
            learning_rows = self._learning_rows(rows, str(task), context)
            learning_folds = _folds(learning_rows["group_id"], parameters.num_folds)
            vectors = context.embed(learning_rows["text"].tolist())
            group_of = context.train.set_index("id")["group_id"]
            trip_folds = _folds(rows["parent_id"].map(group_of), parameters.num_folds)
            for fold in np.unique(trip_folds):
                model = _fit(
                    vectors[learning_folds != fold],
                    learning_rows["label"][learning_folds != fold],
                    parameters,
                )
                fold_rows = rows[trip_folds == fold]
                if model is not None:
                    scores[fold_rows.index] = _probability_change(model, fold_rows, context)
        return scores

    def _learning_rows(self, rows: pd.DataFrame, task: str, context: FilterContext) -> pd.DataFrame:
        train = context.train[context.train["task"] == task]
        max_rows = context.parameters.label_classifier.max_rows
        return sample_rows(train, set(rows["parent_id"]), max_rows)


def _by_task(round_trips: pd.DataFrame) -> Iterable[tuple[Any, pd.DataFrame]]:
    """The rows of each task; their index is their position."""
    return round_trips.reset_index(drop=True).groupby("task")


def sample_rows(train: pd.DataFrame, preferred_ids: set[str], max_rows: int) -> pd.DataFrame:
    """At most `max_rows` train rows: first the preferred ones, then by hash of their id.

    These are embedded already, so that learning from them costs nothing more.
    """
    order = [
        (row_id not in preferred_ids, stable_hash(["classifier", row_id])) for row_id in train["id"]
    ]
    positions = sorted(range(len(order)), key=order.__getitem__)[:max_rows]
    return train.iloc[sorted(positions)]


def _folds(groups: "pd.Series[str]", num_folds: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array([int(stable_hash(["fold", group]), 16) % num_folds for group in groups])


def _fit(
    vectors: np.ndarray[Any, Any], labels: pd.Series, parameters: LabelClassifierParameters
) -> Any:
    """A fitted pipeline; None where there are not two labels to tell apart."""
    if labels.nunique() < 2:
        return None
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    regression = LogisticRegression(C=1 / parameters.regularisation, max_iter=1000)
    return make_pipeline(StandardScaler(), regression).fit(vectors, labels.astype(str))


def _probability_change(model: Any, rows: pd.DataFrame, context: FilterContext) -> Scores:
    original, candidate = (
        model.predict_proba(context.embed(rows[column].tolist()))
        for column in ("original", "candidate")
    )
    class_indices = {label: index for index, label in enumerate(model.classes_)}
    label_indices = [class_indices.get(label, -1) for label in rows["label"].astype(str)]
    change = (candidate - original)[np.arange(len(rows)), label_indices]
    return np.where(np.array(label_indices) < 0, np.nan, change)
