"""How much cases that belong together tell."""

from collections.abc import Sequence


def effective_size(sizes: Sequence[int]) -> float:
    """How many independent cases are worth as much as groups of these sizes (Kish 1965).

    Taken for the worst, that all cases of a group give one answer: `n` groups of the same size are
    worth `n` cases, and single cases are worth themselves.

    >>> effective_size([1, 1, 1]), effective_size([2, 2]), effective_size([2, 1])
    (3.0, 2.0, 1.8)
    """
    squares = sum(size**2 for size in sizes)
    return sum(sizes) ** 2 / squares if squares else 0.0
