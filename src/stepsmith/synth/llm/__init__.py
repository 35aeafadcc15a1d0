"""Teachers and students that are models behind endpoints. Needs the extra ``llm``: imported only when one is chosen."""
