"""Objects in parts: sealed part by part, in any order, by any gateway."""

import random
import urllib.parse

import boto3.s3.transfer
import botocore.exceptions
import pytest
from parts import MIB, MIN, begin, complete, data_of, other, put, refused


@pytest.mark.parametrize("sizes", [
    [MIN, MIN], [MIN, MIN, 1], [MIN + 1, MIN], [MIN, 0], [1], [0], [MIN], [MIN, 6 * MIB, 65537],
    [7 * MIB, MIN - 1]], ids=str)
def test_parts_become_one_object(s3, backend, bucket, name, sizes):
    parts = {number: data_of(size, number) for number, size in enumerate(sizes, 1)}
    upload = begin(s3, bucket, name, ContentType="text/x", Metadata={"mine": "value"})
    etags = {number: put(s3, bucket, name, upload, number, part)
             for number, part in parts.items()}
    complete(s3, bucket, name, upload, etags)
    whole = b"".join(parts.values())
    got = s3.get_object(Bucket=bucket, Key=name)
    assert got["Body"].read() == whole
    assert got["ContentType"] == "text/x" and got["Metadata"] == {"mine": "value"}
    head = s3.head_object(Bucket=bucket, Key=name)
    assert head["ContentLength"] == len(whole)
    assert head["ETag"] == got["ETag"]
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=name)["Contents"]
    assert (name, len(whole), head["ETag"]) in [
        (entry["Key"], entry["Size"], entry["ETag"]) for entry in listed]
    stored = backend.get_object(Bucket=bucket, Key=name)["Body"].read()
    assert len(whole) < 16 or whole[:16] not in stored


def test_the_end_of_an_upload_tells_its_etag(s3, bucket, name):
    upload = begin(s3, bucket, name)
    etag = put(s3, bucket, name, upload, 1, b"x")
    done = complete(s3, bucket, name, upload, {1: etag})
    assert done["ETag"] == s3.head_object(Bucket=bucket, Key=name)["ETag"]


def test_parts_come_in_any_order_and_again(s3, bucket, name):
    upload = begin(s3, bucket, name)
    parts = {5: data_of(MIN, 5), 2: data_of(MIN, 2), 9: b"end"}
    put(s3, bucket, name, upload, 2, data_of(MIN, 99))
    put(s3, bucket, name, upload, 9, b"another end")
    etags = {number: put(s3, bucket, name, upload, number, part)
             for number, part in parts.items()}
    complete(s3, bucket, name, upload, etags)
    assert s3.get_object(Bucket=bucket, Key=name)["Body"].read() == parts[2] + parts[5] + b"end"


def test_gateways_share_an_upload(s3, other, bucket, name):
    upload = begin(s3, bucket, name)
    first, second = data_of(MIN, 1), b"short"
    etags = {1: put(other, bucket, name, upload, 1, first),
             2: put(s3, bucket, name, upload, 2, second)}
    complete(other, bucket, name, upload, etags)
    assert s3.get_object(Bucket=bucket, Key=name)["Body"].read() == first + second
    assert other.get_object(Bucket=bucket, Key=name)["Body"].read() == first + second


def test_boto3_uploads_large_files(s3, bucket, name, tmp_path):
    data = data_of(17 * MIB + 5)
    (tmp_path / "file").write_bytes(data)
    config = boto3.s3.transfer.TransferConfig(
        multipart_threshold=MIN, multipart_chunksize=MIN, max_concurrency=10)
    s3.upload_file(str(tmp_path / "file"), bucket, name, Config=config)
    assert s3.get_object(Bucket=bucket, Key=name)["Body"].read() == data


def test_parts_are_listed_as_the_client_sent_them(s3, bucket, name):
    upload = begin(s3, bucket, name)
    sizes = {1: MIN, 2: 3, 4: MIN + 7}
    etags = {number: put(s3, bucket, name, upload, number, data_of(size, number))
             for number, size in sizes.items()}
    where = {"Bucket": bucket, "Key": name, "UploadId": upload}
    listed = s3.list_parts(**where)["Parts"]
    assert {part["PartNumber"]: (part["Size"], part["ETag"]) for part in listed} == {
        number: (size, etags[number]) for number, size in sizes.items()}
    page = s3.list_parts(**where, MaxParts=2)
    assert page["IsTruncated"] and [part["PartNumber"] for part in page["Parts"]] == [1, 2]
    page = s3.list_parts(**where, PartNumberMarker=2)
    assert [part["PartNumber"] for part in page["Parts"]] == [4]
    s3.abort_multipart_upload(**where)
    assert refused(s3.list_parts, **where) == "NoSuchUpload"


def parked(backend):
    """Names of the short parts that wait."""
    kept = backend.list_objects_v2(Bucket="sealgate-state", Prefix="parked/")
    return {entry["Key"] for entry in kept.get("Contents", [])}


def test_an_upload_that_is_given_up_leaves_nothing(s3, backend, bucket, name):
    upload = begin(s3, bucket, name)
    before = parked(backend)
    etag = put(s3, bucket, name, upload, 1, b"short")
    s3.abort_multipart_upload(Bucket=bucket, Key=name, UploadId=upload)
    assert refused(put, s3, bucket, name, upload, 2, b"more") == "NoSuchUpload"
    assert refused(complete, s3, bucket, name, upload, {1: etag}) == "NoSuchUpload"
    assert refused(s3.head_object, Bucket=bucket, Key=name) == "404"
    assert parked(backend) == before


def test_wrong_lists_are_refused(s3, bucket, name):
    upload = begin(s3, bucket, name)
    etags = {1: put(s3, bucket, name, upload, 1, data_of(MIN, 1)),
             2: put(s3, bucket, name, upload, 2, b"short"),
             3: put(s3, bucket, name, upload, 3, data_of(MIN, 3))}

    def finish(etags):
        return refused(complete, s3, bucket, name, upload, etags)
    assert finish(etags) == "EntityTooSmall"
    assert finish({1: etags[3]}) == "InvalidPart"
    assert finish({1: etags[1], 4: etags[3]}) == "InvalidPart"
    hex, tag = etags[1].strip('"').split("-")
    assert finish({1: f'"{hex}-{tag[::-1]}"'}) == "InvalidPart"
    assert finish({1: f'"{hex}"'}) == "InvalidPart"
    backwards = [{"PartNumber": number, "ETag": etags[number]} for number in (3, 1)]
    assert refused(s3.complete_multipart_upload, Bucket=bucket, Key=name, UploadId=upload,
                   MultipartUpload={"Parts": backwards}) == "InvalidPartOrder"
    complete(s3, bucket, name, upload, {1: etags[1], 3: etags[3]})
    got = s3.get_object(Bucket=bucket, Key=name)["Body"].read()
    assert got == data_of(MIN, 1) + data_of(MIN, 3)


def test_a_part_must_be_what_was_promised(s3, bucket, name):
    upload = begin(s3, bucket, name)
    wrong = {"ChecksumSHA256": "A" * 43 + "="}
    assert refused(put, s3, bucket, name, upload, 1, data_of(MIN), **wrong) == "BadDigest"
    assert refused(put, s3, bucket, name, upload, 2, b"short", **wrong) == "BadDigest"
    assert "Parts" not in s3.list_parts(Bucket=bucket, Key=name, UploadId=upload)
    for number in [0, 10001]:
        assert refused(put, s3, bucket, name, upload, number, b"x") == "InvalidArgument"


def test_an_upload_is_for_one_object(s3, bucket, name):
    upload = begin(s3, bucket, name)
    assert refused(put, s3, bucket, f"{name}-2", upload, 1, b"x") == "NoSuchUpload"
    assert refused(put, s3, bucket, name, upload[::-1], 1, b"x") == "NoSuchUpload"


def test_clients_never_see_the_bucket_of_records(s3, bucket, name):
    begin(s3, bucket, name)
    assert "sealgate-state" not in [entry["Name"] for entry in s3.list_buckets()["Buckets"]]
    where = {"Bucket": "sealgate-state"}
    assert refused(s3.list_objects_v2, **where) == "AccessDenied"
    assert refused(s3.put_object, **where, Key="x", Body=b"") == "AccessDenied"
    assert refused(s3.delete_bucket, **where) == "AccessDenied"


@pytest.mark.parametrize("spoil", ["swap", "drop", "cut"])
def test_a_store_that_rearranges_parts_is_found_out(s3, backend, bucket, name, spoil):
    sizes = {1: MIN, 2: MIN, 3: 100}
    upload = begin(s3, bucket, name)
    etags = {number: put(s3, bucket, name, upload, number, data_of(size, number))
             for number, size in sizes.items()}
    complete(s3, bucket, name, upload, etags)
    stored = backend.get_object(Bucket=bucket, Key=name)
    body, over = stored["Body"].read(), 16528
    first, second, last = body[:MIN + over], body[MIN + over:2 * (MIN + over)], \
        body[2 * (MIN + over):]
    spoiled = {"swap": [second, first, last], "drop": [first, last], "cut": [first, second]}[spoil]
    again = backend.create_multipart_upload(Bucket=bucket, Key=name, Metadata=stored["Metadata"])
    parts = [{"PartNumber": number, "ETag": put(backend, bucket, name, again["UploadId"], number,
                                                part)}
             for number, part in enumerate(spoiled, 1)]
    backend.complete_multipart_upload(Bucket=bucket, Key=name, UploadId=again["UploadId"],
                                      MultipartUpload={"Parts": parts})
    with pytest.raises((botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError)):
        s3.get_object(Bucket=bucket, Key=name)["Body"].read()


@pytest.mark.parametrize("sizes", [[MIN, MIN + 70_000, 100_000], [MIN, MIN], [3], [6 * MIB, 0]],
                         ids=str)
def test_ranges_of_parts_agree_with_a_slice(s3, other, bucket, name, sizes):
    """Over every border of parts and chunks, by the gateway that wrote and by another."""
    parts = {number: data_of(size, number) for number, size in enumerate(sizes, 1)}
    upload = begin(s3, bucket, name)
    etags = {number: put(s3, bucket, name, upload, number, part)
             for number, part in parts.items()}
    complete(s3, bucket, name, upload, etags)
    whole = b"".join(parts.values())
    borders = {0, 1, 65535, 65536, 65537, len(whole) - 1, len(whole)}
    start = 0
    for part in parts.values():
        start += len(part)
        borders |= {start - 1, start, start + 1, start - 65537}
    borders = sorted(at for at in borders if 0 <= at <= len(whole))
    spans = [(a, b) for a in borders for b in borders if a < b]
    random.Random(1).shuffle(spans)
    for reader, (a, b) in zip([s3, other] * 20, spans):
        got = reader.get_object(Bucket=bucket, Key=name, Range=f"bytes={a}-{b - 1}")
        assert got["Body"].read() == whole[a:b], (a, b)
        assert got["ContentRange"] == f"bytes {a}-{b - 1}/{len(whole)}"
    assert s3.get_object(Bucket=bucket, Key=name, Range="bytes=-3")["Body"].read() == whole[-3:]
    head = s3.head_object(Bucket=bucket, Key=name, Range="bytes=1-2")
    assert head["ContentLength"] == 2
    assert refused(s3.get_object, Bucket=bucket, Key=name, Range=f"bytes={len(whole)}-") \
        == "InvalidRange"


def test_boto3_downloads_large_files_by_ranges(s3, bucket, name, tmp_path):
    data = data_of(17 * MIB + 5)
    (tmp_path / "file").write_bytes(data)
    config = boto3.s3.transfer.TransferConfig(
        multipart_threshold=MIN, multipart_chunksize=MIN, max_concurrency=10)
    s3.upload_file(str(tmp_path / "file"), bucket, name, Config=config)
    s3.download_file(bucket, name, str(tmp_path / "back"), Config=config)
    assert (tmp_path / "back").read_bytes() == data


def test_parts_are_read_by_their_numbers(s3, other, bucket, name):
    parts = {1: data_of(MIN, 1), 3: data_of(MIN + 5, 3), 4: b"end"}
    upload = begin(s3, bucket, name)
    etags = {number: put(s3, bucket, name, upload, number, part)
             for number, part in parts.items()}
    complete(s3, bucket, name, upload, etags)
    start, total = 0, sum(map(len, parts.values()))
    for number, part in parts.items():
        got = other.get_object(Bucket=bucket, Key=name, PartNumber=number)
        head = s3.head_object(Bucket=bucket, Key=name, PartNumber=number)
        assert got["Body"].read() == part and got["PartsCount"] == head["PartsCount"] == 3
        assert got["ContentRange"] == f"bytes {start}-{start + len(part) - 1}/{total}"
        assert head["ContentLength"] == len(part)
        start += len(part)
    for number in [2, 5]:
        assert refused(s3.get_object, Bucket=bucket, Key=name, PartNumber=number) \
            == "InvalidPartNumber"


def test_unfinished_uploads_are_listed(s3, bucket, name):
    upload = begin(s3, bucket, name)
    listed = s3.list_multipart_uploads(Bucket=bucket, Prefix=name)["Uploads"]
    assert [(entry["Key"], entry["UploadId"]) for entry in listed] == [(name, upload)]
    s3.abort_multipart_upload(Bucket=bucket, Key=name, UploadId=upload)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket, Prefix=name)


def test_an_end_whose_answer_was_lost_is_told_again(s3, other, bucket, name):
    parts = {1: data_of(MIN, 1), 2: b"end"}
    upload = begin(s3, bucket, name)
    etags = {number: put(s3, bucket, name, upload, number, part)
             for number, part in parts.items()}
    complete(s3, bucket, name, upload, etags)
    etag = s3.head_object(Bucket=bucket, Key=name)["ETag"]
    for again in [s3, other]:
        assert complete(again, bucket, name, upload, etags)["ETag"] == etag
    assert refused(complete, s3, bucket, name, upload, {1: etags[1]}) == "NoSuchUpload"
    s3.put_object(Bucket=bucket, Key=name, Body=b"another")
    assert refused(complete, s3, bucket, name, upload, etags) == "NoSuchUpload"


def test_only_uploads_of_clients_are_listed(s3, backend, bucket, name):
    """Not those that the gateway begins for itself, which no client could complete."""
    known = begin(s3, bucket, f"{name} +ä", ChecksumAlgorithm="SHA256")
    backend.create_multipart_upload(Bucket=bucket, Key=f"{name}-unknown")
    for options, read in [({}, str), ({"EncodingType": "url"}, urllib.parse.unquote_plus)]:
        listed = s3.list_multipart_uploads(Bucket=bucket, Prefix=name, **options)["Uploads"]
        assert [(read(entry["Key"]), entry["UploadId"], entry["ChecksumAlgorithm"],
                 entry["ChecksumType"]) for entry in listed] == [
            (f"{name} +ä", known, "SHA256", "COMPOSITE")]


def test_ten_thousand_parts_may_be_listed(s3, bucket, name):
    """With checksums, that is more than other documents may have."""
    part = {"ETag": '"' + 100 * "0" + '"', "ChecksumSHA256": 43 * "A" + "="}
    parts = [{"PartNumber": number, **part} for number in range(1, 10_001)]
    upload = begin(s3, bucket, name)
    done = {"Bucket": bucket, "Key": name, "UploadId": upload}
    assert refused(s3.complete_multipart_upload, **done,
                   MultipartUpload={"Parts": parts}) == "InvalidPart"
    s3.abort_multipart_upload(**done)
