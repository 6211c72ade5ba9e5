"""Readers while others write: one answer is always of one object."""

import threading

import pytest
from gateways import Server

CHUNK = 65536


@pytest.fixture
def other(demo, tmp_path):
    """A second gateway before the same store: what it writes, the first one has not seen."""
    with Server(tmp_path / "other", demo, demo.address("BACKEND_ENDPOINT_URL"),
                demo.folder / "keyring.yaml") as other:
        yield other.client()


def bodies():
    return [bytes([letter]) * (3 * CHUNK + letter) for letter in range(1, 6)]


def test_a_remembered_object_that_changed_is_looked_at_anew(s3, other, bucket):
    for body in bodies():
        other.put_object(Bucket=bucket, Key="changing", Body=body)
        for _ in range(2):
            got = s3.get_object(Bucket=bucket, Key="changing", Range="bytes=-3")
            assert got["Body"].read() == body[-3:]
            assert got["ContentRange"].endswith(f"/{len(body)}")


def test_ranges_under_a_storm_of_writes_are_never_mixed(s3, other, bucket):
    other.put_object(Bucket=bucket, Key="storm", Body=bodies()[0])
    done = threading.Event()

    def write():
        while not done.is_set():
            for body in bodies():
                other.put_object(Bucket=bucket, Key="storm", Body=body)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        answers = 0
        for _ in range(60):
            try:
                got = s3.get_object(Bucket=bucket, Key="storm", Range=f"bytes={CHUNK - 5}-{CHUNK + 4}")
            except s3.exceptions.ClientError as refused:
                assert refused.response["Error"]["Code"] == "SlowDown"
                continue
            read = got["Body"].read()
            assert len(read) == 10 and len(set(read)) == 1
            assert got["ContentRange"].endswith(f"/{3 * CHUNK + read[0]}")
            answers += 1
        assert answers
    finally:
        done.set()
        writer.join()
