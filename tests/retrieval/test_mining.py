"""Hard negatives by hand, by an encoder, and in front of those that rows have."""

import numpy as np
import pandas as pd
import pytest

from ccnlp.errors import CorpusError
from ccnlp.models.embedding import embed_texts
from ccnlp.retrieval.mining import find_hardest, mine_negatives, put_first
from ccnlp.tasks import ranking
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters
from ccnlp.tasks.retrieval_texts import read_texts


@pytest.fixture
def mining_tasks(tasks):
    given = tasks["finding"].options.model_dump()
    mined = given | {"negatives": "mined", "num_negatives": 2}
    entries = {
        name: {"kind": "retrieval", "loss_weight": 1, "options": options}
        for name, options in {"finding": mined, "given": given}.items()
    }
    return build_tasks(TasksParameters.model_validate(entries))


@pytest.fixture
def rows() -> pd.DataFrame:
    """Two questions, one in two languages, over four English sentences and a Spanish one."""
    return pd.DataFrame(
        [
            ("who?", "en", "She.", "en", "Q", ["Not so."]),
            ("who?", "en", "Ella.", "es", "Q", None),
            ("¿quién?", "es", "She.", "en", "Q", None),
            ("¿quién?", "es", "Her.", "en", "Q", None),
            ("when?", "en", "Now.", "en", "R", None),
        ],
        columns=[
            *("query", "language", "passage", "passage_language", "query_group", "negatives"),
        ],
    ).assign(corpus="c", split="train", task="finding", id=list("abcde"))


def hardest_of(rows, queries, passages, *, number=2):
    """By row, the texts of its hardest negatives for vectors in the order of appearance."""
    texts, _, names = read_texts(rows)
    vectors = (np.array(side, dtype=np.float32) for side in (queries, passages))
    found = find_hardest(texts, *vectors, number=number)
    return [
        [names[passage] for passage in found.loc[found["row"] == row, "passage"]]
        for row in range(len(rows))
    ]


# In order of appearance: who, quién, when; She, Ella, Her, Now, Not so.
QUERIES = [[1, 0], [0, 1], [1, 1]]
PASSAGES = [[0.9, 0.9], [0.8, 0.8], [0.7, 0.7], [0.2, 0.6], [0.5, 0.1]]


def test_hardest_are_the_nearest_in_the_language_that_answer_by_no_row(rows):
    who, who_in_spanish, *quien, when = hardest_of(rows, QUERIES, PASSAGES)

    # She and Her answer Q, and the only Spanish sentence does.
    assert who == ["Not so.", "Now."]
    assert who_in_spanish == []
    assert quien == [["Now.", "Not so."]] * 2
    assert when == ["She.", "Her."]


def test_hardest_are_as_many_as_asked_for(rows):
    assert list(map(len, hardest_of(rows, QUERIES, PASSAGES, number=1))) == [1, 0, 1, 1, 1]
    assert list(map(len, hardest_of(rows, QUERIES, PASSAGES, number=9))) == [2, 0, 2, 2, 3]


def test_hardest_are_the_same_in_blocks(rows, monkeypatch):
    whole = hardest_of(rows, QUERIES, PASSAGES)
    monkeypatch.setattr(ranking, "CELLS_PER_BLOCK", 1)

    assert hardest_of(rows, QUERIES, PASSAGES) == whole


def test_hardest_are_of_the_own_corpus(rows):
    rows["corpus"] = ["c", "c", "c", "c", "d"]

    assert hardest_of(rows, QUERIES, PASSAGES)[0] == ["Not so."]
    assert hardest_of(rows, QUERIES, PASSAGES)[4] == []


def test_query_itself_is_no_negative():
    rows = pd.DataFrame(
        {
            "query": ["Hola.", "Hello.", "Bye."],
            "language": ["es", "en", "en"],
            "passage": ["Hello.", "Hola.", "Adiós."],
            "passage_language": ["en", "es", "es"],
            "negatives": [None, ["Sí."], ["Hola."]],
        }
    )
    rows.loc[len(rows)] = ["Hola.", "es", "Vale.", "es", None]

    hola, hello, bye, vale = hardest_of(rows, [[1]] * 3, [[1]] * 5, number=9)

    assert (hola, hello) == ([], ["Adiós.", "Vale.", "Sí."])
    assert bye == ["Hola.", "Vale.", "Sí."]
    assert vale == ["Adiós.", "Sí."]


def test_encoder_mines_train_rows_of_tasks_that_ask_for_it(rows, mining_tasks, tiny_encoder):
    others = rows.assign(split="test", id=list("fghij"))
    given = rows.assign(task="given", id=list("klmno"))
    examples = pd.concat([others, rows, given])

    mined = mine_negatives(examples, mining_tasks, tiny_encoder, max_length_tokens=32)

    assert list(mined) == ["id", "negatives"]
    assert mined["id"].tolist() == list("abcde")
    _, queries, passages = read_texts(rows)
    vectors = (
        embed_texts(tiny_encoder, texts, prefix=prefix)
        for texts, prefix in ((queries, "query: "), (passages, "passage: "))
    )
    assert mined["negatives"].tolist() == hardest_of(rows, *vectors)


def test_nothing_is_embedded_where_no_task_mines(rows, mining_tasks):
    tasks = {"given": mining_tasks["given"]}

    mined = mine_negatives(rows.assign(task="given"), tasks, None, max_length_tokens=32)

    assert mined.empty
    assert put_first(rows, mined) is rows


def test_task_without_train_rows_mines_nothing(rows, mining_tasks, tiny_encoder):
    examples = rows.assign(split="test")

    assert mine_negatives(examples, mining_tasks, tiny_encoder, max_length_tokens=32).empty


def test_mined_negatives_stand_in_front_of_the_given_ones_each_once(rows):
    mined = pd.DataFrame({"id": ["a", "e"], "negatives": [np.array(["Now.", "Not so."]), []]})
    rows.at[0, "negatives"] = ["Never.", "Not so."]
    rows.index = [0] * 5  # as of rows that were put together

    examples = put_first(rows, mined)

    assert examples["negatives"].tolist()[0] == ["Now.", "Not so.", "Never."]
    assert examples["negatives"].tolist()[4] == []
    assert examples["negatives"].iloc[1:4].isna().all()
    assert rows["negatives"].iloc[0] == ["Never.", "Not so."]


def test_rows_without_negatives_have_the_mined_ones(rows):
    mined = pd.DataFrame({"id": ["b"], "negatives": [["Nunca."]]})

    examples = put_first(rows.drop(columns="negatives"), mined)

    assert examples.loc[1, "negatives"] == ["Nunca."]
    assert examples["negatives"].isna().sum() == 4


def test_negatives_of_other_examples_are_refused(rows):
    mined = pd.DataFrame({"id": ["a", "z"], "negatives": [["Now."], ["Now."]]})

    with pytest.raises(
        CorpusError, match=r"1 of 2 rows with mined negatives are no train examples .*mine again"
    ):
        put_first(rows, mined)
