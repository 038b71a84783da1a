import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileRange;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/** Hadoop's S3A file system. Prints a line for each step that went right. */
public class S3A {
  static final int MIB = 1 << 20;
  static FileSystem fs;

  public static void main(String[] arguments) throws Exception {
    Configuration configuration = new Configuration();
    configuration.set("fs.s3a.endpoint", System.getenv("AWS_ENDPOINT_URL"));
    configuration.set("fs.s3a.endpoint.region", "us-east-1");
    configuration.set("fs.s3a.path.style.access", "true");
    configuration.set("fs.s3a.access.key", System.getenv("AWS_ACCESS_KEY_ID"));
    configuration.set("fs.s3a.secret.key", System.getenv("AWS_SECRET_ACCESS_KEY"));
    configuration.set("fs.s3a.multipart.size", "8M");
    configuration.set("fs.s3a.fast.upload.buffer", "bytebuffer");
    fs = FileSystem.get(URI.create("s3a://" + System.getProperty("bucket")), configuration);
    filesAndFolders();
    partsAndRanges();
    vectors();
    listings();
    renames();
    deletes();
  }

  static void done(String step) {
    System.out.println(step);
  }

  static void check(boolean right, String what) {
    if (!right) throw new AssertionError(what);
  }

  static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  static void write(String path, byte[] bytes) throws Exception {
    try (FSDataOutputStream out = fs.create(new Path(path))) {
      out.write(bytes);
    }
  }

  static byte[] read(String path) throws Exception {
    try (FSDataInputStream in = fs.open(new Path(path))) {
      return in.readAllBytes();
    }
  }

  static void filesAndFolders() throws Exception {
    check(fs.mkdirs(new Path("/dir/empty")), "mkdirs");
    check(fs.getFileStatus(new Path("/dir/empty")).isDirectory(), "an empty folder");
    write("/dir/ü small+1.txt", "small".getBytes(StandardCharsets.UTF_8));
    check(Arrays.equals(read("/dir/ü small+1.txt"), "small".getBytes(StandardCharsets.UTF_8)), "content");
    check(fs.getFileStatus(new Path("/dir/ü small+1.txt")).getLen() == 5, "length");
    check(fs.listStatus(new Path("/dir")).length == 2, "a folder and a file");
    done("files and folders");
  }

  static void partsAndRanges() throws Exception {
    byte[] body = random(20 * MIB + 3);
    write("/parts", body);
    check(Arrays.equals(read("/parts"), body), "parts");
    try (FSDataInputStream in = fs.open(new Path("/parts"))) {
      for (int at : new int[] {20 * MIB, 0, 8 * MIB - 1, 65_479}) {
        byte[] some = new byte[3];
        in.readFully(at, some);
        check(Arrays.equals(some, Arrays.copyOfRange(body, at, at + 3)), "from " + at);
      }
    }
    done("parts and ranges");
  }

  static void vectors() throws Exception {
    byte[] body = random(20 * MIB + 3);
    List<FileRange> ranges = new ArrayList<>();
    for (int at : new int[] {10, 65_479, 8 * MIB - 5, 20 * MIB - 7}) ranges.add(FileRange.createFileRange(at, 10));
    try (FSDataInputStream in = fs.open(new Path("/parts"))) {
      in.readVectored(ranges, ByteBuffer::allocate);
      for (FileRange range : ranges) {
        byte[] got = new byte[range.getLength()];
        range.getData().get().get(got);
        int at = (int) range.getOffset();
        check(Arrays.equals(got, Arrays.copyOfRange(body, at, at + got.length)), "vector from " + at);
      }
    }
    done("vectors");
  }

  static void listings() throws Exception {
    int many = 1_005;
    IntStream.range(0, many).parallel().forEach(i -> {
      try {
        write(String.format("/many/%05d", i), new byte[i % 7]);
      } catch (Exception failure) {
        throw new AssertionError(failure);
      }
    });
    RemoteIterator<LocatedFileStatus> files = fs.listFiles(new Path("/many"), true);
    int found = 0;
    for (; files.hasNext(); found++) {
      LocatedFileStatus file = files.next();
      check(file.getLen() == Integer.parseInt(file.getPath().getName()) % 7, file.toString());
    }
    check(found == many, found + " files");
    done("listings");
  }

  static void renames() throws Exception {
    check(fs.rename(new Path("/dir"), new Path("/renamed")), "rename of a folder");
    check(!fs.exists(new Path("/dir")), "the old folder");
    check(Arrays.equals(read("/renamed/ü small+1.txt"), "small".getBytes(StandardCharsets.UTF_8)), "renamed");
    check(fs.rename(new Path("/parts"), new Path("/moved")), "rename of a large file");
    check(Arrays.equals(read("/moved"), random(20 * MIB + 3)), "moved");
    done("renames");
  }

  static void deletes() throws Exception {
    check(fs.delete(new Path("/many"), true), "delete of a folder");
    check(!fs.exists(new Path("/many")), "the deleted folder");
    check(fs.listStatus(new Path("/")).length == 2, "what is left");
    done("deletes");
  }
}
