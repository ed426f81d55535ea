"""`python -m tests.docs`, run by `make docs`: writes the pages that are made from the code."""

from __future__ import annotations

from tests.docs import PAGES

for path, made in PAGES.items():
    path.write_text(made(), encoding="utf-8")
    print(path.name)
