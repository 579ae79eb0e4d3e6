"""The comparisons of trainings, on a corpus and an encoder small enough to train in a second."""

import numpy as np
import pandas as pd
import pytest
from tests.benchmarks import objectives, recipes
from tests.benchmarks.arms import DEFAULT, Comparison
from tests.benchmarks.corpus import load_parameters, load_tasks

from ccnlp.datasets.arrow_tables_dataset import ArrowTablesDataset
from ccnlp.datasets.encoder_checkpoint_dataset import EncoderCheckpointDataset
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.tokenisation.encoding import count_tokens, encode_examples

WORDS = {"negative": "bad boring", "neutral": "service film", "positive": "good great"}
OBJECTIVES = objectives.compare_objectives("umsab")
COMPARISONS = {
    "recipes": recipes.COMPARISON,
    "objectives": OBJECTIVES,
    "objectives by country": objectives.compare_objectives("crehate"),
}


@pytest.fixture
def data(tiny_encoder, tmp_path):
    """The folder that tokenisation leaves, of two languages, one of them small."""
    rows = [
        (language, split, f"the {word} was {word} {i}", label)
        for language, size in (("en", 30), ("es", 10))
        for i in range(size)
        for split in ("train", "validation", "test")
        for label, words in WORDS.items()
        for word in words.split()[i % 2 :][:1]
    ]
    examples = pd.DataFrame(rows, columns=["language", "split", "text", "label"])
    examples = examples.assign(
        corpus="toy", task="sentiment", region="und", culture="und", domain="und", origin="native",
        weight=1.0, group_id=pd.NA, id=[f"{i:016x}" for i in range(len(examples))],
    )  # fmt: skip
    tokenizer = tiny_encoder.load_tokenizer()
    features = encode_examples(examples, load_tasks(), tokenizer, max_length_tokens=128)
    folders = "03_primary/examples", "05_model_input", "06_models"
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
    examples.to_parquet(tmp_path / "03_primary/examples/toy.parquet")
    ArrowTablesDataset(filepath=str(tmp_path / "05_model_input/features")).save(features)
    vocabulary = count_tokens(features, special_ids=tokenizer.all_special_ids)
    vocabulary.to_parquet(tmp_path / "05_model_input/vocabulary.parquet")
    EncoderCheckpointDataset(filepath=str(tmp_path / "06_models/encoder.json")).save(tiny_encoder)
    return tmp_path


def test_objectives_are_trained_once_and_judged_beside_the_default(data, capsys, monkeypatch):
    arms = ["default", "languages evenly", "group DRO, weights of the worst language"]
    arguments = ["--data", str(data), "--split", "test", "--only", *arms, "--seeds", "2"]
    OBJECTIVES.main(None, arguments=arguments)
    table = capsys.readouterr().out.strip().splitlines()[-5:]

    assert table[0] == (
        "| arm | seeds | macro-F1 on test, languages' average | difference to the default | "
        "worst language | difference to the default's worst |"
    )
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]
    assert [row[:2] for row in cells] == [[arm, "2"] for arm in arms]
    assert cells[0][3] == cells[0][5] == "–"
    assert all(row[4].split()[0] in ("en", "es") for row in cells)
    assert all(row[5][0] in "+-" for row in cells[1:])

    def train(*args):
        raise AssertionError("it trains again")

    monkeypatch.setattr(Comparison, "train", train)
    OBJECTIVES.main(None, arguments=arguments)
    assert capsys.readouterr().out.strip().splitlines()[-5:] == table


def test_recipes_are_judged_by_the_average_over_languages(data, capsys):
    arguments = ["--data", str(data), "--only", "default", "without round trips"]
    recipes.COMPARISON.main(None, arguments=arguments)
    table = capsys.readouterr().out.strip().splitlines()[-4:]

    assert table[0] == "| arm | seeds | macro-F1 on validation | difference to the default |"
    assert table[2].startswith("| default | 1 | ")
    assert table[3].startswith("| without round trips | 1 | ")
    assert table[3].endswith("| +0.0 (+0.0 to +0.0) |")  # there are none in this corpus


def predictions(answers: dict[str, dict[str, list[str]]]) -> pd.DataFrame:
    """Of systems, by language, on three rows a language, one of each label."""
    rows = [
        (system, f"{language}{i}", language, label, prediction)
        for system, by_language in answers.items()
        for language, predicted in by_language.items()
        for i, (label, prediction) in enumerate(zip(WORDS, predicted, strict=True))
    ]
    columns = ["system", "example_id", "language", "reference", "prediction"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(task="sentiment", confidence=1.0, group_id=table["example_id"])


def test_worst_language_is_that_of_each_arm():
    right = list(WORDS)
    all_negative = ["negative"] * 3  # F1 of 1/2, 0 and 0
    table = predictions(
        {
            DEFAULT: {"en": right, "es": all_negative},
            "arm": {"en": ["negative", "neutral", "neutral"], "es": right},
        }
    )
    parameters = EvaluationParameters.model_validate(load_parameters("evaluation"))

    names, arm_scores, default_scores = objectives.draw_groups(table, "arm", "umsab", parameters)

    assert names == ["en", "es"]
    assert arm_scores[0].tolist() == pytest.approx([(1 + 2 / 3 + 0) / 3, 1.0])
    assert default_scores[0].tolist() == pytest.approx([1.0, 1 / 6])
    assert arm_scores.shape == default_scores.shape == (1 + parameters.num_draws, 2)
    average, gain, worst, worst_gain = OBJECTIVES.judge(table, "arm")
    assert average.startswith(f"{100 * np.mean([5 / 9, 1]):.1f} (")
    assert gain.startswith(f"{100 * (np.mean([5 / 9, 1]) - np.mean([1, 1 / 6])):+.1f} (")
    assert worst.startswith(f"en {100 * 5 / 9:.1f} (")
    assert worst_gain.startswith(f"{100 * (5 / 9 - 1 / 6):+.1f} (")


def test_rows_of_one_text_are_drawn_together():
    table = predictions({DEFAULT: {"AU": list(WORDS), "US": list(WORDS)}, "arm": {}})
    arm = predictions({"arm": {"AU": ["negative"] * 3, "US": ["negative"] * 3}})
    both = pd.concat([table, arm], ignore_index=True).rename(columns={"language": "culture"})
    labels = {"negative": "hate", "neutral": "not_hate", "positive": "not_hate"}
    both = both.assign(task="hate", group_id=both["example_id"].str[-1])
    both = both.assign(**{name: both[name].map(labels) for name in ("reference", "prediction")})
    parameters = EvaluationParameters.model_validate(load_parameters("evaluation"))

    names, arm_scores, _ = objectives.draw_groups(both, "arm", "crehate", parameters)

    assert names == ["AU", "US"]
    assert arm_scores[:, 0] == pytest.approx(arm_scores[:, 1])  # the countries differ in no text
    assert arm_scores[1:, 0].std() > 0


def test_only_one_task_is_judged():
    table = predictions({DEFAULT: {"en": list(WORDS)}})
    other = table.assign(task="topic")

    with pytest.raises(ValueError, match="only one task can be judged"):
        OBJECTIVES.judge(pd.concat([table, other]), DEFAULT)


@pytest.mark.parametrize(
    ("name", "arm"),
    [(name, arm) for name, comparison in COMPARISONS.items() for arm in comparison.arms],
)
def test_every_arm_has_parameters_of_its_own(name, arm):
    comparison = COMPARISONS[name]
    same = [DEFAULT, recipes.WITHOUT_ROUND_TRIPS]

    parameters = comparison.parameters(arm, seed=3)

    assert parameters.seed == 3
    default = comparison.parameters(DEFAULT, seed=3)
    assert (parameters == default) == (arm in same)
    assert comparison.file_name(arm, 3).startswith(f"{arm}.3.")
