"""Every cell of the tables of encryption headers: what requests carry and answers tell.

The tables are Huawei's ("Server-Side Encryption", tables of the APIs) and Amazon's (S3 API reference).
"""

import pytest
from forms import post
from parts import MIN, data_of
from sse import KEY, OBS, S3, SSE, Caller, customer, key_id_name, kms, md5, plain, told

BUCKET = "cells"
COLUMNS = ["put", "post", "get", "head", "copy", "initiate", "part", "part copy", "complete"]
# Of each header the columns whose answers tell it.
TELLS = {
    "mode":      "xxxxxxxxx",
    "cipher":    "xxxx-----",
    "key id":    "xxxxxxxxx",
    "bucket key": "xxxxxxxxx",
    "algorithm": "xxxxxxxxx",
    "md5":       "xxxxxxxxx",
}


def name_of(header, dialect):
    return {"mode": f"{dialect}{SSE}", "cipher": f"{OBS}server-side-data-encryption",
            "key id": key_id_name(dialect), "bucket key": f"{dialect}{SSE}-bucket-key-enabled",
            "algorithm": f"{dialect}{SSE}-customer-algorithm",
            "md5": f"{dialect}{SSE}-customer-key-md5"}[header]


# How a mode is asked for, and what is then true of the object.
MODES = {
    "SSE-S3": (plain, {"mode": {S3: "AES256", OBS: "AES256"}}),
    "SSE-KMS": (lambda dialect: kms("demo-key", dialect),
                {"mode": {S3: "aws:kms", OBS: "kms"}, "key id": "demo-key", "bucket key": "true"}),
    "SSE-KMS with SM4": (
        lambda dialect: kms("demo-sm4-key", dialect),
        {"mode": {S3: "aws:kms", OBS: "kms"}, "key id": "demo-sm4-key", "bucket key": "true",
         "cipher": "SM4"}),
    "SSE-C": (lambda dialect: customer(dialect=dialect),
              {"algorithm": "AES256", "md5": md5(KEY)}),
}


@pytest.fixture(scope="module")
def caller(demo):
    demo.client().create_bucket(Bucket=BUCKET)
    return Caller(demo)


class Walk:
    """Calls each operation once on an object of one mode, in one dialect."""

    def __init__(self, demo, caller, mode, dialect, name):
        self.demo, self.caller, self.dialect, self.name = demo, caller, dialect, name
        self.asks = MODES[mode][0](dialect)
        self.again = self.asks if mode == "SSE-C" else {}
        # Whose answer is to be in Huawei's words must say one.
        self.speaks = {} if dialect == S3 or self.again else {"x-obs-meta-speaks": "obs"}
        self.target = f"/{BUCKET}/{name}"

    def put(self):
        return self.caller.put(self.target, self.asks)

    def post(self):
        form = self.demo.client().generate_presigned_post(
            BUCKET, self.name, dict(self.asks), [{n: v} for n, v in self.asks.items()])
        answer, _ = post(self.demo.address(), BUCKET, form["fields"], b"hello")
        return answer

    def get(self):
        self.put()
        return self.caller.get(self.target, self.again | self.speaks)

    def head(self):
        self.put()
        return self.caller.call("HEAD", self.target, self.again | self.speaks)

    def copy(self):
        self.caller.put(self.target + "-source")
        return self.caller.call("PUT", self.target, self.asks |
                                {"x-amz-copy-source": self.target + "-source"})

    def initiate(self):
        answer = self.caller.call("POST", self.target + "?uploads=", self.asks)
        self.upload = answer.body.split(b"<UploadId>")[1].split(b"<")[0].decode()
        return answer

    def part(self):
        self.initiate()
        return self.caller.put(f"{self.target}?partNumber=1&uploadId={self.upload}",
                               self.again | self.speaks, data_of(MIN))

    def part_copy(self):
        self.initiate()
        self.caller.put(self.target + "-source")
        return self.caller.call("PUT", f"{self.target}?partNumber=1&uploadId={self.upload}",
                                self.again | self.speaks |
                                {"x-amz-copy-source": self.target + "-source"})

    def complete(self):
        etag = self.part().headers["etag"]
        body = ("<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
                f"<ETag>{etag}</ETag></Part></CompleteMultipartUpload>").encode()
        return self.caller.call("POST", f"{self.target}?uploadId={self.upload}",
                                self.again | self.speaks, body)


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dialect", [S3, OBS])
def test_answers_tell_what_was_done_and_nothing_else(demo, caller, dialect, mode, column, name):
    walk = Walk(demo, caller, mode, dialect, name)
    answer = getattr(walk, column.replace(" ", "_"))()
    assert answer.status in (200, 204), getattr(answer, "body", "")
    expected = {}
    for header, value in MODES[mode][1].items():
        tells = TELLS[header][COLUMNS.index(column)] == "x"
        if tells and not (header == "cipher" and dialect == S3):
            value = value[dialect] if isinstance(value, dict) else value
            expected[name_of(header, dialect)] = value
    assert told(answer) == expected


REQUESTS = {
    "mode": ("AES256", "put post copy initiate"),
    "cipher": ("AES256", "put post copy initiate"),
    "key id": ("demo-key", "put post copy initiate"),
    "context": ("e30=", "put post copy initiate"),
    "bucket key": ("true", "put post copy initiate"),
    "project": ("p", ""),
    "source": ("AES256", "copy part-copy"),
}
CALLS = {
    "get": ("GET", ""), "head": ("HEAD", ""), "part": ("PUT", "?partNumber=1&uploadId=x"),
    "part-copy": ("PUT", "?partNumber=1&uploadId=x"), "complete": ("POST", "?uploadId=x"),
    "copy": ("PUT", ""), "put": ("PUT", ""), "initiate": ("POST", "?uploads="),
    "delete": ("DELETE", ""), "tagging": ("GET", "?tagging="), "list parts": ("GET", "?uploadId=x"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("header", REQUESTS)
@pytest.mark.parametrize("dialect", [S3, OBS])
def test_what_a_request_does_not_carry_is_refused(caller, dialect, header, call):
    names = {
        "mode": f"{dialect}{SSE}", "key id": key_id_name(dialect),
        "cipher": f"{OBS}server-side-data-encryption" if dialect == OBS else None,
        "context": f"{S3}{SSE}-context" if dialect == S3 else None,
        "bucket key": f"{dialect}{SSE}-bucket-key-enabled",
        "project": f"{OBS}sse-kms-key-project-id" if dialect == OBS else None,
        "source": f"{dialect}copy-source-{SSE}-customer-algorithm"}
    value, carried = REQUESTS[header]
    if not names[header] or call in carried.split():
        pytest.skip("the dialect has no such header, or the request carries it")
    method, query = CALLS[call]
    headers = {names[header]: value}
    if "copy" in call:
        headers["x-amz-copy-source"] = f"/{BUCKET}/none"
    answer = caller.call(method, f"/{BUCKET}/cell{query}", headers)
    assert answer.status == 400
    if method != "HEAD":
        assert (answer.code, answer.says("Message")) == (
            "InvalidArgument", f"{names[header]} header is not supported for this operation.")


def test_the_context_is_repeated_where_it_was_given(caller, name):
    said = kms("demo-key") | {f"{S3}{SSE}-context": "eyJhIjoiYiJ9"}
    answer = caller.put(f"/{BUCKET}/{name}", said)
    assert told(answer)[f"{S3}{SSE}-context"] == "eyJhIjoiYiJ9"
    copy = caller.call("PUT", f"/{BUCKET}/{name}2",
                       said | {"x-amz-copy-source": f"/{BUCKET}/{name}"})
    assert told(copy)[f"{S3}{SSE}-context"] == "eyJhIjoiYiJ9"
    assert f"{S3}{SSE}-context" not in told(caller.get(f"/{BUCKET}/{name}"))


def test_bucket_keys_are_told_only_where_they_are_wanted(caller, name):
    said = kms("demo-key") | {f"{S3}{SSE}-bucket-key-enabled": "false"}
    assert f"{S3}{SSE}-bucket-key-enabled" not in told(caller.put(f"/{BUCKET}/{name}", said))
