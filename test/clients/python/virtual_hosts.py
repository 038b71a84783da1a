"""boto3 with the bucket in the host name, over TLS. The domain is looked up nowhere: it is this machine."""

import os
import socket

import boto3
from botocore.config import Config

domain = os.environ["DOMAIN"]
lookup = socket.getaddrinfo
hosts = set()


def to_this_machine(host, *more, **options):
    hosts.add(host)
    return lookup("127.0.0.1" if host.endswith(domain) else host, *more, **options)


socket.getaddrinfo = to_this_machine
s3 = boto3.client("s3", config=Config(s3={"addressing_style": "virtual"}, signature_version="s3v4"))
s3.create_bucket(Bucket="photos")
s3.put_object(Bucket="photos", Key="dir/ü small+1", Body=b"small")
s3.copy_object(Bucket="photos", Key="copy", CopySource={"Bucket": "photos", "Key": "dir/ü small+1"})
assert s3.get_object(Bucket="photos", Key="copy")["Body"].read() == b"small"
assert [entry["Key"] for entry in s3.list_objects_v2(Bucket="photos")["Contents"]] == ["copy", "dir/ü small+1"]
assert "photos" in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
url = s3.generate_presigned_url("get_object", Params={"Bucket": "photos", "Key": "copy"})
assert url.startswith(f"https://photos.{domain}:"), url
s3.delete_objects(Bucket="photos", Delete={"Objects": [{"Key": "copy"}, {"Key": "dir/ü small+1"}]})
s3.delete_bucket(Bucket="photos")
assert hosts == {domain, f"photos.{domain}"}, hosts
print(*sorted(hosts))
