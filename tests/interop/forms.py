"""Forms as browsers send them."""

import http.client

from wire import endpoint

PATIENCE = 20
BOUNDARY = "----WebKitFormBoundaryZ5"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"
END = f"\r\n--{BOUNDARY}--\r\n".encode()


def body(fields, file, end=END):
    """A form as browsers write it."""
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
    said = "".join(f'{head}"{name}"\r\n\r\n{value}\r\n' for name, value in fields.items())
    said += f'{head}"file"; filename="photo.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    return said.encode() + file + end


def post(address, bucket, fields, file, headers=None, form=None):
    """The answer and its body."""
    connection = http.client.HTTPConnection(*endpoint(address), timeout=PATIENCE)
    form = body(fields, file) if form is None else form
    connection.request("POST", f"/{bucket}", form, {"Content-Type": TYPE} | (headers or {}))
    answer = connection.getresponse()
    told = answer.read()
    connection.close()
    return answer, told
