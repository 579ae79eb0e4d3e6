"""Layers that take a condition in: the numbers of values that are known of each text."""

from collections.abc import Sequence
from itertools import accumulate
from typing import ClassVar

import torch
from torch import Tensor, nn


class ConditioningLayer(nn.Module):
    """Changes what the encoder reads, or what it gives; as it is, nothing."""

    changes_embeddings: ClassVar[bool] = False
    """Whether `before` is to be called; else the encoder reads token ids."""

    num_added_tokens: int = 0

    def before(
        self, embeddings: Tensor, attention_mask: Tensor, condition: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The embeddings (batch, sequence, hidden) and their mask, as the encoder reads them.

        Args:
            embeddings: of the tokens.
            attention_mask: (batch, sequence).
            condition: numbers of values, (batch, fields); 0 is unknown.
        """
        del condition
        return embeddings, attention_mask

    def after(self, states: Tensor, condition: Tensor) -> Tensor:
        """The states (batch, sequence, hidden) as tasks see them, those of the text's tokens."""
        del condition
        return states


class _ValueTable(ConditioningLayer):
    """One table of the rows of all fields' values, one field after the other."""

    starts: Tensor

    def __init__(self, rows: Tensor, num_values: Sequence[int]) -> None:
        super().__init__()
        self.rows = nn.Parameter(rows)
        starts = torch.tensor(list(accumulate(num_values, initial=0))[:-1])
        self.register_buffer("starts", starts, persistent=False)

    def look_up(self, condition: Tensor) -> Tensor:
        """Rows (batch, fields, hidden)."""
        return self.rows[condition + self.starts]


class PrefixTokens(_ValueTable):
    """Reads the rows of a text's values as tokens in front of its own.

    Args:
        rows: first embeddings, shape (values of all fields, hidden).
        num_values: of each field.
        position: number of tokens that stay in front of them.
    """

    changes_embeddings: ClassVar[bool] = True

    def __init__(self, rows: Tensor, num_values: Sequence[int], *, position: int) -> None:
        super().__init__(rows, num_values)
        self.position = position
        self.num_added_tokens = len(num_values)

    def before(
        self, embeddings: Tensor, attention_mask: Tensor, condition: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The sequence, longer by a token a field."""
        token_embeddings = self.look_up(condition).to(embeddings.dtype)
        token_mask = attention_mask.new_ones(token_embeddings.shape[:2])
        return self._insert(embeddings, token_embeddings), self._insert(attention_mask, token_mask)

    def _insert(self, sequence: Tensor, added: Tensor) -> Tensor:
        return torch.cat([sequence[:, : self.position], added, sequence[:, self.position :]], dim=1)

    def after(self, states: Tensor, condition: Tensor) -> Tensor:
        """The states without those of the added tokens."""
        end = self.position + condition.shape[1]
        return torch.cat([states[:, : self.position], states[:, end:]], dim=1)


class AddedVectors(_ValueTable):
    """Adds the sum of a text's vectors to each of its embeddings, as XLM adds its languages'.

    Conneau and Lample 2019, section 3.1, figure 1. Below the first layer, so that all layers can
    read a word differently in another culture; a sum after the last one would only shift the
    outputs of a linear head.

    Args:
        num_values: of each field.
        width: of the embeddings.
    """

    changes_embeddings: ClassVar[bool] = True

    def __init__(self, num_values: Sequence[int], width: int) -> None:
        super().__init__(torch.zeros(sum(num_values), width), num_values)

    def before(
        self, embeddings: Tensor, attention_mask: Tensor, condition: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The embeddings with the vectors in them."""
        return embeddings + self.look_up(condition).sum(dim=1, keepdim=True), attention_mask


class GatingVectors(_ValueTable):
    """Scales each unit of the last layer's states by one plus the sum of a text's vectors.

    A feature-wise transformation (Perez et al. 2018, section 2.1) without its shift.

    Args:
        num_values: of each field.
        hidden_size: width of the states.
    """

    def __init__(self, num_values: Sequence[int], hidden_size: int) -> None:
        super().__init__(torch.zeros(sum(num_values), hidden_size), num_values)

    def after(self, states: Tensor, condition: Tensor) -> Tensor:
        """The states, scaled."""
        return states * (1 + self.look_up(condition).sum(dim=1, keepdim=True))


class Adapters(ConditioningLayer):
    """A bottleneck that all cultures share, and one for each, added to the last layer's states.

    Houlsby et al. 2019, section 2.1: down, a nonlinearity, up, and the way around. What leads up
    begins as zeros, so that the start is the unconditioned network.

    Args:
        num_values: cultures, and the unknown one, which has the shared adapter alone.
        hidden_size: width of the states.
        bottleneck: width of each adapter's inner layer.
    """

    def __init__(self, num_values: int, hidden_size: int, *, bottleneck: int) -> None:
        super().__init__()
        self.down = nn.Parameter(torch.empty(num_values, hidden_size, bottleneck))
        self.up = nn.Parameter(torch.zeros(num_values, bottleneck, hidden_size))
        nn.init.normal_(self.down, std=hidden_size**-0.5)

    def after(self, states: Tensor, condition: Tensor) -> Tensor:
        """The states with what both adapters say; condition (batch, 1)."""
        culture_indices = condition[:, 0]
        shared_change = self._adapt(states, torch.zeros_like(culture_indices))
        culture_change = self._adapt(states, culture_indices) * (culture_indices > 0)[:, None, None]
        return states + shared_change + culture_change

    def _adapt(self, states: Tensor, culture_indices: Tensor) -> Tensor:
        hidden = nn.functional.gelu(states @ self.down[culture_indices])
        return hidden @ self.up[culture_indices]
