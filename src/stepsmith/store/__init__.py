"""Files on disk, safe against crashes: run folders, Parquet, manifests, logs, the completion cache."""
