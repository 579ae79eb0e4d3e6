"""The parameters of behavioural tests."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ccnlp.behaviour.typography import PERTURBATIONS
from ccnlp.behaviour.words import has_spaces
from ccnlp.corpora.entry import CorpusEntry
from ccnlp.corpora.joining import JoinedFile
from ccnlp.corpora.values import ColumnField, FieldValue, Name, TextMap
from ccnlp.cultures import LanguageTag
from ccnlp.errors import did_you_mean
from ccnlp.parameter_types import WITHOUT_REMOVED, Removable

PARAMETERS_FILE = "parameters/behaviour.yml"

CODE_SWITCHING = "code_switching"
"""The name of the perturbation that takes words of another language."""

JudgedModel = Literal["finetuned", "champion"]


def _check_terms(terms: tuple[str, ...]) -> tuple[str, ...]:
    repeated = sorted({term for term in terms if terms.count(term) > 1})
    if repeated:
        raise ValueError(f"{list(terms)} has {', '.join(map(repr, repeated))} more than once")
    if len(terms) < 2:
        raise ValueError(
            f"{list(terms)} has nothing to swap with; a set holds at least two terms that fit in "
            "each other's place"
        )
    return terms


def _check_one_set_each(
    by_language: Mapping[str, tuple[tuple[str, ...], ...]],
) -> Mapping[str, tuple[tuple[str, ...], ...]]:
    for language, sets in by_language.items():
        terms = [term for term_set in sets for term in term_set]
        repeated = sorted({term for term in terms if terms.count(term) > 1})
        if repeated:
            raise ValueError(
                f"{language} has {', '.join(map(repr, repeated))} in two sets; which of them fits "
                "a text would be a guess"
            )
    return by_language


def _check_language_of_words(language: str) -> str:
    if not has_spaces(language):
        raise ValueError(
            f"{language!r} is written without spaces, so that whole words can't be found in it; "
            "leave it out"
        )
    return language


def _check_perturbation(name: str) -> str:
    if name not in PERTURBATIONS:
        hint = did_you_mean(name, PERTURBATIONS)
        raise ValueError(f"there is no perturbation {name!r}; {hint}")
    return name


def _all_or_listed(value: object) -> object:
    if isinstance(value, str) and value != "all":
        raise ValueError(f"give a list of languages, or all; it is {value!r}")
    return value


TermSet = Annotated[tuple[Name, ...], AfterValidator(_check_terms)]
"""Terms that fit in each other's place: of one gender, number, case and first sound."""

WordLanguage = Annotated[LanguageTag, AfterValidator(_check_language_of_words)]
Languages = Annotated[Literal["all"] | tuple[LanguageTag, ...], BeforeValidator(_all_or_listed)]
TermsByLanguage = Annotated[
    dict[WordLanguage, tuple[TermSet, ...]],
    WITHOUT_REMOVED,
    AfterValidator(_check_one_set_each),
]
PerturbationName = Annotated[str, AfterValidator(_check_perturbation)]
Typography = Annotated[dict[PerturbationName, Languages], WITHOUT_REMOVED]


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SuiteEntry(CorpusEntry):
    """A suite of functional tests: a corpus of cases with their expected labels.

    Its files have one row a case, so that the functionality of each stands in its row.
    """

    melt: None = Field(default=None, description="of corpora alone")
    joined: list[JoinedFile] = Field(default=[], description="of corpora alone")
    context: None = Field(default=None, description="of corpora alone")
    annotations: None = Field(default=None, description="of corpora alone")
    task: str = Field(description="of the model")
    label_map: TextMap = Field(
        default={}, description="from the suite's labels to the model's; the rest stay as they are"
    )
    split: FieldValue | None = Field(default="test", description="a suite is for testing alone")
    functionality: ColumnField = Field(
        description="the column that says what a case tests; its map has the names that people read"
    )
    further_columns: dict[Name, ColumnField] = Field(
        default={},
        description="by the name that people read, a column whose values have rates of their own, "
        "such as the target group",
    )

    @field_validator("melt", "joined", "annotations", mode="before")
    @classmethod
    def _belongs_to_corpora(cls, value: object, info: ValidationInfo) -> object:
        if value is not None and value != []:
            raise ValueError(
                f"a suite has no {info.field_name}, which is for corpora alone; write a table that "
                "has one row a case, with all its columns, and leave the key out"
            )
        return value


class SwapParameters(_Group):
    """Counterfactual swaps."""

    swaps_per_text: int = Field(ge=1, description="of a text and a group of terms, at most")
    terms: Removable[TermsByLanguage] = Field(
        description="by group of terms and language, sets of terms that fit in each other's place; "
        "null removes a group or a language"
    )
    unless: Removable[dict[WordLanguage, tuple[Name, ...]]] = Field(
        description="by group and language, words that would have to change with a term, such as "
        "pronouns; a text with one of them is no case"
    )

    @model_validator(mode="after")
    def _check_unless(self) -> Self:
        for group in self.unless:
            if group not in self.terms:
                raise ValueError(
                    f"unless names {group!r}, which terms has no group of; "
                    f"{did_you_mean(group, self.terms)}"
                )
        return self


class CodeSwitchingParameters(_Group):
    """Words of another language in a text."""

    partners: dict[WordLanguage, tuple[WordLanguage, ...]] = Field(
        description="by language, those that its writers mix in"
    )
    words: dict[str, dict[WordLanguage, Name]] = Field(
        description="by meaning, the word of each language that stands for it anywhere"
    )

    @model_validator(mode="after")
    def _check_partners(self) -> Self:
        languages_with_words = {language for words in self.words.values() for language in words}
        for language, partners in self.partners.items():
            for other in (language, *partners):
                if other not in languages_with_words:
                    raise ValueError(
                        f"partners names {other!r}, which words has no word of; "
                        f"{did_you_mean(other, languages_with_words)}"
                    )
            if language in partners:
                raise ValueError(f"{language!r} is its own partner")
        return self


class InvarianceParameters(_Group):
    """Changes that leave the meaning as it is."""

    typography: Typography = Field(
        description="by perturbation, the languages whose texts it is tried on, or all; null "
        "removes one"
    )
    code_switching: CodeSwitchingParameters | None = Field(
        description="greetings and small words of another language; null leaves it out"
    )


class BehaviourParameters(_Group):
    """`parameters/behaviour.yml`."""

    model: JudgedModel = Field(
        description="finetuned, the one in the data folder, or champion, the registered one"
    )
    seed: int = Field(ge=0, description="of the texts, swaps and words that are drawn")
    confidence: float = Field(gt=0.5, lt=1, description="of the intervals, such as 0.95")
    max_texts_per_language: int = Field(
        ge=1, description="test texts of a task and language that are changed; drawn by the seed"
    )
    min_group_size: int = Field(ge=1, description="texts below which a rate is shown grey")
    failures_shown: int = Field(ge=0, description="examples of each test in the report")
    tokens_per_batch: int = Field(ge=16, description="padded tokens of a batch in prediction")
    suites: Removable[SuiteEntry] = Field(
        description="functional tests by key, each read like an entry of parameters/corpora.yml"
    )
    swaps: SwapParameters
    invariance: InvarianceParameters
