"""Text becomes a document of Atlassian and back, and nothing in it becomes markup."""

from typing import Any

import pytest

from domain.ticketing.adf import DEEPEST, document, text_of


def test_each_line_is_a_paragraph_and_empty_ones_are_left_out() -> None:
    made = document("first *line*\n\nsecond")

    assert made["version"] == 1
    assert [p["content"] for p in made["content"]] == [
        [{"type": "text", "text": "first *line*"}],
        [{"type": "text", "text": "second"}],
    ]


def test_an_address_becomes_a_link_and_the_words_around_it_stay_apart() -> None:
    (paragraph,) = document("see https://a.example/x now")["content"]

    assert [node["text"] for node in paragraph["content"]] == ["see ", "https://a.example/x", " now"]
    assert paragraph["content"][1]["marks"] == [{"type": "link", "attrs": {"href": "https://a.example/x"}}]


def test_an_address_alone_is_the_whole_line() -> None:
    (paragraph,) = document("https://a.example")["content"]

    assert [node["text"] for node in paragraph["content"]] == ["https://a.example"]


def test_no_text_is_an_empty_paragraph() -> None:
    assert document(" \n ")["content"] == [{"type": "paragraph", "content": []}]


@pytest.mark.parametrize("text", ["one", "one\ntwo", "see https://a.example/x now"])
def test_a_document_reads_as_the_text_it_was_made_from(text: str) -> None:
    assert text_of(document(text)) == text


def test_mentions_breaks_cards_and_emojis_are_read_as_people_see_them() -> None:
    nodes: list[dict[str, Any]] = [
        {"type": "mention", "attrs": {"id": "p1", "text": "@Ada"}},
        {"type": "text", "text": " look"},
        {"type": "hardBreak"},
        {"type": "inlineCard", "attrs": {"url": "https://a.example"}},
        {"type": "emoji", "attrs": {"shortName": ":smile:"}},
        {"type": "mention"},
    ]

    assert text_of({"type": "doc", "content": [{"type": "paragraph", "content": nodes}]}) == (
        "@Ada look\nhttps://a.example:smile:"
    )


@pytest.mark.parametrize("body", [None, 7, [], {"type": "doc"}, {"content": "x"}, {"type": "text"}])
def test_what_is_no_document_reads_as_nothing(body: Any) -> None:
    assert text_of(body) == ""


def test_text_is_taken_as_it_is() -> None:
    assert text_of(" plain ") == "plain"


def test_a_document_that_is_too_deep_ends() -> None:
    body: dict[str, Any] = {"type": "text", "text": "deep"}
    for _ in range(DEEPEST + 1):
        body = {"type": "blockquote", "content": [body]}

    assert text_of(body) == ""
