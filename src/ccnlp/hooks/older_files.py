"""Files of another version of the code, or of a run that was cut short, are refused when read."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from kedro.framework.hooks import hook_impl

from ccnlp.errors import CcnlpError, listed
from ccnlp.hooks.run_guard import bare_name


@dataclass(frozen=True)
class RequiredNames:
    """What a dataset must have to be read, by name.

    Attributes:
        pipeline: that writes it.
        names: columns of a table, or keys of a report.
        is_nested: whether these are keys of each value of a report, such as one a corpus.
    """

    pipeline: str
    names: Collection[str]
    is_nested: bool = False


class OlderFilesHook:
    """Refuses a file that lacks what this version reads of it, before a node stumbles over that."""

    @hook_impl
    def after_dataset_loaded(self, dataset_name: str, data: object) -> None:
        """Looks at each dataset that a node reads."""
        check_required_names(bare_name(dataset_name), data)


def check_required_names(dataset: str, data: object) -> None:
    """Checks that a dataset has the columns or keys that are read of it, where these are known.

    Raises:
        CcnlpError: some are missing; names them, and the pipeline to run again.
    """
    required = required_names().get(dataset)
    if required is None:
        return
    values = data.values() if required.is_nested and isinstance(data, Mapping) else [data]
    missing = [
        name for name in required.names if any(name not in _names(value) for value in values)
    ]
    if missing:
        kind = "columns" if hasattr(data, "columns") else "keys"
        raise CcnlpError(
            f"{dataset} lacks the {kind} {listed(missing)}, which this version of the code reads: "
            "it was written by another version, or by a run that was cut short; make it again: "
            f"kedro run --pipelines {required.pipeline}"
        )


def _names(data: object) -> Collection[str]:
    """The keys of a report, or the columns of a table; none of anything else."""
    if isinstance(data, Mapping):
        return data.keys()
    columns: Collection[str] = getattr(data, "columns", ())
    return columns


@cache
def required_names() -> Mapping[str, RequiredNames]:
    """By dataset, what is read of it; those whose readers look themselves are left out."""
    return {**_examples(), **_augmentation(), **_evaluation(), **_studies(), **_behaviour()}


def _examples() -> dict[str, RequiredNames]:
    from ccnlp.examples import COLUMNS

    corpus = ("num_rows", "licence", "fingerprint", "languages", "cultures")
    return {
        "examples": RequiredNames("ingestion", COLUMNS),
        "corpus_fingerprints": RequiredNames("ingestion", corpus, is_nested=True),
        "agreement_report": RequiredNames("ingestion", ("sentences",), is_nested=True),
    }


def _augmentation() -> dict[str, RequiredNames]:
    from ccnlp import examples
    from ccnlp.augmentation.report import PAIR_COLUMNS
    from ccnlp.augmentation.round_trips import COLUMNS, COUNT_COLUMNS

    columns = {
        "translated_round_trips": COLUMNS,
        "scored_round_trips": COLUMNS,
        "round_trips": [*COLUMNS, "rejected_by"],
        "augmented_examples": examples.COLUMNS,
        "augmentation_pairs": PAIR_COLUMNS,
        "translation_counts": COUNT_COLUMNS,
    }
    return {dataset: RequiredNames("augmentation", names) for dataset, names in columns.items()}


def _evaluation() -> dict[str, RequiredNames]:
    from ccnlp.evaluation import abstention, by_culture, contested, disparities, gaps, scores
    from ccnlp.evaluation.origin import Origin
    from ccnlp.evaluation.predictions import COLUMNS
    from ccnlp.evaluation.promotion import NEEDED
    from ccnlp.evaluation.systems import SYSTEMS

    columns = {
        **{f"{system}_predictions": COLUMNS for system in SYSTEMS},
        "scores": scores.COLUMNS,
        "champion_comparison": [*scores.COLUMNS, "champion_version"],
        "disparities": disparities.COLUMNS,
        "fairness": gaps.COLUMNS,
        "abstention": abstention.COLUMNS,
        "culture_predictions": by_culture.COLUMNS,
        "scores_origin": tuple(Origin.__dataclass_fields__),
        "gate_decision": NEEDED,
    }
    required = {dataset: RequiredNames("evaluation", names) for dataset, names in columns.items()}
    return {
        **required,
        "contested_report": RequiredNames("evaluation", contested.KEYS, is_nested=True),
    }


def _studies() -> dict[str, RequiredNames]:
    from ccnlp.evaluation.predictions import COLUMNS
    from ccnlp.studies import (
        augmentation,
        comparison,
        culture,
        multitask,
        transfer,
        verdicts,
    )
    from ccnlp.studies.arms import SEED

    columns = {
        "predictions": [*COLUMNS, SEED],
        "scores": comparison.SCORE_COLUMNS,
        "comparison": comparison.COLUMNS,
        "verdicts": verdicts.COLUMNS,
    }
    return {
        f"{study.name}_{table}": RequiredNames(study.name, names)
        for study in (augmentation.STUDY, culture.STUDY, multitask.STUDY, transfer.STUDY)
        for table, names in columns.items()
    }


def _behaviour() -> dict[str, RequiredNames]:
    from ccnlp.behaviour import failures, tables
    from ccnlp.behaviour.cases import TEXT_COLUMNS, Case
    from ccnlp.behaviour.suites import REJECTED_COLUMNS

    columns = {
        **dict.fromkeys(("suite_cases", "swap_cases", "invariance_cases"), Case._fields),
        "behaviour_texts": TEXT_COLUMNS,
        "rejected_cases": REJECTED_COLUMNS,
        "behaviour_predictions": [*failures.COLUMNS, "unit", "is_failure"],
        "behaviour_table": tables.COLUMNS,
        "behaviour_failures": failures.COLUMNS,
        "judged_model_origin": ("encoder", "weights"),
    }
    return {dataset: RequiredNames("behaviour", names) for dataset, names in columns.items()}
