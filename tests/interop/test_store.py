"""The demo's own object store, past the gateway: what the gateway leans on must be right."""

import datetime
import hashlib
import random

import botocore.exceptions
import pytest
from gateways import Demo

BUCKET = "store"
PART = 5 << 20
NAMES = sorted(["a", "a/", "a/b", "a/b/c", "a//b", "b", "../up", "z" * 1024, "ü/ä", "ü", "p+q r", "%41",
                "A", "~", "\u007f", "\U0001f512/k"], key=str.encode)


@pytest.fixture(scope="module")
def store(backend):
    backend.create_bucket(Bucket=BUCKET)
    return backend


def error(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def md5(data):
    return hashlib.md5(data).hexdigest()


# --- objects -------------------------------------------------------------------------------------


def test_an_objects_tag_is_its_md5_and_its_metadata_is_exact(store):
    odd = {"quoted": '"a", \\b', "long": "x" * 1500}
    put = store.put_object(Bucket=BUCKET, Key="tag", Body=b"body", Metadata=odd)
    assert put["ETag"] == f'"{md5(b"body")}"'
    head = store.head_object(Bucket=BUCKET, Key="tag")
    assert head["Metadata"] == odd and head["ContentLength"] == 4


def test_conditions_on_reads_follow_their_precedence(store):
    etag = store.put_object(Bucket=BUCKET, Key="when", Body=b"x")["ETag"]
    then = store.head_object(Bucket=BUCKET, Key="when")["LastModified"]
    later, earlier = then + datetime.timedelta(hours=1), then - datetime.timedelta(hours=1)
    get = lambda **conditions: store.get_object(Bucket=BUCKET, Key="when", **conditions)
    refuses = lambda **conditions: error(get, **conditions)[1]
    assert refuses(IfNoneMatch=etag) == 304 and refuses(IfModifiedSince=later) == 304
    assert refuses(IfMatch='"other"') == 412 and refuses(IfUnmodifiedSince=earlier) == 412
    assert get(IfMatch=etag, IfUnmodifiedSince=earlier)["Body"].read() == b"x"
    assert get(IfNoneMatch='"other"', IfModifiedSince=later)["Body"].read() == b"x"


def test_conditions_on_writes_leave_what_is_there(store):
    store.put_object(Bucket=BUCKET, Key="once", Body=b"first")
    again = error(store.put_object, Bucket=BUCKET, Key="once", Body=b"2", IfNoneMatch="*")
    assert again == ("PreconditionFailed", 412)
    other = error(store.put_object, Bucket=BUCKET, Key="once", Body=b"2", IfMatch='"other"')
    assert other == ("PreconditionFailed", 412)
    assert store.get_object(Bucket=BUCKET, Key="once")["Body"].read() == b"first"


def test_ranges_agree_with_slices(store):
    data = random.Random(1).randbytes(1000)
    store.put_object(Bucket=BUCKET, Key="range", Body=data)
    for text, expected in [("bytes=0-0", data[:1]), ("bytes=10-", data[10:]), ("bytes=-7", data[-7:]),
                           ("bytes=990-2000", data[990:]), ("bytes=-2000", data)]:
        got = store.get_object(Bucket=BUCKET, Key="range", Range=text)
        assert got["Body"].read() == expected and got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert error(store.get_object, Bucket=BUCKET, Key="range", Range="bytes=1000-")[1] == 416


def test_a_copy_keeps_or_replaces_what_describes_it(store):
    store.put_object(Bucket=BUCKET, Key="from", Body=b"copied", Metadata={"a": "1"}, ContentType="a/b")
    source = {"Bucket": BUCKET, "Key": "from"}
    store.copy_object(Bucket=BUCKET, Key="kept", CopySource=source)
    kept = store.get_object(Bucket=BUCKET, Key="kept")
    assert (kept["Body"].read(), kept["Metadata"], kept["ContentType"]) == (b"copied", {"a": "1"}, "a/b")
    store.copy_object(Bucket=BUCKET, Key="new", CopySource=source, MetadataDirective="REPLACE",
                      Metadata={"b": "2"})
    assert store.head_object(Bucket=BUCKET, Key="new")["Metadata"] == {"b": "2"}
    onto_itself = error(store.copy_object, Bucket=BUCKET, Key="from", CopySource=source)
    assert onto_itself == ("InvalidRequest", 400)


# --- listings ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def listed(store):
    store.create_bucket(Bucket="listed")
    for name in NAMES:
        store.put_object(Bucket="listed", Key=name, Body=name.encode())
    return store


def everything(store, call, size, **arguments):
    """Keys and prefixes of all pages, in order, and each page no longer than it may be."""
    found, more = [], {}
    while True:
        page = getattr(store, call)(Bucket="listed", MaxKeys=size, **arguments, **more)
        keys = [entry["Key"] for entry in page.get("Contents", [])]
        prefixes = [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]
        assert len(keys) + len(prefixes) <= size
        found += sorted([*keys, *prefixes], key=str.encode)
        if not page["IsTruncated"]:
            return found
        if call == "list_objects_v2":
            more = {"ContinuationToken": page["NextContinuationToken"]}
        else:
            more = {"Marker": page.get("NextMarker") or keys[-1]}


@pytest.mark.parametrize("call", ["list_objects", "list_objects_v2"])
@pytest.mark.parametrize("arguments", [{}, {"Prefix": "a"}, {"Delimiter": "/"},
                                       {"Prefix": "a/", "Delimiter": "/"}, {"Delimiter": "b"}], ids=str)
def test_pages_of_every_size_add_up_to_the_whole(listed, call, arguments):
    whole = everything(listed, call, 1000, **arguments)
    prefix, delimiter = arguments.get("Prefix", ""), arguments.get("Delimiter")
    expected = []
    for name in NAMES:
        if name.startswith(prefix):
            head, cut, _ = name[len(prefix):].partition(delimiter) if delimiter else (name, "", "")
            shown = prefix + head + cut if cut else name
            if shown not in expected:
                expected.append(shown)
    assert whole == expected
    for size in range(1, len(NAMES) + 1):
        assert everything(listed, call, size, **arguments) == whole, size


def test_no_keys_are_no_page(listed):
    page = listed.list_objects_v2(Bucket="listed", MaxKeys=0)
    assert page["KeyCount"] == 0 and not page["IsTruncated"] and "Contents" not in page


# --- uploads in parts ----------------------------------------------------------------------------


def upload(store, key, parts):
    """Parts by number, each as an upload of its own."""
    id = store.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
    sent = [{"PartNumber": number, "ETag": store.upload_part(
        Bucket=BUCKET, Key=key, UploadId=id, PartNumber=number, Body=body)["ETag"]}
        for number, body in parts]
    return id, sent


def complete(store, key, id, parts):
    return store.complete_multipart_upload(
        Bucket=BUCKET, Key=key, UploadId=id, MultipartUpload={"Parts": parts})


def test_parts_may_come_in_any_order_with_gaps_and_again(store):
    one, two = bytes(PART), b"\1" * 10
    id, sent = upload(store, "parts", [(900, two), (7, b"old" * PART), (7, one)])
    done = complete(store, "parts", id, [sent[2], sent[0]])
    tag = md5(bytes.fromhex(md5(one)) + bytes.fromhex(md5(two)))
    assert done["ETag"] == f'"{tag}-2"'
    assert store.get_object(Bucket=BUCKET, Key="parts")["Body"].read() == one + two
    assert error(store.list_parts, Bucket=BUCKET, Key="parts", UploadId=id) == ("NoSuchUpload", 404)


def test_a_wrong_list_of_parts_completes_nothing(store):
    id, sent = upload(store, "wrong", [(1, bytes(PART)), (2, b"short"), (3, b"last")])
    done = lambda parts: error(complete, store=store, key="wrong", id=id, parts=parts)[0]
    assert done([sent[1], sent[0]]) == "InvalidPartOrder"
    assert done([{"PartNumber": 1, "ETag": sent[2]["ETag"]}]) == "InvalidPart"
    assert done([{"PartNumber": 9, "ETag": sent[0]["ETag"]}]) == "InvalidPart"
    assert done(sent) == "EntityTooSmall"
    assert error(store.head_object, Bucket=BUCKET, Key="wrong")[1] == 404
    store.abort_multipart_upload(Bucket=BUCKET, Key="wrong", UploadId=id)
    assert done(sent[:1]) == "NoSuchUpload"


def test_unfinished_uploads_and_their_parts_are_listed_in_pages(store):
    id, sent = upload(store, "unfinished", [(number, b"x") for number in (1, 3, 5)])
    uploads = store.list_multipart_uploads(Bucket=BUCKET, Prefix="unfinished")["Uploads"]
    assert [(entry["Key"], entry["UploadId"]) for entry in uploads] == [("unfinished", id)]
    numbers, marker = [], 0
    while True:
        page = store.list_parts(Bucket=BUCKET, Key="unfinished", UploadId=id, MaxParts=1,
                                PartNumberMarker=marker)
        numbers += [part["PartNumber"] for part in page["Parts"]]
        if not page["IsTruncated"]:
            break
        marker = page["NextPartNumberMarker"]
    assert numbers == [1, 3, 5]
    store.abort_multipart_upload(Bucket=BUCKET, Key="unfinished", UploadId=id)


def test_a_part_may_be_a_range_of_another_object(store):
    store.put_object(Bucket=BUCKET, Key="source", Body=b"0123456789")
    id = store.create_multipart_upload(Bucket=BUCKET, Key="pieced")["UploadId"]
    part = store.upload_part_copy(
        Bucket=BUCKET, Key="pieced", UploadId=id, PartNumber=1, CopySourceRange="bytes=2-4",
        CopySource={"Bucket": BUCKET, "Key": "source"})["CopyPartResult"]
    complete(store, "pieced", id, [{"PartNumber": 1, "ETag": part["ETag"]}])
    assert store.get_object(Bucket=BUCKET, Key="pieced")["Body"].read() == b"234"


# --- restart -------------------------------------------------------------------------------------


def test_a_restart_finds_objects_and_unfinished_uploads(tmp_path):
    with Demo(tmp_path / "restarted") as demo:
        store = demo.client("BACKEND_ENDPOINT_URL")
        store.create_bucket(Bucket=BUCKET)
        store.put_object(Bucket=BUCKET, Key="there", Body=b"still", Metadata={"a": "1"})
        id, sent = upload(store, "half", [(1, b"half")])
        demo.stop()
        demo.start()
        store = demo.client("BACKEND_ENDPOINT_URL")
        found = store.get_object(Bucket=BUCKET, Key="there")
        assert (found["Body"].read(), found["Metadata"]) == (b"still", {"a": "1"})
        complete(store, "half", id, sent)
        assert store.get_object(Bucket=BUCKET, Key="half")["Body"].read() == b"half"
