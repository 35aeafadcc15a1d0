"""Clients of language models (OpenAI-compatible endpoints)."""
