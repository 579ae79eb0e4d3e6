"""The parameters of fine-tuning."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from ccnlp.cultures import LanguageTag
from ccnlp.errors import did_you_mean
from ccnlp.models.precision import PrecisionChoice
from ccnlp.tasks.base import Pooling
from ccnlp.training.groups import GROUP_COLUMNS
from ccnlp.training.multitask_parameters import MultitaskParameters, TaskChoiceParameters
from ccnlp.training.objective import OBJECTIVES


def _check_columns(columns: tuple[str, ...]) -> tuple[str, ...]:
    for column in columns:
        if column not in GROUP_COLUMNS:
            hint = did_you_mean(column, GROUP_COLUMNS)
            raise ValueError(f"the features have no column {column!r} to make groups by; {hint}")
    if len(set(columns)) < len(columns):
        raise ValueError(f"{list(columns)} name a column twice")
    return columns


DecayRate = Annotated[float, Field(ge=0, lt=1)]
GroupColumns = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_check_columns)]


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MixtureParameters(_Group):
    """How an epoch is drawn from several corpora, languages or cultures."""

    groups: GroupColumns = Field(
        description="columns whose values make the groups that are drawn more or less often, such "
        "as [language, culture]"
    )
    temperature: float = Field(
        ge=1,
        description="1 draws groups by their size; higher evens them out (p ∝ (n·weight)^(1/T)); "
        ".inf draws all alike: the inverse-frequency mixture",
    )


def _check_objective(name: str) -> str:
    if name not in OBJECTIVES:
        hint = did_you_mean(name, OBJECTIVES)
        raise ValueError(f"unknown objective {name!r}; {hint} ({OBJECTIVES.parameter})")
    return name


class GroupDroParameters(_Group):
    """Of the objective `group_dro`."""

    step_size: float = Field(
        gt=0, le=1, description="η of group_dro: how fast weights follow losses, a step"
    )
    adjustment: float = Field(
        ge=0,
        allow_inf_nan=False,
        description="C of group_dro: C/√n is added to the loss of a group of n rows; 0 adds none",
    )


class FairnessPenaltyParameters(_Group):
    """Of the objective `fairness_penalty`."""

    weight: float = Field(
        gt=0,
        allow_inf_nan=False,
        description="λ of fairness_penalty: weight of the variance of the groups' losses",
    )


class ObjectiveParameters(_Group):
    """What training makes small."""

    name: Annotated[str, AfterValidator(_check_objective)] = Field(
        description="average, group_dro or fairness_penalty"
    )
    groups: GroupColumns = Field(
        description="columns whose values make the groups of the objective and of "
        "validation.select_by, such as [language, culture]"
    )
    averaged_rows: int = Field(
        ge=2, description="latest rows of a group whose mean loss the objective looks at"
    )
    group_dro: GroupDroParameters
    fairness_penalty: FairnessPenaltyParameters


class BatchParameters(_Group):
    """How an epoch is cut into batches of texts of like length."""

    examples: int = Field(ge=1, description="most examples of a batch")
    tokens: int = Field(ge=16, description="most tokens of a batch, padding included")
    window: int = Field(
        ge=1, description="batches whose examples are sorted by length together; 1 does not sort"
    )
    accumulation_steps: int = Field(
        ge=1, description="batches a step of the optimiser; of each task where they are mixed"
    )


class OptimiserParameters(_Group):
    """AdamW and its schedule."""

    learning_rate: float = Field(gt=0, lt=1, description="peak learning rate of the top layer")
    head_learning_rate: float = Field(gt=0, lt=1, description="peak learning rate of the heads")
    layer_decay: float = Field(
        gt=0, le=1, description="factor on the learning rate from each layer to the one below"
    )
    weight_decay: float = Field(ge=0, lt=1, description="decoupled; none on biases and norms")
    betas: tuple[DecayRate, DecayRate] = Field(description="decay rates of AdamW's two moments")
    schedule: Literal["linear", "cosine", "constant_with_warmup"] = Field(
        description="course of the learning rate after the warm-up"
    )
    warmup_share: float = Field(ge=0, lt=1, description="share of the steps, 0..1")
    max_gradient_norm: float = Field(gt=0, description="gradients are clipped to this norm")


class RegularisationParameters(_Group):
    """What keeps the model from learning its training rows by heart."""

    encoder_dropout: float = Field(ge=0, lt=1, description="of the hidden states, 0..1")
    attention_dropout: float = Field(ge=0, lt=1, description="of the attention weights, 0..1")
    head_dropout: float = Field(ge=0, lt=1, description="before each head, 0..1")
    label_smoothing: float = Field(ge=0, lt=1, description="mass spread over all labels, 0..1")
    weight_average_decay: float = Field(
        ge=0,
        lt=1,
        description="decay a step of the averaged weights; 0 averages none",
    )
    pair_consistency_weight: float = Field(
        ge=0,
        description="weight of the divergence between a text and its round trip, which is then no "
        "training row of its own; 0 trains on round trips as on any text",
    )
    consistency_weight: float = Field(
        ge=0,
        description="weight of the divergence between two passes with dropout, half of R-Drop's α; "
        "0 makes one pass",
    )


class ValidationParameters(_Group):
    """When the model is judged and checkpointed while it trains."""

    select_by: Literal["average", "worst_group"] = Field(
        description="the score that weights are kept and training is stopped by: of all validation "
        "rows, or of the worst of objective.groups"
    )
    min_group_size: int = Field(
        ge=1, description="validation rows of a group that can be the worst; of fewer, none can"
    )
    tasks: TaskChoiceParameters
    evaluations_per_epoch: int = Field(ge=1, description="looks at the validation rows an epoch")
    patience: int = Field(ge=1, description="evaluations without a gain before training stops")
    minimum_gain: float = Field(
        ge=0,
        description="of the validation score, that patience counts as one; any gain keeps weights",
    )
    seconds_between_checkpoints: float = Field(
        ge=0, description="training that a killed run loses at most"
    )


class FreezeParameters(_Group):
    """What of the encoder is not trained."""

    embeddings: bool = Field(description="whether the embeddings stay as they are")
    all_but_top_layers: int | None = Field(
        ge=0,
        description="layers that are trained, from the top; 0 trains the heads alone, null all",
    )


class TrainingParameters(_Group):
    """`parameters/training.yml`."""

    epochs: int = Field(ge=1, le=1000, description="passes over the training rows")
    steps: int | None = Field(
        ge=1,
        le=10_000_000,
        description="steps of the optimiser, in place of those that the epochs take; validation "
        "comes as often as in them",
    )
    seed: int = Field(ge=0, description="of the batches, the heads and dropout")
    languages: Annotated[tuple[LanguageTag, ...], Field(min_length=1)] | None = Field(
        description="whose train and validation rows are learnt from, such as [en]; the others are "
        "tested only, which shows zero-shot transfer; null takes all"
    )
    pooling: Pooling = Field(description="how a text's vector is read off its token states")
    trim_vocabulary: bool = Field(
        description="whether only the embedding rows that occur are trained; nothing is lost"
    )
    freeze: FreezeParameters
    kept_tasks: tuple[str, ...] = Field(
        description="tasks of the model that is trained on from (encoder.path or a registered "
        "version) whose heads the new model keeps as they are; their rows are not trained on"
    )
    mixture: MixtureParameters
    objective: ObjectiveParameters
    multitask: MultitaskParameters
    batches: BatchParameters
    optimiser: OptimiserParameters
    regularisation: RegularisationParameters
    validation: ValidationParameters
    precision: PrecisionChoice = Field(
        description="auto takes bf16 where the processor computes in it"
    )
    attention: Literal["auto", "eager", "sdpa"] = Field(
        description="implementation; auto measures, and takes sdpa or what is a tenth faster"
    )
    gradient_checkpointing: bool = Field(description="less memory for a third more time")
    compile: bool = Field(description="torch.compile: minutes of warm-up, then faster steps")

    @model_validator(mode="after")
    def _check_compiled(self) -> Self:
        if self.compile and self.multitask.weighting == "gradient_norm":
            raise ValueError(
                "compile is true, and multitask.weighting is gradient_norm, which takes a gradient "
                "twice, as no compiled network lets it: set compile to false, or take another "
                "weighting"
            )
        return self

    def batches_per_step(self, num_tasks: int) -> int:
        """Batches of one step of the optimiser."""
        is_mixed = self.multitask.batches == "mixed"
        return self.batches.accumulation_steps * (num_tasks if is_mixed else 1)

    def num_batches(self, num_tasks: int) -> int | None:
        """Batches of the whole training, where its steps are given."""
        return None if self.steps is None else self.steps * self.batches_per_step(num_tasks)
