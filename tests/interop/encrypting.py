"""A store that encrypts as it is asked, for the tests: it passes requests on to another one, and keeps
for itself what they say of encryption, which its answers repeat."""

import contextlib
import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

MODE = "x-amz-server-side-encryption"


class Encrypting:
    """`honest`: whether answers to writes say what was done."""

    def __init__(self, store, honest=True):
        said = store.credentials()
        self.target = store.address("BACKEND_ENDPOINT_URL")
        keys = Credentials(said["AWS_ACCESS_KEY_ID"], said["AWS_SECRET_ACCESS_KEY"])
        self.signer = S3SigV4Auth(keys, "s3", "us-east-1")
        self.honest = honest
        self.kept, self.policies, self.refuses_policies = {}, {}, False
        self.asked = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            owner = self

            def log_message(self, *_):
                pass

            def passes(self):
                self.owner.passes(self)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = passes

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = "127.0.0.1:{1}".format(*self.server.server_address)

    def passes(self, request):
        length = int(request.headers.get("content-length") or 0)
        body = request.rfile.read(length)
        path = request.path.split("?")[0]
        said = {name.lower(): value for name, value in request.headers.items()
                if name.lower().startswith(MODE)}
        self.asked.append((request.command, request.path, said))
        if request.path.endswith(("?policy", "?policy=")):
            return self.policy(request, path, body.decode())
        with contextlib.closing(http.client.HTTPConnection(self.target)) as store:
            store.request(request.command, request.path, body, self.signed(request, body, said))
            answer = store.getresponse()
            data = answer.read()
        writes = request.command in ("PUT", "POST")
        if writes and answer.status < 300 and ("?" not in request.path or "?uploads" in request.path):
            self.kept[path] = said
        told = self.kept.get(path, {}) if self.honest or not writes else {}
        request.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection",
                                    "date", "server"):
                request.send_header(name, value)
        if answer.status < 300:
            for name, value in told.items():
                request.send_header(name, value)
        length = answer.getheader("content-length") if request.command == "HEAD" else len(data)
        if answer.status not in (204, 304):
            request.send_header("content-length", length or 0)
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(data)

    def policy(self, request, path, document):
        """The store behind knows no policies."""
        status, answer = 204, b""
        if request.command == "PUT" and self.refuses_policies:
            status, answer = 400, b"<Error><Code>MalformedPolicy</Code></Error>"
        elif request.command == "PUT":
            self.policies[path] = document
        elif request.command == "DELETE":
            self.policies.pop(path, None)
        elif path in self.policies:
            status, answer = 200, self.policies[path].encode()
        else:
            status, answer = 404, b"<Error><Code>NoSuchBucketPolicy</Code></Error>"
        request.send_response(status)
        if status != 204:
            request.send_header("content-length", len(answer))
        request.end_headers()
        request.wfile.write(answer)

    def signed(self, request, body, said):
        """The headers of a request without what it says of encryption."""
        own = {"authorization", "connection", "content-length", "expect", "host", "x-amz-date",
               "x-amz-content-sha256"} | set(said)
        headers = {name: value for name, value in request.headers.items()
                   if name.lower() not in own}
        url = f"http://{self.target}{request.path}"
        passed = AWSRequest(request.command, url, headers, data=body)
        self.signer.add_auth(passed)
        return dict(passed.headers.items())

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
