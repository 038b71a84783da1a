"""boto3 over the whole of what an application does with objects. Prints a line for each step that went right."""

import io
import os
import urllib.request
import uuid
import zlib
from concurrent.futures import ThreadPoolExecutor

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

MIB = 1 << 20
s3 = boto3.client("s3")
bucket = "boto3"


def refused(code, call, **arguments):
    """The call is refused with this code, and with no other."""
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
    else:
        raise AssertionError(f"{code} was expected")


def content(key, **more):
    return s3.get_object(Bucket=bucket, Key=key, **more)["Body"].read()


def fetch(url, method="GET", data=None, headers=None):
    request = urllib.request.Request(url, method=method, data=data, headers=headers or {})
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def put_and_get():
    put = s3.put_object(
        Bucket=bucket,
        Key="dir/ü small+1.txt",
        Body=b"small",
        ContentType="text/plain; charset=utf-8",
        CacheControl="no-cache",
        ContentDisposition='attachment; filename="s"',
        Metadata={"owner": "ada"},
    )
    got = s3.get_object(Bucket=bucket, Key="dir/ü small+1.txt")
    assert got["Body"].read() == b"small"
    assert got["ContentType"] == "text/plain; charset=utf-8" and got["CacheControl"] == "no-cache"
    assert got["ContentDisposition"] == 'attachment; filename="s"'
    assert got["Metadata"] == {"owner": "ada"} and got["ETag"] == put["ETag"]
    s3.put_object(Bucket=bucket, Key="empty")
    assert content("empty") == b""


def parts_and_ranges():
    body = os.urandom(MIB) * 20 + b"end"
    config = TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=8 * MIB)
    s3.upload_fileobj(io.BytesIO(body), bucket, "parts", Config=config, ExtraArgs={"Metadata": {"a": "b"}})
    back = io.BytesIO()
    s3.download_fileobj(bucket, "parts", back, Config=config)
    assert back.getvalue() == body
    head = s3.head_object(Bucket=bucket, Key="parts")
    assert head["ContentLength"] == len(body) and head["Metadata"] == {"a": "b"}
    for first, last in [(0, 0), (8 * MIB - 1, 8 * MIB), (65_479, 65_480), (len(body) - 3, len(body) - 1)]:
        assert content("parts", Range=f"bytes={first}-{last}") == body[first : last + 1]
    assert content("parts", Range="bytes=-3") == b"end"
    second = s3.get_object(Bucket=bucket, Key="parts", PartNumber=2)
    assert second["Body"].read() == body[8 * MIB : 16 * MIB] and second["PartsCount"] == 3


def checksums():
    put = s3.put_object(Bucket=bucket, Key="sum", Body=b"checked")
    default = [name for name in put if name.startswith("Checksum") and name != "ChecksumType"]
    assert default == ["ChecksumCRC32"], put
    head = s3.head_object(Bucket=bucket, Key="sum", ChecksumMode="ENABLED")
    assert head["ChecksumCRC32"] == put["ChecksumCRC32"] and head["ChecksumType"] == "FULL_OBJECT"
    for algorithm in ["CRC32C", "CRC64NVME", "SHA1", "SHA256"]:
        put = s3.put_object(Bucket=bucket, Key="sum", Body=b"checked", ChecksumAlgorithm=algorithm)
        got = s3.get_object(Bucket=bucket, Key="sum", ChecksumMode="ENABLED")
        assert got["Body"].read() == b"checked" and got["Checksum" + algorithm] == put["Checksum" + algorithm]
    refused("BadDigest", s3.put_object, Bucket=bucket, Key="sum", Body=b"other", ChecksumCRC32="AAAAAA==")
    attributes = s3.get_object_attributes(
        Bucket=bucket, Key="parts", ObjectAttributes=["ObjectSize", "ObjectParts", "Checksum"]
    )
    assert attributes["ObjectSize"] == 20 * MIB + 3 and attributes["ObjectParts"]["TotalPartsCount"] == 3


def copies():
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "dir/ü small+1.txt"})
    assert content("copy") == b"small"
    assert s3.head_object(Bucket=bucket, Key="copy")["Metadata"] == {"owner": "ada"}
    s3.copy_object(
        Bucket=bucket,
        Key="copy",
        CopySource={"Bucket": bucket, "Key": "copy"},
        MetadataDirective="REPLACE",
        Metadata={"owner": "bob"},
        ContentType="text/csv",
    )
    head = s3.head_object(Bucket=bucket, Key="copy")
    assert head["Metadata"] == {"owner": "bob"} and head["ContentType"] == "text/csv"
    config = TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=8 * MIB)
    s3.copy({"Bucket": bucket, "Key": "parts"}, bucket, "parts copy", Config=config)
    whole = s3.get_object(Bucket=bucket, Key="parts copy")
    assert zlib.crc32(whole["Body"].read()) == zlib.crc32(content("parts"))


def listings():
    def put(number):
        s3.put_object(Bucket=bucket, Key=f"many/{number:05}", Body=b"x" * (number % 7))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(1, 1_006)))
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="many/"))
    entries = [entry for page in pages for entry in page["Contents"]]
    assert [len(page["Contents"]) for page in pages] == [1_000, 5]
    assert [entry["Size"] for entry in entries] == [number % 7 for number in range(1, 1_006)]
    old = s3.get_paginator("list_objects").paginate(Bucket=bucket, Prefix="many/")
    assert [entry["Key"] for page in old for entry in page["Contents"]] == [entry["Key"] for entry in entries]
    folders = s3.list_objects_v2(Bucket=bucket, Delimiter="/")["CommonPrefixes"]
    assert [folder["Prefix"] for folder in folders] == ["dir/", "many/"]


def conditional_writes():
    s3.put_object(Bucket=bucket, Key="once", Body=b"1", IfNoneMatch="*")
    refused("PreconditionFailed", s3.put_object, Bucket=bucket, Key="once", Body=b"2", IfNoneMatch="*")
    etag = s3.head_object(Bucket=bucket, Key="once")["ETag"]
    s3.put_object(Bucket=bucket, Key="once", Body=b"3", IfMatch=etag)
    refused("PreconditionFailed", s3.put_object, Bucket=bucket, Key="once", Body=b"4", IfMatch=etag)
    assert content("once") == b"3"
    refused("304", s3.get_object, Bucket=bucket, Key="once", IfNoneMatch=s3.head_object(Bucket=bucket, Key="once")["ETag"])
    refused("PreconditionFailed", s3.get_object, Bucket=bucket, Key="once", IfMatch=etag)


def presigned():
    # In us-east-1 boto3 signs URLs and forms with Signature Version 2 unless it is told otherwise.
    signer = boto3.client("s3", config=Config(signature_version="s3v4"))

    def url(name, key, **more):
        return signer.generate_presigned_url(name, Params={"Bucket": bucket, "Key": key, **more}, ExpiresIn=300)

    fetch(url("put_object", "by url ü", ContentType="text/x"), "PUT", b"sent", {"Content-Type": "text/x"})
    assert fetch(url("get_object", "by url ü")) == b"sent"
    assert fetch(url("get_object", "by url ü"), headers={"Range": "bytes=1-2"}) == b"en"
    form = signer.generate_presigned_post(bucket, "by form", ExpiresIn=300)
    border = uuid.uuid4().hex
    fields = "".join(
        f'--{border}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in form["fields"].items()
    )
    file = f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nposted\r\n--{border}--\r\n'
    fetch(
        form["url"],
        "POST",
        (fields + file).encode(),
        {"Content-Type": f"multipart/form-data; boundary={border}"},
    )
    assert content("by form") == b"posted"


def tags_and_versions():
    s3.put_object_tagging(Bucket=bucket, Key="once", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert s3.get_object_tagging(Bucket=bucket, Key="once")["TagSet"] == [{"Key": "a", "Value": "b"}]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="versions", Body=b"one")["VersionId"]
    second = s3.put_object(Bucket=bucket, Key="versions", Body=b"two")["VersionId"]
    assert content("versions") == b"two" and content("versions", VersionId=first) == b"one"
    marker = s3.delete_object(Bucket=bucket, Key="versions")
    assert marker["DeleteMarker"]
    refused("NoSuchKey", s3.get_object, Bucket=bucket, Key="versions")
    listed = s3.list_object_versions(Bucket=bucket, Prefix="versions")
    assert [version["VersionId"] for version in listed["Versions"]] == [second, first]
    assert [each["VersionId"] for each in listed["DeleteMarkers"]] == [marker["VersionId"]]


def deletes():
    versions = boto3.resource("s3").Bucket(bucket).object_versions
    versions.delete()
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    refused("NoSuchKey", s3.get_object, Bucket=bucket, Key="once")
    s3.delete_bucket(Bucket=bucket)
    refused("404", s3.head_bucket, Bucket=bucket)


s3.create_bucket(Bucket=bucket)
for step in [
    put_and_get,
    parts_and_ranges,
    checksums,
    copies,
    listings,
    conditional_writes,
    presigned,
    tags_and_versions,
    deletes,
]:
    step()
    print(step.__name__.replace("_", " "))
