"""The nouns: hashes that see every edit, conversations in all their forms."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from kilde.protocols import Piece, complete
from kilde.types import Arm, Document, Message, Usage, conversation
from test_records import ANSWER

_DOCUMENT = Document.from_text("Open 8-16.", id="hours")


@pytest.mark.parametrize(
    "edit",
    [
        {"text": "Open 8-17."},
        {"title": "Times"},
        {"collection": "other"},
        {"language": "en"},
        {"summary": "When we are open."},
        {"metadata": {"a": 1}},
        {"pages": (0, 4)},
        {"markdown": False},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_the_hash_sees_every_edit(edit: dict[str, object]) -> None:
    assert replace(_DOCUMENT, **edit).content_hash != _DOCUMENT.content_hash  # type: ignore[arg-type]


def test_nothing_changes_after_it_was_made() -> None:
    with pytest.raises(FrozenInstanceError):
        _DOCUMENT.text = "x"  # type: ignore[misc]


def test_a_conversation_takes_messages_mappings_and_answers() -> None:
    turns = conversation([Message("user", "a"), {"role": "assistant", "content": "b"}, ANSWER])
    assert [turn.role for turn in turns] == ["user", "assistant", "user", "assistant"]
    assert turns[2].content == ANSWER.question and turns[3].content == ANSWER.text


@pytest.mark.parametrize("turn", [{}, {"role": "user"}, {"role": "tool", "content": "x"}])
def test_a_malformed_turn_is_refused(turn: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="history"):
        conversation([turn])


def test_a_whole_answer_is_its_pieces_joined() -> None:
    class Speaking:
        def stream(self, request: object) -> list[Piece]:
            return [Piece("a"), Piece("b"), Piece("", Usage(1, 2))]

    assert complete(Speaking(), None) == ("ab", Usage(1, 2))  # type: ignore[arg-type]


def test_the_four_arms_have_names() -> None:
    assert Arm(True, True).name == "rag+tuned" and Arm(False, False).name == "plain"
