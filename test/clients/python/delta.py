"""Two processes commit to one Delta table at the same time: each commit is a PUT that must find nothing there."""

import os
import subprocess
import sys

import boto3
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

COMMITS = 15
TABLE = "s3://delta/table"
key = boto3.Session().get_credentials()
OPTIONS = {
    "endpoint": os.environ["AWS_ENDPOINT_URL"],
    "region": "us-east-1",
    "access_key_id": key.access_key,
    "secret_access_key": key.secret_key,
    "allow_http": "true",
}


def write(writer):
    for number in range(COMMITS):
        rows = pa.table({"writer": [writer], "number": pa.array([number], pa.int64())})
        write_deltalake(TABLE, rows, mode="append", storage_options=OPTIONS)


def race():
    boto3.client("s3").create_bucket(Bucket="delta")
    empty = pa.table({"writer": pa.array([], pa.string()), "number": pa.array([], pa.int64())})
    write_deltalake(TABLE, empty, storage_options=OPTIONS)
    writers = [subprocess.Popen([sys.executable, __file__, name]) for name in ["a", "b"]]
    assert [writer.wait() for writer in writers] == [0, 0]
    table = DeltaTable(TABLE, storage_options=OPTIONS)
    assert table.version() == 2 * COMMITS, table.version()
    rows = pa.table(table.to_pyarrow_table()).to_pylist()
    written = sorted((row["writer"], row["number"]) for row in rows)
    assert written == [(writer, number) for writer in ["a", "b"] for number in range(COMMITS)], written
    print(table.version(), "commits")


if len(sys.argv) > 1:
    write(sys.argv[1])
else:
    race()
