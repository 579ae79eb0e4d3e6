"""Parameters that are wrong whatever the data says, told before any node runs."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kedro.io import DataCatalog
    from kedro.pipeline import Pipeline


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

    own = {name: parameters[name] for name in given if name in parameters}
    if own:
        ParameterValidator({**pipelines}).validate_raw_params(own)


def check_against_each_other(pipeline: "Pipeline", catalog: "DataCatalog") -> None:
    """Checks what the parameters of a run must be for each other, as far as it reads them.

    Raises:
        ConfigurationError: the gate looks at a slice that is not scored.
        TranslationError: the run translates, and the translator is not installed.
    """
    _check_gate(pipeline, catalog)
    _check_translator(pipeline, catalog)


def _check_gate(pipeline: "Pipeline", catalog: "DataCatalog") -> None:
    if {"params:evaluation", "params:registration"} <= pipeline.inputs():
        from ccnlp.evaluation.gate import check_slices

        scored = [*catalog.load("params:evaluation").slices, "length"]
        check_slices(catalog.load("params:registration").gate, scored=scored)


def _check_translator(pipeline: "Pipeline", catalog: "DataCatalog") -> None:
    if "translations" in pipeline.datasets() and "params:augmentation" in pipeline.inputs():
        from ccnlp.augmentation.check import check_translator

        check_translator(catalog.load("params:augmentation"))
