"""What a study is, beside the arms that it trains."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from ccnlp.studies.comparison import Contrast
from ccnlp.studies.parameters import StudyParameters
from ccnlp.studies.report import About
from ccnlp.studies.verdicts import Question, contrasts_of


@dataclass(frozen=True)
class Study:
    """A question, and how it is answered from what the arms predict.

    Attributes:
        name: of the pipeline, its datasets and its parameters, such as `culture_study`.
        about_of: from the names of the arms that predicted, the question and the arms in words.
        parameters: the model of its parameters.
        questions_of: from the names of the arms that predicted, what is asked of them.
    """

    name: str
    about_of: Callable[[Collection[str]], About]
    parameters: type[StudyParameters]
    questions_of: Callable[[Collection[str]], tuple[Question, ...]]

    @property
    def slice_name(self) -> str:
        """Whose groups are told first."""
        return self.parameters.told_slice

    def contrasts_of(self, arms: Collection[str]) -> list[Contrast]:
        """All comparisons that its questions need."""
        return contrasts_of(self.questions_of(arms))
