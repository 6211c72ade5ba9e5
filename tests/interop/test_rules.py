"""What each kind of rule does to objects, sealed or not, seen from both sides."""

import botocore.exceptions
import pytest
from gateways import Server, run

RULES = """\
  - {name: open, match: {bucket: "rules-open"}, protect: none}
  - {name: mixed, match: {bucket: "rules-mixed"}, protect: gateway, unsealed: serve}
  - {name: inbox, match: {bucket: "rules-sealed", prefix: "open/"}, protect: none}
  - {name: sealed, match: {bucket: "rules-sealed"}, protect: gateway}
"""
DATA = b"0123456789" * 10_000
SSE = "ServerSideEncryption"


@pytest.fixture(scope="module")
def gateway(demo, backend, tmp_path_factory):
    """In front of the demo's store, under rules and keys of its own."""
    folder = tmp_path_factory.mktemp("rules")
    assert run("keyring", "init", folder / "keyring.yaml").returncode == 0
    for bucket in ["rules-open", "rules-mixed", "rules-sealed", "rules-nobody"]:
        backend.create_bucket(Bucket=bucket)
    with Server(folder / "server", demo, demo.address("BACKEND_ENDPOINT_URL"),
                folder / "keyring.yaml", rules=RULES) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def ruled(gateway):
    """boto3 through the gateway."""
    return gateway.client()


@pytest.fixture(scope="module")
def sealed(ruled, backend):
    """A sealed object as the store has it: body and metadata."""
    ruled.put_object(Bucket="rules-sealed", Key="sealed", Body=DATA)
    stored = backend.get_object(Bucket="rules-sealed", Key="sealed")
    return {"Body": stored["Body"].read(), "Metadata": stored["Metadata"]}


def denied(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    status = caught.value.response["ResponseMetadata"]["HTTPStatusCode"]
    assert status == 403
    return caught.value.response["Error"].get("Message", "")


def test_without_protection_bytes_pass_untouched(ruled, backend):
    where = {"Bucket": "rules-open", "Key": "up"}
    put = ruled.put_object(**where, Body=DATA, Metadata={"a": "b"}, ContentType="text/x")
    stored = backend.get_object(**where)
    assert stored["Body"].read() == DATA
    assert stored["Metadata"] == {"a": "b"} and stored["ContentType"] == "text/x"
    assert put["ETag"] == stored["ETag"]
    backend.put_object(Bucket="rules-open", Key="down", Body=DATA)
    got = ruled.get_object(Bucket="rules-open", Key="down")
    assert got["Body"].read() == DATA
    ranged = ruled.get_object(Bucket="rules-open", Key="down", Range="bytes=5-9")
    assert ranged["Body"].read() == b"56789" and ranged["ContentRange"] == "bytes 5-9/100000"
    listed = ruled.list_objects_v2(Bucket="rules-open")["Contents"]
    assert {(entry["Key"], entry["Size"], entry["ETag"]) for entry in listed} == {
        ("up", len(DATA), put["ETag"]), ("down", len(DATA), got["ETag"])}
    for answer in [put, got, ranged, ruled.head_object(**where)]:
        assert SSE not in answer


def test_without_protection_a_sealed_object_is_not_handed_out(ruled, backend, sealed):
    backend.put_object(Bucket="rules-open", Key="sealed", **sealed)
    for call in [ruled.get_object, ruled.head_object]:
        denied(call, Bucket="rules-open", Key="sealed")
    denied(ruled.get_object, Bucket="rules-open", Key="sealed", Range="bytes=0-9")
    backend.delete_object(Bucket="rules-open", Key="sealed")


def test_an_object_that_was_never_sealed_is_refused_by_default(ruled, backend):
    where = {"Bucket": "rules-sealed", "Key": "plain"}
    backend.put_object(**where, Body=DATA)
    assert "not sealed" in denied(ruled.get_object, **where)
    assert "not sealed" in denied(ruled.get_object, **where, Range="bytes=0-9")
    denied(ruled.head_object, **where)
    ruled.delete_object(**where)


def test_an_object_that_was_never_sealed_is_served_where_the_rule_says_so(ruled, backend):
    where = {"Bucket": "rules-mixed", "Key": "plain"}
    etag = backend.put_object(**where, Body=DATA, Metadata={"a": "b"})["ETag"]
    got = ruled.get_object(**where)
    assert got["Body"].read() == DATA
    assert got["ETag"] == etag and got["Metadata"] == {"a": "b"} and SSE not in got
    assert ruled.get_object(**where, Range="bytes=5-9")["Body"].read() == b"56789"
    assert ruled.get_object(**where, IfMatch=etag)["Body"].read() == DATA
    head = ruled.head_object(**where)
    assert head["ContentLength"] == len(DATA) and head["ETag"] == etag and SSE not in head


def test_beside_unsealed_objects_sealed_ones_are_opened(ruled, backend):
    where = {"Bucket": "rules-mixed", "Key": "sealed"}
    put = ruled.put_object(**where, Body=DATA)
    assert backend.get_object(**where)["Body"].read() != DATA
    got = ruled.get_object(**where)
    assert got["Body"].read() == DATA
    assert got[SSE] == put[SSE] == "AES256"
    assert got["ETag"] == put["ETag"]


def test_a_sealed_object_without_its_envelope_is_not_taken_for_unsealed(ruled, backend, sealed):
    where = {"Bucket": "rules-mixed", "Key": "stripped"}
    backend.put_object(**where, Body=sealed["Body"])
    with pytest.raises(Exception) as caught:
        ruled.get_object(**where)["Body"].read()
    assert DATA[:100].decode() not in str(caught.value)


def test_each_key_is_treated_by_the_rule_of_its_prefix(ruled, backend):
    for name in ["open/a", "closed/a", "open"]:
        ruled.put_object(Bucket="rules-sealed", Key=name, Body=DATA)
        stored = backend.get_object(Bucket="rules-sealed", Key=name)["Body"].read()
        assert (stored == DATA) == name.startswith("open/")
        assert ruled.get_object(Bucket="rules-sealed", Key=name)["Body"].read() == DATA
        assert ruled.head_object(Bucket="rules-sealed", Key=name)["ContentLength"] == len(DATA)


def test_listings_follow_the_rule_of_each_key(ruled):
    names = ["listed/a", "open/listed"]
    for name in names:
        ruled.put_object(Bucket="rules-sealed", Key=name, Body=DATA)
    for name in names:
        head = ruled.head_object(Bucket="rules-sealed", Key=name)
        entry, = ruled.list_objects_v2(Bucket="rules-sealed", Prefix=name)["Contents"]
        assert (entry["Size"], entry["ETag"]) == (len(DATA), head["ETag"])


def test_a_bucket_that_no_rule_names_is_closed(ruled):
    for call in [ruled.list_objects_v2, ruled.head_bucket, ruled.delete_bucket]:
        denied(call, Bucket="rules-nobody")
    denied(ruled.put_object, Bucket="rules-nobody", Key="a", Body=b"")
    denied(ruled.create_bucket, Bucket="rules-new")
    listed = [entry["Name"] for entry in ruled.list_buckets()["Buckets"]]
    assert "rules-open" in listed and "rules-nobody" not in listed


def test_what_another_keyring_sealed_does_not_open(s3, ruled, backend):
    """The demo's keyring sealed it, under a name that this gateway gives no key."""
    s3.put_object(Bucket="rules-sealed", Key="foreign", Body=DATA)
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        ruled.get_object(Bucket="rules-sealed", Key="foreign")
    assert caught.value.response["Error"]["Code"] == "InternalError"
    assert s3.get_object(Bucket="rules-sealed", Key="foreign")["Body"].read() == DATA
