"""`?encryption`: what a bucket is set to counts where nobody says anything else."""

import pytest
from botocore.exceptions import ClientError
from gateways import Server, eventually
from sse import OBS, S3, SSE, Caller, customer, key_id_name, kms, plain, told

RULES = """\
  - {name: plain, match: {bucket: "plain-*"}}
  - {name: silent, match: {bucket: "silent-*"}, allow: [kms], not_configured: error}
  - {name: strict, match: {bucket: "strict-*"}, default: {sse: kms}, missing: reject}
  - {name: open, match: {bucket: "open-*"}, protect: none}
  - {name: all, match: {bucket: "*"}, allow: [kms, C], default: {key: demo}}"""
KEYS = """\
  - {{name: second, provider: local, file: {keyring}, ids: [second-id]}}
  - {{name: sm4, algorithm: SM4, provider: local, file: {keyring}}}"""
BUCKETS = ["set-1", "plain-1", "silent-1", "strict-1"]


def serve(folder, demo, **said):
    said = {"state": "sealgate-state"} | said
    return Server(folder, demo, demo.address("BACKEND_ENDPOINT_URL"),
                  demo.folder / "keyring.yaml", rules=RULES, keys=KEYS, granted="second, sm4",
                  secure=True, **said)


@pytest.fixture(scope="module")
def server(demo, tmp_path_factory):
    with serve(tmp_path_factory.mktemp("settings") / "server", demo) as server:
        for bucket in BUCKETS:
            server.client().create_bucket(Bucket=bucket)
        yield server


@pytest.fixture
def s3(server):
    s3 = server.client()
    yield s3
    s3.delete_bucket_encryption(Bucket="set-1")


@pytest.fixture
def caller(server):
    return Caller(server)


def of(mode, key=None, bucket_key=False):
    default = {"SSEAlgorithm": mode} | ({"KMSMasterKeyID": key} if key else {})
    return {"Rules": [{"ApplyServerSideEncryptionByDefault": default,
                       "BucketKeyEnabled": bucket_key}]}


def get(s3, bucket="set-1"):
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    return {"Rules": rules["Rules"]}


def code(call, **said):
    with pytest.raises(ClientError) as raised:
        call(**said)
    return raised.value.response["Error"]["Code"]


def put(s3, setting, bucket="set-1"):
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=setting)


def test_nothing_set_is_the_rules_default(s3):
    assert get(s3) == of("AES256")
    assert code(s3.get_bucket_encryption, Bucket="silent-1") == \
        "ServerSideEncryptionConfigurationNotFoundError"


def test_what_is_set_is_told_and_done(s3, name):
    put(s3, of("aws:kms", "second-id", True))
    assert get(s3) == of("aws:kms", "second-id", True)
    answer = s3.put_object(Bucket="set-1", Key=name, Body=b"x")
    assert (answer["ServerSideEncryption"], answer["SSEKMSKeyId"], answer["BucketKeyEnabled"]) \
        == ("aws:kms", "second-id", True)
    begun = s3.create_multipart_upload(Bucket="set-1", Key=name)
    assert begun["SSEKMSKeyId"] == "second-id"
    asked = s3.put_object(Bucket="set-1", Key=name, Body=b"x", ServerSideEncryption="AES256")
    assert asked["ServerSideEncryption"] == "AES256", "who asks gets what is asked for"
    s3.delete_bucket_encryption(Bucket="set-1")
    assert get(s3) == of("AES256")
    answer = s3.put_object(Bucket="set-1", Key=name, Body=b"x")
    assert answer["ServerSideEncryption"] == "AES256"
    s3.delete_bucket_encryption(Bucket="set-1")


def test_a_copy_onto_itself_takes_what_the_bucket_is_set_to(s3, name):
    s3.put_object(Bucket="set-1", Key=name, Body=b"x")
    put(s3, of("aws:kms", "second-id"))
    answer = s3.copy_object(Bucket="set-1", Key=name, CopySource=f"set-1/{name}",
                            MetadataDirective="REPLACE")
    assert answer["SSEKMSKeyId"] == "second-id"


def test_a_key_that_there_is_not_is_missed_when_it_is_needed(s3, name):
    put(s3, of("aws:kms", "fool-me-again"))
    assert get(s3) == of("aws:kms", "fool-me-again")
    assert code(s3.put_object, Bucket="set-1", Key=name, Body=b"x") == "KMS.NotFoundException"


def test_a_bucket_is_set_to_what_its_rule_allows(s3):
    assert code(put, s3=s3, setting=of("aws:kms"), bucket="plain-1") == "AccessDenied"
    assert code(put, s3=s3, setting=of("AES256"), bucket="strict-1") == "AccessDenied"
    put(s3, of("aws:kms"), "strict-1")
    assert code(s3.put_object, Bucket="strict-1", Key="x", Body=b"") == "AccessDenied"


def test_a_bucket_that_is_not_there_has_no_encryption(s3):
    for call in [s3.get_bucket_encryption, s3.delete_bucket_encryption]:
        assert code(call, Bucket="set-none") == "NoSuchBucket"
    assert code(put, s3=s3, setting=of("AES256"), bucket="set-none") == "NoSuchBucket"


def test_keys_of_clients_can_be_blocked(s3, caller, name):
    blocked = of("AES256")
    blocked["Rules"][0]["BlockedEncryptionTypes"] = {"EncryptionType": ["SSE-C"]}
    assert caller.put(f"/set-1/{name}", customer()).status == 200
    put(s3, blocked)
    assert get(s3) == blocked
    assert caller.put(f"/set-1/{name}2", customer()).code == "AccessDenied"
    assert caller.get(f"/set-1/{name}", customer()).status == 200


DOCUMENT = "<ServerSideEncryptionConfiguration>{}</ServerSideEncryptionConfiguration>"
RULE = ("<Rule><ApplyServerSideEncryptionByDefault>{}</ApplyServerSideEncryptionByDefault></Rule>")


@pytest.mark.parametrize("rules, status, code", [
    ("", 400, "MalformedXML"),
    (2 * RULE.format("<SSEAlgorithm>AES256</SSEAlgorithm>"), 400, "MalformedXML"),
    (RULE.format("<SSEAlgorithm>aws:fsx</SSEAlgorithm>"), 400, "MalformedXML"),
    (RULE.format("<SSEAlgorithm>AES256</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID>"),
     400, "InvalidArgument"),
])
def test_documents_are_refused_as_on_aws(caller, rules, status, code):
    answer = caller.call("PUT", "/set-1?encryption=", body=DOCUMENT.format(rules).encode())
    assert (answer.status, answer.code) == (status, code)


def test_huaweis_dialect_has_words_of_its_own(s3, caller, name):
    speaks = {"x-obs-meta-speaks": "obs"}
    body = DOCUMENT.format(RULE.format(
        "<SSEAlgorithm>kms</SSEAlgorithm><KMSMasterKeyID>second-id</KMSMasterKeyID>"
        "<ProjectID>p1</ProjectID><KMSDataEncryption>SM4</KMSDataEncryption>")).encode()
    assert caller.call("PUT", "/set-1?encryption=", speaks, body).status == 200
    got = caller.call("GET", "/set-1?encryption=", speaks)
    for element in [b"<SSEAlgorithm>kms<", b"<ProjectID>p1<", b"<KMSDataEncryption>SM4<"]:
        assert element in got.body
    assert told(caller.put(f"/set-1/{name}", speaks)) == {
        f"{OBS}{SSE}": "kms", key_id_name(OBS): "second-id",
        f"{OBS}server-side-data-encryption": "SM4", f"{OBS}sse-kms-key-project-id": "p1"}
    missing = caller.call("GET", "/silent-1?encryption=", speaks)
    assert (missing.status, missing.code) == (404, "NoSuchEncryptionConfiguration")


@pytest.mark.parametrize("headers, answered, done", [
    ({f"{OBS}{SSE}": "obs"},
     {f"{OBS}{SSE}": "obs", f"{OBS}server-side-data-encryption": "AES256"}, "AES256"),
    (kms("second-id", OBS, "SM4") | {f"{OBS}sse-kms-key-project-id": "p"},
     {f"{OBS}{SSE}": "kms", f"{OBS}server-side-data-encryption": "SM4",
      key_id_name(OBS): "second-id", f"{OBS}sse-kms-key-project-id": "p"}, "aws:kms"),
    (kms(dialect=OBS), {f"{OBS}{SSE}": "kms", f"{OBS}server-side-data-encryption": "AES256"},
     "aws:kms"),
])
def test_a_new_bucket_is_set_by_huaweis_headers(caller, headers, answered, done, request):
    bucket = f"/set-new-{abs(hash(request.node.name)) % 10**8}"
    answer = caller.call("PUT", bucket, headers)
    assert (answer.status, told(answer)) == (200, answered)
    assert told(caller.put(f"{bucket}/x"))[f"{S3}{SSE}"] == done


@pytest.mark.parametrize("bucket, headers, code", [
    ("set-no", plain(), "InvalidArgument"), ("set-no", {f"{OBS}{SSE}": "AES256"}, "InvalidArgument"),
    ("set-no", {f"{OBS}{SSE}": "obs", key_id_name(OBS): "k"}, "InvalidArgument"),
    ("plain-no", kms(dialect=OBS), "AccessDenied"), ("open-no", kms(dialect=OBS), "NotImplemented"),
    ("set-no", customer(dialect=OBS), "InvalidArgument")])
def test_a_new_bucket_is_not_made_where_it_cannot_be_set(server, caller, bucket, headers, code):
    assert caller.call("PUT", f"/{bucket}", headers).code == code
    with pytest.raises(ClientError, match="404"):
        server.client().head_bucket(Bucket=bucket)


def test_other_gateways_learn_of_a_change(demo, s3, tmp_path, name):
    with serve(tmp_path / "other", demo) as other:
        put(s3, of("aws:kms", "second-id"))
        eventually(lambda: get(other.client()) == of("aws:kms", "second-id"), "not learnt")
        s3.delete_bucket_encryption(Bucket="set-1")
        eventually(lambda: get(other.client()) == of("AES256"), "not forgotten")


def test_a_gateway_that_begins_knows_what_was_set_before(demo, s3, tmp_path, name):
    put(s3, of("aws:kms", "second-id"))
    with serve(tmp_path / "other", demo) as other:
        answer = other.client().put_object(Bucket="set-1", Key=name, Body=b"x")
        assert answer["SSEKMSKeyId"] == "second-id"


def test_without_records_there_is_nothing_to_set(demo, tmp_path):
    with serve(tmp_path / "other", demo, state=None) as other:
        assert code(put, s3=other.client(), setting=of("AES256")) == "NotImplemented"
