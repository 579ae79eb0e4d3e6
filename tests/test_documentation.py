import re
import subprocess
import sys
from pathlib import Path

import pytest

from ccnlp.pipeline_registry import ON_DEMAND

PROJECT = Path(__file__).parents[1]
PAGES = [*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md")]


def test_parameters_page_is_what_the_models_say():
    script = PROJECT / "scripts" / "document_parameters.py"

    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_architecture_names_every_layer_and_pipeline_on_demand():
    page = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    parts = {path.stem for path in (PROJECT / "src" / "ccnlp").glob("[a-z]*")}
    assert sorted(name for name in {*parts, *ON_DEMAND} if f"`{name}`" not in page) == []
