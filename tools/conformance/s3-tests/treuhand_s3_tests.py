"""A pytest plugin for Ceph's s3-tests: verdicts as lines of JSON, and a clean-up that ends.

The suite's own clean-up runs before and after each test as the users under test. A bucket that they cannot
empty, such as one with a policy that denies, makes every later test an error. This one runs as the store's
root, after each test, and leaves what it cannot remove.
"""

import json
import os

import boto3
import botocore.config
from botocore.exceptions import ClientError


def pytest_configure(config):
    from s3tests import functional

    functional.setup = lambda: None
    functional.teardown = remove_buckets
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Verdicts(os.environ["TREUHAND_VERDICTS"]))


class Verdicts:
    """A line for each phase of a test that says something of it."""

    def __init__(self, file):
        self.file = open(file, "w", buffering=1, encoding="utf-8")

    def pytest_runtest_logreport(self, report):
        if report.when != "call" and report.passed:
            return
        verdict = {"test": report.nodeid.split("::")[-1], "outcome": report.outcome}
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            verdict["reason"] = str(crash.message if crash else report.longrepr).split("\n")[0][:400]
        print(json.dumps(verdict), file=self.file)


def remove_buckets():
    from s3tests import functional

    client = root_client()
    for bucket in client.list_buckets()["Buckets"]:
        if bucket["Name"].startswith(functional.get_prefix()):
            remove_bucket(client, bucket["Name"])


def root_client():
    """The store's root, at the store itself where that speaks S3."""
    with open(os.environ["TREUHAND_ROOT"], encoding="utf-8") as file:
        root = json.load(file)
    return boto3.client(
        "s3",
        endpoint_url=root["endpoint"],
        region_name="us-east-1",
        aws_access_key_id=root["access"],
        aws_secret_access_key=root["secret"],
        config=botocore.config.Config(
            s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}
        ),
    )


def remove_bucket(client, bucket):
    attempt(client.delete_bucket_policy, Bucket=bucket)
    uploads = attempt(client.list_multipart_uploads, Bucket=bucket) or {}
    for upload in uploads.get("Uploads", []):
        attempt(
            client.abort_multipart_upload, Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"]
        )
    while True:
        page = attempt(client.list_object_versions, Bucket=bucket) or {}
        versions = page.get("Versions", []) + page.get("DeleteMarkers", [])
        removed = sum(remove_version(client, bucket, version) for version in versions)
        if removed == 0 or not page["IsTruncated"]:
            break
    attempt(client.delete_bucket, Bucket=bucket)


def remove_version(client, bucket, version):
    at = {"Bucket": bucket, "Key": version["Key"], "VersionId": version["VersionId"]}
    if attempt(client.delete_object, **at, BypassGovernanceRetention=True) is not None:
        return True
    attempt(client.put_object_legal_hold, **at, LegalHold={"Status": "OFF"})
    return attempt(client.delete_object, **at, BypassGovernanceRetention=True) is not None


def attempt(operation, **arguments):
    try:
        return operation(**arguments)
    except ClientError:
        return None
