"""Round trips that a model can tell from the texts that people wrote."""

import pandas as pd

BACK_TRANSLATION = "back_translation"
TEXT = "text"


def tag_round_trips(examples: pd.DataFrame, *, tag: str | None) -> pd.DataFrame:
    """The examples with the tag in front of the text of each back-translation.

    What a translator does to a text is learnt with the tag, and a text without one is answered as
    one that a person wrote (Caswell, Chelba and Grangier 2019, "Tagged Back-Translation"). The tag
    is read as text, in as many tokens as its characters make. Rows to predict have none: only train
    has round trips.

    Args:
        examples: with `origin` and `text`.
        tag: such as `<bt>`; `None` changes nothing.
    """
    is_round_trip = examples["origin"] == BACK_TRANSLATION
    if tag is None or not is_round_trip.any():
        return examples
    tagged = tag + " " + examples[TEXT].astype("string")
    return examples.assign(**{TEXT: examples[TEXT].mask(is_round_trip, tagged)})
