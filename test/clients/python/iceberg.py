"""Two processes commit to one Iceberg table at the same time: data, manifests and metadata lie in the store, and the
catalogue, SQLite here, says which metadata counts. Who loses the race reads the winner's and tries again."""

import os
import subprocess
import sys
import tempfile

import boto3
import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException

COMMITS = 5
TABLE = "race.table"
SCHEMA = pa.schema([("writer", pa.string()), ("number", pa.int64())])


def catalogue(folder):
    key = boto3.Session().get_credentials()
    return SqlCatalog(
        "race",
        **{
            "uri": f"sqlite:///{folder}/catalogue.sqlite",
            "warehouse": "s3://iceberg/warehouse",
            "s3.endpoint": os.environ["AWS_ENDPOINT_URL"],
            "s3.region": "us-east-1",
            "s3.access-key-id": key.access_key,
            "s3.secret-access-key": key.secret_key,
        },
    )


def write(writer, folder):
    catalog = catalogue(folder)
    for number in range(COMMITS):
        rows = pa.table({"writer": [writer], "number": [number]}, schema=SCHEMA)
        while True:
            try:
                catalog.load_table(TABLE).append(rows)
                break
            except CommitFailedException:
                continue


def race(folder):
    boto3.client("s3").create_bucket(Bucket="iceberg")
    catalog = catalogue(folder)
    catalog.create_namespace("race")
    catalog.create_table(TABLE, schema=SCHEMA)
    writers = [subprocess.Popen([sys.executable, __file__, name, folder]) for name in ["a", "b"]]
    assert [writer.wait() for writer in writers] == [0, 0]
    table = catalog.load_table(TABLE)
    rows = sorted((row["writer"], row["number"]) for row in table.scan().to_arrow().to_pylist())
    assert rows == [(writer, number) for writer in ["a", "b"] for number in range(COMMITS)], rows
    print(len(table.history()), "commits")
    table.append(pa.table({"writer": ["c"], "number": [0]}, schema=SCHEMA))
    table.delete("writer = 'a'")
    left = table.scan(row_filter="number >= 0").to_arrow().num_rows
    assert left == COMMITS + 1, left
    print("rows deleted and the rest read")


if len(sys.argv) > 1:
    write(*sys.argv[1:])
else:
    with tempfile.TemporaryDirectory() as temporary:
        race(temporary)
