import pandas as pd
import pytest

from ccnlp.agreement.parameters import AgreementParameters

LABELS = ("none", "mild", "hate")


@pytest.fixture
def annotate():
    """Annotations of `{text: {culture: "nnh"}}`, a letter a label; each letter an annotator."""

    def make(texts):
        by_letter = {label[0]: label for label in LABELS}
        rows = [
            (text, f"{culture}{i}", culture, by_letter[letter])
            for text, cultures in texts.items()
            for culture, letters in cultures.items()
            for i, letter in enumerate(letters)
        ]
        return pd.DataFrame(rows, columns=["group_id", "annotator", "culture", "label"])

    return make


@pytest.fixture
def parameters():
    return AgreementParameters(
        level="nominal",
        seed=0,
        num_draws=200,
        confidence=0.95,
        num_shuffles=50,
        min_group_size=2,
        max_contested=None,
    )
