"""Tokenising: `ours` or `plain`, one call a text."""

import sys
from typing import Any

from tests.benchmarks.corpus import load_encoder_checkpoint, load_rows, load_tasks
from tests.benchmarks.measuring import Stopwatch, report

from ccnlp.tokenisation.encoding import encode_examples


def run(way: str, limit: int) -> dict[str, Any]:
    """Rows a second."""
    rows, tasks = load_rows(limit), load_tasks()
    tokenizer = load_encoder_checkpoint().load_tokenizer()
    examples = rows.assign(culture=rows["culture"].fillna("und"))
    watch = Stopwatch()
    with watch.running():
        if way == "ours":
            encode_examples(examples, tasks, tokenizer, max_length_tokens=128)
        else:
            for text in rows["text"]:
                tokenizer(text, truncation=True, max_length=128)
    return {"rows": len(rows), "rows_per_second": len(rows) / watch.seconds}


if __name__ == "__main__":
    report(lambda: run(sys.argv[1], int(sys.argv[2])))
