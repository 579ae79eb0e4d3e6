"""Every run in MLflow: what went in, what came out, how it ended."""
