"""pyarrow reads columns and row groups of a Parquet file on S3 by ranges."""

import os

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import fs

ROWS = 400_000
s3 = fs.S3FileSystem(
    endpoint_override=os.environ["AWS_ENDPOINT_URL"].split("://")[1],
    scheme="http",
    region="us-east-1",
    allow_bucket_creation=True,
    allow_bucket_deletion=True,
)
s3.create_dir("parquet")

table = pa.table({name: pc.random(ROWS, initializer=name) for name in ["a", "b", "c", "d", "e", "f", "g"]})
pq.write_table(table, "parquet/dir/table.parquet", filesystem=s3, row_group_size=ROWS // 4, compression=None)
size = s3.get_file_info("parquet/dir/table.parquet").size
assert size > 20 << 20, size
print("written in parts")

file = pq.ParquetFile(s3.open_input_file("parquet/dir/table.parquet"))
assert file.metadata.num_rows == ROWS and file.num_row_groups == 4
third = file.read_row_group(2, columns=["e"])
assert third.equals(table.select(["e"]).slice(ROWS // 2, ROWS // 4))
print("a column of a row group")

assert pq.read_table("parquet/dir/table.parquet", filesystem=s3, pre_buffer=True).equals(table)
assert pq.read_table("parquet", filesystem=s3, columns=["a", "g"], filters=[("a", ">", 0.9)]).equals(
    table.select(["a", "g"]).filter(pc.field("a") > 0.9)
)
print("the whole, and what a filter lets through")

s3.copy_file("parquet/dir/table.parquet", "parquet/copy.parquet")
assert s3.get_file_info("parquet/copy.parquet").size == size
s3.move("parquet/copy.parquet", "parquet/moved.parquet")
assert sorted(entry.path for entry in s3.get_file_info(fs.FileSelector("parquet", recursive=True))) == [
    "parquet/dir",
    "parquet/dir/table.parquet",
    "parquet/moved.parquet",
]
s3.delete_dir("parquet")
print("files copied, moved, listed and deleted")
