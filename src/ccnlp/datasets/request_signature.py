"""What MLflow is told of requests to a model, and of answers."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ccnlp.retrieval.asking import DEFAULT_PASSAGES
from ccnlp.serving.package import ModelPackage
from ccnlp.serving.predictor import IS_TRUNCATED, served_tasks, silenced_columns
from ccnlp.tasks.answers import has_one_label
from ccnlp.tasks.base import Task
from ccnlp.tasks.served import AnswerForm, RequestForm

if TYPE_CHECKING:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSpec


def signature_of(package: ModelPackage) -> "ModelSignature":
    """The columns of requests and answers of all tasks that are served, and the parameters.

    What not every task asks for, or tells, is optional. The parameter `task` says for which of the
    tasks; the first where it is not given. A model that is told of culture also takes a domain,
    says whether it has seen the culture, and sets the `cultures` of the parameters beside each
    other; another one takes them to refuse them. One that may abstain does not always give an
    answer, but for `abstain: false`.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ParamSchema, Schema

    names = served_tasks(package.model, package.passages)
    tasks = [package.model.tasks[name] for name in names]
    is_conditioned = package.model.conditioning is not None
    return ModelSignature(
        inputs=Schema(_inputs(tasks, is_conditioned=is_conditioned)),
        outputs=Schema(
            _outputs(tasks, package.thresholds.abstention, is_conditioned=is_conditioned)
        ),
        params=ParamSchema(_parameters(names, finds_passages=package.passages is not None)),
    )


def _inputs(tasks: Sequence[Task], *, is_conditioned: bool) -> "list[ColSpec]":
    from mlflow.types import ColSpec, DataType

    request_columns: list[Mapping[str, RequestForm]] = [task.request_columns for task in tasks]
    columns = [
        ColSpec(
            _request_type(form),
            name,
            required=all(name in task_columns for task_columns in request_columns),
        )
        for name, form in _merge_columns(request_columns).items()
    ]
    optional_names = ["language", "culture"]
    optional_names += ["context"] if any(task.reads_context for task in tasks) else []
    optional_names += ["domain"] if is_conditioned else []
    return columns + [ColSpec(DataType.string, name, required=False) for name in optional_names]


def _outputs(
    tasks: Sequence[Task], abstention: Mapping[str, float], *, is_conditioned: bool
) -> "list[ColSpec]":
    from mlflow.types import ColSpec, DataType
    from mlflow.types.schema import Map

    answer_columns: list[Mapping[str, AnswerForm]] = [task.answer_columns for task in tasks]
    abstaining_tasks = [task for task in tasks if task.name in abstention]
    optional_names = {name for task in abstaining_tasks for name in silenced_columns(task)}
    optional_names |= {name for task in tasks for name in task.optional_answers}
    columns = [
        ColSpec(
            _answer_type(form),
            name,
            required=name not in optional_names
            and all(name in task_columns for task_columns in answer_columns),
        )
        for name, form in _merge_columns(answer_columns).items()
    ]
    columns.append(ColSpec(DataType.boolean, IS_TRUNCATED))
    if is_conditioned:
        columns.append(ColSpec(DataType.boolean, "is_culture_seen"))
    if is_conditioned and any(map(has_one_label, tasks)):
        columns += [
            ColSpec(Map(Map(DataType.double)), "by_culture", required=False),
            ColSpec(DataType.double, "disagreement", required=False),
            ColSpec(DataType.boolean, "contested", required=False),
        ]
    if abstaining_tasks:  # of several tasks, perhaps not each
        columns.append(ColSpec(DataType.boolean, "abstains", required=False))
    return columns


def _merge_columns(tables: "Sequence[Mapping[str, Any]]") -> dict[str, Any]:
    """All columns by name, in the order in which they first stand."""
    merged: dict[str, Any] = {}
    for task_columns in tables:
        merged |= {name: form for name, form in task_columns.items() if name not in merged}
    return merged


def _request_type(form: RequestForm) -> Any:
    from mlflow.types import DataType
    from mlflow.types.schema import Array

    list_types = {"texts": Array(DataType.string), "place": Array(DataType.long)}
    return list_types.get(form, DataType.string)


def _answer_type(form: AnswerForm) -> Any:
    from mlflow.types import DataType
    from mlflow.types.schema import Array, Map

    span = {"start": "long", "end": "long", "label": "string", "text": "string", "score": "double"}
    passage = {"passage_id": "string", "language": "string", "passage": "string", "score": "double"}
    types: dict[AnswerForm, Any] = {
        "text": DataType.string,
        "number": DataType.double,
        "whole_number": DataType.long,
        "shares": Map(DataType.double),
        "texts": Array(DataType.string),
        "spans": Array(_object(span)),
        "passages": Array(_object(passage)),
    }
    return types[form]


def _object(types: Mapping[str, str]) -> Any:
    from mlflow.types import DataType
    from mlflow.types.schema import Object, Property

    return Object([Property(name, DataType[kind]) for name, kind in types.items()])


def _parameters(names: Sequence[str], *, finds_passages: bool) -> "list[ParamSpec]":
    from mlflow.types import DataType, ParamSpec

    parameters = [
        ParamSpec("task", DataType.string, default=names[0] if names else ""),
        ParamSpec("cultures", DataType.string, default=[], shape=(-1,)),
        ParamSpec("abstain", DataType.boolean, default=True),
    ]
    if finds_passages:
        parameters += [
            ParamSpec("languages", DataType.string, default=[], shape=(-1,)),
            ParamSpec("number", DataType.long, default=DEFAULT_PASSAGES),
        ]
    return parameters
