import json

import numpy as np
import pandas as pd
import pytest

from ccnlp.datasets.passage_index_dataset import PassageIndexDataset
from ccnlp.errors import CcnlpError, ConfigurationError
from ccnlp.retrieval.approximate import NeighbourGraph
from ccnlp.retrieval.index import PassageIndex

VECTORS = np.array([[1, 0], [0.6, 0.8], [0, 1], [1, 0]], dtype=np.float32)


@pytest.fixture
def index() -> PassageIndex:
    passages = pd.DataFrame(
        {
            "passage_id": ["0", "1", "2", "3"],
            "language": ["en", "es", "en", "de"],
            "passage": ["one", "uno", "two", "eins"],
        },
        dtype="string",
    )
    return PassageIndex(passages, VECTORS, origin="weights abc", task="finding")


@pytest.fixture
def approximate_index(index) -> PassageIndex:
    graph = NeighbourGraph.of(index.vectors)
    return PassageIndex(index.passages, index.vectors, index.origin, index.task, graph)


def test_best_passages_come_first_and_ties_in_order(index):
    found = index.search(np.array([[2, 0], [0, 1]], dtype=np.float32), number=3)

    assert found["query"].tolist() == [0, 0, 0, 1, 1, 1]
    assert found["rank"].tolist() == [1, 2, 3, 1, 2, 3]
    assert found["passage"].tolist() == ["one", "eins", "uno", "two", "uno", "one"]
    np.testing.assert_allclose(found["score"], [1, 1, 0.6, 1, 0.8, 0], atol=1e-6)


@pytest.mark.parametrize("kind", ["index", "approximate_index"])
def test_passages_can_be_asked_for_in_some_languages(kind, request):
    index = request.getfixturevalue(kind)
    query = np.array([[1, 0]], dtype=np.float32)

    found = index.search(query, number=9, languages=["es", "de"])

    assert found["passage"].tolist() == ["eins", "uno"]
    assert index.languages == ["de", "en", "es"]


def test_language_without_passages_is_refused(index):
    with pytest.raises(
        ConfigurationError, match=r"no passages in 'zh'; known are 'de', 'en', 'es'"
    ):
        index.search(VECTORS[:1], number=1, languages=["zh"])


def test_longer_queries_are_cut_and_shorter_ones_refused(index):
    found = index.search(np.array([[0, 0.1, 9]], dtype=np.float32), number=1)

    assert found["passage"].tolist() == ["two"]
    assert found["score"].tolist() == pytest.approx([1])
    with pytest.raises(ConfigurationError, match=r"of 1 numbers, and the passages of 2; build it"):
        index.search(np.ones((1, 1), np.float32), number=1)


def test_nothing_asked_finds_nothing(index):
    assert len(index.search(np.empty((0, 2), np.float32), number=3)) == 0


def test_graph_finds_what_all_products_do(index, approximate_index):
    queries = np.array([[0.9, 0.1], [0.1, 0.9]], dtype=np.float32)

    exact, near = (i.search(queries, number=2) for i in (index, approximate_index))

    pd.testing.assert_frame_equal(near[["query", "rank"]], exact[["query", "rank"]])
    np.testing.assert_allclose(near["score"], exact["score"], rtol=1e-6)


def test_graph_says_where_it_found_too_few(approximate_index):
    found = approximate_index.search(VECTORS[:1], number=9)

    assert sorted(found["passage_id"]) == ["0", "1", "2", "3"]
    assert found["rank"].tolist() == [1, 2, 3, 4]


def test_approximate_search_without_faiss_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "faiss", None)

    with pytest.raises(ConfigurationError, match=r"needs faiss: pip install .*\[approximate\]"):
        NeighbourGraph.of(VECTORS)


def test_origin_of_queries_must_be_that_of_the_passages(index):
    index.check_origin("weights abc")

    with pytest.raises(CcnlpError, match=r"made with weights abc, and queries.* with weights x"):
        index.check_origin("weights x")


@pytest.mark.parametrize("kind", ["index", "approximate_index"])
def test_saved_index_finds_the_same(kind, request, tmp_path):
    index = request.getfixturevalue(kind)
    dataset = PassageIndexDataset(filepath=str(tmp_path / "index"))
    assert not dataset.exists()

    dataset.save(index)
    loaded = dataset.load()

    assert dataset.exists()
    assert (loaded.origin, loaded.task) == ("weights abc", "finding")
    pd.testing.assert_frame_equal(loaded.search(VECTORS, number=2), index.search(VECTORS, number=2))


@pytest.mark.parametrize("name", ["vectors.npy", "passages.parquet"])
@pytest.mark.parametrize("is_removed", [True, False])
def test_damaged_index_is_refused(index, tmp_path, name, is_removed):
    index.save(tmp_path / "index")
    path = tmp_path / "index" / name
    content = path.read_bytes()
    path.unlink() if is_removed else path.write_bytes(content[:-1] + b"\x00\x01")

    with pytest.raises(CcnlpError, match=rf"{name} is missing or was changed; build it again"):
        PassageIndex.load(tmp_path / "index")


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ("{", "holds no index of passages"),
        ("[]", "holds no index of passages"),
        (json.dumps({"format": 99}), "format 99 is not 1; build it again"),
        (json.dumps({"format": 1}), "does not say task, origin and files of the index; build it"),
        (
            json.dumps({"format": 1, "task": "t", "origin": "o", "files": {}}),
            "does not say what passages.parquet holds; build it again",
        ),
    ],
)
def test_folder_of_another_form_is_refused(index, tmp_path, description, message):
    index.save(tmp_path / "index")
    (tmp_path / "index" / "index.json").write_text(description, encoding="utf-8")

    with pytest.raises(CcnlpError, match=message):
        PassageIndex.load(tmp_path / "index")


def test_folder_without_an_index_is_refused(tmp_path):
    with pytest.raises(CcnlpError, match=r"holds no index of passages .*kedro run --pipelines"):
        PassageIndex.load(tmp_path)
