"""How far the annotators of each corpus agree, before anything is trained."""

import logging
from collections.abc import Callable, Mapping
from typing import NamedTuple

import pandas as pd

from ccnlp.agreement.parameters import AgreementParameters
from ccnlp.agreement.summary import summarise_agreement
from ccnlp.agreement.tables import AgreementTables, agreement_tables
from ccnlp.corpora.annotations import ANNOTATIONS, list_annotations
from ccnlp.corpora.quarantine import is_kept
from ccnlp.corpora.readable_task import ReadableTask
from ccnlp.examples import CONTEXT, stable_hash
from ccnlp.progress import Metrics, report

logger = logging.getLogger(__name__)

NEEDED = frozenset(
    {"corpus", "task", "id", "group_id", "language", "culture", "rejected_by"}
    | {ANNOTATIONS, CONTEXT}
)
"""The columns of a curated corpus that agreement is measured on, beside the task's inputs."""

MAX_TEXT_CHARACTERS = 200

MAJORITY = "majority_"
"""Before the culture, in the columns of `contested_texts`."""


class CorporaAgreement(NamedTuple):
    """Of all corpora that have annotations; each table begins with `corpus` and `task`.

    Attributes:
        agreement: of `agreement_tables`.
        contested: texts on which cultures differ: `group_id`, followed by the language where texts
            of several share it, and likewise by a key of the context; `text`, and `majorities`, a
            clause for each culture; with the figures of `contested_texts`.
        label_shares: of `votes.label_shares`.
        summaries: by corpus, of `summarise_agreement`.
    """

    agreement: pd.DataFrame
    contested: pd.DataFrame
    label_shares: pd.DataFrame
    summaries: dict[str, dict[str, object]]


def measure_agreement(
    corpora: Mapping[str, Callable[[], pd.DataFrame]],
    tasks: Mapping[str, ReadableTask],
    parameters: AgreementParameters,
) -> CorporaAgreement:
    """What annotators and cultures agree on, corpus by corpus; one is in memory at a time.

    The findings are logged in sentences. Corpora without single annotations are left out.

    Args:
        corpora: by key, what loads the curated corpus.
        tasks: by name.
        parameters: `agreement` in `parameters/ingestion.yml`.
    """
    measured: dict[str, tuple[str, AgreementTables, pd.DataFrame]] = {}
    for corpus, load in corpora.items():
        rows = load()
        if ANNOTATIONS not in rows or rows[ANNOTATIONS].isna().all():
            continue
        task = str(rows["task"].iloc[0])
        tables = agreement_tables(
            _annotations_by_text(rows), tasks[task].labels, parameters, where=f"corpus {corpus!r}"
        )
        texts = _text_beginnings(rows, tasks[task].input_columns[0])
        measured[corpus] = (task, tables, _with_texts(tables.contested, texts))
    summaries = {corpus: summarise_agreement(tables) for corpus, (_, tables, _) in measured.items()}
    for corpus, summary in summaries.items():
        sentences = summary["sentences"]
        if isinstance(sentences, list):
            logger.info("%s: %s", corpus, " ".join(sentences))
    for corpus, (_, tables, _) in measured.items():
        report(Metrics(_main_figures(corpus, tables.agreement), step=0))
    return CorporaAgreement(
        _stack(
            {corpus: (task, tables.agreement) for corpus, (task, tables, _) in measured.items()}
        ),
        _stack({corpus: (task, contested) for corpus, (task, _, contested) in measured.items()}),
        _stack(
            {corpus: (task, tables.label_shares) for corpus, (task, tables, _) in measured.items()}
        ),
        summaries,
    )


def _main_figures(corpus: str, agreement: pd.DataFrame) -> dict[str, float]:
    """Alpha of all annotators and of the cultures' majorities, and the consensus of these."""
    main = agreement[agreement["kind"].isin(["all", "between"]) & agreement["value"].notna()]
    names = "agreement/" + corpus + "/" + main["kind"] + "_" + main["measure"]
    return dict(zip(names, main["value"].astype(float), strict=True))


def _annotations_by_text(rows: pd.DataFrame) -> pd.DataFrame:
    """The annotations, with the text's name as their `group_id`."""
    names_by_id = _name_texts(rows).set_axis(rows.loc[is_kept(rows), "id"])
    annotations = list_annotations(rows)
    text_names = annotations["example_id"].map(names_by_id[~names_by_id.index.duplicated()])
    return annotations.assign(group_id=text_names.astype("string"))


def _name_texts(rows: pd.DataFrame) -> "pd.Series[str]":
    """By kept row, its group, and the language or context where the group has several: texts."""
    kept = rows[is_kept(rows)]
    groups = names = kept["group_id"].astype("string")
    for column in (name for name in ("language", CONTEXT) if name in kept):
        values = kept[column].astype("string").fillna("")
        if column == CONTEXT:
            values = values.map({text: stable_hash([text])[:8] for text in values.unique()})
        num_values = values.groupby(groups).transform("nunique")
        names = names.where(num_values == 1, names + " " + values)
    return names


def _text_beginnings(rows: pd.DataFrame, column: str) -> "pd.Series[str]":
    """The beginning of each text, by its name."""
    names = _name_texts(rows).drop_duplicates()
    texts = rows[column][names.index].astype("str").set_axis(names)
    return texts.str.slice(0, MAX_TEXT_CHARACTERS)


def _with_texts(contested: pd.DataFrame, texts: "pd.Series[str]") -> pd.DataFrame:
    """The contested texts, their majorities in one column: cultures differ between corpora."""
    majority_columns = contested[[name for name in contested if str(name).startswith(MAJORITY)]]
    majorities = [
        "; ".join(
            f"{str(name).removeprefix(MAJORITY)}: {label}"
            for name, label in row.items()
            if pd.notna(label)
        )
        for row in majority_columns.to_dict("records")
    ]
    readable = contested.drop(columns=list(majority_columns)).assign(majorities=majorities)
    readable.insert(1, "text", contested["group_id"].map(texts).to_numpy())
    return readable


def _stack(tables: Mapping[str, tuple[str, pd.DataFrame]]) -> pd.DataFrame:
    keyed_tables = []
    for corpus, (task, table) in tables.items():
        keyed_table = table.copy()
        keyed_table.insert(0, "corpus", corpus)
        keyed_table.insert(1, "task", task)
        keyed_tables.append(keyed_table)
    return (
        pd.concat(keyed_tables, ignore_index=True)
        if keyed_tables
        else pd.DataFrame({"corpus": [], "task": []})
    )
