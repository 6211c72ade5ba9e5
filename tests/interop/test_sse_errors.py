"""What is wrong with headers of encryption is answered as S3 answers it.

The rows are numbered as in the issue: 1–13 writes, 20–26 reads; then parts, copies, keys of a KMS.
"""

import pytest
from gateways import Server
from parts import MIN, data_of
from sse import KEY, OBS, OTHER, S3, SSE, Caller, base, customer, key_id_name, kms, md5, plain, told
from wire import Wire

BUCKET = "errors"
INCOMPATIBLE = ("Server Side Encryption with Customer provided key is incompatible with the "
                "encryption method specified")
OWN = "Requests specifying Server Side Encryption with Customer provided keys must "
RIGHT_KEY = OWN + "provide the correct secret key."
NEEDED = ("The object was stored using a form of Server Side Encryption. The correct parameters "
          "must be provided to retrieve the object.")
NOT_APPLICABLE = "The encryption parameters are not applicable to this object."
PARTS_NEED = ("The multipart upload initiate requested encryption. Subsequent part requests must "
              "include the appropriate encryption parameters.")
OTHER_PARAMETERS = "The provided encryption parameters did not match the ones used originally."
NEEDS_KMS = ("Server Side Encryption with AWS KMS managed key requires HTTP header "
             "x-amz-server-side-encryption : aws:kms")
BAD_VALUE = "The Encryption request you specified is not valid. Supported value: AES256."
SHORT = base(KEY[:31])
SHORT_MD5 = md5(KEY[:31])
ARGUMENT = "InvalidArgument"

RULES = """\
  - name: others
    match: {bucket: "others-*"}
    default: {sse: kms, key: foreign}
  - {name: disabled, match: {bucket: "disabled-*"}, default: {sse: kms, key: off}}
  - {name: tls, match: {bucket: "tls-*"}, require_tls: true}
  - {name: open, match: {bucket: "open-*"}, allow: [C], sse_c_without_tls: true}
  - {name: all, match: {bucket: "*"}, allow: [kms, C], default: {key: demo}}"""
KEYS = """\
  - {{name: foreign, provider: local, file: {keyring}, ids: [foreign-id]}}
  - {{name: off, provider: local, file: {keyring}, enabled: false}}"""


def serve(folder, demo, **said):
    said = {"rules": RULES, "keys": KEYS, "granted": "off", "state": "sealgate-state",
            "secure": True} | said
    return Server(folder, demo, demo.address("BACKEND_ENDPOINT_URL"),
                  demo.folder / "keyring.yaml", **said)


@pytest.fixture(scope="module", params=["aws", "rgw"])
def compatibility(request):
    return request.param


@pytest.fixture(scope="module")
def server(demo, tmp_path_factory, compatibility):
    with serve(tmp_path_factory.mktemp("errors") / "server", demo,
               more=f"compatibility: {compatibility}") as server:
        for bucket in [BUCKET, "disabled-1", "others-1"]:
            server.client().create_bucket(Bucket=bucket)
        yield server


@pytest.fixture(scope="module")
def caller(server):
    return Caller(server)


@pytest.fixture
def target(name):
    return f"/{BUCKET}/{name}"


def refusal(answer):
    return answer.status, answer.code, answer.says("Message")


WRITES = [
    pytest.param(customer() | plain(), 400, ARGUMENT, INCOMPATIBLE, id="1"),
    pytest.param(customer() | kms(), 400, ARGUMENT, INCOMPATIBLE, id="1 kms"),
    pytest.param(customer(algorithm="AES192") | plain(), 400, ARGUMENT, INCOMPATIBLE,
                 id="1 before 4"),
    pytest.param(customer(algorithm=None), 400, ARGUMENT,
                 OWN + "provide a valid encryption algorithm.", id="2"),
    pytest.param({f"{S3}{SSE}-customer-algorithm": "AES256"}, 400, ARGUMENT,
                 OWN + "provide an appropriate secret key.", id="3"),
    pytest.param(customer(algorithm="AES192"), 400, "InvalidEncryptionAlgorithmError", BAD_VALUE,
                 id="4"),
    pytest.param(customer(algorithm="AES192", key_md5="!"), 400,
                 "InvalidEncryptionAlgorithmError", BAD_VALUE, id="4 before 7"),
    pytest.param({f"{S3}{SSE}-customer-algorithm": "AES256",
                  f"{S3}{SSE}-customer-key": SHORT,
                  f"{S3}{SSE}-customer-key-md5": SHORT_MD5}, 400, ARGUMENT,
                 "The secret key was invalid for the specified algorithm.", id="5"),
    pytest.param(customer(key_md5=None), 400, ARGUMENT,
                 OWN + "provide the client calculated MD5 of the secret key.", id="6"),
    pytest.param(customer(key_md5="!"), 400, ARGUMENT,
                 "The MD5 hash of the secret key was improperly encoded. The MD5 hash must be "
                 "Base64 encoded.", id="7"),
    pytest.param(customer(key_md5=md5(OTHER)), 400, ARGUMENT,
                 "The calculated MD5 hash of the key did not match the hash that was provided.",
                 id="8"),
    pytest.param(plain() | {key_id_name(S3): "demo"}, 400, ARGUMENT, NEEDS_KMS, id="10"),
    pytest.param({key_id_name(S3): "demo"}, 400, ARGUMENT, NEEDS_KMS, id="10 alone"),
    pytest.param({f"{S3}{SSE}": "aes:kms"}, 400, ARGUMENT,
                 "The encryption method specified is not supported", id="11"),
    pytest.param({f"{OBS}{SSE}": "aws:kms"}, 400, ARGUMENT,
                 "The encryption method specified is not supported", id="11 obs"),
    pytest.param(kms("nowhere"), 400, "KMS.NotFoundException", "Invalid keyId 'nowhere'",
                 id="unknown key"),
    pytest.param(kms("off"), 400, "KMS.DisabledException", "off is disabled.",
                 id="disabled key"),
    pytest.param({f"{S3}{SSE}": "aws:kms:dsse"}, 501, "NotImplemented",
                 "DSSE-KMS is not implemented under rule `all`.", id="dsse"),
    pytest.param(plain(OBS) | {f"{OBS}server-side-data-encryption": "SM4"}, 400, ARGUMENT,
                 "The data encryption algorithm specified is not supported", id="obs SM4"),
]


@pytest.mark.parametrize("headers, status, code, message", WRITES)
@pytest.mark.parametrize("way", ["put", "copy", "initiate"])
def test_writes_are_refused_as_on_aws(caller, target, way, headers, status, code, message):
    if way == "copy":
        headers = headers | {"x-amz-copy-source": f"/{BUCKET}/anything"}
        caller.put(f"/{BUCKET}/anything")
    method, query = ("POST", "?uploads=") if way == "initiate" else ("PUT", "")
    answer = caller.call(method, target + query, headers)
    assert refusal(answer) == (status, code, message)
    if code in (ARGUMENT, "InvalidEncryptionAlgorithmError"):
        assert answer.says("ArgumentName") == f"{S3}{SSE}"
    assert caller.get(target).status == 404


def test_kms_without_an_id_takes_the_rules_key(caller, target, compatibility):  # 12
    answer = caller.put(target, kms())
    if compatibility == "aws":
        assert told(answer)[key_id_name(S3)] == "demo"
    else:
        assert (answer.status, answer.code) == (400, ARGUMENT)


def test_policy_is_judged_before_headers_are(caller, name):  # 13
    malformed = {f"{S3}{SSE}-customer-algorithm": "AES192"}
    for headers in [malformed, kms("nowhere") | malformed]:
        answer = caller.put(f"/others-1/{name}", headers)
        assert (answer.status, answer.code) == (403, "AccessDenied")
        assert "`others`" in answer.says("Message")


@pytest.fixture
def sealed(caller, target):
    assert caller.put(target, customer()).status == 200
    return target


def wrong_key(compatibility):
    return (403, "AccessDenied", RIGHT_KEY) if compatibility == "aws" else \
        (400, ARGUMENT, RIGHT_KEY)


def test_an_object_under_a_customers_key_needs_it(caller, sealed):  # 20
    for target in [sealed, sealed + "?attributes="]:
        asked = {"x-amz-object-attributes": "ObjectSize"} if "attributes" in target else {}
        assert refusal(caller.call("GET", target, asked)) == (400, "InvalidRequest", NEEDED)


def test_another_key_is_wrong(caller, sealed, compatibility):  # 21, 23
    assert refusal(caller.get(sealed, customer(OTHER))) == wrong_key(compatibility)
    short = {f"{S3}{SSE}-customer-algorithm": "AES256", f"{S3}{SSE}-customer-key": SHORT,
             f"{S3}{SSE}-customer-key-md5": SHORT_MD5}
    assert refusal(caller.get(sealed, short)) == wrong_key(compatibility)


def test_reads_know_one_algorithm(caller, sealed):  # 22
    assert refusal(caller.get(sealed, customer(algorithm="AES192"))) == \
        (400, "InvalidEncryptionAlgorithmError", BAD_VALUE)


@pytest.mark.parametrize("headers", [{}, plain(), kms("demo")], ids=["none", "AES256", "kms"])
def test_a_customers_key_fits_no_other_object(caller, target, headers):  # 24
    caller.put(target, headers)
    assert refusal(caller.get(target, customer())) == (400, "InvalidRequest", NOT_APPLICABLE)


def test_reads_choose_no_encryption(caller, target):  # 25
    caller.put(target)
    assert refusal(caller.get(target, plain())) == \
        (400, ARGUMENT, f"{S3}{SSE} header is not supported for this operation.")


@pytest.mark.parametrize("headers, status", [
    ({}, 400), (customer(algorithm="AES192"), 400), (customer(), 200), (plain(), 400)])
def test_a_head_has_the_same_status(caller, sealed, headers, status):  # 26
    assert caller.call("HEAD", sealed, headers).status == status


def test_what_is_not_there_is_not_found_whatever_key_comes(caller, target):
    assert refusal(caller.get(target, customer()))[:2] == (404, "NoSuchKey")


def upload(caller, target, headers):
    answer = caller.call("POST", target + "?uploads=", headers)
    return answer.body.split(b"<UploadId>")[1].split(b"<")[0].decode()


def part(caller, target, id, headers, source=None):
    query = f"?partNumber=1&uploadId={id}"
    if source:
        return caller.call("PUT", target + query, headers | {"x-amz-copy-source": source})
    return caller.put(target + query, headers, data_of(MIN))


@pytest.mark.parametrize("copied", [False, True])
def test_every_part_brings_the_uploads_key(caller, target, copied):
    source = target + "-source" if copied else None
    caller.put(target + "-source")
    own, others = upload(caller, target, customer()), upload(caller, target, {})
    needed = (400, "InvalidRequest", PARTS_NEED)
    assert refusal(part(caller, target, own, {}, source)) == needed
    assert refusal(part(caller, target, others, customer(), source)) == needed
    assert refusal(part(caller, target, own, customer(OTHER), source)) == \
        (400, "InvalidRequest", OTHER_PARAMETERS)
    assert refusal(part(caller, target, own, customer(key_md5=md5(OTHER)), source))[:2] == \
        (400, ARGUMENT)
    if copied:
        as_source = customer(source=True)
        assert refusal(part(caller, target, own, as_source, source))[0] == 400


def test_parts_choose_no_encryption(caller, target, compatibility):
    id = upload(caller, target, kms("demo"))
    answer = part(caller, target, id, kms("nowhere"))
    if compatibility == "aws":
        assert refusal(answer)[:2] == (400, ARGUMENT)
    else:
        assert (answer.status, told(answer)[key_id_name(S3)]) == (200, "demo")


def test_complete_takes_the_key_or_does_without(caller, target, compatibility):
    id = upload(caller, target, customer())
    etag = part(caller, target, id, customer()).headers["etag"]
    body = ("<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
            f"<ETag>{etag}</ETag></Part></CompleteMultipartUpload>").encode()

    def complete(headers):
        return caller.call("POST", f"{target}?uploadId={id}", headers, body)

    assert refusal(complete(customer(OTHER))) == (400, "InvalidRequest", OTHER_PARAMETERS)
    if compatibility == "rgw":
        assert refusal(complete({})) == (400, "InvalidRequest", PARTS_NEED)
        assert complete(customer()).status == 200
    else:
        assert complete({}).status == 200
    assert caller.get(target, customer()).body == data_of(MIN)


def copy(caller, target, source, headers):
    return caller.call("PUT", target, headers | {"x-amz-copy-source": source})


def test_a_copys_source_needs_its_key(caller, sealed, compatibility):
    to = sealed + "-copy"
    assert refusal(copy(caller, to, sealed, {})) == (400, "InvalidRequest", NEEDED)
    assert refusal(copy(caller, to, sealed, customer(OTHER, source=True))) == \
        wrong_key(compatibility)
    assert refusal(copy(caller, to, sealed, customer(source=True, algorithm="AES192"))) == \
        (400, "InvalidEncryptionAlgorithmError", BAD_VALUE)
    caller.put(to + "2")
    assert refusal(copy(caller, to, to + "2", customer(source=True))) == \
        (400, "InvalidRequest", NOT_APPLICABLE)
    assert copy(caller, to, sealed, customer(source=True)).status == 200
    assert caller.get(to).body == b"hello"


def test_a_copy_onto_itself_changes_its_encryption(caller, target):
    caller.put(target)
    assert refusal(copy(caller, target, target, {}))[:2] == (400, "InvalidRequest")
    for headers in [customer(), customer(OTHER) | customer(source=True),
                    kms("demo") | customer(OTHER, source=True)]:
        assert copy(caller, target, target, headers).status == 200
    assert caller.get(target).body == b"hello"


def test_keys_of_others_are_not_told_from_their_ids(caller, target):
    answer = caller.put(target, kms("foreign-id"))
    assert (answer.status, answer.code) == (403, "AccessDenied")


def test_a_rules_own_key_may_be_named_by_whom_it_is_for(caller, name):
    answer = caller.put(f"/others-1/{name}", kms("foreign-id"))
    assert told(answer)[key_id_name(S3)] == "foreign-id"


def test_a_disabled_key_neither_seals_nor_opens(caller, name):
    answer = caller.put(f"/disabled-1/{name}")
    assert (answer.status, answer.code) == (400, "KMS.DisabledException")


def test_a_url_that_is_out_of_range_is_malformed_or_denied(server, caller, name, compatibility):
    url = server.client(signature_version="s3v4").generate_presigned_url(
        "get_object", Params={"Bucket": BUCKET, "Key": name}, ExpiresIn=604801)
    with Wire(server.address()) as wire:
        path = url.split(server.address())[1]
        wire.send(f"GET {path} HTTP/1.1\r\nhost: {server.address()}\r\n\r\n".encode())
        answer = wire.answer()
    assert (answer.status, answer.code) == (
        (400, "AuthorizationQueryParametersError") if compatibility == "aws" else
        (403, "AccessDenied"))


# --- secure connections --------------------------------------------------------------------------

INSECURE = OWN + "be made over a secure connection."


@pytest.fixture(scope="module")
def plain_http(demo, tmp_path_factory):
    with serve(tmp_path_factory.mktemp("errors") / "plain", demo, secure=False,
               more="trusted_proxies: [127.0.0.0/8]") as server:
        for bucket in ["any", "open-1", "tls-1"]:
            Caller(server).put(f"/{bucket}-http", {"x-forwarded-proto": "https"}, b"")
        yield Caller(server)


@pytest.mark.parametrize("bucket, headers, forwarded, expected", [
    ("any", customer(), None, (400, "InvalidRequest", INSECURE)),
    ("any", customer(key_md5=md5(OTHER)), None, (400, ARGUMENT, None)),
    ("any", customer(), "https", 200),
    ("any", customer(), "http, https", (400, "InvalidRequest", INSECURE)),
    ("any", {}, None, 200),
    ("any", kms("demo"), None, 200),
    ("open-1", customer(), None, 200),
    ("tls-1", {}, None, (403, "AccessDenied", None)),
    ("tls-1", {}, "https", 200),
])
def test_keys_of_clients_come_over_secure_connections(
        plain_http, name, bucket, headers, forwarded, expected):  # 9
    if forwarded:
        headers = headers | {"x-forwarded-proto": forwarded}
    answer = plain_http.put(f"/{bucket}-http/{name}", headers)
    if expected == 200:
        assert answer.status == 200
    else:
        status, code, message = refusal(answer)
        assert (status, code) == expected[:2] and message in (expected[2] or message)


def test_nobody_believes_a_stranger_that_the_connection_is_secure(demo, tmp_path, name):
    with serve(tmp_path / "server", demo, secure=False) as server:
        server.client().create_bucket(Bucket="any-strange")
        answer = Caller(server).put(f"/any-strange/{name}",
                                    customer() | {"x-forwarded-proto": "https"})
        assert refusal(answer) == (400, "InvalidRequest", INSECURE)
