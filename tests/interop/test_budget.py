"""What an operation costs at the store, once keys are known: its requests are counted."""

import collections
import contextlib

import botocore.exceptions
import parts
import pytest
from counting import Counter
from forms import post
from gateways import Server
from parts import MIB, MIN, data_of
from signing import UNSIGNED_FRAMES_TRAILER, Signer, frame, sized
from uploads import DATA, TRAILER
from wire import Wire

RULES = """\
  - {name: mixed, match: {bucket: "budget-mixed"}, unsealed: serve}
  - {name: digests, match: {bucket: "budget-md5"}, etag: md5}
  - {name: everything, match: {bucket: "*"}}
"""
BUCKETS = ["budget", "budget-mixed", "budget-md5"]


Side = collections.namedtuple("Side", "gateway s3")


def side_of(gateway):
    """With a client that asks for checksums only where a test says so."""
    return Side(gateway, gateway.client(response_checksum_validation="when_required"))


class Subject:
    """One object, and the gateways that it comes through: one is counted, another is not."""

    def __init__(self, counted, other, bucket, name):
        self.here, self.there = counted, other
        self.where = {"Bucket": bucket, "Key": name}
        self.upload, self.etags = None, {}

    @property
    def s3(self):
        return self.here.s3

    def of_upload(self):
        return {**self.where, "UploadId": self.upload}


@pytest.fixture(scope="module")
def counter(demo):
    counter = Counter(demo.address("BACKEND_ENDPOINT_URL"))
    yield counter
    counter.refuse()


@pytest.fixture(scope="module")
def counted(demo, counter, tmp_path_factory):
    """A gateway that knows its keys and has its bucket of records."""
    with Server(tmp_path_factory.mktemp("counted") / "server", demo, counter.address,
                demo.keyring, rules=RULES, state="sealgate-state") as gateway:
        side = side_of(gateway)
        for bucket in BUCKETS:
            side.s3.create_bucket(Bucket=bucket)
            where = {"Bucket": bucket, "Key": "warm"}
            side.s3.put_object(**where, Body=b"x")
            side.s3.get_object(**where)
            side.s3.delete_object(**where)
            upload = side.s3.create_multipart_upload(**where)["UploadId"]
            side.s3.abort_multipart_upload(**where, UploadId=upload)
        yield side


@pytest.fixture(scope="module")
def uncounted(demo):
    return side_of(demo)


@pytest.fixture
def subject(counted, uncounted, name):
    subject = Subject(counted, uncounted, "budget", name)
    yield subject
    if subject.upload:
        with contextlib.suppress(botocore.exceptions.ClientError):
            abort(subject)


# --- steps: by the counted gateway, or elsewhere -------------------------------------------------


def elsewhere(*steps):
    """Steps that the other gateway takes; the counted one hears nothing of them."""
    def take(subject):
        subject.here, subject.there = subject.there, subject.here
        for step in steps:
            step(subject)
        subject.here, subject.there = subject.there, subject.here
    return take


def ask(method, **more):
    """A call for the object, read to its end."""
    def call(subject):
        answer = getattr(subject.s3, method)(**subject.where, **more)
        if "Body" in answer:
            answer["Body"].read()
    return call


def refused(call):
    def refuse(subject):
        with pytest.raises(botocore.exceptions.ClientError):
            call(subject)
    return refuse


def trailed(subject):
    """A PutObject whose checksum comes last, and is kept in the footer."""
    signer = Signer(subject.here.gateway.credentials())
    start = signer.head("PUT", "/{Bucket}/{Key}".format(**subject.where), UNSIGNED_FRAMES_TRAILER, {
        "content-encoding": "aws-chunked", "x-amz-trailer": "x-amz-checksum-crc32",
        "x-amz-decoded-content-length": str(len(DATA))})
    with contextlib.closing(Wire(subject.here.gateway.address())) as wire:
        wire.send(sized(start, frame(DATA) + frame(b"") + TRAILER + b"\r\n\r\n"))
        assert wire.answer().status == 200


def form(subject):
    bucket, name = subject.where.values()
    fields = subject.s3.generate_presigned_post(bucket, name)["fields"]
    assert post(subject.here.gateway.address(), bucket, fields, DATA)[0].status == 204


def preflight(subject):
    with contextlib.closing(Wire(subject.here.gateway.address())) as wire:
        wire.send("OPTIONS /{Bucket}/{Key} HTTP/1.1\r\n".format(**subject.where).encode(),
                  b"host: gateway\r\norigin: https://page.example\r\n"
                  b"access-control-request-method: PUT\r\n\r\n")
        wire.answer()


def listing(method):
    def call(subject):
        bucket, name = subject.where.values()
        getattr(subject.s3, method)(Bucket=bucket, Prefix=name)
    return call


def several(subject):
    for number in range(3):
        subject.s3.put_object(Bucket=subject.where["Bucket"], Body=DATA,
                              Key=f"{subject.where['Key']}-{number}")


def delete_several(subject):
    bucket, name = subject.where.values()
    subject.s3.delete_objects(Bucket=bucket, Delete={
        "Objects": [{"Key": f"{name}-{number}"} for number in range(3)]})


def copy(subject):
    bucket, name = subject.where.values()
    subject.s3.copy_object(Bucket=bucket, Key=f"{name}-copy", CopySource=subject.where)


def move(subject):
    """A copy onto itself."""
    subject.s3.copy_object(**subject.where, CopySource=subject.where,
                           MetadataDirective="REPLACE", Metadata={"new": "1"})


def begin(subject, **more):
    subject.upload = parts.begin(subject.s3, *subject.where.values(), **more)


def begin_summed(subject):
    begin(subject, ChecksumAlgorithm="SHA256")


def part(number, size, **more):
    def send(subject):
        subject.etags[number] = parts.put(subject.s3, *subject.where.values(), subject.upload,
                                          number, data_of(size, number), **more)
    return send


def list_parts(subject):
    subject.s3.list_parts(**subject.of_upload())


def complete(subject):
    parts.complete(subject.s3, *subject.where.values(), subject.upload, subject.etags)


def abort(subject):
    subject.s3.abort_multipart_upload(**subject.of_upload())


def in_parts(*sizes, begin=begin, **more):
    return [begin, *(part(number, size, **more) for number, size in enumerate(sizes, 1))]


def made(*sizes, **more):
    return elsewhere(*in_parts(*sizes, **more), complete)


# --- the table -----------------------------------------------------------------------------------


class OverBudget(Exception):
    """As is known of an operation, and not more than that."""


def row(name, allowed, call, *before, costs=None, bucket="budget"):
    """`costs`: what is measured where that is more than allowed."""
    marks = [] if costs is None else [
        pytest.mark.xfail(strict=True, raises=OverBudget, reason=f"{costs} requests")]
    return pytest.param(allowed, costs, call, before, bucket, id=name, marks=marks)


AT_MOST_2 = {1, 2}
SUMMED = {"ChecksumMode": "ENABLED"}
LISTINGS = {"V1": "list_objects", "V2": "list_objects_v2"}

write = ask("put_object", Body=DATA)
read, look = ask("get_object"), ask("head_object")
read_summed, look_summed = ask("get_object", **SUMMED), ask("head_object", **SUMMED)
first_bytes, later_bytes, over_a_border = (
    ask("get_object", Range=f"bytes={start}-{start + 8}") for start in [0, 70_000, MIN - 4])
look_range = ask("head_object", Range="bytes=3-9")
read_part, look_part = ask("get_object", PartNumber=2), ask("head_object", PartNumber=2)
read_part_summed = ask("get_object", PartNumber=2, **SUMMED)
attributes = ask("get_object_attributes", ObjectAttributes=["ETag", "ObjectSize", "Checksum"])
attributes_of_parts = ask("get_object_attributes", ObjectAttributes=["ETag", "ObjectParts"])
whole, summed = elsewhere(write), elsewhere(trailed)
tagged = elsewhere(ask("put_object", Body=DATA, Tagging="a=b"))
in_two, in_three = made(MIN, 9), made(MIN, MIN, 9)
in_three_summed = made(MIN, MIN, 9, begin=begin_summed, ChecksumAlgorithm="SHA256")

ROWS = [
    row("PutObject", {1}, write),
    row("PutObject with a checksum at its end", {1}, trailed),
    row("PutObject with etag: md5", {1}, write, bucket="budget-md5"),
    row("POST of a form", {1}, form),
    row("GetObject", {1}, read, whole),
    row("GetObject with a checksum of the envelope", {1}, read_summed, whole),
    row("GetObject with a checksum of the footer", {2}, read_summed, summed),
    row("GetObject with etag: md5", AT_MOST_2, read, write, bucket="budget-md5"),
    row("GetObject in parts", {1}, read, in_two),
    row("GetObject in parts with a checksum", {2}, read_summed, in_two),
    row("range", {2}, later_bytes, whole),
    row("range, again", {1}, later_bytes, whole, first_bytes),
    row("range at the start of a part", {2}, first_bytes, in_two),
    row("range inside of a part", {3}, later_bytes, in_two),
    row("range over a border of parts", {3}, over_a_border, in_two),
    row("range at the start of a part, again", {1}, first_bytes, in_two, later_bytes),
    row("range inside of a part, again", AT_MOST_2, later_bytes, in_two, first_bytes),
    row("range over a border of parts, again", AT_MOST_2, over_a_border, in_two, first_bytes),
    row("HeadObject", {1}, look, whole),
    row("HeadObject in parts", {1}, look, in_two),
    row("HeadObject of a range", {1}, look_range, whole),
    row("HeadObject of a range in parts", {1}, look_range, in_two),
    row("HeadObject with a checksum of the footer", {1}, look_summed, summed, costs=2),
    row("HeadObject in parts with a checksum", {1}, look_summed, in_two, costs=2),
    row("HeadObject with etag: md5", {1}, look, write, bucket="budget-md5", costs=2),
    row("GET by number", AT_MOST_2, read_part, in_two),
    row("GET by number, again", AT_MOST_2, read_part, in_two, read_part),
    row("GET by number with a checksum, again", AT_MOST_2, read_part_summed, in_two, read_part,
        costs=3),
    row("HEAD by number", AT_MOST_2, look_part, in_two),
    row("HEAD by number, again", AT_MOST_2, look_part, in_two, look_part),
    row("GetObjectAttributes", AT_MOST_2, attributes, whole),
    row("GetObjectAttributes with a checksum of the footer", AT_MOST_2, attributes, summed),
    row("GetObjectAttributes in parts", AT_MOST_2, attributes, in_two),
    row("GetObjectAttributes of three parts", AT_MOST_2, attributes_of_parts, in_three),
    row("GetObjectAttributes of three parts with checksums", {2 + 3}, attributes_of_parts,
        in_three_summed),
    *(row(f"ListObjects {version}", {1}, listing(method), whole, in_two, elsewhere(several))
      for version, method in LISTINGS.items()),
    *(row(f"ListObjects {version} with unsealed: serve", {1 + 3}, listing(method), several,
          bucket="budget-mixed") for version, method in LISTINGS.items()),
    row("ListObjects with unsealed: serve, again", {1}, listing("list_objects_v2"), several,
        listing("list_objects"), bucket="budget-mixed"),
    row("ListObjects with etag: md5", {1 + 3}, listing("list_objects"), several,
        bucket="budget-md5"),
    row("ListObjects with etag: md5, again", {1}, listing("list_objects_v2"), several,
        listing("list_objects"), bucket="budget-md5"),
    row("CreateMultipartUpload", {2}, begin),
    row("UploadPart", {1}, part(1, MIN), begin),
    row("UploadPart of another gateway's upload", {2}, part(1, MIN), elsewhere(begin)),
    row("UploadPart of another gateway's upload, again", {1}, part(2, MIN), elsewhere(begin),
        part(1, MIN)),
    row("UploadPart of a short part", {2}, part(1, 9), begin),
    row("UploadPart of a short part of another gateway's upload", {3}, part(1, 9),
        elsewhere(begin)),
    row("ListParts", {1}, list_parts, *in_parts(MIN, MIN), costs=2),
    row("ListParts with two short parts", {3}, list_parts, *in_parts(MIN, 9, 9), costs=4),
    row("Complete", {4}, complete, *in_parts(MIN, MIN)),
    row("Complete with a short part", {6}, complete, *in_parts(MIN, 9)),
    row("Complete of another gateway's upload", {5}, complete,
        elsewhere(*in_parts(MIN, MIN))),
    row("Complete of another gateway's upload with a short part", {7}, complete,
        elsewhere(*in_parts(MIN, 9))),
    row("Abort", {3}, abort, *in_parts(MIN)),
    row("Abort with two short parts", {5}, abort, *in_parts(MIN, 9, 9)),
    row("ListMultipartUploads", {1}, listing("list_multipart_uploads"), begin),
    row("ListMultipartUploads of another gateway", {2}, listing("list_multipart_uploads"),
        elsewhere(begin)),
    row("CopyObject", {2}, copy, whole),
    row("CopyObject with tags", {2}, copy, tagged),
    row("CopyObject onto itself", {2}, move, whole),
    row("CopyObject in two parts", {6}, copy, in_two),
    row("CopyObject in three parts", {7}, copy, in_three),
    row("DeleteObject", {1}, ask("delete_object"), whole),
    row("DeleteObjects", {1}, delete_several, elsewhere(several)),
    row("OPTIONS", {1}, preflight, whole),
    row("torrent", {0}, refused(ask("get_object_torrent")), whole),
]


@pytest.mark.parametrize("allowed, costs, call, before, bucket", ROWS)
def test_an_operation_keeps_to_its_budget(counter, subject, allowed, costs, call, before, bucket):
    subject.where["Bucket"] = bucket
    for step in before:
        step(subject)
    with counter.counting() as asked:
        call(subject)
    assert len(asked) in {*allowed, costs}, asked
    if len(asked) not in allowed:
        raise OverBudget(asked)


def test_the_body_of_a_copy_does_not_come_by(counter, subject):
    subject.s3.put_object(**subject.where, Body=data_of(8 * MIB))
    before = counter.passed()
    copy(subject)
    assert counter.passed() - before < MIB // 16
