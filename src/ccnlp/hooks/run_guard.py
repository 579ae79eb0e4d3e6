"""What must hold before any work starts."""

from collections.abc import Collection, Generator, Mapping, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.hooks import hook_impl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ccnlp.errors import ConfigurationError, did_you_mean
from ccnlp.hooks.data_folder import check_folder, check_free_space
from ccnlp.hooks.parameter_checks import check_against_each_other, check_given
from ccnlp.hooks.run_lock import RunLock

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext
    from kedro.io import DataCatalog
    from kedro.pipeline import Pipeline

READ_BY_HOOKS = frozenset({"run", "augmentation"})
"""Parameters that a graph may do without: the hooks' own, and those of nodes that are left out."""


class RunParameters(BaseModel):
    """`parameters/run.yml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_free_disk_gib: float = Field(ge=0, description="free space below which no run starts")


class RunGuardHook:
    """Refuses a run that would fail later or harm another one."""

    def __init__(self) -> None:
        self._data_folder = Path("data")
        self._parameters: dict[str, Any] = {}
        self._lock: RunLock | None = None

    @hook_impl
    def after_context_created(self, context: "KedroContext") -> None:
        """Notes where the data lies and the raw parameters."""
        self._data_folder = Path(context.project_path) / "data"
        self._parameters = dict(context.config_loader["parameters"])

    @hook_impl(wrapper=True, tryfirst=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: "Pipeline", catalog: "DataCatalog"
    ) -> Generator[None, Any, Any]:
        """Checks, locks the data folder, and unlocks it if another hook refuses the run.

        Raises:
            ConfigurationError: a check failed; says how to go on.
            ParameterValidationError: `--params` names a parameter that is misspelt or out of range.
            TranslationError: the pipeline translates, and the translator is not installed.
        """
        from kedro.framework.project import pipelines

        check_runner(
            str(run_params.get("runner")), {str(node.namespace) for node in pipeline.nodes}
        )
        known_groups = parameter_groups([pipeline, *pipelines.values()]) | READ_BY_HOOKS
        check_parameter_groups(self._parameters, known=known_groups)
        given_parameters = run_params.get("runtime_params") or {}
        check_given(self._parameters, given=given_parameters, pipelines=pipelines)
        run = parse_run_parameters(self._parameters)
        check_folder(self._data_folder)
        check_free_space(self._data_folder, min_free_gib=run.min_free_disk_gib)
        if not run_params.get("only_missing_outputs"):  # which nodes run is not known then
            check_inputs(pipeline, catalog, pipelines)
        check_against_each_other(pipeline, catalog)
        self._release()  # left over where a notebook's run was interrupted
        self._lock = RunLock.acquire(self._data_folder)
        try:
            return (yield)
        except BaseException:
            self._release()
            raise

    @hook_impl(trylast=True)
    def after_pipeline_run(self) -> None:
        """Lets the next run go on."""
        self._release()

    @hook_impl(trylast=True)
    def on_pipeline_error(self) -> None:
        """Lets the next run go on."""
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def check_runner(description: str, namespaces: Set[str]) -> None:
    """Checks that the run can be tracked and repeated.

    Args:
        description: of the runner, as Kedro gives it.
        namespaces: of the run's nodes.

    Raises:
        ConfigurationError: the runner tells the hooks nothing of its nodes, or runs nodes with
            models at once.
    """
    advice = "run without --runner: the nodes of SequentialRunner, the default, use every core"
    if "ParallelRunner" in description:
        raise ConfigurationError(
            "ParallelRunner runs each node in a process of its own, out of reach of what writes "
            f"metrics, timings and artifacts to MLflow; {advice}"
        )
    if "ThreadRunner" in description and not namespaces <= {"ingestion"}:
        raise ConfigurationError(
            "ThreadRunner loads models in several threads, which transformers does not bear, and "
            "beside a training, which draws from the same random numbers: the seed would no "
            f"longer give the same weights; {advice}"
        )


def parse_run_parameters(parameters: dict[str, Any]) -> RunParameters:
    """The group `run`.

    Raises:
        ConfigurationError: one is missing, misspelt or out of range.
    """
    try:
        return RunParameters.model_validate(parameters.get("run", {}))
    except ValidationError as error:
        details = [
            f"{'.'.join(map(str, ('run', *issue['loc'])))}: {issue['msg']}"
            for issue in error.errors()
        ]
        raise ConfigurationError(f"{'; '.join(details)} (parameters/run.yml)") from error


def parameter_groups(pipelines: "Collection[Pipeline]") -> frozenset[str]:
    """The top-level parameters that nodes read."""
    names = {name for pipeline in pipelines for name in pipeline.inputs()}
    return frozenset(
        name.removeprefix("params:").split(".")[0] for name in names if name.startswith("params:")
    )


def check_parameter_groups(parameters: dict[str, Any], *, known: frozenset[str]) -> None:
    """Checks that something reads every top-level parameter but those that begin with `_`, which
    other parameters are made of.

    Raises:
        ConfigurationError: nothing reads one, as when `--params` misspells it.
    """
    for name in parameters:
        if name not in known and not name.startswith("_"):
            raise ConfigurationError(
                f"nothing reads the parameter {name!r}; {did_you_mean(name, known)} "
                "(conf/base/parameters, the environment's parameters, or --params)"
            )


def check_inputs(
    pipeline: "Pipeline", catalog: "DataCatalog", pipelines: "Mapping[str, Pipeline]"
) -> None:
    """Checks that what earlier pipelines write, and this one reads, is there.

    Raises:
        ConfigurationError: something is missing; says which pipelines write it.
    """
    writers = writers_of(pipelines)

    def missing_inputs(reader: "Pipeline") -> list[str]:
        return [
            name
            for name in sorted(reader.inputs())
            if bare_name(name) in writers and name in catalog and not catalog.exists(name)
        ]

    missing = missing_inputs(pipeline)
    if missing:
        needed: set[str] = set()
        missing_writers = {writers[bare_name(name)] for name in missing}
        while missing_writers - needed:  # what they read may be missing, too
            needed |= missing_writers
            missing_writers = {
                writers[bare_name(dataset)]
                for name in needed
                for dataset in missing_inputs(pipelines[name])
            }
        names = [name for name in pipelines if name in needed]
        datasets = ", ".join(map(repr, map(bare_name, missing)))
        raise ConfigurationError(
            f"the run reads {datasets}, which earlier pipelines write and which is not there; run "
            f"them before: kedro run --pipelines {','.join(names)}"
        )


def writers_of(pipelines: "Mapping[str, Pipeline]") -> dict[str, str]:
    """By dataset, the pipeline that writes it."""
    return {
        bare_name(dataset): name
        for name, pipeline in pipelines.items()
        if name != "__default__"
        for dataset in pipeline.all_outputs()
    }


def bare_name(dataset: str) -> str:
    """The name without its transcoding: `examples` of `examples@table`."""
    return dataset.split("@", maxsplit=1)[0]
