"""Callers who do not sign: let in where a rule and an entry of theirs say so, and nowhere else."""

import boto3
import botocore
import botocore.config
import pytest
from gateways import Server, run

CLIENTS = """\
  - name: anonymous
    may:
      - {bucket: "public", actions: [read, list]}
      - {bucket: "drop-box", actions: [write]}
"""
RULES = """\
  - {name: public, match: {bucket: "public", prefix: "open/", clients: ["*", anonymous]}}
  - {name: drop box, match: {bucket: "drop-box", clients: ["*", anonymous]}}
  - {name: rest, match: {bucket: "*"}}
"""
DATA = b"0123456789" * 10_000


@pytest.fixture(scope="module")
def gateway(demo, backend, tmp_path_factory):
    folder = tmp_path_factory.mktemp("anonymous")
    assert run("keyring", "init", folder / "keyring.yaml").returncode == 0
    for bucket in ["public", "drop-box", "closed"]:
        backend.create_bucket(Bucket=bucket)
    with Server(folder / "server", demo, demo.address("BACKEND_ENDPOINT_URL"),
                folder / "keyring.yaml", rules=RULES, clients=CLIENTS) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def owner(gateway):
    return gateway.client()


@pytest.fixture(scope="module")
def stranger(gateway):
    """boto3 without credentials."""
    config = botocore.config.Config(
        signature_version=botocore.UNSIGNED, s3={"addressing_style": "path"},
        retries={"max_attempts": 1})
    return boto3.client("s3", endpoint_url=f"http://{gateway.address()}",
                        region_name="us-east-1", config=config)


def refused(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"]


def test_strangers_read_sealed_objects_where_they_may(owner, stranger, backend):
    owner.put_object(Bucket="public", Key="open/a", Body=DATA)
    assert stranger.get_object(Bucket="public", Key="open/a")["Body"].read() == DATA
    part = stranger.get_object(Bucket="public", Key="open/a", Range="bytes=65530-65545")
    assert part["Body"].read() == DATA[65530:65546]
    assert [entry["Size"] for entry in stranger.list_objects_v2(Bucket="public")["Contents"]] \
        == [len(DATA)]
    assert DATA[:64] not in backend.get_object(Bucket="public", Key="open/a")["Body"].read()


def test_strangers_write_what_they_may_not_read(owner, stranger, backend):
    stranger.put_object(Bucket="drop-box", Key="in", Body=DATA)
    assert refused(stranger.get_object, Bucket="drop-box", Key="in") == "AccessDenied"
    assert owner.get_object(Bucket="drop-box", Key="in")["Body"].read() == DATA
    assert DATA[:64] not in backend.get_object(Bucket="drop-box", Key="in")["Body"].read()


def test_strangers_bodies_are_held_to_their_checksums(stranger, backend):
    wrong = {"ChecksumSHA256": "A" * 43 + "="}
    assert refused(stranger.put_object, Bucket="drop-box", Key="bad", Body=DATA, **wrong) \
        == "BadDigest"
    assert "bad" not in [e["Key"] for e in backend.list_objects_v2(Bucket="drop-box")["Contents"]]


@pytest.mark.parametrize("bucket, name", [("public", "private/a"), ("closed", "a")])
def test_strangers_stay_out_of_everything_else(owner, stranger, bucket, name):
    owner.put_object(Bucket=bucket, Key=name, Body=DATA)
    assert refused(stranger.get_object, Bucket=bucket, Key=name) == "AccessDenied"
    assert refused(stranger.put_object, Bucket=bucket, Key=name, Body=b"") == "AccessDenied"
    assert refused(stranger.delete_object, Bucket=bucket, Key=name) == "AccessDenied"
    assert owner.get_object(Bucket=bucket, Key=name)["Body"].read() == DATA


def test_strangers_change_no_settings_and_see_no_buckets_of_others(stranger):
    assert refused(stranger.delete_bucket, Bucket="public") == "AccessDenied"
    assert refused(stranger.get_bucket_policy, Bucket="public") == "AccessDenied"
    assert [bucket["Name"] for bucket in stranger.list_buckets()["Buckets"]] == ["public"]
