"""The retrieval pipeline."""
