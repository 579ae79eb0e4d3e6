"""The options of a task of kind retrieval, as tests use them where they don't matter."""

OPTIONS = {
    "query_prefix": "query: ",
    "passage_prefix": "passage: ",
    "temperature": 0.05,
    "is_symmetric": True,
    "negatives": "given",
    "num_negatives": 1,
    "dimensions": [],
}
