"""The prompts for models: Jinja2 files under ``templates/``, one per kind of request, and the parts that they share."""
