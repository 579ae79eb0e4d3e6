"""The example: one labelled text with its language, culture and origin, and the table of them.

Every pipeline reads and writes tables with these columns. A task adds its own input and target
columns, such as `text` and `label`.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ccnlp.errors import CorpusError

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

Origin = Literal["native", "human_translation", "machine_translation", "back_translation"]
ORIGINS: tuple[Origin, ...] = (
    "native",
    "human_translation",
    "machine_translation",
    "back_translation",
)

UNKNOWN = "und"
"""The value of a language, region, culture or domain that nobody stated (BCP-47 "undetermined")."""

ROWS_PER_CHUNK = 50_000

COLUMNS: dict[str, str] = {
    "id": "stable hash of corpus, task, language, culture and content",
    "corpus": "key of the corpus entry",
    "task": "name of the task",
    "split": "train, validation or test",
    "group_id": "rows of one group never stand in two splits",
    "parent_id": "id of the example that a derived row comes from, else missing",
    "language": "BCP-47 tag of the text",
    "region": "ISO 3166 region of the text, or und",
    "culture": "ISO 3166 region or declared group whose judgement the label is, or und",
    "domain": "reviews, news, social ..., or und",
    "origin": "native, human_translation, machine_translation or back_translation",
    "engine": "translator and revision of a translated row, else missing",
    "pivot": "languages a back-translation went through, such as es or ca>es, else missing",
    "licence": "licence of the corpus",
    "weight": "sampling weight of the corpus in a mixture",
}
"""The columns that every example has, beside those that its task declares, and what they hold."""

CONTEXT = "context"
"""The column with what stands before or beside a text, where the corpus's entry names it: a line
for each field or turn, the nearest last; missing where a text has none."""

LABEL_COUNTS, POOLED_LABEL_COUNTS = "label_counts", "pooled_label_counts"
NUM_ANNOTATIONS = "num_annotations"

ANNOTATION_COLUMNS: dict[str, str] = {
    LABEL_COUNTS: "annotations of each of the task's labels in the culture, or their shares",
    POOLED_LABEL_COUNTS: "the same of all cultures that judged the text",
    NUM_ANNOTATIONS: "annotations in the culture; missing where the source gives shares alone",
}
"""What an example of a text and a culture has where several people judged it."""

NO_MAJORITY = "no majority"
"""What tables and pictures say in place of the label that a tie leaves missing."""


def stable_hash(parts: Iterable[str]) -> str:
    """The first 16 hexadecimal digits of SHA-256 over the parts, kept apart from each other."""
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8, "little"))
        digest.update(encoded)
    return digest.hexdigest()[:16]


def hash_rows(table: pd.DataFrame) -> npt.NDArray[np.uint64]:
    """A hash of the cells of each row, in chunks: as Python's strings they take much memory.

    Cells of categories are hashed like text, the others as text.
    """
    hashes = np.empty(len(table), dtype=np.uint64)
    plain_columns = table.select_dtypes(exclude="category").columns
    for start in range(0, len(table), ROWS_PER_CHUNK):
        rows = slice(start, start + ROWS_PER_CHUNK)
        chunk = table.iloc[rows].astype(dict.fromkeys(plain_columns, "string"))
        hashes[rows] = pd.util.hash_pandas_object(chunk, index=False)
    return hashes


def fingerprint(table: pd.DataFrame) -> str:
    """A hash of a table's columns and cells that does not depend on the order of its rows.

    Nor does it depend on whether cells are categories or text.
    """
    columns = sorted(table.columns)
    hashes = hash_rows(table[columns])
    hashes.sort()
    digest = hashlib.sha256(",".join(columns).encode())
    digest.update(hashes.tobytes())
    return digest.hexdigest()[:16]


def groups_by_columns(rows: pd.DataFrame, columns: Sequence[str]) -> "pd.Series[str]":
    """The group of each row: its values joined, such as `es-MX`; a missing value is `und`.

    Joined once for each combination that occurs, not for each row.
    """
    codes = np.zeros(len(rows), dtype=np.int64)
    names = np.asarray([""], dtype=object)
    for index, column in enumerate(columns):
        column_codes, values = pd.factorize(rows[column], use_na_sentinel=False)
        texts = [UNKNOWN if pd.isna(value) else str(value) for value in values]
        joined, codes = np.unique(codes * len(texts) + column_codes, return_inverse=True)
        pairs = (divmod(int(pair), len(texts)) for pair in joined)
        names = np.asarray(
            [f"{names[left]}-{texts[right]}" if index else texts[right] for left, right in pairs],
            dtype=object,
        )
    return pd.Series(names[codes], index=rows.index, dtype="object")


def require_columns(table: pd.DataFrame, columns: Iterable[str], *, where: str) -> None:
    """Checks that a table has the columns.

    Raises:
        CorpusError: one is missing; names it and the columns that are there.
    """
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise CorpusError(
            f"{where}: no column {', '.join(map(repr, missing))}; "
            f"the table has {', '.join(map(repr, table.columns))}"
        )


def with_derived(examples: pd.DataFrame, derived: pd.DataFrame) -> pd.DataFrame:
    """The examples, then the rows that were derived from those of train.

    Raises:
        CorpusError: a derived row comes from no present train example, as when the corpora or
            their splits have changed since.
    """
    if derived.empty:
        return examples
    in_train = set(examples.loc[examples["split"] == "train", "id"])
    num_orphans = int((~derived["parent_id"].isin(in_train)).sum())
    if num_orphans:
        raise CorpusError(
            f"{num_orphans:,} of {len(derived):,} augmented examples come from rows that are no "
            "train examples now, because corpora or splits have changed; make them again: "
            "kedro run --pipelines augmentation"
        )
    return pd.concat([examples, derived], ignore_index=True)
