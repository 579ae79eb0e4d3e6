"""The file of what systems abstain by: what it holds, and whether it still fits."""

from collections.abc import Collection, Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, model_validator

from ccnlp.errors import CcnlpError, did_you_mean
from ccnlp.evaluation.origin import AGAIN
from ccnlp.evaluation.parameters import EvaluationParameters
from ccnlp.evaluation.selective import Choice
from ccnlp.evaluation.systems import SYSTEMS
from ccnlp.parameter_types import Share


def _check_system(name: str) -> str:
    if name not in SYSTEMS:
        raise ValueError(f"{name!r} is no system; {did_you_mean(name, SYSTEMS)}")
    return name


Choices = Mapping[str, Mapping[Annotated[str, AfterValidator(_check_system)], Choice]]
"""By task and system."""


class Thresholds(BaseModel):
    """What a model that is served abstains by, and what it calls contested.

    Attributes:
        weights: digest of the fine-tuned model's weights; `None` where it predicted nothing.
        max_error_rate: what the thresholds were chosen for; `None` where none is wanted.
        confidence: with which the error rate is kept.
        min_disagreement: of cultures, from which on a text is contested.
        tasks: the choices.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: str | None
    max_error_rate: Share | None
    confidence: Share
    min_disagreement: Share
    tasks: Choices

    @model_validator(mode="after")
    def _check_whole(self) -> Self:
        if self.weights is None and self.of_system("finetuned"):
            raise ValueError(
                "weights is null, so that nobody knows whose thresholds those of the system "
                "'finetuned' are"
            )
        if self.max_error_rate is None and self.tasks:
            raise ValueError("max_error_rate is null, for which no thresholds are chosen")
        return self

    def of_system(self, system: str) -> dict[str, float]:
        """By task, the threshold of a system; without the tasks that have none."""
        choices = {
            task: systems[system] for task, systems in self.tasks.items() if system in systems
        }
        return {
            task: choice.threshold
            for task, choice in choices.items()
            if choice.threshold is not None
        }


def read_thresholds(written: object, *, tasks: Collection[str]) -> Thresholds:
    """The thresholds as evaluation wrote them.

    Args:
        written: what the file holds.
        tasks: those that it may have thresholds of.

    Raises:
        CcnlpError: they are damaged, changed by hand to what can't be, those of another task or of
            another version of the code; says what is wrong and how to evaluate again.
    """
    try:
        thresholds = Thresholds.model_validate(written)
    except ValidationError as error:
        first = error.errors()[0]
        location = ".".join(map(str, first["loc"])) or "the file"
        raise _unusable(f"{location}: {first['msg'].removeprefix('Value error, ')}") from error
    unknown = [task for task in thresholds.tasks if task not in tasks]
    if unknown:
        raise _unusable(f"tasks: there is no {unknown[0]!r}; {did_you_mean(unknown[0], tasks)}")
    return thresholds


def _unusable(why: str) -> CcnlpError:
    return CcnlpError(f"data/08_reporting/thresholds.json can't be used: {why}; {AGAIN}")


def check_asked(thresholds: Thresholds, parameters: EvaluationParameters) -> None:
    """Checks that the thresholds were chosen for what is configured now.

    Raises:
        CcnlpError: they were not; says what has changed and how to evaluate again.
    """
    abstention = parameters.abstention
    settings = {
        "evaluation.abstention.max_error_rate": (
            thresholds.max_error_rate,
            abstention.max_error_rate if abstention else None,
        ),
        "evaluation.confidence": (thresholds.confidence, parameters.confidence),
        "evaluation.by_culture.min_disagreement": (
            thresholds.min_disagreement,
            parameters.by_culture.min_disagreement,
        ),
    }
    for name, (was, now) in settings.items():
        if was != now:
            raise CcnlpError(
                f"the thresholds were chosen with {name} {was}, which is {now} now "
                f"(parameters/evaluation.yml); {AGAIN}"
            )
