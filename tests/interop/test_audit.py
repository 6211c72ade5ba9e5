"""The audit log: one line for each decision on object data, none lost, none with a secret."""

import base64
import json
import os
import signal
import threading

import pytest
from botocore.exceptions import ClientError
from gateways import Server, eventually
from parts import MIN, begin, complete, data_of, put

RULES = """\
  - {name: strict, match: {bucket: "strict-*"}, default: {sse: kms}, missing: reject}
  - {name: all, match: {bucket: "*"}, allow: [kms, C]}"""
MEMBERS = ["time", "request", "snapshot", "client", "address", "operation", "action", "bucket",
           "object", "version", "rule", "outcome", "mode", "algorithm", "key_id", "bytes",
           "status", "error"]
OWN_KEY = b"0123456789abcdef0123456789abcdef"
CUSTOMER = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": OWN_KEY}


def serve(folder, demo, rules=RULES, log="audit.log"):
    return Server(folder, demo, demo.address("BACKEND_ENDPOINT_URL"),
                  demo.folder / "keyring.yaml", rules=rules, state="sealgate-state", secure=True,
                  more=f"audit: {{file: {log}}}")


@pytest.fixture(scope="module")
def gateway(demo, tmp_path_factory):
    with serve(tmp_path_factory.mktemp("audit") / "server", demo) as gateway:
        for bucket in ["audited", "strict-audited"]:
            gateway.client().create_bucket(Bucket=bucket)
        yield gateway


def lines(gateway, *files):
    files = files or [gateway.folder / "audit.log"]
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def about(gateway, name, count=1):
    """The lines on an object, once there are so many."""
    def found():
        return [line for line in lines(gateway) if line["object"] == name]
    eventually(lambda: len(found()) >= count, f"fewer than {count} lines on {name}")
    assert len(found()) == count
    return found()


def refused(call, **said):
    with pytest.raises(ClientError) as raised:
        call(**said)
    return raised.value.response["Error"]["Code"]


def test_a_line_says_who_did_what_and_what_came_of_it(gateway, name):
    answer = gateway.client().put_object(Bucket="audited", Key=name, Body=b"hello")
    line, = about(gateway, name)
    assert list(line) == MEMBERS
    time, address = line.pop("time"), line.pop("address")
    assert time.startswith("20") and time.endswith("Z") and address.startswith("127.0.0.1:")
    assert line == {
        "request": answer["ResponseMetadata"]["RequestId"], "snapshot": 1, "client": "tester",
        "operation": "PutObject", "action": "write", "bucket": "audited", "object": name,
        "version": None, "rule": "all", "outcome": "permitted", "mode": "AES256",
        "algorithm": "AES256", "key_id": "demo", "bytes": 5, "status": 200, "error": None}


@pytest.mark.parametrize("asked, again, mode, key", [
    ({}, {}, "AES256", "demo"),
    ({"ServerSideEncryption": "aws:kms"}, {}, "kms", "demo"),
    (CUSTOMER, CUSTOMER, "C", None),
])
def test_a_read_is_told_of_what_was_found(gateway, name, asked, again, mode, key):
    s3 = gateway.client()
    s3.put_object(Bucket="audited", Key=name, Body=b"hello", **asked)
    s3.get_object(Bucket="audited", Key=name, Range="bytes=1-2", **again)["Body"].read()
    wrote, read = about(gateway, name, 2)
    assert (wrote["mode"], wrote["key_id"], wrote["bytes"]) == (mode, key, 5)
    assert (read["operation"], read["mode"], read["key_id"], read["bytes"], read["status"]) == \
        ("GetObject", mode, key, 2, 206)


def test_refusals_have_lines_too(gateway, name):
    s3 = gateway.client()
    assert refused(s3.put_object, Bucket="strict-audited", Key=name) == "AccessDenied"
    wrong = gateway.client(secret_key="not-the-secret-of-anybody")
    assert refused(wrong.put_object, Bucket="audited", Key=name) == "SignatureDoesNotMatch"
    assert refused(s3.get_object, Bucket="audited", Key=name) == "NoSuchKey"
    policy, signature, missing = about(gateway, name, 3)
    told = ["client", "rule", "outcome", "status", "error"]
    assert [policy[member] for member in told] == \
        ["tester", "strict", "refused", 403, "AccessDenied"]
    assert [signature[member] for member in told] == \
        [None, None, "refused", 403, "SignatureDoesNotMatch"]
    assert (missing["outcome"], missing["status"]) == ("permitted", 404)


def test_parts_and_copies_and_many_deletes(gateway, name):
    s3 = gateway.client()
    upload = begin(s3, "audited", name)
    etags = {1: put(s3, "audited", name, upload, 1, data_of(MIN))}
    complete(s3, "audited", name, upload, etags)
    operations = [(line["operation"], line["mode"]) for line in about(gateway, name, 3)]
    assert operations == [("CreateMultipartUpload", "AES256"), ("UploadPart", "AES256"),
                          ("CompleteMultipartUpload", "AES256")]
    s3.copy_object(Bucket="audited", Key=name + "2", CopySource=f"audited/{name}")
    copy, = about(gateway, name + "2")
    assert (copy["action"], copy["outcome"]) == ("write", "permitted")
    assert [line["action"] for line in about(gateway, name, 4)][3] == "read"
    gone = [{"Key": f"{name}-{number}"} for number in range(3)]
    s3.delete_objects(Bucket="audited", Delete={"Objects": gone})
    for key in gone:
        line, = about(gateway, key["Key"])
        assert (line["operation"], line["action"], line["rule"]) == \
            ("DeleteObjects", "delete", "all")


def test_report_mode_says_what_it_did_not_refuse(demo, tmp_path, name):
    with serve(tmp_path / "server", demo) as gateway:
        file = gateway.folder / "sealgate.yaml"
        file.write_text(file.read_text() + "mode: report\n")
        os.kill(gateway.process.pid, signal.SIGHUP)
        eventually(lambda: "snapshot 2 is in force" in gateway.log_text(), "no reload")
        gateway.client().create_bucket(Bucket="strict-report")
        gateway.client().put_object(Bucket="strict-report", Key=name, Body=b"x")
        line, = about(gateway, name)
        assert (line["outcome"], line["mode"], line["snapshot"]) == ("reported", "kms", 2)


def test_no_line_is_lost_when_the_file_is_renamed(demo, tmp_path, name):
    with serve(tmp_path / "server", demo) as gateway:
        log = gateway.folder / "audit.log"
        gateway.client().create_bucket(Bucket="rotated")
        count, workers = 50, 4

        def work(worker):
            s3 = gateway.client()
            for number in range(count):
                s3.put_object(Bucket="rotated", Key=f"{name}-{worker}-{number}", Body=b"x")

        threads = [threading.Thread(target=work, args=[worker]) for worker in range(workers)]
        for thread in threads:
            thread.start()
        rotated = []
        while any(thread.is_alive() for thread in threads):
            if log.exists():
                rotated.append(log.rename(gateway.folder / f"audit.{len(rotated)}.log"))
                os.kill(gateway.process.pid, signal.SIGHUP)
            threads[0].join(0.02)
        for thread in threads:
            thread.join()
        gateway.stop()
        files = rotated + ([log] if log.exists() else [])
        objects = sorted(line["object"] for line in lines(gateway, *files) if line["object"])
        assert objects == sorted(f"{name}-{worker}-{number}"
                                 for worker in range(workers) for number in range(count))
        assert len(rotated) > 1


def test_no_request_mixes_two_snapshots(demo, tmp_path, name):
    """Each snapshot has a rule of its own name; a line tells both."""
    with serve(tmp_path / "server", demo, rules='  - {name: s1, match: {bucket: "*"}}') as gateway:
        gateway.client().create_bucket(Bucket="reloaded")
        file = gateway.folder / "sealgate.yaml"
        failures = []

        def work():
            s3 = gateway.client()
            for number in range(250):
                try:
                    s3.put_object(Bucket="reloaded", Key=f"{name}-{number % 7}", Body=b"x" * 70000)
                except ClientError as error:
                    failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for snapshot in range(2, 12):
            text = file.read_text().replace(f"name: s{snapshot - 1},", f"name: s{snapshot},")
            new = file.with_suffix(".new")
            new.write_text(text)
            new.rename(file)
            os.kill(gateway.process.pid, signal.SIGHUP)
            eventually(lambda number=snapshot: f"snapshot {number} is in force"
                       in gateway.log_text(), "no reload")
        for thread in threads:
            thread.join()
        gateway.stop()
        assert not failures
        told = [line for line in lines(gateway) if line["operation"] == "PutObject"]
        assert len(told) == 1000
        assert {line["rule"] for line in told if line["rule"] != f"s{line['snapshot']}"} == set()


def test_no_line_has_a_secret(gateway, name):
    s3 = gateway.client()
    s3.put_object(Bucket="audited", Key=name, Body=b"the plaintext", **CUSTOMER)
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "audited", "Key": name})
    about(gateway, name)
    text = (gateway.folder / "audit.log").read_text()
    signature = url.split("Signature=")[1]
    for secret in [*gateway.secrets(), OWN_KEY.decode(), base64.b64encode(OWN_KEY).decode(),
                   signature, "the plaintext"]:
        assert secret not in text
    assert oct((gateway.folder / "audit.log").stat().st_mode)[-3:] == "640"


def test_a_log_that_cannot_be_opened_is_told_at_the_start(demo, tmp_path):
    with pytest.raises(AssertionError), serve(tmp_path / "server", demo, log="none/audit.log"):
        pass
