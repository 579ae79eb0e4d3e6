"""Ingestion of generated rows: rows a second and peak memory of `kedro run` on them."""

import csv
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.measuring import report
from tests.benchmarks.project import KEDRO, copy_project, environment_of

CORPORA = """
corpora:
  seed_corpus: null
  generated:
    reader: delimited
    path: {path}
    task: sentiment
    columns: {{text: text, label: label}}
    language: en
    ratios: {{train: 0.9, validation: 0.05, test: 0.05}}
    licence: none
"""


def write_rows(path: Path, num_rows: int) -> None:
    """Texts of random words: as many distinct n-grams as real ones, few duplicates."""
    generator = random.Random(0)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(generator.choices(letters, k=generator.randint(2, 9))) for _ in range(50_000)]
    labels = ["negative", "neutral", "positive"]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for _ in range(num_rows):
            text = " ".join(generator.choices(words, k=generator.randint(5, 25)))
            writer.writerow([text, generator.choice(labels)])


def run(num_rows: int) -> dict[str, Any]:
    """Runs the ingestion pipeline in a copy of the project, its memory read while it runs."""
    import psutil

    with tempfile.TemporaryDirectory() as folder:
        project = copy_project(Path(folder))
        write_rows(project / "rows.csv", num_rows)
        corpora = CORPORA.format(path=project / "rows.csv")
        (project / "conf" / "local").mkdir(exist_ok=True)
        local = project / "conf" / "local" / "parameters"
        local.mkdir(exist_ok=True)
        (local / "corpora.yml").write_text(corpora, encoding="utf-8")
        command = [KEDRO, "run", "--pipelines", "ingestion"]
        start = time.perf_counter()
        process = psutil.Popen(
            command,
            cwd=project,
            env=environment_of(project),
            stdout=sys.stderr,
            stderr=sys.stderr,
        )
        peak = 0
        while process.poll() is None:
            try:
                peak = max(peak, process.memory_info().rss)
            except psutil.Error:
                break
            time.sleep(0.1)
        seconds = time.perf_counter() - start
        if process.wait() != 0:
            raise subprocess.CalledProcessError(process.returncode, command)
    return {
        "rows": num_rows,
        "seconds": seconds,
        "rows_per_second": num_rows / seconds,
        "peak_of_run_gib": peak / 1024**3,
    }


if __name__ == "__main__":
    report(lambda: run(int(sys.argv[1])))
