from contextlib import closing

import pytest

from stepsmith.core.errors import StoreError
from stepsmith.store.first_seen import FirstSeen


def test_the_first_owner_of_a_text_keeps_it() -> None:
    with closing(FirstSeen()) as seen:
        assert seen.claim("a", "one") == "one"
        assert seen.claim("b", "two") == "two"
        assert seen.claim("a", "two") == "one"
        assert seen.claim("a", "one") == "one"
    with closing(FirstSeen()) as other:
        assert other.claim("a", "two") == "two"


def test_a_full_disk_is_said() -> None:
    with closing(FirstSeen()) as seen:
        seen._db.execute("PRAGMA max_page_count = 2")
        with pytest.raises(StoreError, match="free some space"):
            seen.claim("a" * 10_000, "one")
