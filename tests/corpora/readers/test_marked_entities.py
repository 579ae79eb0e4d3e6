import pandas as pd
import pytest

from ccnlp.corpora.reading import read_corpus
from ccnlp.tasks.base import build_tasks
from ccnlp.tasks.parameters import TasksParameters

TASKS = build_tasks(
    TasksParameters.model_validate(
        {
            "relation": {
                "kind": "relation_classification",
                "loss_weight": 1,
                "labels": ["none", "founded(e1,e2)", "founded(e2,e1)"],
                "options": {"none_label": "none"},
            }
        }
    )
)
COLUMNS = {"text": "text", "first_entity": "e1", "second_entity": "e2", "label": "relation"}


@pytest.fixture
def read_marked(tmp_path, make_entry):
    def read(content):
        (tmp_path / "corpus.txt").write_text(content, encoding="utf-8")
        entry = make_entry(
            reader="marked_entities",
            path="corpus.txt",
            task="relation",
            columns=COLUMNS,
            group={"column": "id"},
        )
        return pd.concat(
            list(read_corpus("reviews", entry, raw_folder=tmp_path, tasks=TASKS)),
            ignore_index=True,
        )

    return read


def test_row_is_a_text_without_markers_and_where_its_entities_stand(read_marked):
    rows = read_marked(
        '7\t"In 1901 <e1> Ada </e1> founded ( <e2> Größe AG </e2> )."\nfounded(e1,e2)\n\n\n'
        '8\t"<e2>Ada</e2>\'s firm is <e1> Größe AG</e1>"\nfounded(e2,e1)\n'
    )

    assert rows["text"].tolist() == ["In 1901 Ada founded ( Größe AG ).", "Ada's firm is Größe AG"]
    assert rows["first_entity"].tolist() == [["8", "11"], ["14", "22"]]
    assert rows["second_entity"].tolist() == [["22", "30"], ["0", "3"]]
    assert rows["label"].tolist() == ["founded(e1,e2)", "founded(e2,e1)"]
    assert rows["group"].tolist() == ["7", "8"]
    assert rows["row"].tolist() == [1, 5]
    assert rows["rejected_by"].isna().all()


def test_comments_and_missing_blank_lines_and_quotes_in_a_text_do_no_harm(read_marked):
    rows = read_marked(
        '1\t""<e1> Ada </e1>" owns <e2> it </e2>"\nnone\nComment: as of SemEval\n'
        "2\t<e1> Ada </e1> has <e2> it </e2>\nnone\n"
    )

    assert rows["text"].tolist() == ['"Ada" owns it', "Ada has it"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1 <e1> a </e1> <e2> b </e2>\nnone", "no tab parts an id from a sentence: '1 <e1> a"),
        ("1\t<e1> a </e1> <e2> b </e2>", "0 lines in place of the relation follow the sentence"),
        ("1\t<e1> a </e1> <e2> b </e2>\nnone\nnone", "2 lines in place of the relation"),
        ("1\t<e1> a </e1> b\nnone", "the marker <e2> stands 0 times in the sentence"),
        ("1\t<e1> a <e2> b </e2>\nnone", "the marker </e1> stands 0 times in the sentence"),
        ("1\t<e1> a </e1> <e1> b </e1> <e2> c </e2>\nnone", "the marker <e1> stands 2 times"),
        (
            "1\t<e1> a <e2> b </e2> </e1>\nnone",
            "the markers nest or overlap: <e1> <e2> </e2> </e1>",
        ),
        ("1\t<e1> a <e2> b </e1> c </e2>\nnone", "the markers nest or overlap"),
        ("1\t</e1> a <e1> <e2> c </e2>\nnone", "the markers nest or overlap: </e1> <e1>"),
        ("1\t<e1> </e1> <e2> b </e2>\nnone", "nothing stands between <e1> and </e1>"),
        ("1\t<e1>\u200b</e1> <e2> b </e2>\nnone", "nothing stands between <e1> and </e1>"),
        ("1\t<e1> a </e1> <e2> b </e2>\nowns", "label 'owns' is not one of 'none', "),
    ],
)
def test_broken_row_has_its_reason_and_the_others_are_read(read_marked, row, reason):
    rows = read_marked(f"{row}\n\n2\t<e1> a </e1> <e2> b </e2>\nnone\n")

    assert rows["rejected_by"].fillna("").tolist() == ["reading", ""]
    assert rows["rejection_reason"][0].startswith(reason)
