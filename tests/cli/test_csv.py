"""CSV: the output of spreadsheets, the types of cells, and ambiguous cells."""

from __future__ import annotations

import json
from typing import Any

import pytest

from activepieces_client.testing import StandIn

from .command import bodies, run

COMMA = "id,displayName,maxConcurrentJobs,plan.pieces,metadata.tier,metadata.seats,releasesEnabled\r\n"


def read(served: StandIn, content: str | bytes) -> list[Any]:
    """Apply a spreadsheet, and return the bodies that the server received."""
    served.projects[0].update(releasesEnabled=True, maxConcurrentJobs=7)  # nothing of it is left as it is
    finished = run(served, "apply", "-", "--concurrency", 1, given=content)
    assert finished.returncode == 0, finished.stderr
    return bodies(served)


@pytest.fixture
def older() -> Any:
    with StandIn([{}, {}], release="0.83").serve() as service:  # it applies `plan.pieces`
        yield service


def test_columns_are_properties(older: StandIn) -> None:
    first, second = (project["id"] for project in older.projects)
    rows = f'{first},"Acme\nEU",null,a; b,gold,5,false\r\n{second},7,3,"[""c, d""]",,,\r\n'
    assert read(older, "\ufeff" + COMMA + rows) == [
        {
            "displayName": "Acme\nEU",
            "maxConcurrentJobs": None,
            "plan": {"pieces": ["a", "b"]},
            "metadata": {"tier": "gold", "seats": 5},
            "releasesEnabled": False,
        },
        {"displayName": "7", "maxConcurrentJobs": 3, "plan": {"pieces": ["c, d"]}},
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "sep={}\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_spreadsheet_formats_are_read(older: StandIn, delimiter: str, start: str, encoding: str) -> None:
    first = older.projects[0]["id"]
    rows = [["id", "displayName", "releasesEnabled", "", ""], [first, '"Zoë ; , 🚀"', "FALSE", "", ""], [""] * 5, [" "]]
    text = start.format(delimiter) + "".join(f"{delimiter.join(row)}\r\n" for row in rows)
    assert read(older, text.encode(encoding)) == [{"displayName": "Zoë ; , 🚀", "releasesEnabled": False}]


def test_quoted_header_with_semicolons(older: StandIn) -> None:
    first = older.projects[0]["id"]
    assert read(older, f'"id";"metadata.a"\n"{first}";"x"\n') == [{"metadata": {"a": "x"}}]


def test_large_cell(older: StandIn) -> None:
    text = "x" * 200_000
    assert read(older, f"id,metadata.a\n{older.projects[0]['id']},{text}\n") == [{"metadata": {"a": text}}]


CELLS: list[tuple[str, Any]] = [
    ("1.10", "1.10"),
    ("1E5", "1E5"),
    ("1e5", "1e5"),
    ("007", "007"),
    ("+1", "+1"),
    ("-0", "-0"),
    ("1.0", "1.0"),
    ("NaN", "NaN"),
    ("Infinity", "Infinity"),
    (" 5", " 5"),
    ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
    ('{"a": 1.10}', '{"a": 1.10}'),
    ("True", "True"),
    ("5", 5),
    ("-5", -5),
    ("0.5", 0.5),
    ("true", True),
    ("TRUE", True),
    ("FALSE", False),
    ('"5"', "5"),
    ('""', ""),
    ('{"a":[1,{}]}', {"a": [1, {}]}),
    ("[1, 2", "[1, 2"),
]


def test_metadata_cells_keep_their_values(older: StandIn) -> None:
    names = [f"metadata.m{number}" for number in range(len(CELLS))]
    cells = ['"{}"'.format(cell.replace('"', '""')) for cell, _ in CELLS]
    (body,) = read(older, f"id,{','.join(names)}\n{older.projects[0]['id']},{','.join(cells)}\n")
    for (cell, value), found in zip(CELLS, body["metadata"].values(), strict=True):
        assert (cell, found, type(found)) == (cell, value, type(value))


def test_member_of_metadata_keeps_the_others(older: StandIn) -> None:
    older.projects[0]["metadata"] = {"tier": "gold", "old": 1, "kept": {"a": 1}}
    table = f"id,metadata.tier,metadata.old,metadata.a.b\n{older.projects[0]['id']},silver,null,x\n"
    assert read(older, table) == [{"metadata": {"tier": "silver", "kept": {"a": 1}, "a.b": "x"}}]


def test_metadata_column_is_an_object(older: StandIn) -> None:
    (body,) = read(older, f'id,metadata\n{older.projects[0]["id"]},"{{""tier"": ""gold""}}"\n')
    assert body == {"metadata": {"tier": "gold"}}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("id,displayName\na,caf\xe9\n".encode("cp1252"), 2, "save it as CSV UTF-8"),
        ("id,displayName,displayName\na,b,c\n", 1, "has the column displayName twice"),
        ("id,,displayName\na,b,c\n", 1, "without a name"),
        ("id,metadata,metadata.x\na,{},c\n", 1, "metadata and metadata.x"),
        ("id,metadata.\na,c\n", 1, "without a name"),
        (" id,displayName\na,b\n", 1, "has spaces around id"),
        ("id,displayName\n a,b\n", 2, "has spaces around it"),
        ("id,displayName\na,\n", 2, "nothing to change"),
        ("id\na\n", 2, "nothing to change"),
        ("id,displayName\na\n", 2, "has 1 cells"),
        ("id,displayName\na,b,c\n", 2, "beyond the last column"),
        ("id,displayName\na,b/c\n", 2, "$.displayName: "),
        ("id,plan.pieces\na,\"b, c\"\n", 2, "could be one item or two"),
        ("id,plan.pieces\na,b;;c\n", 2, "has an empty item"),
        ("id,plan.pieces\na,[b\n", 2, "$.plan.pieces: is not JSON"),
        ('id,metadata.x\na,"{""b"": 1, ""b"": 2}"\n', 2, 'has the key "b" twice'),
        ("id,metadata.x\na,9007199254740993\n", 2, "is beyond 2^53"),
        ("id,metadata.x\na,1" + "0" * 400 + "\n", 2, "$.metadata.x: "),
        ("id,displayName,colour\na,b,red\n", 2, "$.colour: is not a property"),
        ('id,displayName\na,"b\n', 2, "is not CSV"),
        ("sep=;\n", 2, "needs a column id"),
    ],
)  # fmt: skip
def test_invalid_table_is_rejected(older: StandIn, text: str | bytes, line: int, message: str) -> None:
    finished = run(older, "apply", "-", given=text)
    assert (finished.returncode, finished.stdout) == (2, "")
    (violation,) = finished.stderr.splitlines()
    assert violation.startswith(f"line {line}: ")
    assert message in violation
    assert older.requests == []


def test_violation_has_the_line_that_its_row_starts_on(older: StandIn) -> None:
    finished = run(older, "check", "-", given='sep=,\nid,displayName\na,"x\ny"\n\nb,a/b\nc,d,e\n"f')
    assert [line.split(": ")[0] for line in finished.stderr.splitlines()] == ["line 6", "line 7", "line 8"]


def test_exact_large_integers_are_valid(older: StandIn) -> None:
    line = {"id": "a", "body": {"metadata": {"a": 2**53, "b": 1152921504606847000, "c": -(2**53)}}}
    assert run(older, "check", "-", given=json.dumps(line)).returncode == 0
