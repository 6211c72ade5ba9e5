"""Ways around the policy, none of which leads anywhere."""

import http.client
import subprocess

import pytest
from botocore.exceptions import ClientError
from forms import post
from gateways import Server
from parts import MIN, data_of
from sse import KEY, OBS, OTHER, S3, SSE, Caller, base, customer, kms, md5, plain, told

RULES = """\
  - {name: strict, match: {bucket: "strict-*"}, default: {sse: kms, key: demo}, missing: reject}
  - {name: secret, match: {bucket: "open-*", prefix: "secret/"}, default: {sse: kms}, missing: reject}
  - {name: theirs, match: {bucket: "theirs-*"}, default: {sse: kms, key: theirs}, allow: [C]}
  - {name: copies, match: {bucket: "copies-*", operations: [CopyObject]}, default: {sse: kms}}
  - {name: all, match: {bucket: "*"}, allow: [kms, C], default: {key: demo}}"""
KEYS = """\
  - {{name: theirs, provider: local, file: {keyring}, ids: [their-id]}}"""
CLIENTS = """\
  - name: guest
    access_key: AKGUEST
    secret_key: {env: GUEST}
    may: [{bucket: "open-*", actions: [read, write]}, {bucket: "strict-*", actions: [write]}]"""
GUEST = "the-secret-of-a-guest-of-these-tests"


@pytest.fixture(scope="module")
def server(demo, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GUEST", GUEST)
        with Server(tmp_path_factory.mktemp("bypass") / "server", demo,
                    demo.address("BACKEND_ENDPOINT_URL"), demo.folder / "keyring.yaml",
                    rules=RULES, keys=KEYS, clients=CLIENTS, granted="theirs",
                    state="sealgate-state", secure=True) as server:
            for bucket in ["strict-by", "open-by", "theirs-by", "copies-by"]:
                server.client().create_bucket(Bucket=bucket)
            yield server


@pytest.fixture(scope="module")
def caller(server):
    return Caller(server)


@pytest.fixture(scope="module")
def guest(server):
    said = {"AWS_ACCESS_KEY_ID": "AKGUEST", "AWS_SECRET_ACCESS_KEY": GUEST}
    return Caller(server, server.credentials() | said)


def refusal(answer):
    return answer.status, answer.code


DENIED = (403, "AccessDenied")
INVALID = (400, "InvalidArgument")


def test_headers_that_nobody_signed_count_for_nothing(caller, name):
    for unsigned in [(f"{S3}{SSE}", "aws:kms"), (f"{OBS}{SSE}", "kms"),
                     ("X-Amz-Server-Side-Encryption", "aws:kms")]:
        answer = caller.call("PUT", f"/strict-by/{name}", body=b"x", unsigned=[unsigned])
        assert refusal(answer) == DENIED
        assert "not signed" in answer.says("Message")


def test_a_header_twice_is_refused(caller, name):
    answer = caller.call("PUT", f"/strict-by/{name}", kms(), b"x",
                         unsigned=[(f"{S3}{SSE}", "AES256")])
    assert answer.status in (400, 403)
    answer = caller.call("PUT", f"/strict-by/{name}", {f"{S3}{SSE}": "aws:kms,AES256"}, b"x")
    assert answer.status in (400, 403)


def test_names_count_in_any_case(server, caller, name):
    said = {f"{S3}{SSE}".upper(): "AES256"}
    # Signed under its canonical name, sent in capitals.
    head = {name.lower(): value for name, value in said.items()}
    assert refusal(caller.put(f"/strict-by/{name}", head)) == DENIED
    s3 = server.client()

    def shout(request, **_):
        request.headers["X-AMZ-SERVER-SIDE-ENCRYPTION"] = "AES256"

    s3.meta.events.register("before-sign.s3.PutObject", shout)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket="strict-by", Key=name, Body=b"x")


@pytest.mark.parametrize("headers", [
    kms() | plain(OBS), plain() | kms(dialect=OBS), customer() | customer(dialect=OBS),
    kms() | {f"{OBS}{SSE}-kms-key-id": "their-id"}])
def test_both_dialects_at_once_are_refused(caller, name, headers):
    assert refusal(caller.put(f"/open-by/{name}", headers)) == INVALID


def test_a_form_says_it_in_its_fields_alone(server, name):
    s3, address = server.client(), server.address()

    def send(fields, headers=None):
        form = s3.generate_presigned_post("strict-by", name, dict(fields),
                                          [{n: v} for n, v in fields.items()])
        return post(address, "strict-by", form["fields"], b"x", headers)[0].status

    assert send({}) == 403
    assert send({}, kms()) == 403
    assert send(plain()) == 403
    assert send(kms(dialect=OBS)) == 204
    assert send(kms()) == 204


def test_a_presigned_query_counts_like_a_header(server, name):
    s3 = server.client(signature_version="s3v4")

    def put(params, headers=None):
        url = s3.generate_presigned_url("put_object", Params={
            "Bucket": "strict-by", "Key": name} | params)
        path = url.split(server.address())[1]
        connection = http.client.HTTPConnection(server.address())
        connection.request("PUT", path, b"x", headers or {})
        answer = connection.getresponse()
        answer.read()
        return answer.status

    assert put({}) == 403
    assert put({}, kms()) == 403, "nobody signed it"
    asked = {"ServerSideEncryption": "aws:kms"}
    assert put(asked, kms()) == 200
    assert put(asked) == 403, "it was signed as a header"
    assert put(asked, plain()) == 403, "another value was signed"


@pytest.mark.parametrize("query", [
    f"{S3}{SSE}-customer-key={base(KEY)}", f"{OBS}{SSE}-customer-algorithm=AES256",
    f"X-Amz-{SSE}-Customer-Key-MD5=x"])
def test_a_customers_key_stands_in_no_url(caller, name, query):
    query = query.replace("=", "%3D").replace("%3D", "=", 1).replace("+", "%2B").replace("/", "%2F")
    assert refusal(caller.get(f"/open-by/{name}?{query}")) == INVALID
    assert refusal(caller.put(f"/open-by/{name}?{query}")) == INVALID


@pytest.mark.parametrize("path", [
    "/strict-by/{}", "/strict%2Dby/{}", "//strict-by/{}", "/./strict-by/{}", "/strict-by//{}",
    "/strict-by/./{}", "/strict-by/../strict-by/{}", "/%73trict-by/{}", "/strict-by/%2e%2e/{}",
    "/open-by/secret/{}", "/open-by/%73ecret/{}", "/open-by/secret%2F{}"])
def test_odd_paths_lead_to_the_same_rule(server, caller, path, name):
    answer = caller.put(path.format(name))
    assert answer.status in (400, 403, 404)
    for bucket in ["strict-by", "open-by"]:
        listed = server.client().list_objects_v2(Bucket=bucket).get("Contents", [])
        assert not [entry for entry in listed if entry["Key"].endswith(name)]


def test_paths_that_only_look_like_a_prefix_are_other_objects(caller, name):
    for path in ["/open-by/Secret/{}", "/open-by//secret/{}", "/open-by/./secret/{}"]:
        assert caller.put(path.format(name)).status == 200


def test_a_copy_reads_what_its_caller_may_read(caller, guest, name):
    caller.put(f"/strict-by/{name}", kms())
    caller.put(f"/theirs-by/{name}")
    for source in [f"/strict-by/{name}", f"/theirs-by/{name}", f"strict%2Dby/{name}"]:
        answer = guest.call("PUT", f"/open-by/{name}", {"x-amz-copy-source": source})
        assert refusal(answer) == DENIED
    id = upload(guest, f"/open-by/{name}")
    answer = guest.call("PUT", f"/open-by/{name}?partNumber=1&uploadId={id}",
                        {"x-amz-copy-source": f"/strict-by/{name}"})
    assert refusal(answer) == DENIED


def upload(caller, target, headers=None):
    answer = caller.call("POST", target + "?uploads=", headers or {})
    return answer.body.split(b"<UploadId>")[1].split(b"<")[0].decode()


def test_every_way_of_writing_is_judged(caller, name):
    target = f"/strict-by/{name}"
    caller.put(f"/open-by/{name}")
    source = {"x-amz-copy-source": f"/open-by/{name}"}
    for headers in [{}, plain(), customer()]:
        for call in [("PUT", target, headers), ("PUT", target, headers | source),
                     ("POST", target + "?uploads=", headers)]:
            assert refusal(caller.call(*call)) == DENIED


def test_a_part_does_not_change_what_its_upload_is_sealed_with(caller, name):
    target = f"/strict-by/{name}"
    id = upload(caller, target, kms())
    query = f"?partNumber=1&uploadId={id}"
    assert caller.put(target + query, customer(), data_of(MIN)).status == 400
    assert told(caller.put(target + query, {}, data_of(MIN)))[f"{S3}{SSE}"] == "aws:kms"


def test_a_rule_for_copies_is_for_copies(caller, name):
    assert told(caller.put(f"/copies-by/{name}"))[f"{S3}{SSE}"] == "AES256"
    answer = caller.call("PUT", f"/copies-by/{name}2",
                         {"x-amz-copy-source": f"/copies-by/{name}"})
    assert told(answer)[f"{S3}{SSE}"] == "aws:kms"


def test_a_key_is_used_by_whom_it_was_given_to(caller, guest, name):
    assert caller.put(f"/open-by/{name}", kms("their-id")).status == 200
    assert refusal(guest.put(f"/open-by/{name}2", kms("their-id"))) == DENIED
    assert caller.get(f"/open-by/{name}").body == b"hello"
    # Who may read the bucket, but not use the key, reads nothing of it.
    for call in [("GET", f"/open-by/{name}"), ("GET", f"/open-by/{name}?attributes=",
                                               {"x-amz-object-attributes": "ObjectSize"}),
                 ("PUT", f"/open-by/{name}3", {"x-amz-copy-source": f"/open-by/{name}"})]:
        assert refusal(guest.call(*call)) == DENIED, call
    ranged = guest.get(f"/open-by/{name}", {"range": "bytes=0-1"})
    assert refusal(ranged) == DENIED
    assert guest.call("HEAD", f"/open-by/{name}").status == 403


@pytest.mark.parametrize("entry", ["sealgate", "sealgate-mac", "Sealgate", "sealgate-x"])
@pytest.mark.parametrize("start", ["x-amz-meta-", "x-obs-meta-"])
def test_the_gateways_own_metadata_is_nobody_elses(caller, name, start, entry):
    header = {(start + entry).lower(): "{}"}
    source = {"x-amz-copy-source": f"/open-by/{name}", "x-amz-metadata-directive": "REPLACE"}
    caller.put(f"/open-by/{name}")
    for call in [("PUT", f"/open-by/{name}", header), ("POST", f"/open-by/{name}?uploads=", header),
                 ("PUT", f"/open-by/{name}2", header | source)]:
        assert refusal(caller.call(*call)) == INVALID


def test_a_customers_key_is_nowhere_but_in_the_request(demo, server, caller, name):
    body = b"a plaintext that is in no file"
    caller.put(f"/open-by/{name}", customer(), body)
    caller.get(f"/open-by/{name}", customer(OTHER))
    id = upload(caller, f"/open-by/{name}2", customer())
    caller.put(f"/open-by/{name}2?partNumber=1&uploadId={id}", customer(), data_of(MIN))
    caller.call("PUT", f"/open-by/{name}3", customer(OTHER) | customer(source=True) |
                {"x-amz-copy-source": f"/open-by/{name}"})
    for secret in [KEY, OTHER, base(KEY).encode(), md5(KEY).encode(), body]:
        assert secret not in server.log_file.read_bytes()
        found = subprocess.run(["grep", "-rlaF", secret.decode(), demo.folder],
                               capture_output=True, text=True)
        assert found.stdout == "", secret
