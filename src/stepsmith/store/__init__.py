"""Files on disk, written so that a crash loses nothing: run folders, Parquet, manifests, logs, the completion cache."""
