"""Crash-safe records on disk: the chain store, Parquet, the manifest."""
