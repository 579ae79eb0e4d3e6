"""A small layer a culture after the encoder's last one."""

from typing import TYPE_CHECKING, ClassVar

from ccnlp.conditioning.base import CONDITIONINGS, Conditioning
from ccnlp.conditioning.parameters import CultureParameters

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from ccnlp.conditioning.layers import ConditioningLayer


@CONDITIONINGS.register("adapter")
class AdapterConditioning(Conditioning):
    """A culture that training has not seen has the adapter that all share, alone."""

    name: ClassVar[str] = "adapter"

    @classmethod
    def fields(cls, parameters: CultureParameters) -> tuple[str, ...]:
        """The culture itself."""
        del parameters
        return ("culture",)

    def layer(
        self, backbone: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase"
    ) -> "ConditioningLayer":
        """Adapters that give back what they get."""
        from ccnlp.conditioning.layers import Adapters

        del tokenizer
        (num_values,) = self.keys.num_values
        return Adapters(
            num_values, backbone.config.hidden_size, bottleneck=self.parameters.adapter.bottleneck
        )
