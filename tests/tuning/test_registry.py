"""The registry keeps adapters whole, numbers them for good, and knows which one answers."""

from __future__ import annotations

import errno
import json
import shutil
import tempfile
from pathlib import Path

import pytest

from kilde.errors import NotFound, StoreError, WorkspaceError
from kilde.tuning.adapters.card import languages_of, read_card, to_json
from kilde.tuning.adapters.registry import Registry

from .lora import card, stage


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "adapters")


def add(registry: Registry, agent: str = "week-plan", **more: object) -> str:
    staged = stage(Path(tempfile.mkdtemp(dir=registry._folder.parent)) / "staged")
    return registry.add(agent, staged, card(**more)).name


def test_nothing_is_there_and_nothing_is_made(registry: Registry, tmp_path: Path) -> None:
    assert registry.list() == [] and registry.promoted("week-plan") is None
    assert registry.history("week-plan") == ()
    with pytest.raises(NotFound, match="week-plan@1"):
        registry.get("week-plan@1")
    assert not list(tmp_path.iterdir())


def test_an_added_adapter_is_found_with_its_card_and_files(
    registry: Registry, tmp_path: Path
) -> None:
    staged = stage(tmp_path / "staged")
    made = registry.add("week-plan", staged, card(languages=("da",), document_tokens=600))
    assert made.name == "week-plan@1" and not staged.exists()
    again = Registry(tmp_path / "adapters")
    assert again.get("week-plan@1") == made
    assert {path.name for path in again.folder("week-plan@1").iterdir()} == {
        "adapter.gguf",
        "adapter_config.json",
        "adapter_model.safetensors",
        "card.json",
    }
    served = again.adapter("week-plan@1")
    assert served.path.is_file() and served.base == made.base_sha256
    assert served.languages == {"da"} and served.document_tokens == 600 and served.examples


def test_a_card_comes_back_from_its_text_as_it_was(tmp_path: Path) -> None:
    gate = {"passed": True, "reasons": ["better by 4 of 20"], "figures": {"form": 0.9}}
    made = card(agent="a", version=3, gate=gate, settings={"rank": 8, "packed": True, "note": None})
    path = tmp_path / "card.json"
    path.write_text(to_json(made), encoding="utf-8")
    assert read_card(path) == made
    assert made.passed and card().passed is None and card(gate={"passed": False}).passed is False


@pytest.mark.parametrize("damage", ["", "{", '{"agent": "a"}', "[]", "\0\0"])
def test_a_damaged_card_is_named(registry: Registry, damage: str, tmp_path: Path) -> None:
    name = add(registry)
    path = registry.folder(name) / "card.json"
    path.write_text(damage)
    with pytest.raises(StoreError, match="card") as caught:
        Registry(tmp_path / "adapters").get(name)
    assert str(path) in caught.value.message and "backup" in caught.value.hint
    registry.remove(name)  # also what is damaged can go


def test_numbers_are_never_given_again(registry: Registry, tmp_path: Path) -> None:
    assert [add(registry), add(registry)] == ["week-plan@1", "week-plan@2"]
    registry.remove("week-plan@2")
    registry.remove("week-plan@1")
    assert registry.list() == []
    assert add(Registry(tmp_path / "adapters")) == "week-plan@3"
    assert add(registry, "health") == "health@1"
    assert [one.name for one in registry.list()] == ["health@1", "week-plan@3"]
    assert [one.name for one in registry.list("health")] == ["health@1"]
    assert registry.list("nobody") == []


def test_promoted_rolled_back_and_back_to_none(registry: Registry) -> None:
    one, two, three = add(registry), add(registry), add(registry)
    registry.promote(one, by="ida")
    registry.promote(two, by="bo", why="shorter answers")
    registry.promote(two, by="bo")  # it is already
    registry.promote(three, by="ida")
    registry.remove(two)
    back = registry.rollback("week-plan", "eva")
    assert back is not None and back.name == one, "what was removed is passed over"
    assert registry.rollback("week-plan", "eva") is None
    assert registry.promoted("week-plan") is None
    with pytest.raises(WorkspaceError, match="nothing to roll back"):
        registry.rollback("week-plan", "eva")
    told = [(e.action, e.adapter, e.by, e.why) for e in registry.history("week-plan")]
    assert told == [
        ("promote", one, "ida", ""),
        ("promote", two, "bo", "shorter answers"),
        ("promote", three, "ida", ""),
        ("rollback", one, "eva", ""),
        ("rollback", None, "eva", ""),
    ]
    registry.promote(three, by="ida")
    assert registry.rollback("week-plan", "ida") is None, "before that there was none"


def test_what_was_promoted_in_turn_is_rolled_back_in_turn(registry: Registry) -> None:
    one, two = add(registry), add(registry)
    for name in (one, two, one):
        registry.promote(name, by="ida")
    names = []
    for _ in range(3):
        card = registry.rollback("week-plan", "ida")
        names.append(card and card.name)
    assert names == [two, one, None]


def test_the_promoted_one_is_not_removed(registry: Registry) -> None:
    name = add(registry)
    registry.promote(name, by="ida")
    with pytest.raises(WorkspaceError, match="is promoted") as caught:
        registry.remove(name)
    assert "rollback week-plan" in caught.value.hint
    registry.rollback("week-plan", "ida")
    registry.remove(name)
    with pytest.raises(NotFound):
        registry.remove(name)


def test_one_that_an_agent_s_file_names_is_not_removed(tmp_path: Path) -> None:
    pinned = {"week-plan@1": ["health"]}
    registry = Registry(tmp_path / "adapters", pinned_by=lambda name: pinned.get(name, []))
    name, other = add(registry), add(registry)
    with pytest.raises(WorkspaceError, match="the agent 'health', whose file names it") as caught:
        registry.remove(name)
    assert "agents/health.toml" in caught.value.hint and registry.get(name)
    registry.remove(other)
    del pinned[name]
    registry.remove(name)


def test_what_nobody_could_tell_is_no_language(registry: Registry) -> None:
    """A card of an older version may name it; such an adapter answers in any."""
    name, both = add(registry, languages=("und",)), add(registry, languages=("da", "und"))
    assert registry.adapter(name).languages is None
    assert registry.adapter(both).languages == {"da"}
    assert languages_of({"en": 3, "und": 1}, ("da",)) == ("da", "en")
    assert languages_of(("da",), ()) == () == languages_of(("und",), ("da",))


def test_the_gate_is_heeded_unless_forced(registry: Registry) -> None:
    name = add(registry, gate={"passed": False, "reasons": ["worse"]})
    with pytest.raises(WorkspaceError, match="did not pass its gate"):
        registry.promote(name, by="ida")
    assert registry.promoted("week-plan") is None
    registry.promote(name, by="ida", forced=True)
    (event,) = registry.history("week-plan")
    assert event.forced and event.by == "ida"


def test_a_promotion_elsewhere_is_seen_at_once(registry: Registry, tmp_path: Path) -> None:
    one, two = add(registry), add(registry)
    other = Registry(tmp_path / "adapters")
    for name in (one, two, one):
        other.promote(name, by="ida")
        seen = registry.promoted("week-plan")
        assert seen is not None and seen.name == name


def test_names_that_are_close_are_told_and_paths_are_no_names(registry: Registry) -> None:
    add(registry)
    with pytest.raises(NotFound) as caught:
        registry.get("weekplan@1")
    assert "week-plan@1" in caught.value.hint
    names = [
        "week-plan",
        "week-plan@0",
        "week-plan@01",
        "../week-plan@1",
        "@1",
        "..@1",
        "a@b@1",
        "",
    ]
    for name in names:
        with pytest.raises(NotFound):
            registry.get(name)
        with pytest.raises(NotFound):
            registry.folder(name)
    with pytest.raises(StoreError, match="cannot be part"):
        add(registry, "../elsewhere")


def test_what_is_no_adapter_is_not_taken_in(registry: Registry, tmp_path: Path) -> None:
    staged = stage(tmp_path / "staged")
    (staged / "adapter.gguf").unlink()
    with pytest.raises(StoreError, match=r"there is no adapter\.gguf"):
        registry.add("week-plan", staged, card())
    assert staged.is_dir() and registry.list() == []


def test_a_damaged_note_of_the_promoted_one_is_named(registry: Registry) -> None:
    name = add(registry)
    registry.promote(name, by="ida")
    path = registry.folder(name).parent / "promoted.json"
    for damage in ("", "{", '{"a": 1}', "[1]", '[{"action": "promote"}]'):
        path.write_text(damage)
        with pytest.raises(StoreError, match="which adapter answers") as caught:
            registry.promoted("week-plan")
        assert str(path) in caught.value.message
    path.unlink()
    assert registry.promoted("week-plan") is None


def test_an_adapter_from_another_disk_is_copied(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged, rename = stage(tmp_path / "staged"), Path.rename

    def apart(self: Path, target: Path) -> Path:
        if self == staged:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", apart)
    assert registry.add("week-plan", staged, card()).version == 1
    assert not staged.exists()
    assert [path.name for path in registry.folder("week-plan@1").glob("*.gguf")]


def test_leftovers_of_killed_processes_are_swept(registry: Registry, tmp_path: Path) -> None:
    home = registry.folder(add(registry)).parent
    shutil.copytree(home / "1", home / ".writing-1234")
    shutil.copytree(home / "1", home / ".removing-7")
    (home / ".writing-5678").write_text("half a no")
    assert [one.version for one in registry.list()] == [1]
    add(registry)
    assert {path.name for path in home.iterdir()} == {"1", "2", "last"}


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "adapters").write_text("a file")
    with pytest.raises(StoreError, match="cannot be changed"):
        Registry(tmp_path / "adapters").add("week-plan", stage(tmp_path / "staged"), card())


def test_the_note_is_small_and_for_people_too(registry: Registry) -> None:
    name = add(registry)
    registry.promote(name, by="ida")
    text = (registry.folder(name).parent / "promoted.json").read_text("utf-8")
    assert json.loads(text)[-1]["adapter"] == name and len(text) < 300
