import pytest
from kedro.config import OmegaConfigLoader
from kedro.io import DataCatalog
from kedro.io.core import parse_dataset_definition
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner

from ccnlp.hooks.configuration_errors import describe


def message_of(function, *arguments, **named):
    """What is told of the error that the call raises."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 (every kind, of several libraries)
        function(*arguments, **named)
    return describe(caught.value)


@pytest.fixture
def read(tmp_path):
    """Reads the configuration `kind` of a project whose base environment has these files."""

    def read(kind="parameters", env="base", **files):
        for name in ("base", "local"):
            (tmp_path / name).mkdir(exist_ok=True)
        for name, content in files.items():
            (tmp_path / "base" / f"{name}.yml").write_text(content)
        return OmegaConfigLoader(str(tmp_path), base_env="base", default_run_env="local", env=env)[
            kind
        ]

    return read


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("run: [1\nb: 2\n", "line 2, column 2: expected ',' or ']', but got ':'"),
        ("run:\n\tb: 2\n", "line 2, column 1: found character '\\t' that cannot start any token"),
        ("run:\n  a: 1\n  a: 2\n", "line 3, column 3: found duplicate key a"),
    ],
)
def test_file_that_is_no_yaml_is_named_with_the_line(read, tmp_path, content, message):
    file = tmp_path / "base" / "parameters.yml"
    assert message_of(read, parameters=content) == f"{file}, {message}"


@pytest.mark.parametrize("content", ["- a\n- b\n", "5\n"])
@pytest.mark.parametrize("kind", ["parameters", "catalog"])
def test_file_without_names_is_told(read, tmp_path, content, kind):
    message = message_of(read, kind, **{kind: content})
    assert message == (
        f"{tmp_path}/base/{kind}.yml holds no names with values; write `name: value`, with what "
        "belongs indented"
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("${nope}", "Interpolation key 'nope' not found"),
        ("${globals:nope}", "Globals key 'nope' not found and no default value provided"),
        (
            "${oc.env:NOPE}",
            "Unsupported interpolation type oc.env; environment variables can be used in "
            "credentials.yml alone",
        ),
        ("${x", "no viable alternative at input '${x'"),
    ],
)
def test_value_that_cannot_be_resolved_is_named_with_the_file(read, tmp_path, value, message):
    files = {"parameters": f"run:\n  a: {value}\n", "parameters_other": "other: 1\n"}
    file = tmp_path / "base" / "parameters.yml"
    assert message_of(read, **files) == f"run.a: {message} ({file})"


def test_key_in_two_files_names_both(read):
    message = message_of(read, parameters="run: {a: 1}\n", parameters_other="run: {a: 2}\n")
    assert message.startswith("Duplicate keys found in ")
    assert "parameters_other.yml" in message


def test_environment_that_is_missing_is_told_with_the_near_one(read, tmp_path):
    assert message_of(read, env="locl") == (
        f"there is no environment 'locl' in {tmp_path}; did you mean 'local'? (--env)"
    )


def test_configuration_of_which_there_is_no_file_is_told(read):
    assert message_of(read, env="local").startswith("No files of YAML or JSON format found in")


def double(number):
    return number["value"] * 2


PIPELINE = Pipeline([Node(double, "number", "doubled", name="double", tags="arithmetic")])


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ({"tags": ["nothing"]}, "Pipeline contains no nodes after applying all provided filters"),
        ({"node_names": ["nothing"]}, "Pipeline does not contain nodes named ['nothing']"),
        ({"from_inputs": ["nothing"]}, "Pipeline does not contain datasets named ['nothing']"),
    ],
)
def test_selection_of_nothing_is_told(selection, message):
    assert message_of(PIPELINE.filter, **selection).startswith(message)


def test_dataset_that_the_catalog_lacks_is_told():
    message = message_of(SequentialRunner().run, PIPELINE, DataCatalog())
    assert message == "Pipeline input(s) {'number'} not found in the DataCatalog"


def test_file_that_is_missing_is_told(tmp_path):
    entry = {"type": "json.JSONDataset", "filepath": str(tmp_path / "none.json")}
    message = message_of(DataCatalog.from_config({"number": entry}).load, "number")
    assert "No such file or directory" in message
    assert "none.json" in message


def test_catalog_entry_of_an_unknown_type_is_told():
    message = message_of(parse_dataset_definition, {"type": "json.Nope", "filepath": "x"})
    assert "'Nope' not found in 'json'" in message


def test_folder_without_tables_is_told(tmp_path):
    from ccnlp.datasets.tables_by_corpus_dataset import TablesByCorpusDataset

    message = message_of(TablesByCorpusDataset(filepath=str(tmp_path)).load)
    assert message == f"{tmp_path} has no Parquet files"


def test_broken_file_and_error_of_a_node_may_be_defects(tmp_path):
    (tmp_path / "broken.json").write_text("{")
    entry = {"type": "json.JSONDataset", "filepath": str(tmp_path / "broken.json")}
    catalog = DataCatalog.from_config({"number": entry})
    assert message_of(catalog.load, "number") is None
    catalog["number"] = {}
    assert message_of(SequentialRunner().run, PIPELINE, catalog) is None


def test_damaged_file_that_a_pipeline_writes_is_told_with_that_pipeline(tmp_path, monkeypatch):
    (tmp_path / "broken.json").write_text("{")
    entry = {"type": "json.JSONDataset", "filepath": str(tmp_path / "broken.json")}
    catalog = DataCatalog.from_config({"number": entry})
    writer = Pipeline([Node(lambda: 1, None, "number", name="write")])
    monkeypatch.setattr("kedro.framework.project.pipelines", {"first": writer})
    monkeypatch.setattr("kedro.framework.project.PACKAGE_NAME", "toy")
    message = message_of(SequentialRunner().run, PIPELINE, catalog)
    assert message is not None
    assert message.startswith("number can't be read (Expecting property name enclosed in double qu")
    assert "make it again: kedro run --pipelines first" in message


def test_value_error_of_our_own_code_may_be_a_defect():
    assert message_of(int, "x") is None
    assert describe(ValueError("never raised")) is None
