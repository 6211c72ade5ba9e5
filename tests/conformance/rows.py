"""Rows: what the tables of this folder say, made into single requests with what they must be answered."""

import copy
import itertools
import pathlib
import tomllib

HERE = pathlib.Path(__file__).parent
KNOWN = {"name", "request", "object", "headers", "body", "signed", "unsigned", "lacks", "broken",
         "status", "code", "answer", "slice", "text", "elements", "source", "store", "defect",
         "cases", "only"}


class Row:
    """One request. Fields are those of README.md; what is not said is compared only."""

    def __init__(self, subject, said):
        unknown = said.keys() - KNOWN
        assert not unknown, f"{subject}: {said.get('name')}: unknown {unknown}"
        self.subject, self.said = subject, said

    def __getattr__(self, field):
        return self.said.get(field)

    @property
    def id(self):
        return f"{self.subject}/{self.said['name']}"


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
