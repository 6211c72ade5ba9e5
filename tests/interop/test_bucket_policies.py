"""Policies that test how clients ask for encryption keep their meaning, though the backend never sees
what clients ask for."""

import json

import pytest
from botocore.exceptions import ClientError
from encrypting import Encrypting
from forms import post
from gateways import Server, eventually
from parts import MIN, begin, data_of, put
from sse import OBS, SSE, Caller, customer, kms, plain

RULES = '  - {name: all, match: {bucket: "*"}, allow: [kms, C], default: {key: demo}}'
CLIENTS = """\
  - name: guest
    access_key: AKGUEST
    secret_key: {env: GUEST}
    may: [{bucket: "*", actions: [read, write]}]"""
GUEST = "the-secret-of-a-guest-of-these-tests"


def serve(folder, demo, backend, **said):
    return Server(folder, demo, backend.address, demo.folder / "keyring.yaml", rules=RULES,
                  clients=CLIENTS, secure=True, **{"state": "sealgate-state"} | said)


@pytest.fixture(scope="module")
def backend(demo):
    with Encrypting(demo) as backend:
        yield backend


@pytest.fixture(scope="module")
def server(demo, backend, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GUEST", GUEST)
        with serve(tmp_path_factory.mktemp("policies") / "server", demo, backend) as server:
            server.client().create_bucket(Bucket="policed")
            yield server


@pytest.fixture
def s3(server):
    s3 = server.client()
    yield s3
    s3.delete_bucket_policy(Bucket="policed")


@pytest.fixture
def caller(server):
    return Caller(server)


def statement(condition, sid="test", effect="Deny", principal="*", action="s3:PutObject",
              resource="arn:aws:s3:::policed/*", **more):
    return {"Sid": sid, "Effect": effect, "Principal": principal, "Action": action,
            "Resource": resource, "Condition": condition} | more


MODE = f"s3:x-amz-{SSE}"
# AWS, "Protecting data with server-side encryption".
ONLY_KMS = statement({"StringNotEquals": {MODE: "aws:kms"}}, sid="only-kms")
OTHER = statement({"IpAddress": {"aws:SourceIp": "192.0.2.1"}}, sid="other")


def set_to(s3, *statements):
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    s3.put_bucket_policy(Bucket="policed", Policy=document)
    return document


def code(call, **said):
    with pytest.raises(ClientError) as raised:
        call(**said)
    return raised.value.response["Error"]["Code"]


def test_every_way_of_writing_is_judged(server, s3, caller, name):
    s3.put_object(Bucket="policed", Key=name + "0", Body=b"x")
    set_to(s3, ONLY_KMS)
    target, source = f"/policed/{name}", {"x-amz-copy-source": f"/policed/{name}0"}
    malformed = {f"x-amz-{SSE}-customer-algorithm": "AES192"}
    for headers in [{}, plain(), customer(), plain(OBS), malformed]:
        for call in [("PUT", target, headers), ("PUT", target, headers | source),
                     ("POST", target + "?uploads=", headers)]:
            answer = caller.call(*call)
            assert (answer.status, answer.code) == (403, "AccessDenied")
            assert "only-kms" in answer.says("Message")
    for headers in [kms(), kms(dialect=OBS), kms("demo")]:
        assert caller.put(target, headers).status == 200
        assert caller.call("PUT", target, headers | source).status == 200
    form = s3.generate_presigned_post("policed", name)["fields"]
    assert post(server.address(), "policed", form, b"x")[0].status == 403
    assert caller.get(target).body == b"x"


def test_parts_are_what_their_upload_is(s3, name):
    set_to(s3, ONLY_KMS)
    answer = s3.create_multipart_upload(Bucket="policed", Key=name, ServerSideEncryption="aws:kms")
    put(s3, "policed", name, answer["UploadId"], 1, data_of(MIN))
    with pytest.raises(ClientError, match="AccessDenied"):
        begin(s3, "policed", name)


def test_what_is_told_is_the_whole(backend, s3):
    document = set_to(s3, ONLY_KMS, OTHER)
    assert s3.get_bucket_policy(Bucket="policed")["Policy"] == document
    kept = json.loads(backend.policies["/policed"])
    assert [one["Sid"] for one in kept["Statement"]] == ["other"]
    set_to(s3, ONLY_KMS)
    assert "/policed" not in backend.policies
    s3.delete_bucket_policy(Bucket="policed")
    assert code(s3.get_bucket_policy, Bucket="policed") == "NoSuchBucketPolicy"
    s3.put_object(Bucket="policed", Key="x", Body=b"")


def test_another_policy_takes_the_place_of_the_first(backend, s3, name):
    set_to(s3, ONLY_KMS)
    document = set_to(s3, OTHER)
    assert s3.get_bucket_policy(Bucket="policed")["Policy"] == document
    assert backend.policies["/policed"] == document
    s3.put_object(Bucket="policed", Key=name, Body=b"")


def test_a_policy_that_the_backend_refuses_changes_nothing(backend, s3, name):
    before = set_to(s3, ONLY_KMS)
    backend.refuses_policies = True
    try:
        none = statement({"Null": {MODE: "false"}})
        with pytest.raises(ClientError, match="MalformedPolicy"):
            set_to(s3, none, OTHER)
    finally:
        backend.refuses_policies = False
    assert s3.get_bucket_policy(Bucket="policed")["Policy"] == before
    s3.put_object(Bucket="policed", Key=name, Body=b"", ServerSideEncryption="aws:kms")


def test_statements_are_about_their_principals(server, s3, name):
    guest = server.client(access_key="AKGUEST", secret_key=GUEST)
    for principal in ["arn:aws:iam::123456789012:user/guest", "AKGUEST"]:
        set_to(s3, statement({"Null": {MODE: "true"}}, principal={"AWS": principal}))
        assert code(guest.put_object, Bucket="policed", Key=name) == "AccessDenied"
        s3.put_object(Bucket="policed", Key=name, Body=b"")


def test_reads_are_judged_too(s3, caller, name):
    caller.put(f"/policed/{name}", customer())
    own = f"s3:x-amz-{SSE}-customer-algorithm"
    set_to(s3, statement({"Null": {own: "true"}}, action="s3:GetObject"))
    assert caller.get(f"/policed/{name}").code == "AccessDenied"
    assert caller.get(f"/policed/{name}", customer()).status == 200


@pytest.mark.parametrize("bad", [
    statement({"Null": {MODE: "true"}}, effect="Allow"),
    statement({"Null": {MODE: "true"}, "IpAddress": {"aws:SourceIp": "192.0.2.1"}}),
    statement({"Null": {MODE: "true"}}, principal={"Service": "x"}),
    statement({"ArnLike": {MODE: "x"}}),
])
def test_what_cannot_be_judged_is_refused(s3, bad):
    with pytest.raises(ClientError, match="NotImplemented"):
        set_to(s3, bad)
    assert code(s3.get_bucket_policy, Bucket="policed") == "NoSuchBucketPolicy"


def test_other_gateways_learn_of_a_policy(demo, backend, s3, tmp_path, monkeypatch):
    monkeypatch.setenv("GUEST", GUEST)
    with serve(tmp_path / "other", demo, backend) as other:
        document = set_to(s3, ONLY_KMS)
        client = other.client()

        def learnt():
            try:
                return client.get_bucket_policy(Bucket="policed")["Policy"] == document
            except ClientError:
                return False

        eventually(learnt, "not learnt")
        assert code(client.put_object, Bucket="policed", Key="x") == "AccessDenied"


def test_without_records_there_is_nothing_to_judge_by(demo, backend, tmp_path, monkeypatch):
    monkeypatch.setenv("GUEST", GUEST)
    with serve(tmp_path / "other", demo, backend, state=None) as other:
        with pytest.raises(ClientError, match="NotImplemented"):
            set_to(other.client(), ONLY_KMS)
