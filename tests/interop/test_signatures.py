"""Every way in which botocore signs, and what it does to a signature that was tampered with."""

import http.client
import urllib.parse

import pytest
from gateways import Demo

BODY = b"signed in every way"


def call(url, method="GET", body=None, headers=None):
    """Nothing but what is said: no header that a library adds."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    connection.request(method, f"{parts.path}?{parts.query}", body, headers or {})
    answer = connection.getresponse()
    read = answer.read()
    connection.close()
    return answer.status, read


@pytest.fixture(params=["s3v4", "s3"], ids=["version4", "version2"])
def client(demo: Demo, request):
    return demo.client(signature_version=request.param)


@pytest.mark.parametrize("name", ["plain", "a b+c", "ümlaut/ß", "a//b", "per%20cent", "x?y&z=1"])
def test_headers_and_urls_of_both_versions_are_taken(client, bucket, name):
    client.put_object(Bucket=bucket, Key=name, Body=BODY, Metadata={"mine": "1"})
    assert client.get_object(Bucket=bucket, Key=name)["Body"].read() == BODY
    place = {"Bucket": bucket, "Key": name}
    assert call(client.generate_presigned_url("get_object", Params=place)) == (200, BODY)
    put = client.generate_presigned_url("put_object", Params=place)
    assert call(put, "PUT", b"by url")[0] == 200
    assert client.get_object(Bucket=bucket, Key=name)["Body"].read() == b"by url"
    delete = client.generate_presigned_url("delete_object", Params=place)
    assert call(delete, "DELETE")[0] == 204


def test_listings_and_overrides_are_signed_too(client, bucket):
    client.put_object(Bucket=bucket, Key="signed/a", Body=BODY)
    listed = client.list_objects(Bucket=bucket, Prefix="signed/")["Contents"]
    assert [entry["Size"] for entry in listed] == [len(BODY)]
    url = client.generate_presigned_url("get_object", Params={
        "Bucket": bucket, "Key": "signed/a", "ResponseContentType": "text/odd"})
    assert call(url) == (200, BODY)


def test_a_url_is_good_for_what_it_was_made_for_only(client, bucket):
    client.put_object(Bucket=bucket, Key="one", Body=BODY)
    client.put_object(Bucket=bucket, Key="two", Body=BODY)
    url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "one"})
    for changed, method in [(url.replace("/one?", "/two?"), "GET"), (url, "PUT"), (url, "DELETE"),
                            (url + "&versionId=1", "GET"), (url + "&acl", "GET")]:
        status, told = call(changed, method, b"" if method == "PUT" else None)
        assert status == 403 and b"SignatureDoesNotMatch" in told, (changed, method)


def test_a_url_ends(demo, bucket):
    client = demo.client(signature_version="s3")
    client.put_object(Bucket=bucket, Key="ends", Body=BODY)
    url = client.generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": "ends"}, ExpiresIn=-1)
    status, told = call(url)
    assert status == 403 and b"Request has expired" in told


def test_metadata_travels_in_signed_headers(demo, bucket):
    client = demo.client(signature_version="s3v4")
    place = {"Bucket": bucket, "Key": "meta", "Metadata": {"mine": "1"}}
    url = client.generate_presigned_url("put_object", Params=place)
    assert call(url, "PUT", BODY, {"x-amz-meta-mine": "1"})[0] == 200
    assert call(url, "PUT", BODY, {"x-amz-meta-mine": "2"})[0] == 403
    assert client.head_object(Bucket=bucket, Key="meta")["Metadata"] == {"mine": "1"}
