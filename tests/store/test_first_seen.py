from stepsmith.store.first_seen import FirstSeen


def test_the_first_owner_of_a_text_keeps_it() -> None:
    with FirstSeen() as seen:
        assert seen.claim("a", "one") == "one"
        assert seen.claim("b", "two") == "two"
        assert seen.claim("a", "two") == "one"
        assert seen.claim("a", "one") == "one"
    with FirstSeen() as other:
        assert other.claim("a", "two") == "two"
