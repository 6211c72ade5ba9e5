"""Browsers' forms: made by boto3 for its user's page, sent by curl and byte by byte."""

import shutil
import subprocess
import time
import xml.etree.ElementTree

import pytest
from forms import BOUNDARY, END, TYPE, body, post
from gateways import PATIENCE, Server
from uploads import BUCKET
from wire import Wire

CHUNK = 65536


def code(answer):
    return xml.etree.ElementTree.fromstring(answer[1]).findtext("Code")


@pytest.fixture(scope="module", params=["s3v4", "s3"])
def owner(request, demo):
    """Who makes forms, in both versions of signatures."""
    return demo.client(signature_version=request.param)


def made(owner, bucket, name, fields=None, conditions=None):
    fields = fields or {}
    conditions = (conditions or []) + [{field: value} for field, value in fields.items()]
    return owner.generate_presigned_post(bucket, name, fields, conditions)["fields"]


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 << 20])
def test_a_form_is_an_upload(demo, s3, owner, backend, bucket, name, size):
    data = (b"0123456789abcdef\r\n--" * (size // 20 + 1))[:size]
    fields = made(owner, bucket, name, {
        "Content-Type": "image/jpeg", "x-amz-meta-author": "a form", "Cache-Control": "no-cache"})
    answer, told = post(demo.address(), bucket, fields, data)
    assert (answer.status, told) == (204, b"")
    got = s3.get_object(Bucket=bucket, Key=name)
    assert got["Body"].read() == data
    assert got["ETag"] == answer.headers["ETag"]
    assert got["ContentType"] == "image/jpeg" and got["CacheControl"] == "no-cache"
    assert got["Metadata"] == {"author": "a form"}
    assert answer.headers["x-amz-server-side-encryption"] == "AES256"
    assert answer.headers["Location"] == f"http://{demo.address()}/{bucket}/" + \
        name.replace("[", "%5B")
    stored = backend.get_object(Bucket=bucket, Key=name)
    assert "sealgate" in stored["Metadata"]
    assert size < 20 or data[:20] not in stored["Body"].read()
    assert demo.opened(bucket, name) == data


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_curl_sends_forms(demo, s3, owner, bucket, name, tmp_path):
    data = b"0123456789" * 100_000
    (tmp_path / "a file.bin").write_bytes(data)
    fields = made(owner, bucket, f"{name}/${{filename}}")
    said = [part for field, value in fields.items() for part in ("-F", f"{field}={value}")]
    subprocess.run(
        ["curl", "-sSf", *said, "-F", f"file=@{tmp_path / 'a file.bin'}",
         f"http://{demo.address()}/{bucket}"], check=True, timeout=PATIENCE)
    assert s3.get_object(Bucket=bucket, Key=f"{name}/a file.bin")["Body"].read() == data


def test_the_file_name_completes_the_key(demo, s3, owner, stored, name):
    fields = made(owner, BUCKET, f"{name}/${{filename}}")
    assert post(demo.address(), BUCKET, fields, b"x")[0].status == 204
    stored.add(f"{name}/photo.jpg")
    s3.head_object(Bucket=BUCKET, Key=f"{name}/photo.jpg")


@pytest.mark.parametrize("asked, status", [("200", 200), ("201", 201), ("204", 204), ("7", 204)])
def test_success_is_told_as_the_form_wants_it(demo, s3, owner, stored, name, asked, status):
    fields = made(owner, BUCKET, name, {"success_action_status": asked})
    answer, told = post(demo.address(), BUCKET, fields, b"x")
    stored.add(name)
    assert answer.status == status
    etag = s3.head_object(Bucket=BUCKET, Key=name)["ETag"]
    assert answer.headers["ETag"] == etag
    if status != 201:
        assert told == b""
        return
    document = xml.etree.ElementTree.fromstring(told)
    said = {element.tag: element.text for element in document}
    assert document.tag == "PostResponse" and answer.headers["Content-Type"] == "application/xml"
    assert said == {"Location": answer.headers["Location"], "Bucket": BUCKET, "Key": name,
                    "ETag": etag}


def test_success_leads_to_the_page_of_the_form(demo, s3, owner, stored, name):
    fields = made(owner, BUCKET, name, {"success_action_redirect": "http://page.test/done?a=1"})
    answer, _ = post(demo.address(), BUCKET, fields, b"x")
    stored.add(name)
    etag = s3.head_object(Bucket=BUCKET, Key=name)["ETag"].strip('"')
    assert answer.status == 303
    assert answer.headers["Location"].endswith(f"&etag=%22{etag}%22")
    assert answer.headers["Location"].startswith(f"http://page.test/done?a=1&bucket={BUCKET}&key=")


@pytest.mark.parametrize("size, refused", [
    (9, "EntityTooSmall"), (10, None), (CHUNK, None), (CHUNK + 1, "EntityTooLarge")])
def test_the_length_of_the_file_is_what_the_policy_allows(
        demo, s3, owner, stored, name, size, refused):
    fields = made(owner, BUCKET, name, conditions=[["content-length-range", 10, CHUNK]])
    answer = post(demo.address(), BUCKET, fields, b"x" * size)
    if refused is None:
        stored.add(name)
        assert answer[0].status == 204
        assert s3.head_object(Bucket=BUCKET, Key=name)["ContentLength"] == size
    else:
        assert (answer[0].status, code(answer)) == (400, refused)


def test_checksums_are_held_against_the_file(demo, s3, owner, good, name):
    """`good`: the object that stands is not replaced."""
    wrong = made(owner, BUCKET, name, {"x-amz-checksum-crc32": "AAAAAA=="})
    answer = post(demo.address(), BUCKET, wrong, b"0123456789" * 10_000)
    assert (answer[0].status, code(answer)) == (400, "BadDigest")


def test_checksums_that_hold_are_kept(demo, s3, owner, stored, name):
    fields = made(owner, BUCKET, name, {"x-amz-checksum-crc32": "y/Q5Jg=="})
    answer, _ = post(demo.address(), BUCKET, fields, b"123456789")
    stored.add(name)
    assert answer.headers["x-amz-checksum-crc32"] == "y/Q5Jg=="
    kept = s3.head_object(Bucket=BUCKET, Key=name, ChecksumMode="ENABLED")
    assert kept["ChecksumCRC32"] == "y/Q5Jg=="


@pytest.mark.parametrize("field, value, status, refused", [
    ("key", "other", 403, "AccessDenied"),
    ("policy", "e30=", 403, "SignatureDoesNotMatch"),
    ("x-amz-meta-more", "1", 403, "AccessDenied"),
    ("x-amz-meta-sealgate", "{}", 400, "InvalidArgument"),
    ("x-amz-tomorrow", "1", 501, "NotImplemented"),
    ("x-amz-server-side-encryption", "aws:kms:dsse", 501, "NotImplemented"),
    ("tagging", "a=b", 400, "MalformedXML"),
])
def test_other_fields_than_the_policys_are_refused(
        demo, owner, good, name, field, value, status, refused):
    allowed = {field: value} if refused not in ("AccessDenied", "SignatureDoesNotMatch") else {}
    fields = made(owner, BUCKET, name, allowed) | {field: value}
    answer = post(demo.address(), BUCKET, fields, b"x" * 100_000)
    assert (answer[0].status, code(answer)) == (status, refused)


def test_a_form_is_for_one_bucket(demo, s3, owner, stored, name):
    fields = made(owner, "other-bucket", name)
    answer = post(demo.address(), BUCKET, fields, b"x")
    assert (answer[0].status, code(answer)) == (403, "AccessDenied")


def test_a_form_nobody_signed_is_refused(demo, stored, name):
    answer = post(demo.address(), BUCKET, {"key": name}, b"x")
    assert (answer[0].status, code(answer)) == (403, "AccessDenied")


def test_headers_do_not_speak_for_the_form(demo, owner, good, name):
    fields = made(owner, BUCKET, name)
    for header in ["x-amz-acl", "x-amz-server-side-encryption", "x-obs-acl"]:
        answer = post(demo.address(), BUCKET, fields, b"x", {header: "AES256"})
        assert (answer[0].status, code(answer)) == (403, "AccessDenied")


@pytest.mark.parametrize("end", [b"", b"\r\n", END[:-2], END + b"\r\n", END[:-4] + b"\r\n"])
@pytest.mark.parametrize("size", [10, 3 * CHUNK])
def test_a_form_that_ends_otherwise_leaves_nothing(demo, owner, good, name, end, size):
    fields = made(owner, BUCKET, name)
    answer = post(demo.address(), BUCKET, fields, b"", form=body(fields, b"x" * size, end))
    assert (answer[0].status, code(answer)) == (400, "MalformedPOSTRequest")


def test_nothing_may_follow_the_file(demo, owner, good, name):
    fields = made(owner, BUCKET, name)
    more = f"\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"submit\"\r\n\r\nGo".encode()
    form = body(fields, b"x" * 3 * CHUNK, more + END)
    answer = post(demo.address(), BUCKET, fields, b"", form=form)
    assert (answer[0].status, code(answer)) == (400, "MalformedPOSTRequest")


def test_a_form_says_how_long_it_is(demo, owner, good, name):
    fields = made(owner, BUCKET, name)
    chunked = {"Transfer-Encoding": "chunked"}
    answer = post(demo.address(), BUCKET, fields, b"", chunked, form=iter([body(fields, b"x")]))
    assert (answer[0].status, code(answer)) == (411, "MissingContentLength")


@pytest.mark.parametrize("sent", [100, -1, -len(END), -len(END) - 1])
def test_a_form_that_breaks_off_leaves_nothing(demo, owner, good, name, sent):
    """Up to the last byte: nothing of it may become the object."""
    form = body(made(owner, BUCKET, name), b"x" * 3 * CHUNK)
    with Wire(demo.address()) as wire:
        wire.send(f"POST /{BUCKET} HTTP/1.1\r\nhost: {demo.address()}\r\ncontent-type: {TYPE}\r\n"
                  f"content-length: {len(form)}\r\n\r\n".encode(), form[:sent])
        wire.finish_sending()
        assert wire.answer().code == "IncompleteBody"


def test_other_bodies_are_no_forms(demo, owner, good, name):
    fields = made(owner, BUCKET, name)
    answer = post(demo.address(), BUCKET, fields, b"x", {"Content-Type": "multipart/form-data"})
    assert (answer[0].status, code(answer)) == (400, "MalformedPOSTRequest")
    answer = post(demo.address(), BUCKET, fields, b"x", {"Content-Type": "text/plain"})
    assert answer[0].status == 501


def test_a_store_without_the_bucket_says_so(demo, owner, name):
    fields = made(owner, "no-such-bucket", name)
    answer = post(demo.address(), "no-such-bucket", fields, b"x" * 3 * CHUNK)
    assert (answer[0].status, code(answer)) == (404, "NoSuchBucket")


def test_a_dripping_form_is_broken_off(demo, owner, good, name, tmp_path):
    form = body(made(owner, BUCKET, name), b"x" * 3 * CHUNK)
    with Server(tmp_path / "server", demo, demo.address("BACKEND_ENDPOINT_URL"),
                demo.folder / "keyring.yaml", silence="1s") as server:
        with Wire(server.address()) as wire:
            wire.send(f"POST /{BUCKET} HTTP/1.1\r\nhost: {server.address()}\r\n"
                      f"content-type: {TYPE}\r\ncontent-length: {len(form)}\r\n\r\n".encode())
            began = time.monotonic()
            for at in range(len(form)):
                wire.send(form[at:at + 1])
                if wire.readable(0.1):
                    break
            assert wire.answer().code == "RequestTimeout"
            assert time.monotonic() - began < 10
