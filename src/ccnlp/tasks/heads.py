"""Heads on the shared encoder, and the pooling they share."""

import torch
from torch import Tensor, autocast, nn

from ccnlp.tasks.base import Pooling


def pool(states: Tensor, attention_mask: Tensor, *, pooling: Pooling) -> Tensor:
    """One vector a text, (batch, hidden), of states (batch, sequence, hidden); in fp32."""
    if pooling == "first":
        return states[:, 0].float()
    mask = attention_mask.unsqueeze(-1).float()
    return (states.float() * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1.0)


def _linear(width: int, num_outputs: int) -> nn.Linear:
    """A map whose weights begin as small as those of an encoder do."""
    linear = nn.Linear(width, num_outputs)
    nn.init.normal_(linear.weight, std=0.02)
    nn.init.zeros_(linear.bias)
    return linear


class PooledClassifier(nn.Module):
    """Logits from one vector a text, in fp32 whatever the states are.

    Logits of three digits, as bf16 has them, would tie in close cases and give few confidences.

    Args:
        hidden_size: width of the encoder's states.
        num_labels: number of logits.
        pooling: how the vector is read off the states.
        dropout: share of the vector dropped in training.
    """

    def __init__(
        self, hidden_size: int, num_labels: int, *, pooling: Pooling, dropout: float
    ) -> None:
        super().__init__()
        self.pooling: Pooling = pooling
        self.dropout = nn.Dropout(dropout)
        self.classifier = _linear(hidden_size, num_labels)

    def forward(self, states: Tensor, attention_mask: Tensor) -> Tensor:
        """Logits (batch, labels) of states (batch, sequence, hidden)."""
        with autocast(states.device.type, enabled=False):
            vector = pool(states, attention_mask, pooling=self.pooling)
            logits: Tensor = self.classifier(self.dropout(vector))
        return logits


class MarkClassifier(nn.Module):
    """Logits from the states at two marks in a text, in fp32 whatever the states are.

    Args:
        hidden_size: width of the encoder's states.
        num_labels: number of logits.
        pooling: how the vector of a text is read off the states, which stands in for a mark that
            was cut away.
        dropout: share of the vector dropped in training.
    """

    def __init__(
        self, hidden_size: int, num_labels: int, *, pooling: Pooling, dropout: float
    ) -> None:
        super().__init__()
        self.pooling: Pooling = pooling
        self.dropout = nn.Dropout(dropout)
        self.classifier = _linear(2 * hidden_size, num_labels)

    def forward(self, states: Tensor, attention_mask: Tensor, marks: Tensor) -> Tensor:
        """Logits (batch, labels) of states (batch, sequence, hidden) and marks (batch, 2).

        Marks are positions, below 0 where there is none.
        """
        with autocast(states.device.type, enabled=False):
            pooled = pool(states, attention_mask, pooling=self.pooling).unsqueeze(1)
            positions = marks.clamp(min=0).unsqueeze(-1).expand(-1, -1, states.shape[-1])
            at_marks = states.gather(1, positions).float()
            vectors = torch.where(marks.unsqueeze(-1) < 0, pooled, at_marks)
            logits: Tensor = self.classifier(self.dropout(vectors.flatten(1)))
        return logits


class TokenClassifier(nn.Module):
    """Logits of each token, in fp32 whatever the states are.

    Args:
        hidden_size: width of the encoder's states.
        num_outputs: number of logits a token.
        dropout: share of the states dropped in training.
    """

    def __init__(self, hidden_size: int, num_outputs: int, *, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.classifier = _linear(hidden_size, num_outputs)

    def forward(self, states: Tensor, attention_mask: Tensor) -> Tensor:
        """Logits (batch, sequence, outputs) of states (batch, sequence, hidden)."""
        del attention_mask
        with autocast(states.device.type, enabled=False):
            logits: Tensor = self.classifier(self.dropout(states.float()))
        return logits


class PooledVector(nn.Module):
    """One vector a text, as the encoder gives it: the head has no weights, and changes nothing.

    What training starts from is therefore the encoder's own ranking.

    Args:
        pooling: how the vector is read off the states.
    """

    def __init__(self, *, pooling: Pooling) -> None:
        super().__init__()
        self.pooling: Pooling = pooling

    def forward(self, states: Tensor, attention_mask: Tensor) -> Tensor:
        """Vectors (batch, hidden) of states (batch, sequence, hidden), in fp32."""
        return pool(states, attention_mask, pooling=self.pooling)


class PooledAndTokenClassifier(nn.Module):
    """Logits of a text and of each of its tokens, side by side in one row.

    Args:
        hidden_size: width of the encoder's states.
        sizes: number of logits of a text, and of a token.
        pooling: how a text's vector is read off the states.
        dropout: share of what is classified that is dropped in training.
    """

    def __init__(
        self, hidden_size: int, sizes: tuple[int, int], *, pooling: Pooling, dropout: float
    ) -> None:
        super().__init__()
        self.text = PooledClassifier(hidden_size, sizes[0], pooling=pooling, dropout=dropout)
        self.tokens = TokenClassifier(hidden_size, sizes[1], dropout=dropout)

    def forward(self, states: Tensor, attention_mask: Tensor) -> Tensor:
        """(batch, logits of the text + sequence * logits of a token) of (batch, sequence, hidden).

        The logits of a text come first, then those of one token after the other.
        """
        text_logits = self.text(states, attention_mask)
        token_logits = self.tokens(states, attention_mask)
        return torch.cat([text_logits, token_logits.flatten(start_dim=1)], dim=1)
