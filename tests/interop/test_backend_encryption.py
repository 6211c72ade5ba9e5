"""Rules that have the backend encrypt: `protect: backend` and `protect: both`."""

import pytest
from botocore.exceptions import ClientError
from encrypting import MODE, Encrypting
from gateways import Server
from parts import MIN, begin, complete, data_of, put

RULES = """\
  - name: theirs
    match: {bucket: "theirs-*"}
    protect: backend
    default: {sse: kms, key: their-key}
    allow: [AES256]
  - name: plain
    match: {bucket: "plain-*"}
    protect: backend
    missing: reject
  - name: twice
    match: {bucket: "twice-*"}
    protect: both
    default: {sse: dsse, key: demo}
    allow: [AES256]
  - {name: ours, match: {bucket: "*"}}"""
KEYS = """\
  - {{name: their-key, provider: backend, ids: ["arn:aws:kms:x:1:key/theirs"]}}"""
ID = "arn:aws:kms:x:1:key/theirs"


def serve(folder, demo, backend):
    return Server(folder, demo, backend, demo.folder / "keyring.yaml", rules=RULES, keys=KEYS,
                  state="sealgate-state")


@pytest.fixture(scope="module")
def backend(demo):
    with Encrypting(demo) as backend:
        yield backend


@pytest.fixture(scope="module")
def gateway(demo, backend, tmp_path_factory):
    with serve(tmp_path_factory.mktemp("backend") / "server", demo, backend.address) as gateway:
        for bucket in ["theirs-1", "plain-1", "twice-1", "ours-1"]:
            gateway.client().create_bucket(Bucket=bucket)
        yield gateway


@pytest.fixture
def s3(gateway):
    return gateway.client()


def told(answer):
    return {name: value for name, value in answer["ResponseMetadata"]["HTTPHeaders"].items()
            if name.startswith(MODE)}


def code(call, **said):
    with pytest.raises(ClientError) as raised:
        call(**said)
    error = raised.value.response
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]


KMS = {MODE: "aws:kms", f"{MODE}-aws-kms-key-id": ID, f"{MODE}-bucket-key-enabled": "true"}


def test_the_backend_is_told_to_encrypt_and_clients_what_it_did(demo, backend, s3, name):
    assert told(s3.put_object(Bucket="theirs-1", Key=name, Body=b"plain")) == KMS
    assert backend.kept[f"/theirs-1/{name}"] == KMS
    got = s3.get_object(Bucket="theirs-1", Key=name)
    assert (got["Body"].read(), told(got)) == (b"plain", KMS)
    assert told(s3.head_object(Bucket="theirs-1", Key=name)) == KMS
    stored = demo.client("BACKEND_ENDPOINT_URL").get_object(Bucket="theirs-1", Key=name)
    assert stored["Body"].read() == b"plain", "sealing is the backend's own business"


@pytest.mark.parametrize("asked, expected", [
    ({"ServerSideEncryption": "AES256"}, {MODE: "AES256"}),
    ({"ServerSideEncryption": "aws:kms"}, KMS),
    ({"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": ID, "BucketKeyEnabled": False},
     {MODE: "aws:kms", f"{MODE}-aws-kms-key-id": ID}),
])
def test_what_a_client_asks_for_is_asked_of_the_backend(s3, name, asked, expected):
    assert told(s3.put_object(Bucket="theirs-1", Key=name, Body=b"x", **asked)) == expected


def test_copies_and_uploads_in_parts_are_encrypted_by_the_backend(backend, s3, name):
    s3.put_object(Bucket="ours-1", Key=name, Body=b"sealed here")
    answer = s3.copy_object(Bucket="theirs-1", Key=name, CopySource=f"ours-1/{name}")
    assert told(answer) == KMS
    assert s3.get_object(Bucket="theirs-1", Key=name)["Body"].read() == b"sealed here"
    again = s3.copy_object(Bucket="theirs-1", Key=name + "2", CopySource=f"theirs-1/{name}")
    assert told(again) == KMS
    upload = begin(s3, "theirs-1", name)
    etags = {1: put(s3, "theirs-1", name, upload, 1, data_of(MIN))}
    complete(s3, "theirs-1", name, upload, etags)
    assert backend.kept[f"/theirs-1/{name}"] == KMS


def test_the_policy_judges_before_the_backend_does(s3, name):
    assert code(s3.put_object, Bucket="plain-1", Key=name, Body=b"x") == ("AccessDenied", 403)
    kms = {"ServerSideEncryption": "aws:kms"}
    assert code(s3.put_object, Bucket="plain-1", Key=name, Body=b"x", **kms) == \
        ("AccessDenied", 403)
    unknown = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "other"}
    assert code(s3.put_object, Bucket="theirs-1", Key=name, Body=b"x", **unknown) == \
        ("KMS.NotFoundException", 400)


def test_both_layers_are_done_and_told_as_two(demo, backend, s3, name):
    answer = s3.put_object(Bucket="twice-1", Key=name, Body=b"twice")
    assert (answer["ServerSideEncryption"], answer["SSEKMSKeyId"]) == ("aws:kms:dsse", "demo")
    assert backend.kept[f"/twice-1/{name}"] == {MODE: "aws:kms"}
    stored = demo.client("BACKEND_ENDPOINT_URL").get_object(Bucket="twice-1", Key=name)
    assert stored["Body"].read()[:4] == b"SGS1"
    got = s3.get_object(Bucket="twice-1", Key=name)
    assert (got["Body"].read(), got["ServerSideEncryption"]) == (b"twice", "aws:kms:dsse")
    plain = s3.put_object(Bucket="twice-1", Key=name, Body=b"", ServerSideEncryption="AES256")
    assert plain["ServerSideEncryption"] == "AES256"
    assert backend.kept[f"/twice-1/{name}"] == {MODE: "AES256"}


def test_two_layers_need_two_parties(s3, name):
    asked = {"ServerSideEncryption": "aws:kms:dsse"}
    for bucket in ["ours-1", "theirs-1"]:
        assert code(s3.put_object, Bucket=bucket, Key=name, Body=b"", **asked) == \
            ("NotImplemented", 501)


def test_the_backend_proves_once_that_it_encrypts(demo, tmp_path, name):
    with Encrypting(demo) as backend, \
            serve(tmp_path / "server", demo, backend.address) as gateway:
        s3 = gateway.client()
        s3.create_bucket(Bucket="theirs-2")
        for number in range(3):
            s3.put_object(Bucket="theirs-2", Key=f"{name}-{number}", Body=b"x")
        probes = [(method, said) for method, path, said in backend.asked
                  if path.startswith("/theirs-2/.sealgate-probe-")]
        assert probes == [("PUT", KMS), ("DELETE", {})]
        listed = s3.list_objects_v2(Bucket="theirs-2")["Contents"]
        assert len(listed) == 3


def test_nothing_is_sent_to_a_backend_that_does_not_prove_it(demo, tmp_path, name):
    with Encrypting(demo, honest=False) as backend, \
            serve(tmp_path / "server", demo, backend.address) as gateway:
        s3 = gateway.client()
        for bucket in ["theirs-3", "twice-3"]:
            s3.create_bucket(Bucket=bucket)
            for call in [s3.put_object, s3.create_multipart_upload]:
                assert code(call, Bucket=bucket, Key=name) == ("InternalError", 500)
            assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
        assert not [path for _, path, _ in backend.asked if name in path]


def test_a_backend_that_cannot_encrypt_says_so_itself(demo, tmp_path, name):
    # The demo's own store refuses to be asked.
    store = demo.address("BACKEND_ENDPOINT_URL")
    with serve(tmp_path / "server", demo, store) as gateway:
        s3 = gateway.client()
        s3.create_bucket(Bucket="theirs-5")
        assert code(s3.put_object, Bucket="theirs-5", Key=name) == ("NotImplemented", 501)


def test_an_answer_that_does_not_tell_is_not_believed(demo, tmp_path, name):
    with Encrypting(demo) as backend, \
            serve(tmp_path / "server", demo, backend.address) as gateway:
        s3 = gateway.client()
        s3.create_bucket(Bucket="theirs-4")
        s3.put_object(Bucket="theirs-4", Key=name, Body=b"x")
        backend.honest = False
        assert code(s3.put_object, Bucket="theirs-4", Key=name, Body=b"x") == \
            ("InternalError", 500)
        assert code(s3.copy_object, Bucket="theirs-4", Key=name + "2",
                    CopySource=f"theirs-4/{name}") == ("InternalError", 500)


def test_no_bucket_is_no_failure_of_encryption(s3, name):
    assert code(s3.put_object, Bucket="theirs-none", Key=name, Body=b"x") == ("NoSuchBucket", 404)
