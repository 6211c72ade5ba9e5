"""The operator's doctor: what it removes, and what it says of stores."""

import concurrent.futures
import re
import signal
import subprocess
import threading

import pytest
from gateways import BINARY, PATIENCE, Demo, Server, configuration, run
from parts import MIN, begin, complete, data_of, put, refused
from relay import Relay, says
from uncounted import with_counts, without_counts

STATE = "sealgate-state"
SWEPT = re.compile(r"swept: looked at (\d+), removed (\d+) records and (\d+) parked parts, "
                   r"(\d+) unreadable, (\d+) failed\n")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """One of its own: what is swept is every test's."""
    with Demo(tmp_path_factory.mktemp("doctor") / "demo") as demo:
        yield demo


@pytest.fixture(scope="module")
def s3(demo):
    return demo.client()


@pytest.fixture(scope="module")
def backend(demo):
    return demo.client("BACKEND_ENDPOINT_URL")


@pytest.fixture(scope="module")
def bucket(s3):
    s3.create_bucket(Bucket="swept")
    return "swept"


def doctor(gateway, *arguments, file=None):
    return run("doctor", file or gateway.folder / "sealgate.yaml", *arguments,
               env=gateway.environment())


def sweep(gateway, *arguments, code=0, file=None):
    """Records and parked parts that were removed, and how many were unreadable."""
    done = doctor(gateway, "--sweep", *arguments, file=file)
    found = SWEPT.fullmatch(done.stdout)
    assert found and done.returncode == code, done
    _, records, parked, unreadable, failed = map(int, found.groups())
    assert failed == 0
    return records, parked, unreadable


NOW = ["--older-than", "0s"]


@pytest.fixture(autouse=True)
def clean(demo, s3, backend):
    """Nothing waits when a test begins."""
    if STATE in [entry["Name"] for entry in backend.list_buckets()["Buckets"]]:
        for name in names(backend):
            backend.delete_object(Bucket=STATE, Key=name)


def names(backend, prefix=""):
    pages = backend.get_paginator("list_objects_v2").paginate(Bucket=STATE, Prefix=prefix)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def test_a_completed_upload_is_told_again_for_a_day(demo, s3, backend, bucket, name):
    upload = begin(s3, bucket, name)
    etags = {1: put(s3, bucket, name, upload, 1, b"short")}
    complete(s3, bucket, name, upload, etags)
    for arguments in [[], ["--older-than", "1h"]]:
        assert sweep(demo, *arguments) == (0, 0, 0)
        complete(s3, bucket, name, upload, etags)
    assert sweep(demo, *NOW) == (1, 0, 0)
    assert names(backend) == []
    assert s3.get_object(Bucket=bucket, Key=name)["Body"].read() == b"short"


def test_what_is_under_way_stays(demo, s3, backend, bucket, name):
    upload = begin(s3, bucket, name)
    etags = {1: put(s3, bucket, name, upload, 1, data_of(MIN)),
             2: put(s3, bucket, name, upload, 2, b"short")}
    kept = names(backend)
    assert len(kept) == 2 and sweep(demo, *NOW) == (0, 0, 0)
    assert names(backend) == kept
    complete(s3, bucket, name, upload, etags)
    assert s3.get_object(Bucket=bucket, Key=name)["Body"].read() == data_of(MIN) + b"short"


def test_what_was_given_up_behind_our_back_goes(demo, s3, backend, bucket, name):
    upload = begin(s3, bucket, name)
    put(s3, bucket, name, upload, 1, b"short")
    put(s3, bucket, name, upload, 7, b"short, too")
    backend.abort_multipart_upload(Bucket=bucket, Key=name, UploadId=upload)
    assert sweep(demo) == (0, 0, 0)
    assert sweep(demo, *NOW) == (1, 2, 0)
    assert names(backend) == []
    assert refused(put, s3, bucket, name, upload, 1, b"short") == "NoSuchUpload"


def test_a_bucket_that_is_gone_has_no_uploads(demo, s3, backend, name):
    s3.create_bucket(Bucket="short-lived")
    upload = begin(s3, "short-lived", name)
    backend.abort_multipart_upload(Bucket="short-lived", Key=name, UploadId=upload)
    backend.delete_bucket(Bucket="short-lived")
    assert sweep(demo, *NOW) == (1, 0, 0)


def test_parts_without_an_upload_go_and_others_stay(demo, s3, backend, bucket, name):
    lost, kept = begin(s3, bucket, name), begin(s3, bucket, f"{name}-2")
    put(s3, bucket, name, lost, 1, b"short")
    record, = [key for key in names(backend, "uploads/")
               if key.split("/")[1] == names(backend, "parked/")[0].split("/")[1]]
    put(s3, bucket, f"{name}-2", kept, 1, b"short")
    backend.delete_object(Bucket=STATE, Key=record)
    assert sweep(demo) == (0, 0, 0)
    assert sweep(demo, *NOW) == (0, 1, 0)
    assert len(names(backend, "parked/")) == 1
    # Whose upload that is, nobody can say any longer.
    listed = backend.list_multipart_uploads(Bucket=bucket, Prefix=name)["Uploads"]
    assert {entry["UploadId"] for entry in listed} == {lost, kept}


def test_uploads_of_others_are_left_alone(demo, backend, bucket, name):
    upload = begin(backend, bucket, name)
    put(backend, bucket, name, upload, 1, b"theirs")
    assert sweep(demo, *NOW) == (0, 0, 0)
    assert len(backend.list_parts(Bucket=bucket, Key=name, UploadId=upload)["Parts"]) == 1


def test_more_than_a_page_is_seen(demo, s3, backend, bucket, name):
    upload = begin(s3, bucket, name)
    put(s3, bucket, name, upload, 1, b"short")
    parked, = names(backend, "parked/")

    def fill(numbers):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            write = lambda number: backend.put_object(
                Bucket=STATE, Key=f"{parked[:-5]}{number:05}", Body=b"")
            list(pool.map(write, numbers))
    fill(range(1, 1102))
    assert len(names(backend)) == 1102
    s3.abort_multipart_upload(Bucket=bucket, Key=name, UploadId=upload)
    assert names(backend) == []
    fill(range(1, 1102))
    assert sweep(demo, *NOW) == (0, 1101, 0)
    assert names(backend) == []


def test_what_does_not_open_is_reported_and_stays(demo, s3, backend, bucket, name):
    upload = begin(s3, bucket, name)
    backend.abort_multipart_upload(Bucket=bucket, Key=name, UploadId=upload)
    record, = names(backend)
    stored = backend.get_object(Bucket=STATE, Key=record)
    body = bytearray(stored["Body"].read())
    body[-100] ^= 1
    spoiled = {"Body": bytes(body), "Metadata": stored["Metadata"]}
    elsewhere = f"uploads/{record[-1]}{record[8:-1]}"
    backend.put_object(Bucket=STATE, Key=record, **spoiled)
    backend.put_object(Bucket=STATE, Key=elsewhere, **spoiled)
    backend.put_object(Bucket=STATE, Key="uploads/other", Body=b"")
    backend.put_object(Bucket=STATE, Key="parked/other", Body=b"")
    kept = names(backend)
    assert sweep(demo) == (0, 0, 0)
    assert sweep(demo, *NOW, code=1) == (0, 0, 4)
    assert names(backend) == kept


def test_a_bucket_that_is_sealed_as_another_is_asked_itself(
        demo, s3, backend, bucket, name, tmp_path):
    rules = f"  - {{name: renamed, match: {{bucket: {bucket}}}, sealed_as: original}}"
    with Server(tmp_path / "server", demo, demo.address("BACKEND_ENDPOINT_URL"),
                demo.folder / "keyring.yaml", rules=rules, state=STATE) as server:
        upload = begin(server.client(), bucket, name)
        assert sweep(demo, *NOW) == (0, 0, 0)
        server.client().abort_multipart_upload(Bucket=bucket, Key=name, UploadId=upload)
        upload = begin(server.client(), bucket, name)
        backend.abort_multipart_upload(Bucket=bucket, Key=name, UploadId=upload)
        assert sweep(demo, *NOW) == (1, 0, 0)


def test_there_must_be_something_to_sweep(demo, tmp_path):
    file = tmp_path / "sealgate.yaml"
    lines = (demo.folder / "sealgate.yaml").read_text().splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith("state:"))
    file.write_text(text.replace("keyring.yaml", str(demo.folder / "keyring.yaml")))
    done = doctor(demo, "--sweep", file=file)
    assert done.returncode == 64 and "no `state`" in done.stderr
    done = doctor(demo, "--older-than", "0s", file=file)
    assert done.returncode == 64 and "--sweep" in done.stderr
    done = doctor(demo, "--sweep", "--older-than", "1", file=file)
    assert done.returncode == 64 and "unit" in done.stderr


# --- what it says of stores ----------------------------------------------------------------------


def found(done):
    """Verdicts by title."""
    lines = [line.split(None, 1) for line in done.stdout.splitlines()]
    return {text.partition(": ")[0]: (verdict, text.partition(": ")[2]) for verdict, text in lines}


def configured(gateway, relay, tmp_path, **said):
    """A configuration that knows the store behind a relay."""
    file = tmp_path / "sealgate.yaml"
    file.write_text(configuration("127.0.0.1:1", relay.address, gateway.folder / "keyring.yaml",
                                  **{"state": STATE, **said}))
    return file


def examine(gateway, relay, tmp_path, *arguments, code, **said):
    """Of the store behind a relay."""
    done = doctor(gateway, *arguments, file=configured(gateway, relay, tmp_path, **said))
    assert done.returncode == code, done
    return found(done)


def lies(pattern, words):
    """Answers are altered, each of which comes in one piece."""
    def lie(pieces):
        for piece in pieces:
            yield re.sub(pattern, words, piece)
    return lie


def answer(status):
    return f"HTTP/1.1 {status} As It Is\r\ncontent-length: 0\r\n\r\n".encode()


def left(backend, bucket=STATE):
    """What a doctor has left behind."""
    listed = backend.list_objects_v2(Bucket=bucket, Prefix="doctor/")
    uploads = backend.list_multipart_uploads(Bucket=bucket, Prefix="doctor/")
    return listed.get("Contents", []) + uploads.get("Uploads", [])


@pytest.fixture
def relay(demo):
    relay = Relay(demo.address("BACKEND_ENDPOINT_URL"))
    yield relay
    relay.refuse()


def test_a_good_store_has_no_problems_and_keeps_nothing(demo, backend):
    before = names(backend)
    done = doctor(demo)
    assert done.returncode == 0, done
    verdicts = found(done)
    assert {verdict for verdict, _ in verdicts.values()} <= {"ok", "note"}
    for title in ["backend", "clock", "metadata", "ranges", "If-Match on reads",
                  "multipart uploads", "multipart ETags", "copies of parts", "removal"]:
        assert verdicts[title][0] == "ok", verdicts[title]
    assert names(backend) == before and left(backend) == []


def test_etags_that_do_not_count_are_found(demo, relay, tmp_path):
    relay.answers, relay.uploads = without_counts, with_counts(demo.credentials())
    verdict, text = examine(demo, relay, tmp_path, code=1)["multipart ETags"]
    assert verdict == "problem" and "multipart_etag: opaque" in text
    verdicts = examine(demo, relay, tmp_path, code=0, multipart_etag="opaque")
    assert verdicts["multipart ETags"][0] == "note"


CONDITIONS = rb"(?s)HTTP/1.1 412 .*"
LIES = [
    ("If-Match on reads", CONDITIONS, answer(200)),
    ("metadata", rb"\\u00", rb"\\U00"),
    ("metadata", rb"AbCdEf", rb"abcdef"),
    ("ranges", rb"(?i)bytes 7-9/10", rb"bytes 7-9/11"),
    ("ranges", rb"HTTP/1.1 206", rb"HTTP/1.1 200"),
    ("clock", rb"(?i)(\r\ndate): [^\r]+", rb"\1: Thu, 01 Jan 2026 00:00:00 GMT"),
    ("copies onto themselves", rb"(?i)(x-amz-meta-doctor): new", rb"\1: old"),
    ("copies of parts", rb"CopyPartResult", rb"CopyTartResult"),
    ("removal", rb"(?s)HTTP/1.1 204 .*", answer(403)),
]


@pytest.mark.parametrize("title, pattern, words", LIES)
def test_a_store_that_lies_is_found_out(demo, backend, relay, tmp_path, title, pattern, words):
    relay.answers = lies(pattern, words)
    assert examine(demo, relay, tmp_path, code=1)[title][0] == "problem"
    assert left(backend) == []


def test_what_only_clients_may_miss_is_no_problem(demo, relay, tmp_path):
    relay.answers = lies(CONDITIONS, answer(200))
    relay.uploads = lies(rb"<PartNumber>3</PartNumber>", rb"<PartNumber>9</PartNumber>")
    verdicts = examine(demo, relay, tmp_path, code=1)
    assert verdicts["If-None-Match on writes"][0] == "note"
    verdict, text = verdicts["gaps between part numbers"]
    assert verdict == "note" and "InvalidPart" in text
    assert verdicts["multipart uploads"][0] == "ok"


def test_parts_that_are_too_short_for_the_store_are_found(demo, backend, relay, tmp_path):
    file = configured(demo, relay, tmp_path)
    file.write_text(file.read_text().replace("  credentials:", "  min_part: 1B\n  credentials:", 1))
    done = doctor(demo, file=file)
    verdict, text = found(done)["multipart uploads"]
    assert done.returncode == 1 and verdict == "problem" and "backend.min_part" in text
    assert "not looked at" in found(done)["copies of parts"][1]
    assert left(backend) == []


def test_what_is_no_answer_of_a_store_is_the_only_finding(demo, relay, tmp_path):
    for words, advice in [(answer(200).replace(b": 0", b": 9"), "broke off"),
                          (answer(301), "backend.region"), (answer(403), "backend.credentials"),
                          (answer(404), "backend.endpoints")]:
        relay.answers = says(words)
        verdicts = examine(demo, relay, tmp_path, code=1)
        assert list(verdicts) == ["backend"] and advice in verdicts["backend"][1]


def test_a_bucket_of_the_operators_choice(demo, backend, bucket, relay, tmp_path):
    verdicts = examine(demo, relay, tmp_path, "--bucket", bucket, code=0, state=None)
    assert verdicts["removal"][0] == "ok" and left(backend, bucket) == []
    verdicts = examine(demo, relay, tmp_path, "--bucket", "missing", code=1)
    assert list(verdicts) == ["backend"] and "`missing`" in verdicts["backend"][1]
    done = doctor(demo, file=configured(demo, relay, tmp_path, state=None))
    assert done.returncode == 64 and "--bucket" in done.stderr


def test_the_bucket_of_records_is_made(demo, backend, relay, tmp_path):
    examine(demo, relay, tmp_path, code=0, state="new-records")
    assert left(backend, "new-records") == []


def test_an_interrupted_doctor_leaves_nothing(demo, backend, relay, tmp_path):
    met, end = threading.Event(), threading.Event()

    def stuck(pieces):
        for piece in pieces:
            if piece.startswith(b"HTTP/1.1 412"):
                met.set()
                end.wait(PATIENCE)
            yield piece
    relay.answers = stuck
    process = subprocess.Popen([BINARY, "doctor", configured(demo, relay, tmp_path)], text=True,
                               env=demo.environment(), stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    assert met.wait(PATIENCE) and left(backend)
    process.send_signal(signal.SIGINT)
    told, error = process.communicate(timeout=PATIENCE)
    end.set()
    assert process.returncode == 1 and "interrupted" in error
    assert told.splitlines()[-1].startswith("ok       removal: ")
    assert left(backend) == []


def test_a_store_that_is_not_there_is_the_only_finding(demo, relay, tmp_path):
    relay.refuse()
    verdicts = examine(demo, relay, tmp_path, code=1)
    assert list(verdicts) == ["backend"] and verdicts["backend"][0] == "problem"


def test_other_credentials_are_found(demo, relay, tmp_path):
    def other_key(pieces):
        for piece in pieces:
            yield piece.replace(b"Credential=", b"Credential=x")
    relay.uploads = other_key
    verdict, text = examine(demo, relay, tmp_path, code=1)["backend"]
    assert verdict == "problem" and "credentials" in text
