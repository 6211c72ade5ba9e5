"""Writes the vectors of this folder, the same bytes every time; see README.md.

    target/clients/bin/python tests/vectors/sigv4/generate.py

botocore computes every stage but those of frames, which it does not sign. Where AWS documents a
signature, it stands here and the computed one must equal it.
"""

import base64
import hashlib
import io
import pathlib
import shutil
import zlib

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpchecksum import AwsChunkedWrapper, Crc32Checksum

FOLDER = pathlib.Path(__file__).parent
ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TIME = "20130524T000000Z"
HTTP_TIME = "Fri, 24 May 2013 00:00:00 GMT"
REGION = "us-east-1"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()

AUTH = S3SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "s3", REGION)
QUERY_AUTH = S3SigV4QueryAuth(Credentials(ACCESS_KEY, SECRET_KEY), "s3", REGION, expires=86400)


class Vector:
    """A request, its stages, and what a verifier must say of it."""

    verdict, body, plain, trailer = "ok", None, None, None

    @classmethod
    def presigned(cls, name, method, target, headers=(), *, host, sent=(), edit=None,
                  documented=None, verdict="ok"):
        """A URL; `sent` are headers that it does not cover, `edit` what becomes of it after."""
        self = cls.__new__(cls)
        self.name, self.method, self.verdict, self.frames = name, method, verdict, []
        self.headers = [("Host", host), *headers]
        request = AWSRequest(method, f"https://{host}{target}")
        for key, value in headers:
            request.headers.add_header(key, value)
        request.context["timestamp"] = TIME
        QUERY_AUTH._modify_request_before_signing(request)
        self._sign_with(QUERY_AUTH, request, documented)
        QUERY_AUTH._inject_signature_to_request(request, self.signature)
        self.target = request.url.removeprefix(f"https://{host}")
        if edit:
            assert edit[0] in self.target, self.target
            self.target = self.target.replace(*edit)
        self.headers += sent
        return self

    def __init__(self, name, method, target, headers, *, signed=None, sent=(), host=None,
                 documented=None, verdict="ok", unsigned=()):
        """`target` and `headers` are signed; `signed` replaces the target in the signature, `sent`
        are header lines added after signing, `unsigned` names headers that are left out of it."""
        self.name, self.method, self.target, self.verdict = name, method, target, verdict
        self.headers = [("Host", host or "examplebucket.s3.amazonaws.com"), *headers]
        request = AWSRequest(method, f"https://{self.headers[0][1]}{signed or target}")
        for key, value in self.headers:
            if key.lower() not in unsigned:
                request.headers.add_header(key, value)
        request.context["timestamp"] = TIME
        self._sign_with(AUTH, request, documented)
        names = AUTH.signed_headers(AUTH.headers_to_sign(request))
        self.headers += [("Authorization", f"AWS4-HMAC-SHA256 Credential={AUTH.scope(request)}, "
                          f"SignedHeaders={names}, Signature={self.signature}"), *sent]
        self.frames = []

    def _sign_with(self, auth, request, documented):
        self.canonical_request = auth.canonical_request(request)
        self.string_to_sign = auth.string_to_sign(request, self.canonical_request)
        self.signature = auth.signature(self.string_to_sign, request)
        assert documented in (None, self.signature), (self.name, self.signature)

    def with_frames(self, lengths, documented):
        """Signed frames of the letter a; `documented` are their signatures."""
        previous = self.signature
        for length, expected in zip(lengths, documented, strict=True):
            data = hashlib.sha256(b"a" * length).hexdigest()
            text = "\n".join(["AWS4-HMAC-SHA256-PAYLOAD", TIME, f"{TIME[:8]}/{REGION}/s3/aws4_request",
                              previous, EMPTY_SHA256, data])
            previous = self._sign(text)
            assert previous == expected, (self.name, length, previous)
            self.frames.append((f"{length} a", text, previous))
        return self

    def with_trailer(self, line, documented):
        digest = hashlib.sha256(f"{line}\n".encode()).hexdigest()
        text = "\n".join(["AWS4-HMAC-SHA256-TRAILER", TIME, f"{TIME[:8]}/{REGION}/s3/aws4_request",
                          self.frames[-1][2], digest])
        self.trailer = (line, text, self._sign(text))
        assert self.trailer[2] == documented, (self.name, self.trailer[2])
        return self

    def with_body(self, body, plain=None):
        """`plain` is what the body says when it has frames."""
        self.body, self.plain = body, plain
        return self

    def write(self):
        folder = FOLDER / self.name
        folder.mkdir()
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{key}: {value}" for key, value in self.headers]
        put(folder / "request", "\n".join(lines))
        put(folder / "canonical_request", self.canonical_request)
        put(folder / "string_to_sign", self.string_to_sign)
        put(folder / "signature", self.signature)
        put(folder / "verdict", self.verdict)
        for number, stages in enumerate(self.frames, start=1):
            put_stages(folder, f"frame_{number}_", "data", stages)
        if self.trailer:
            put_stages(folder, "trailer_", "line", self.trailer)
        if self.body is not None:
            (folder / "body").write_bytes(self.body)
        if self.plain is not None:
            (folder / "plain").write_bytes(self.plain)

    def _sign(self, text):
        request = AWSRequest()
        request.context["timestamp"] = TIME
        return AUTH.signature(text, request)


def put(path, text):
    path.write_bytes(text.encode())


def put_stages(folder, prefix, first, stages):
    for stage, text in zip([first, "string_to_sign", "signature"], stages, strict=True):
        put(folder / (prefix + stage), text)


def documented():
    """The examples of AWS's documentation; README.md names the pages."""
    time = ("x-amz-date", TIME)
    empty = ("x-amz-content-sha256", EMPTY_SHA256)
    yield Vector("aws_get_object_range", "GET", "/test.txt",
                 [("Range", "bytes=0-9"), empty, time],
                 documented="f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
    yield Vector("aws_put_object", "PUT", "/test$file.text",
                 [("Date", HTTP_TIME), time, ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                  ("x-amz-content-sha256", hashlib.sha256(b"Welcome to Amazon S3.").hexdigest())],
                 signed="/test%24file.text",
                 sent=[("Content-Length", "21")],
                 documented="98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
                 ).with_body(b"Welcome to Amazon S3.")
    yield Vector("aws_get_bucket_lifecycle", "GET", "/?lifecycle", [time, empty],
                 documented="fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
    yield Vector("aws_list_objects", "GET", "/?max-keys=2&prefix=J", [time, empty],
                 documented="34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
    chunked = [("x-amz-storage-class", "REDUCED_REDUNDANCY"), ("Content-Encoding", "aws-chunked"),
               ("x-amz-decoded-content-length", "66560"), time]
    yield Vector("aws_signed_frames", "PUT", "/examplebucket/chunkObject.txt",
                 [*chunked, ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
                  ("Content-Length", "66824")],
                 host="s3.amazonaws.com",
                 documented="4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
                 ).with_frames([65536, 1024, 0], [
                     "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
                     "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
                     "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"])
    yield Vector("aws_signed_frames_and_trailer", "PUT", "/examplebucket/chunkObject.txt",
                 [*chunked, ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"),
                  ("x-amz-trailer", "x-amz-checksum-crc32c")],
                 host="s3.amazonaws.com",
                 documented="106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
                 ).with_frames([65536, 1024, 0], [
                     "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
                     "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
                     "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
                 ]).with_trailer(
                     "x-amz-checksum-crc32c:sOO8/Q==",
                     "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435")


def plain(name, method, target, headers=(), payload=EMPTY_SHA256, **more):
    """A request to a gateway in path style."""
    headers = [("x-amz-content-sha256", payload), ("x-amz-date", TIME), *headers]
    return Vector(name, method, target, headers, host="gateway.example:9000", **more)


def paths():
    """Objects with hostile names. `signed` differs where a client encodes the name for the
    signature and sends it otherwise."""
    for name, path in [
        ("double_slash", "//a///b/"),
        ("dot_segments", "/a/../b/./c/.."),
        ("encoded_dots", "/%2E%2E/b"),
        ("encoded_slash", "/a%2Fb"),
        ("encoded_percent", "/100%25"),
        ("encoded_twice", "/a%252Fb"),
        ("encoded_plus", "/a%2Bb"),
        ("plus", "/a+b"),
        ("blank", "/a%20b%20"),
        ("tilde", "/~a%7Eb"),
        ("umlaut", "/%C3%BCber"),
        ("control", "/a%00%0A%7F"),
        ("marks", "/a!$&'()*,:;=@"),
        ("lower_case_escapes", "/%c3%bc"),
    ]:
        yield plain(f"path_{name}", "GET", f"/bucket{path}")
    for name, sent, signed in [
        ("marks_encoded", "/a!$&'()*,:;=@", "/a%21%24%26%27%28%29%2A%2C%3A%3B%3D%40"),
        ("plus_encoded", "/a+b", "/a%2Bb"),
        ("slash_decoded", "/a%2Fb", "/a/b"),
        ("umlaut_raw", "/über", "/%C3%BCber"),
        ("escapes_raised", "/%c3%bc", "/%C3%BC"),
        ("tilde_decoded", "/%7Ea", "/~a"),
    ]:
        yield plain(f"path_{name}", "GET", f"/bucket{sent}", signed=f"/bucket{signed}")


def queries():
    for name, query in [
        ("without_value", "uploads"),
        ("empty_value", "delimiter=&prefix="),
        ("order", "b=1&a=2&B=3&A=4&_=5&~=6&0=7"),
        ("repeated", "a=2&b=0&a=10&a=1"),
        ("blank", "prefix=a%20b"),
        ("plus", "prefix=a+b"),
        ("encoded_plus", "prefix=a%2Bb"),
        ("slash", "prefix=a/b//c"),
        ("encoded_slash", "prefix=a%2Fb"),
        ("equals_sign", "prefix=a%3Db%3D"),
        ("second_equals_sign", "prefix=a=b="),
        ("tilde", "prefix=~"),
        ("umlaut", "prefix=%C3%BC"),
        ("encoded_twice", "prefix=%252F"),
        ("encoded_ampersand", "prefix=a%26b%3D1"),
    ]:
        yield plain(f"query_{name}", "GET", f"/bucket?{query}")
    for name, sent, signed in [
        ("plus_as_blank", "prefix=a+b", "prefix=a%20b"),
        ("slash_encoded", "prefix=a/b", "prefix=a%2Fb"),
        ("tilde_decoded", "prefix=%7E", "prefix=~"),
        ("equals_sign_encoded", "prefix=a=b", "prefix=a%3Db"),
        ("umlaut_raw", "prefix=ü", "prefix=%C3%BC"),
    ]:
        yield plain(f"query_{name}", "GET", f"/bucket?{sent}", signed=f"/bucket?{signed}")


def headers():
    for name, lines in [
        ("blanks", [("x-amz-meta-a", "  a   b \t c  "), ("x-amz-meta-b", '"a   b"')]),
        ("empty", [("x-amz-meta-a", "")]),
        ("repeated", [("x-amz-meta-a", "z"), ("x-amz-meta-a", "a"), ("X-Amz-Meta-A", "p")]),
        ("order", [("x-amz-meta-b", "1"), ("Content-Type", "text/plain"), ("x-amz-meta-a", "2")]),
        ("umlaut", [("x-amz-meta-a", "ü")]),
        ("everything_signed", [("Accept", "*/*"), ("Accept-Encoding", "gzip, br"), ("TE", "trailers"),
                               ("Cache-Control", "no-cache"), ("If-Match", '"a", "b"')]),
    ]:
        yield plain(f"header_{name}", "GET", "/bucket/a", lines)
    yield Vector("header_date_alone", "GET", "/bucket/a",
                 [("Date", HTTP_TIME), ("x-amz-content-sha256", EMPTY_SHA256)])
    yield plain("header_unsigned", "GET", "/bucket/a",
                sent=[("User-Agent", "a"), ("Range", "bytes=0-9"), ("Accept-Encoding", "gzip")])


def payloads():
    body = b"Welcome to Amazon S3."
    length = ("Content-Length", str(len(body)))
    md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
    crc32 = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
    yield plain("payload_sha256", "PUT", "/bucket/a", [length, ("Content-MD5", md5)],
                hashlib.sha256(body).hexdigest()).with_body(body)
    yield plain("payload_unsigned", "PUT", "/bucket/a", [length, ("x-amz-checksum-crc32", crc32)],
                "UNSIGNED-PAYLOAD").with_body(body)
    frames = AwsChunkedWrapper(io.BytesIO(body), Crc32Checksum, "x-amz-checksum-crc32", 8)
    yield plain("payload_unsigned_frames_and_trailer", "PUT", "/bucket/a",
                [("Transfer-Encoding", "chunked"), ("Content-Encoding", "aws-chunked"),
                 ("x-amz-trailer", "x-amz-checksum-crc32"), ("x-amz-sdk-checksum-algorithm", "CRC32"),
                 ("x-amz-decoded-content-length", str(len(body)))],
                "STREAMING-UNSIGNED-PAYLOAD-TRAILER").with_body(frames.read(), body)


def presigned():
    gateway = {"host": "gateway.example:9000"}
    yield Vector.presigned(
        "aws_presigned_get", "GET", "/test.txt", host="examplebucket.s3.amazonaws.com",
        documented="aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
    for name, target in [
        ("hostile_path", "/bucket//a/../%C3%BC%20%2B%2F%25~"),
        ("query", "/bucket/a?versionId=1&response-content-type=text%2Fodd"),
        ("query_without_value", "/bucket?uploads"),
    ]:
        yield Vector.presigned(f"presigned_{name}", "GET", target, **gateway)
    yield Vector.presigned("presigned_headers", "PUT", "/bucket/a",
                           [("x-amz-meta-a", "  a   b "), ("Content-Type", "text/plain")],
                           **gateway, sent=[("User-Agent", "a")])
    yield Vector.presigned("presigned_spelled_otherwise", "GET", "/bucket/a", **gateway,
                           edit=("%2F", "/"))


def refused():
    """What was signed is not what was sent."""
    mismatch = {"verdict": "SignatureDoesNotMatch"}
    for name, sent, signed in [
        ("path_dots_resolved", "/bucket/b", "/bucket/a/../b"),
        ("path_slashes_merged", "/bucket/a/b", "/bucket/a//b"),
        ("path_decoded_twice", "/bucket/a%2Fb", "/bucket/a%252Fb"),
        ("path_encoded_twice", "/bucket/a%252Fb", "/bucket/a%2Fb"),
        ("path_plus_as_blank", "/bucket/a+b", "/bucket/a%20b"),
        ("path_case", "/bucket/A", "/bucket/a"),
        ("path_slash_added", "/bucket/a/", "/bucket/a"),
        ("query_plus_as_plus", "/bucket?prefix=a+b", "/bucket?prefix=a%2Bb"),
        ("query_added", "/bucket?a=1&uploads", "/bucket?a=1"),
        ("query_removed", "/bucket?a=1", "/bucket?a=1&uploads"),
        ("query_split", "/bucket?prefix=a&b=1", "/bucket?prefix=a%26b%3D1"),
        ("query_in_path", "/bucket/a%3Fuploads=", "/bucket/a?uploads="),
    ]:
        yield plain(f"refused_{name}", "GET", sent, signed=signed, **mismatch)
    gateway = {"host": "gateway.example:9000"}
    for name, edit in [
        ("expiry", ("Expires=86400", "Expires=86401")),
        ("parameter_added", ("X-Amz-Expires", "versionId=1&X-Amz-Expires")),
        ("path", ("/bucket/a", "/bucket/b")),
    ]:
        yield Vector.presigned(f"refused_presigned_{name}", "GET", "/bucket/a", **gateway,
                               edit=edit, **mismatch)
    yield Vector.presigned("refused_presigned_header_added", "PUT", "/bucket/a", **gateway,
                           sent=[("x-amz-acl", "public-read")], verdict="AccessDenied")
    yield plain("refused_amz_header_added", "PUT", "/bucket/a",
                sent=[("x-amz-acl", "public-read")], verdict="AccessDenied")
    yield plain("refused_amz_header_repeated", "PUT", "/bucket/a", [("x-amz-meta-a", "1")],
                sent=[("x-amz-meta-a", "2")], **mismatch)
    yield plain("refused_date_repeated", "GET", "/bucket/a", sent=[("x-amz-date", TIME)],
                verdict="InvalidRequest")


def main():
    for old in FOLDER.iterdir():
        if old.is_dir():
            shutil.rmtree(old)
    catalogue = [documented, paths, queries, headers, payloads, presigned, refused]
    vectors = [vector for part in catalogue for vector in part()]
    for vector in vectors:
        vector.write()
    print(len(vectors), "vectors")


if __name__ == "__main__":
    main()
