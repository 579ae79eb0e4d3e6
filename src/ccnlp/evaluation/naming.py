"""Names that people read, of metrics and groups."""

from ccnlp.cultures import language_name, regions
from ccnlp.examples import UNKNOWN

METRIC_NAMES = {
    "macro_f1": "macro-F1",
    "accuracy": "accuracy",
    "average_recall": "average recall",
    "calibration_error": "calibration error",
    "jensen_shannon_distance": "distance to the annotators (Jensen–Shannon)",
    "cross_entropy": "cross-entropy to the annotators",
    "distribution_similarity": "distribution similarity",
    "f1": "F1",
    "f1_english": "F1 as if all were English",
    "exact_match_english": "exact match as if all were English",
    "micro_f1": "micro-F1",
    "relation_macro_f1": "macro-F1 of the relations",
    "mean_average_precision": "mAP",
    "mean_reciprocal_rank": "MRR",
    "ndcg_at_10": "nDCG@10",
    "recall_at_1": "recall@1",
    "recall_at_5": "recall@5",
    "recall_at_10": "recall@10",
    "pearson": "Pearson correlation",
    "spearman": "Spearman correlation",
    "entity_f1": "entity F1",
    "entity_precision": "entity precision",
    "entity_recall": "entity recall",
    "slot_f1": "slot F1",
    "slot_precision": "slot precision",
    "slot_recall": "slot recall",
    "token_accuracy": "accuracy of words",
    "intent_accuracy": "accuracy of intents",
    "exact_frame": "share of whole frames",
    "precision": "precision",
    "recall": "recall",
}

SLICE_NAMES = {
    "all": "all rows",
    "language": "language",
    "culture": "culture",
    "language_culture": "language and culture",
    "domain": "domain",
    "origin": "origin",
    "length": "length in characters",
    "label": "label",
}


POOLS = {"same_language_": "same language", "other_language_": "other languages"}
"""By the beginning of a metric, which passages were ranked."""


def metric_name_of(metric: str) -> str:
    """The name of a metric in a sentence, such as `mAP` or `mAP, same language`."""
    for prefix, pool in POOLS.items():
        if metric.startswith(prefix):
            return f"{metric_name_of(metric.removeprefix(prefix))}, {pool}"
    return METRIC_NAMES.get(metric, metric.replace("_", " "))


def slice_name_of(slice_name: str) -> str:
    """The name of a slice in a sentence."""
    return SLICE_NAMES.get(slice_name, slice_name.replace("_", " "))


def describe_group(slice_name: str, group: str) -> str:
    """What a group's key stands for, such as `Spanish, Mexico` for `es-MX`; else empty."""
    if slice_name == "language":
        return language_name(group)
    if slice_name == "culture":
        return regions().get(group, "")
    if slice_name == "language_culture":
        language, culture = _split(group)
        names = (language_name(language), regions().get(culture, ""))
        return ", ".join(name for name in names if name)
    return ""


def _split(group: str) -> tuple[str, str]:
    """Language and culture: both may have hyphens, and the longest language is taken."""
    import langcodes

    subtags = group.split("-")
    ends = range(len(subtags) - 1, 0, -1)
    splits = [("-".join(subtags[:end]), "-".join(subtags[end:])) for end in ends]
    return next((split for split in splits if langcodes.tag_is_valid(split[0])), (group, ""))


def short_group(slice_name: str, group: str) -> str:
    """The key without the parts that nobody stated: `es` for `es-und`."""
    if slice_name == "language_culture":
        return group.removesuffix(f"-{UNKNOWN}")
    return group
