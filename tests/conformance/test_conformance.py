"""Every row is sent to the store and through the gateway, and held against what S3 answers."""

import re
import urllib.parse

import pytest
from objects import OBJECTS
from rows import load
from sending import fill

ROWS = load()
# Of a path that cannot be read; names.toml has the row that denies it.
UNREAD = {"InvalidBucketName", "InvalidURI", "KeyTooLongError"}


def parameters():
    for row in ROWS:
        marks = [pytest.mark.xfail(reason=row.defect, strict=True)] if row.defect else []
        yield pytest.param(row, id=row.id, marks=marks)


@pytest.mark.parametrize("row", list(parameters()))
def test_row(row, store, gateway):
    through, facts = gateway.ask(row)
    for asked, answer in through:
        meets(asked, answer, facts)
    if row.store:
        differs(row, store, through)
    elif row.only != "gateway":
        alike(row, store, through)


def alike(row, store, through):
    """The store meets the row, too, and the sides answer alike."""
    straight, facts = store.ask(row)
    for (asked, ours), (_, theirs) in zip(through, straight, strict=True):
        meets(asked, theirs, facts)
        assert ours.status == theirs.status
        assert ours.content() == theirs.content()
        assert ours.headers == theirs.headers


def differs(row, store, through):
    """A row that excuses the store must need the excuse."""
    try:
        alike(row, store, through)
    except (AssertionError, OSError):
        return
    pytest.fail(f"the store does it right, which the row denies: {row.store}")


def meets(row, answer, facts):
    """What the row says of the answer."""
    if row.status:
        assert answer.status == row.status, (answer.side, answer.body[:500])
    if row.code:
        assert answer.code == row.code, (answer.side, answer.body[:500])
    if answer.sealed and "x-amz-request-id" not in (row.answer or {}):
        carries_its_id(answer)
    for name, wanted in (row.answer or {}).items():
        told = answer.raw.get(name)
        assert (told is None) == (not wanted), (answer.side, name, wanted, told)
        assert told is None or holds(fill(wanted, facts), told), (answer.side, name, wanted, told)
    if row.slice is not None:
        start, end = row.slice
        assert answer.body == OBJECTS[row.object][0][start:end]
    if row.text is not None:
        assert answer.body == fill(row.text, facts).encode()
    if row.elements:
        found = answer.elements()
        for path, texts in row.elements.items():
            wanted = [fill(text, facts) for text in ([texts] if isinstance(texts, str) else texts)]
            told = found.get(path, [])
            assert len(told) == len(wanted), (answer.side, path, told)
            assert all(map(holds, wanted, told)), (answer.side, path, told)


def holds(wanted, told):
    """`~`: a pattern of the whole. Otherwise: exactly so."""
    return bool(re.fullmatch(wanted[1:], told)) if wanted.startswith("~") else told == wanted


def carries_its_id(answer):
    """Every answer has the id that is in the log, and an error's document says it, too."""
    told = answer.raw["x-amz-request-id"]
    assert re.fullmatch("[0-9A-F]{16}", told), told
    if answer.code:
        assert answer.document.findtext("RequestId") == told
        named = urllib.parse.unquote(answer.document.findtext("Resource"), errors="replace")
        assert named == answer.path or (named == "/" and answer.code in UNREAD)


def test_enough_rows_are_held_against_the_documentation():
    assert len(ROWS) >= 600
    assert sum(bool(row.source) for row in ROWS) >= 500
