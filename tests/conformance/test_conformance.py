"""Every row is sent to the store and through the gateway, and held against what S3 answers."""

import pytest
from objects import OBJECTS
from rows import load

ROWS = load()


def parameters():
    for row in ROWS:
        marks = [pytest.mark.xfail(reason=row.defect, strict=True)] if row.defect else []
        yield pytest.param(row, id=row.id, marks=marks)


@pytest.mark.parametrize("row", list(parameters()))
def test_row(row, store, gateway):
    through = gateway.ask(row)
    meets(row, through)
    if row.only == "gateway":
        return
    straight = store.ask(row)
    if not row.store:
        meets(row, straight)
        same(row, straight, through)


def meets(row, answer):
    """What the row says of the answer."""
    if row.status:
        assert answer.status == row.status, (answer.side, answer.code)
    if row.code:
        assert answer.code == row.code, (answer.side, answer.body[:500])
        assert len(answer.raw.get("x-amz-request-id", "")) == 16 or not answer.sealed
    for name, value in (row.answer or {}).items():
        told = answer.raw.get(name)
        assert told == value if value else told is None, (answer.side, name, told)
    if row.slice is not None:
        start, end = row.slice
        assert answer.body == OBJECTS[row.object][0][start:end]
    if row.text is not None:
        assert answer.body == row.text.encode()
    if row.elements:
        said = answer.elements()
        for path, texts in row.elements.items():
            found = [text for known, text in said if known == path]
            assert sorted(found) == sorted([texts] if isinstance(texts, str) else texts), \
            (answer.side, path, found)


def same(row, straight, through):
    assert through.status == straight.status
    assert through.content() == straight.content()
    assert through.headers == straight.headers


def test_enough_rows_are_held_against_the_documentation():
    assert len(ROWS) >= 300
    assert sum(bool(row.source) for row in ROWS) >= 100
