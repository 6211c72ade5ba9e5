"""Rows: what the tables of this folder say, as single requests with what they must be answered."""

import copy
import itertools
import pathlib
import tomllib
import zlib

HERE = pathlib.Path(__file__).parent
ASKED = {"request", "headers", "object", "body", "payload", "trailer", "spoil", "signed", "lacks",
         "alter", "late", "presigned"}
ANSWERED = {"status", "code", "answer", "slice", "text", "elements"}
KNOWN = ASKED | ANSWERED | {"name", "take", "given", "then", "source", "store", "only", "defect"}


class Row:
    """One request. Fields are those of README.md; a field that is not said is `None`."""

    def __init__(self, subject, said, own=None):
        unknown = said.keys() - KNOWN
        assert not unknown, f"{subject}: {said.get('name')}: unknown {unknown}"
        self.subject, self.said = subject, said
        self.own = own or f"own-{zlib.crc32(self.id.encode()):08x}"

    def __getattr__(self, field):
        if field not in KNOWN:
            raise AttributeError(field)
        return self.said.get(field)

    @property
    def id(self):
        return f"{self.subject}/{self.said['name']}"

    def beside(self, field):
        """The requests before or after this one, on the same name of its own."""
        return [Row(self.subject, {"name": self.name} | said, self.own)
                for said in self.said.get(field, [])]


def merged(row, case):
    """The row with what a case says instead, or besides."""
    said = copy.deepcopy({field: value for field, value in row.items() if field != "cases"})
    for field, value in case.items():
        if isinstance(value, dict):
            said[field] = said.get(field, {}) | value
        elif field == "name":
            said["name"] = f"{said['name']}: {value}"
        else:
            said[field] = value
    return said


def load():
    rows = []
    for table in sorted(HERE.glob("*.toml")):
        document = tomllib.loads(table.read_text())
        for row in document["row"]:
            for case in row.get("cases", [{}]):
                rows.append(Row(table.stem, merged(row, case)))
    ids = [row.id for row in rows]
    twice = {id for id, group in itertools.groupby(sorted(ids)) if len(list(group)) > 1}
    assert not twice, f"named twice: {twice}"
    return rows
