"""Who gets an answer: names, tokens, origins, and what every answer carries."""

from pathlib import Path

import pytest

from stepsmith.view.guard import COOKIE, POLICY
from stepsmith.view.settings import view_settings
from tests.view.conftest import Served, serving


def test_every_answer_carries_a_policy_without_inline_scripts_and_styles(viewer: Served) -> None:
    for path in ("/", "/nowhere", "/static/view.js", "/static/nothing.js"):
        _, headers, _ = viewer.request(path)
        assert headers["content-security-policy"] == POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers
    assert "unsafe" not in POLICY


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost:9", 200), ("127.0.0.1", 200), ("[::1]:80", 200), ("evil.example", 421),
     ("localhost.evil.example", 421), ("192.168.0.3:8010", 421), ("", 421), ("[", 421)],
)  # fmt: skip
def test_a_name_that_is_not_ours_gets_no_answer(viewer: Served, host: str, status: int) -> None:
    got, _, text = viewer.request("/", Host=host)
    assert got == status
    assert ("parcels" in text.lower()) == (status == 200)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1", "http://["])
def test_another_site_cannot_post(viewer: Served, origin: str) -> None:
    status, _, text = viewer.request("/problems", "POST", b"x=1", Origin=origin)
    assert (status, text.strip()) == (403, "Another site sent this request. Nothing was done.")


def test_our_own_page_may_post(viewer: Served) -> None:
    own = f"http://127.0.0.1:{viewer.port}"
    assert viewer.request("/problems", "POST", b"x=1", Origin=own)[0] == 405  # it passes the guard
    assert viewer.request("/problems", "POST", b"x=1", Sec_Fetch_Site="cross-site")[0] == 403


def test_another_site_can_link_here_but_embeds_nothing(viewer: Served) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert viewer.request("/", **link)[0] == 200
    for mode, kind in (("no-cors", "script"), ("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe")):
        asked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": kind}
        assert viewer.request("/", **asked)[0] == 403


def test_a_token_is_asked_once_and_kept_in_a_cookie(run: Path) -> None:
    with serving(run, token="secret") as served:
        for path in ("/", "/static/view.js", "/?token=wrong"):
            assert served.request(path)[0] == 401
        status, headers, _ = served.request("/problems?q=a+b&token=secret")
        assert (status, headers["location"]) == (303, "/problems?q=a+b")
        assert "HttpOnly" in headers["set-cookie"]
        assert "samesite=strict" in headers["set-cookie"].lower()
        assert served.request("/", Cookie=f"{COOKIE}=secret")[0] == 200


def test_a_public_address_gets_a_token() -> None:
    assert view_settings((), "127.0.0.1", 1, None).token is None
    made = {view_settings((), "0.0.0.0", 1, None).token for _ in range(2)}
    assert len(made) == 2
    assert all(token and len(token) >= 32 for token in made)
    assert view_settings((), "0.0.0.0", 1, "mine").token == "mine"
