"""What models are asked: Jinja2 files under ``templates/``, one for each request, with the parts that they share."""
