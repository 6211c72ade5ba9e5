"""What is stored before any row is sent: on both sides, by the same calls."""

CHUNK = 65536
PATTERN = bytes(value % 251 for value in range(200_000))
LONG = (PATTERN * 16)[:3 << 20]

BUCKET, LISTED, ODD, EMPTY = "conformance", "listed", "odd-names", "nothing"

# Name, body, and what PutObject is told besides.
OBJECTS = {
    "empty": (b"", {}),
    "one": (PATTERN[:1], {}),
    "ten": (b"0123456789", {"ContentType": "text/plain"}),
    "under": (PATTERN[:CHUNK - 1], {}),
    "chunk": (PATTERN[:CHUNK], {}),
    "over": (PATTERN[:CHUNK + 1], {}),
    "big": (PATTERN, {}),
    "long": (LONG, {}),
    "described": (b"described", {
        "ContentType": "text/html", "ContentEncoding": "identity", "ContentLanguage": "de",
        "ContentDisposition": "attachment", "CacheControl": "no-cache",
        "Expires": "Wed, 21 Oct 2065 07:28:00 GMT",
        "Metadata": {"one": "1", "two": "zwei, drei"}}),
    "summed": (b"123456789", {"ChecksumAlgorithm": "CRC32"}),
    "tagged": (b"tagged", {"Tagging": "a=1&b=2&c=3"}),
    "rare": (b"rare", {"StorageClass": "STANDARD_IA"}),
    "redirected": (b"redirected", {"WebsiteRedirectLocation": "/ten"}),
    "slash//twice": (b"slashes", {}),
    "dots/../up": (b"dots", {}),
    "plus+blank here": (b"plus", {}),
    "percent%2F": (b"percent", {}),
    "ümläut-\U0001f512": ("ümläut".encode(), {}),
    "sub/leaf": (b"leaf", {}),
    "trailing/": (b"folder", {}),
}

# In the bucket of the listings.
NAMES = ["a", "a/1", "a/2", "b+c d", "b/1", "b/2/3", "c%2F", "d//e", "ü", "z"]
ODD_NAMES = ["&amp; <b>", "'q' \"q\"", "//", "a\nb", "a\\b", "+", "=?", "\U0001f512"]


def store(s3):
    for bucket in [BUCKET, LISTED, ODD, EMPTY]:
        s3.create_bucket(Bucket=bucket)
    for name, (body, more) in OBJECTS.items():
        s3.put_object(Bucket=BUCKET, Key=name, Body=body, **more)
    for size, name in enumerate(NAMES):
        s3.put_object(Bucket=LISTED, Key=name, Body=PATTERN[:size * 1000])
    for name in ODD_NAMES:
        s3.put_object(Bucket=ODD, Key=name, Body=b"odd")
