"""Heads on the shared encoder, and the pooling they share."""

from torch import Tensor, nn

from ccnlp.tasks.base import Pooling


def pool(states: Tensor, attention_mask: Tensor, *, pooling: Pooling) -> Tensor:
    """One vector a text, (batch, hidden), of states (batch, sequence, hidden)."""
    if pooling == "first":
        return states[:, 0]
    mask = attention_mask.unsqueeze(-1).to(states.dtype)
    return (states * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1.0)


class PooledClassifier(nn.Module):
    """Logits from one vector a text.

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
        self.classifier = nn.Linear(hidden_size, num_labels)
        nn.init.normal_(self.classifier.weight, std=0.02)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, states: Tensor, attention_mask: Tensor) -> Tensor:
        """Logits (batch, labels) of states (batch, sequence, hidden)."""
        vector = pool(states, attention_mask, pooling=self.pooling)
        logits: Tensor = self.classifier(self.dropout(vector))
        return logits
