"""The viewer: a local page over finished and running runs, served by ``stepsmith view``.

How a page is added:

1. A module of this package with a function ``(Viewing, Request) -> Response``, plain or ``async``. A plain function
   runs in a thread, so it may read files and ask DuckDB. ``viewing.page(request, "name.html.j2", ...)`` renders one.
2. A line in ``view/routes.py``: in ``PAGES`` for GET; in ``ACTIONS`` for POST (the guard has checked its Origin).
3. A template in ``view/templates`` that extends ``frame.html.j2`` (blocks ``title``, ``main``, ``scripts``). Templates
   of the report are there as ``report/NAME``. A line in ``NAVIGATION`` puts the page into the menu.
4. Style and scripts are files in ``view/assets``, served as ``/static/NAME``. The content security policy refuses
   ``<script>`` with text, ``style="..."`` and ``on...="..."``: sizes in figures are attributes of SVG.

``viewing.places`` knows the folders that may be served, and refuses every path outside them. ``viewing.library`` holds
the index of problems. ``tests/view/conftest.py`` starts a server and a browser page that remembers every fault.
"""
