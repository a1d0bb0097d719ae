"""Records of JSON stay together however they nest, with their numbers as written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kilde.documents.content import Content, Prose, Table
from kilde.documents.json_records import inline
from kilde.documents.readers.json import MAX_TABLES, read
from kilde.documents.tables import table_text
from kilde.errors import LoadError

from ..conftest import Load


def contents(value: Any, mime: str = "application/json") -> list[Content]:
    text = value if isinstance(value, str) else json.dumps(value)
    return read(text.encode(), "a.json", mime)


def table(value: Any) -> Table:
    (content,) = contents(value)
    assert isinstance(content, Table)
    return content


def rows(value: Any) -> list[str]:
    """The texts of the rows of the only table."""
    text, found = table_text(table(value))
    return [text[row.start : row.end].removesuffix("\n\n") for row in found]


def prose(value: Any) -> str:
    (content,) = contents(value)
    assert isinstance(content, Prose)
    return "\n\n".join(part for part in content.parts if isinstance(part, str))


def test_an_object_within_a_record_stays_in_its_row(load_file: Load) -> None:
    stations = [
        {"id": number, "navn": f"Station {number}", "adresse": {"vej": f"Vej {number}"}}
        for number in range(900)
    ]
    value = {"generated": "2026-01-01", "data": {"items": stations}}
    text, document = load_file("stor.json", json.dumps(value))
    assert text.text == "generated: 2026-01-01"
    assert document.id == "stor.json#data.items"
    row = document.rows[777]
    assert document.text[row.start : row.end] == (
        "id: 777\nnavn: Station 777\nadresse.vej: Vej 777\n\n"
    )
    assert row.values == {"id": 777, "navn": "Station 777", "adresse.vej": "Vej 777"}


def test_lists_of_values_are_joined() -> None:
    assert rows([{"navn": "Anna", "sprog": ["dansk", "tysk"], "koder": [7, 12.50]}]) == [
        "navn: Anna\nsprog: dansk, tysk\nkoder: 7, 12.5"
    ]


def test_a_short_list_of_objects_stays_in_the_row() -> None:
    hours = [{"dag": "mandag", "tid": "8-16"}, {"dag": "tirsdag", "tid": "8-18"}]
    assert rows([{"navn": "Station 7", "åbent": hours, "by": "Vejle"}]) == [
        "navn: Station 7\nåbent: dag: mandag, tid: 8-16; dag: tirsdag, tid: 8-18\nby: Vejle"
    ]


def test_a_long_list_of_objects_is_a_table_whose_rows_name_the_record() -> None:
    def staff(team: str) -> list[dict[str, Any]]:
        return [{"navn": f"Person {team}{n}", "lokal": 100 + n} for n in range(40)]

    value = [
        {"id": 1, "navn": "Nord", "ansatte": staff("N")},
        {"id": 2, "navn": "Syd", "ansatte": staff("S")},
    ]
    teams, people = contents(value)
    assert isinstance(teams, Table)
    assert isinstance(people, Table)
    assert (list(teams.columns), people.part) == (["id", "navn"], "ansatte")
    text, found = table_text(people)
    assert text[found[41].start : found[41].end] == (
        "id: 2\nnavn (ansatte): Syd\nnavn: Person S1\nlokal: 101\n\n"
    )


def test_records_by_their_key() -> None:
    assert rows({"777": {"navn": "Åvej", "by": "Vejle"}, "778": {"navn": "Ågade"}}) == [
        "777\nnavn: Åvej\nby: Vejle",
        "778\nnavn: Ågade",
    ]


def test_a_price_keeps_its_year() -> None:
    by_year = {"2025": {"voksen": 95, "barn": 40}, "2026": {"voksen": 99.50, "barn": 45}}
    assert rows({"priser": by_year}) == [
        "2025\nvoksen: 95\nbarn: 40",
        "2026\nvoksen: 99.5\nbarn: 45",
    ]
    lists = {"2025": [{"vare": "Sav", "pris": 90}], "2026": [{"vare": "Sav", "pris": 99}]}
    assert rows(lists) == ["2025\nvare: Sav\npris: 90", "2026\nvare: Sav\npris: 99"]


def test_objects_of_several_kinds_are_no_records() -> None:
    value = {"adresse": {"vej": "Ågade 4", "by": "Vejle"}, "kontakt": {"tlf": "12 34 56 78"}}
    assert prose(value) == "adresse.vej: Ågade 4\nadresse.by: Vejle\nkontakt.tlf: 12 34 56 78"


def test_numbers_are_shown_as_written() -> None:
    found = table('[{"pris": 12.50, "nr": 12345678901234567890, "x": 1e3, "y": NaN}]')
    text, (row,) = table_text(found)
    assert text == "pris: 12.50\nnr: 12345678901234567890\nx: 1e3\n\n"
    assert row.values == {"pris": 12.5, "nr": "12345678901234567890", "x": 1000.0, "y": None}


def test_geojson_names_its_places_without_their_shapes() -> None:
    area = [[[9.5, 55.7], [9.6, 55.7], [9.6, 55.8], [9.5, 55.8]] * 3]
    value = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"navn": "Byparken", "type": "park"},
                "geometry": {"type": "Point", "coordinates": [9.53, 55.71]},
            },
            {
                "type": "Feature",
                "properties": {"navn": "Skoven"},
                "geometry": {"type": "Polygon", "coordinates": area},
            },
        ],
    }
    kind, places = contents(value)
    assert isinstance(kind, Prose)
    assert kind.parts == ["type: FeatureCollection"]
    assert isinstance(places, Table)
    text, found = table_text(places)
    assert text[found[0].start : found[0].end] == (
        "navn: Byparken\ntype: park\ngeometry.type: Point\ngeometry.coordinates: 9.53, 55.71\n\n"
    )
    assert text[found[1].start :] == "navn: Skoven\ngeometry.type: Polygon\n\n"
    assert places.omitted == {"shapes": 1}


def test_what_wraps_every_record_is_left_out() -> None:
    value = {"edges": [{"node": {"navn": "Anna"}}, {"node": {"navn": "Bo"}}]}
    assert rows(value) == ["navn: Anna", "navn: Bo"]


def test_lists_of_lists_are_a_table() -> None:
    (content,) = contents([["Navn", "Antal"], ["Sav", 3], ["Hammer", 12]])
    assert isinstance(content, Prose)
    (part,) = content.parts
    assert isinstance(part, Table)
    assert table_text(part)[0] == "Navn: Sav\nAntal: 3\n\nNavn: Hammer\nAntal: 12\n\n"


def test_names_beside_their_rows_are_the_header() -> None:
    (content,) = contents({"columns": ["Navn", "Antal"], "rows": [["Sav", 3], ["Søm", 12]]})
    assert isinstance(content, Prose)
    name, part = content.parts
    assert name == "rows"
    assert isinstance(part, Table)
    assert table_text(part)[1][0].values == {"Navn": "Sav", "Antal": 3}
    assert table_text(part)[0] == "Navn: Sav\nAntal: 3\n\nNavn: Søm\nAntal: 12\n\n"


def test_records_of_one_object_are_titled_by_its_name() -> None:
    value = {"navn": "Afdeling Nord", "ansatte": [{"person": "Anna"}, {"person": "Bo"}]}
    text, people = contents(value)
    assert isinstance(text, Prose)
    assert text.parts == ["navn: Afdeling Nord"]
    assert isinstance(people, Table)
    assert people.title == "Afdeling Nord – ansatte"


def test_lists_of_text_are_lines() -> None:
    assert prose({"regler": ["Ingen hunde.", "Ro efter kl. 22."]}) == (
        "regler: Ingen hunde.\nregler: Ro efter kl. 22."
    )
    assert prose({"sprog": ["dansk", "tysk"]}) == "sprog: dansk, tysk"
    assert rows([{"regler": ["Ingen hunde.", "Ro efter kl. 22."], "nr": 1}]) == [
        "regler: Ingen hunde. Ro efter kl. 22.\nnr: 1"
    ]


def test_json_lines_under_the_suffix_of_json() -> None:
    assert rows('{"navn": "Anna"}\n{"navn": "Bo"}\n') == ["navn: Anna", "navn: Bo"]
    with pytest.raises(LoadError, match="not valid JSON"):
        contents('{"navn": "Anna"}\nHej\n')


@pytest.mark.parametrize("mime", ["application/json", "application/jsonl"])
def test_values_on_several_lines_that_follow_each_other(mime: str) -> None:
    (content,) = contents('{\n "navn": "Anna"\n}\n{\n "navn": "Bo"\n}\n', mime)
    assert isinstance(content, Table)
    assert [list(row) for row in content.rows] == [["Anna"], ["Bo"]]


@pytest.mark.parametrize("text", ["0042", "2026-06-30", "1 2"])
def test_a_number_that_json_does_not_know_is_not_taken_apart(text: str) -> None:
    with pytest.raises(LoadError, match="not valid JSON"):
        contents(text)


def test_records_by_key_beside_single_values() -> None:
    value = {"0042": {"navn": "Sav", "pris": 9}, "7": {"navn": "Søm", "pris": 1}, "dato": "1. maj"}
    text, found = contents(value)
    assert isinstance(text, Prose) and text.parts == ["dato: 1. maj"]
    assert isinstance(found, Table)
    assert [list(row) for row in found.rows] == [["0042", "Sav", 9], ["7", "Søm", 1]]


def test_many_tables_stand_in_one_text() -> None:
    value = {f"t{n}": [{f"a{n}": n}, {f"a{n}": n}] for n in range(MAX_TABLES + 1)}
    (content,) = contents(value)
    assert isinstance(content, Prose)
    assert [part.title for part in content.parts if isinstance(part, Table)][:2] == ["t0", "t1"]


def test_records_that_have_nothing_in_common_are_text() -> None:
    value = [{f"a{number}": number, f"b{number}": "x"} for number in range(1_000)]
    assert prose(value).startswith("a0: 0\nb0: x\n\na1: 1\n")


def test_objects_a_hundred_levels_deep() -> None:
    value: Any = {"navn": "Bunden"}
    for number in range(100):
        value = {"næste": value} if number % 2 else [value]
    (content,) = contents(value)
    text = table_text(content)[0] if isinstance(content, Table) else str(content)
    assert "navn: Bunden" in text or ": Bunden" in text


def test_one_line_of_a_value() -> None:
    assert inline([["a", "b"], ["c"]]) == "a, b; c"
    assert inline({"": "mandag", "åbner": "8", "lukker": None}) == "mandag (åbner: 8)"
    assert inline([{"navn": "Anna"}, {"navn": "Bo"}]) == "Anna; Bo"
