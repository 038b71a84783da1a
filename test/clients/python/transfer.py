"""s3transfer sends and fetches the file `large` in concurrent parts, with each checksum that boto3 can compute."""

import filecmp

import boto3
from boto3.s3.transfer import TransferConfig

s3 = boto3.client("s3")
s3.create_bucket(Bucket="transfer")
config = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20, max_concurrency=4)
algorithms = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]
for algorithm in algorithms:
    s3.upload_file("large", "transfer", algorithm, Config=config, ExtraArgs={"ChecksumAlgorithm": algorithm})
    s3.download_file("transfer", algorithm, "back", Config=config)
    assert filecmp.cmp("large", "back", shallow=False)
    head = s3.head_object(Bucket="transfer", Key=algorithm, ChecksumMode="ENABLED")
    assert head["Checksum" + algorithm], head
    assert head["ContentLength"] == 64 << 20
page = s3.list_objects_v2(Bucket="transfer")["Contents"]
assert all(entry["Size"] == 64 << 20 for entry in page), page
print(len(algorithms), "algorithms")
