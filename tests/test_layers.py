"""kedro-viz draws the layers only where their order has no circle."""

from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
import yaml

from ccnlp import pipeline_registry
from ccnlp.hooks.graph_choices import GraphChoices
from ccnlp.pipeline_registry import register_pipelines

CATALOG = Path(__file__).parents[1] / "conf" / "base" / "catalog"
LAYERS = {
    name: entry["metadata"]["kedro-viz"]["layer"]
    for path in sorted(CATALOG.glob("*.yml"))
    for name, entry in yaml.safe_load(path.read_text(encoding="utf-8")).items()
    if "layer" in entry.get("metadata", {}).get("kedro-viz", {})
}


def layer_of(dataset: str) -> str | None:
    name = dataset.split("@", maxsplit=1)[0]
    known = {key.split("@")[0]: layer for key, layer in LAYERS.items()}
    return known.get(name) or next(
        (layer for key, layer in known.items() if "{" in key and name.endswith(key.split("}")[-1])),
        None,
    )


@pytest.mark.parametrize(
    "name",
    [
        *("__default__", "behaviour", "augmentation_study", "culture_study"),
        *("multitask_study", "transfer_study"),
    ],
)
@pytest.mark.parametrize("has_more", [False, True])
def test_layers_follow_each_other_without_a_circle(name, has_more, monkeypatch):
    choices = GraphChoices(
        has_annotations=has_more,
        is_conditioned=has_more,
        serves_passages=has_more,
        mines_negatives=has_more,
    )
    monkeypatch.setattr(pipeline_registry, "graph_choices", lambda: choices)
    after = defaultdict(set)
    for node in register_pipelines()[name].nodes:
        outputs = {layer_of(output) for output in node.outputs}
        for made in outputs - {None}:
            after[made] |= {layer_of(used) for used in node.inputs} - {None, made}

    assert list(TopologicalSorter(after).static_order())  # raises where there is one
