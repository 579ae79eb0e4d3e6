"""Parameters that are wrong whatever the data says, told before any node runs."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kedro.io import DataCatalog
    from kedro.pipeline import Pipeline

    from ccnlp.models.checkpoint import EncoderCheckpoint

TRAINING, STUDY = "training_checkpoints", "study_checkpoints"
"""The folders that trainings write to, by which a run is known to train."""


def check_given(
    parameters: Mapping[str, Any], *, given: Collection[str], pipelines: "Mapping[str, Pipeline]"
) -> None:
    """Checks the groups that `--params` names, also where no node of the run reads them.

    Whoever names a parameter wants it to count; what files say of other pipelines is left to these.

    Args:
        parameters: by group, as they were read.
        given: the groups.
        pipelines: all that there are, by name.

    Raises:
        ParameterValidationError: a parameter is misspelt or out of range.
    """
    from kedro.validation.parameter_validator import ParameterValidator

    given_parameters = {name: parameters[name] for name in given if name in parameters}
    if given_parameters:
        ParameterValidator({**pipelines}).validate_raw_params(given_parameters)


def check_against_each_other(pipeline: "Pipeline", catalog: "DataCatalog") -> None:
    """Checks what the parameters of a run must be for each other, as far as it reads them.

    What depends on the encoder is checked where it lies on this machine.

    Raises:
        ConfigurationError: the gate looks at a slice that is not scored, a task is named that there
            is not, tasks can't be kept, or vectors are to be cut to more numbers than they have.
        ModelSourceError: the encoder that is asked can't be had, or lacks a task that is to be
            kept.
        TranslationError: the run translates, and the translator is not installed.
    """
    run = _Run(pipeline, catalog)
    _check_gate(run)
    _check_translator(run)
    _check_tasks_of_training(run)
    _check_sizes_of_training(run)
    _check_passages(run)


@dataclass(frozen=True)
class _Run:
    """What a run reads before any of its nodes."""

    pipeline: "Pipeline"
    catalog: "DataCatalog"

    def reads(self, *groups: str) -> bool:
        """Whether nodes read all these groups of parameters."""
        return {f"params:{group}" for group in groups} <= self.pipeline.inputs()

    def trains(self, *folders: str) -> bool:
        """Whether a training writes to one of the folders."""
        return self.reads("tasks", "training") and bool({*folders} & self.pipeline.inputs())

    def parameters(self, group: str) -> Any:
        """The group, in the form that nodes are given."""
        return self.catalog.load(f"params:{group}")

    @cached_property
    def encoder(self) -> "EncoderCheckpoint | None":
        """The encoder that the run reads, where that can be told."""
        from ccnlp.models.checkpoint import SOURCES

        if "encoder" in self.pipeline.all_outputs():
            parameters = self.parameters("encoder")
            folder = self.catalog.load("pretrained_encoders")
            return SOURCES.get(parameters.source)().find(parameters, cache_folder=folder)
        is_available = "encoder" in self.pipeline.inputs() and self.catalog.exists("encoder")
        return self.catalog.load("encoder") if is_available else None


def _check_gate(run: _Run) -> None:
    if run.reads("evaluation", "registration"):
        from ccnlp.evaluation.gate import check_slices

        scored = [*run.parameters("evaluation").slices, "length"]
        check_slices(run.parameters("registration").gate, scored=scored)


def _check_translator(run: _Run) -> None:
    if "translations" in run.pipeline.datasets() and run.reads("augmentation"):
        from ccnlp.augmentation.check import check_translator

        check_translator(run.parameters("augmentation"))


def _check_tasks_of_training(run: _Run) -> None:
    """Checks the tasks that choose the weights, and those that are kept, which studies do not."""
    if not run.trains(TRAINING, STUDY):
        return
    from ccnlp.training.kept import KeptTasks
    from ccnlp.training.selection import check_choice

    training = run.parameters("training")
    kept_tasks = training.kept_tasks if run.trains(TRAINING) else ()
    trained_tasks = [name for name in run.parameters("tasks").root if name not in kept_tasks]
    check_choice(training.validation.tasks, trained=trained_tasks)
    if kept_tasks and run.encoder is not None:
        length = run.parameters("tokenisation").max_length_tokens
        culture = run.parameters("culture")
        KeptTasks.of(run.encoder, training, max_length_tokens=length, culture=culture)


def _check_sizes_of_training(run: _Run) -> None:
    """Has the heads made of tasks whose vectors are cut: they refuse an encoder that is smaller."""
    if not run.trains(TRAINING, STUDY):
        return
    from ccnlp.tasks.base import build_tasks
    from ccnlp.tasks.kinds.retrieval import Retrieval

    tasks = build_tasks(run.parameters("tasks")).values()
    cut_tasks = [task for task in tasks if isinstance(task, Retrieval) and task.options.dimensions]
    if cut_tasks and run.encoder is not None:
        for task in cut_tasks:
            pooling = run.parameters("training").pooling
            task.head(run.encoder.hidden_size, pooling=pooling, dropout=0.0)


def _check_passages(run: _Run) -> None:
    """Checks whose passages are indexed, and what their vectors are cut to."""
    if "passage_index" not in run.pipeline.all_outputs() or not run.reads("tasks", "retrieval"):
        return
    from ccnlp.retrieval.building import check_num_dimensions, choose_task
    from ccnlp.tasks.base import build_tasks

    retrieval = run.parameters("retrieval")
    choose_task(build_tasks(run.parameters("tasks")), retrieval.task)
    if retrieval.num_dimensions is not None and run.encoder is not None:
        check_num_dimensions(retrieval.num_dimensions, hidden_size=run.encoder.hidden_size)
