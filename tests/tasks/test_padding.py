import numpy as np
import pytest

from ccnlp.tasks.padding import pad_token_ids


@pytest.mark.parametrize("as_ids", [list, np.array])
def test_pad_token_ids_fills_the_ends(as_ids):
    ids, mask = pad_token_ids([as_ids([0, 5, 2]), as_ids([0, 2])], pad_token_id=1)

    assert ids.tolist() == [[0, 5, 2], [0, 2, 1]]
    assert mask.tolist() == [[1, 1, 1], [1, 1, 0]]
