"""All faults of a file at once, each with its line."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import ANY

import pytest

from kilde.agents.definition import AgentDefinition, load_definition
from kilde.config import WorkspaceConfig
from kilde.errors import ConfigError
from kilde.toml import read_toml


def faults(
    tmp_path: Path, text: str | bytes, model: type = WorkspaceConfig
) -> list[tuple[int, str]]:
    """The faults of a file as line and words."""
    path = tmp_path / "x.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        read_toml(path, model)
    found = []
    for fault in caught.value.faults:
        place, _, words = fault.removeprefix(f"{path}:").partition(": ")
        found.append((int(place), words))
    return found


def test_several_syntax_faults_at_once(tmp_path: Path) -> None:
    text = 'name = "a"\nmodel = \nrecords = true\nkeep_days = = 3\nembedder = "x\n'
    assert [line for line, _ in faults(tmp_path, text)] == [2, 4, 5]


def test_a_string_that_is_never_closed_is_told_where_it_begins(tmp_path: Path) -> None:
    found = faults(tmp_path, 'model = "quotes"\nname = """a\nb\nc\n')
    assert found and found[0][0] in (2, 3, 4)


def test_a_table_that_is_never_closed(tmp_path: Path) -> None:
    assert faults(tmp_path, "records = true\n[models\n")[0][0] == 2


def test_unknown_keys_and_wrong_types_at_once(tmp_path: Path) -> None:
    text = (
        "# comment\n"
        'colour = "red"\n'
        'records = "perhaps"\n'
        "\n"
        "keep_days = 0\n"
        "[models.big]\n"
        'backend = "llama_cpp"\n'
        'model = "x.gguf"\n'
        "context = 12\n"
        'temper = "hot"\n'
    )
    found = dict(faults(tmp_path, text))
    assert sorted(found) == [2, 3, 5, 9, 10]
    assert "colour" in found[2] and "models.big.temper" in found[10]


def test_a_missing_key_is_told_at_its_table(tmp_path: Path) -> None:
    found = faults(tmp_path, 'records = true\n\n[models.big]\nbackend = "llama_cpp"\n')
    assert found == [(3, "models.big.model is missing")]


def test_arrays_of_tables(tmp_path: Path) -> None:
    text = (
        'name = "A"\n'
        'instructions = """\n'
        "Two\n"
        "lines.\n"
        '"""\n'
        "[[examples]]\n"
        'question = "q"\n'
        'answer = "a"\n'
        "\n"
        "[[examples]]\n"
        'question = "q"\n'
        'anwser = "a"\n'
    )
    found = faults(tmp_path, text, AgentDefinition)
    assert (12, "examples.1.anwser is not a setting that Kilde knows") in found
    assert (10, "examples.1.answer is missing") in found
    assert len(found) == 2


def test_a_value_of_several_lines_is_told_at_its_key(tmp_path: Path) -> None:
    text = (
        'name = "A"\ninstructions = "x"\n'
        'collections = [\n  "good",\n  "not good",\n]\nmax_words = 1\n'
    )
    assert [line for line, _ in faults(tmp_path, text, AgentDefinition)] == [3, 7]


def test_a_mark_at_the_beginning_of_the_file_is_read_over(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b'\xef\xbb\xbfname = "A"\r\ninstructions = "x"\r\n')
    assert load_definition(path).name == "A"


def test_the_line_after_a_value_of_very_many_lines_is_told(tmp_path: Path) -> None:
    text = "name = '''\n" + "x\n" * 200_000 + "'''\nzz = 1\n"
    assert [line for line, _ in faults(tmp_path, text)] == [200_003]


def test_what_looks_like_the_end_of_a_value_is_none(tmp_path: Path) -> None:
    values = (
        '"""\n[\n\\"""\n\'\'\'\n#"""',
        '"""a""b"""""',
        "'''\n''\"\n[{''''",
        '[ # ]" \n "]\\"", \'\\\', [\n1], {a = "}"},\n]',
        '\'\' # """',
        '"" # [',
    )
    text, wanted = "", []
    for number, value in enumerate(values):
        text += f"\n'k[{number}' = {value}\nz{number} = 1\n"
        wanted += [text.count("\n") - 1 - value.count("\n"), text.count("\n")]
    assert [line for line, _ in faults(tmp_path, text)] == wanted


def test_line_ends_within_a_value_are_counted_as_the_parser_does(tmp_path: Path) -> None:
    text = 'name = "a\u2028b\x85c"\r\ncolour = """\r\nx\x0by\r\n"""\nkeep_days = 0\n'
    assert [line for line, _ in faults(tmp_path, text)] == [3]  # \x0b may stand in no string
    found = faults(tmp_path, text.replace("\x0b", ""))
    assert [line for line, _ in found] == [2, 5]
    assert [line for line, _ in faults(tmp_path, 'name = "a"\rrecords = true\r')] == [1]


def test_many_faults_and_long_ones_are_cut_short(tmp_path: Path) -> None:
    text = "".join(f"k{number} = 1\n" for number in range(3_000)) + "[models]\nx = '" + "y" * 9_000
    found = faults(tmp_path, text + "'\n")
    assert [line for line, _ in found] == [*range(1, 20), 3002, 3002]
    assert found[-1][1] == "and 2981 more faults"
    assert all(len(words) < 1_000 for _, words in found)


def test_values_that_the_parser_cannot_take_are_told_with_their_line(tmp_path: Path) -> None:
    for value, words in (("[" * 9_999, "nested too deeply"), ("9" * 9_999, "too many digits")):
        assert faults(tmp_path, f'name = "a"\n\nx = {value}\n') == [(3, ANY)]
        assert words in faults(tmp_path, f"x = {value}\n")[0][1]
        twice = faults(tmp_path, f"a = \nx = {value}\n")
        assert [line for line, _ in twice] == [1, 2]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes('name = "Blåbær"'.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"not UTF-8 text \(byte 10\)"):
        read_toml(tmp_path / "latin.toml", WorkspaceConfig)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_toml(tmp_path / "none.toml", WorkspaceConfig)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_toml(tmp_path, WorkspaceConfig)


def test_a_binary_file_has_faults_and_no_crash(tmp_path: Path) -> None:
    assert faults(tmp_path, bytes(range(32)) * 8)


@pytest.mark.parametrize(
    "text", ["[", "a", "=", '"', "a = [1,\n", "a.b = 1\na = 2\n", "x = 1\nx = 2\n"]
)
def test_anything_wrong_has_a_line_within_the_file(tmp_path: Path, text: str) -> None:
    lines = len(text.splitlines())
    for line, words in faults(tmp_path, text):
        assert 1 <= line <= lines and words
