import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.ChecksumMode;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.Delete;
import software.amazon.awssdk.services.s3.model.MetadataDirective;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

/** AWS SDK for Java 2.x. Prints a line for each step that went right. */
public class SdkV2 {
  static final int MIB = 1 << 20;
  static final String BUCKET = System.getProperty("bucket");
  static final URI ENDPOINT = URI.create(System.getenv("AWS_ENDPOINT_URL"));
  static final S3Client s3 =
      S3Client.builder().endpointOverride(ENDPOINT).region(Region.US_EAST_1).forcePathStyle(true).build();

  public static void main(String[] arguments) throws Exception {
    s3.createBucket(b -> b.bucket(BUCKET));
    putAndGet();
    partsAndRanges();
    transfersInParallel();
    checksums();
    copies();
    listings();
    conditionalWrites();
    presigned();
    deletes();
  }

  static void done(String step) {
    System.out.println(step);
  }

  static void check(boolean right, String what) {
    if (!right) throw new AssertionError(what);
  }

  static void refused(int status, Runnable call) {
    try {
      call.run();
    } catch (S3Exception refusal) {
      check(refusal.statusCode() == status, refusal.toString());
      return;
    }
    throw new AssertionError(status + " was expected");
  }

  static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  static byte[] content(String key) {
    return s3.getObjectAsBytes(b -> b.bucket(BUCKET).key(key)).asByteArray();
  }

  static void put(String key, String text) {
    s3.putObject(b -> b.bucket(BUCKET).key(key), RequestBody.fromString(text));
  }

  static void putAndGet() {
    var put = s3.putObject(
        b -> b.bucket(BUCKET).key("dir/ü small+1.txt").contentType("text/plain").metadata(Map.of("owner", "ada")),
        RequestBody.fromString("small"));
    var got = s3.getObjectAsBytes(b -> b.bucket(BUCKET).key("dir/ü small+1.txt"));
    check(got.asUtf8String().equals("small"), "content");
    check(got.response().contentType().equals("text/plain"), "content type");
    check(got.response().metadata().equals(Map.of("owner", "ada")), "metadata");
    check(got.response().eTag().equals(put.eTag()), "ETag");
    byte[] streamed = random(3 * MIB);
    s3.putObject(
        b -> b.bucket(BUCKET).key("stream"),
        RequestBody.fromInputStream(new ByteArrayInputStream(streamed), streamed.length));
    check(Arrays.equals(content("stream"), streamed), "stream");
    done("put and get");
  }

  static void partsAndRanges() {
    byte[] body = random(20 * MIB + 3);
    String id = s3.createMultipartUpload(b -> b.bucket(BUCKET).key("parts")).uploadId();
    List<CompletedPart> parts = new ArrayList<>();
    for (int at = 0, n = 1; at < body.length; at += 8 * MIB, n++) {
      int number = n;
      byte[] part = Arrays.copyOfRange(body, at, Math.min(body.length, at + 8 * MIB));
      var sent = s3.uploadPart(
          b -> b.bucket(BUCKET).key("parts").uploadId(id).partNumber(number), RequestBody.fromBytes(part));
      parts.add(CompletedPart.builder().partNumber(number).eTag(sent.eTag()).build());
    }
    s3.completeMultipartUpload(
        b -> b.bucket(BUCKET).key("parts").uploadId(id).multipartUpload(m -> m.parts(parts)));
    check(Arrays.equals(content("parts"), body), "parts");
    check(s3.headObject(b -> b.bucket(BUCKET).key("parts")).contentLength() == body.length, "length");
    for (int[] range : new int[][] {{0, 0}, {8 * MIB - 1, 8 * MIB}, {65_479, 65_480}, {20 * MIB, 20 * MIB + 2}}) {
      String header = "bytes=" + range[0] + "-" + range[1];
      byte[] got = s3.getObjectAsBytes(b -> b.bucket(BUCKET).key("parts").range(header)).asByteArray();
      check(Arrays.equals(got, Arrays.copyOfRange(body, range[0], range[1] + 1)), header);
    }
    done("parts and ranges");
  }

  static void transfersInParallel() {
    byte[] body = random(24 * MIB + 1);
    try (S3AsyncClient client = S3AsyncClient.builder()
        .endpointOverride(ENDPOINT)
        .region(Region.US_EAST_1)
        .forcePathStyle(true)
        .multipartEnabled(true)
        .build()) {
      client.putObject(b -> b.bucket(BUCKET).key("parallel"), AsyncRequestBody.fromBytes(body)).join();
      var got = client.getObject(b -> b.bucket(BUCKET).key("parallel"), AsyncResponseTransformer.toBytes()).join();
      check(Arrays.equals(got.asByteArray(), body), "parallel");
      client.copyObject(
          b -> b.sourceBucket(BUCKET).sourceKey("parallel").destinationBucket(BUCKET).destinationKey("parallel copy"))
          .join();
      check(Arrays.equals(content("parallel copy"), body), "parallel copy");
    }
    done("transfers in parallel");
  }

  static void checksums() {
    for (String name : System.getProperty("checksums").split(",")) {
      ChecksumAlgorithm algorithm = ChecksumAlgorithm.fromValue(name);
      s3.putObject(
          b -> b.bucket(BUCKET).key("sum").checksumAlgorithm(algorithm), RequestBody.fromString("checked"));
      // The SDK compares what it reads with the checksum that comes along.
      var got = s3.getObjectAsBytes(b -> b.bucket(BUCKET).key("sum").checksumMode(ChecksumMode.ENABLED));
      check(got.asUtf8String().equals("checked"), "checked");
      var response = got.response();
      String sum = switch (algorithm) {
        case CRC32 -> response.checksumCRC32();
        case CRC32_C -> response.checksumCRC32C();
        case SHA1 -> response.checksumSHA1();
        default -> response.checksumSHA256();
      };
      check(sum != null, algorithm + " is missing");
    }
    refused(400, () -> s3.putObject(
        b -> b.bucket(BUCKET).key("sum").checksumCRC32("AAAAAA=="), RequestBody.fromString("other")));
    done("checksums");
  }

  static void copies() {
    s3.copyObject(b -> b.sourceBucket(BUCKET).sourceKey("dir/ü small+1.txt")
        .destinationBucket(BUCKET).destinationKey("copy"));
    check(Arrays.equals(content("copy"), "small".getBytes(UTF_8)), "copy");
    s3.copyObject(b -> b.sourceBucket(BUCKET).sourceKey("copy").destinationBucket(BUCKET).destinationKey("copy")
        .metadataDirective(MetadataDirective.REPLACE).metadata(Map.of("owner", "bob")).contentType("text/csv"));
    var head = s3.headObject(b -> b.bucket(BUCKET).key("copy"));
    check(head.metadata().equals(Map.of("owner", "bob")) && head.contentType().equals("text/csv"), "replaced");
    done("copies");
  }

  static void listings() {
    int many = 1_005;
    var numbers = new ArrayList<Integer>();
    for (int i = 0; i < many; i++) numbers.add(i);
    numbers.parallelStream().forEach(i -> put(String.format("many/%05d", i), "x".repeat(i % 7)));
    var sizes = s3.listObjectsV2Paginator(b -> b.bucket(BUCKET).prefix("many/")).contents().stream()
        .map(entry -> entry.size().intValue()).toList();
    check(sizes.equals(numbers.stream().map(i -> i % 7).toList()), "listing");
    var folders = s3.listObjectsV2(b -> b.bucket(BUCKET).delimiter("/")).commonPrefixes();
    check(folders.stream().map(p -> p.prefix()).toList().equals(List.of("dir/", "many/")), "folders");
    done("listings");
  }

  static void conditionalWrites() {
    s3.putObject(b -> b.bucket(BUCKET).key("once").ifNoneMatch("*"), RequestBody.fromString("1"));
    refused(412, () -> s3.putObject(
        b -> b.bucket(BUCKET).key("once").ifNoneMatch("*"), RequestBody.fromString("2")));
    String etag = s3.headObject(b -> b.bucket(BUCKET).key("once")).eTag();
    s3.putObject(b -> b.bucket(BUCKET).key("once").ifMatch(etag), RequestBody.fromString("3"));
    refused(412, () -> s3.putObject(
        b -> b.bucket(BUCKET).key("once").ifMatch(etag), RequestBody.fromString("4")));
    refused(412, () -> s3.getObjectAsBytes(b -> b.bucket(BUCKET).key("once").ifMatch(etag)));
    check(Arrays.equals(content("once"), "3".getBytes(UTF_8)), "the last that was allowed");
    done("conditional writes");
  }

  static void presigned() throws Exception {
    try (S3Presigner presigner = S3Presigner.builder()
        .endpointOverride(ENDPOINT)
        .region(Region.US_EAST_1)
        .serviceConfiguration(S3Configuration.builder().pathStyleAccessEnabled(true).build())
        .build()) {
      Duration time = Duration.ofMinutes(5);
      URL put = presigner.presignPutObject(
          p -> p.signatureDuration(time).putObjectRequest(b -> b.bucket(BUCKET).key("by url ü"))).url();
      HttpURLConnection connection = (HttpURLConnection) put.openConnection();
      connection.setRequestMethod("PUT");
      connection.setDoOutput(true);
      connection.getOutputStream().write("sent".getBytes(UTF_8));
      check(connection.getResponseCode() == 200, "PUT by URL: " + connection.getResponseCode());
      URL get = presigner.presignGetObject(
          p -> p.signatureDuration(time).getObjectRequest(b -> b.bucket(BUCKET).key("by url ü"))).url();
      try (InputStream in = get.openStream()) {
        check(Arrays.equals(in.readAllBytes(), "sent".getBytes(UTF_8)), "GET by URL");
      }
    }
    done("presigned");
  }

  static void deletes() {
    s3.deleteObject(b -> b.bucket(BUCKET).key("once"));
    refused(404, () -> content("once"));
    for (;;) {
      var page = s3.listObjectsV2(b -> b.bucket(BUCKET)).contents();
      if (page.isEmpty()) break;
      var keys = page.stream().map(entry -> ObjectIdentifier.builder().key(entry.key()).build()).toList();
      var deleted = s3.deleteObjects(b -> b.bucket(BUCKET).delete(Delete.builder().objects(keys).build()));
      check(deleted.deleted().size() == keys.size(), "deleted " + deleted);
    }
    s3.deleteBucket(b -> b.bucket(BUCKET));
    done("deletes");
  }
}
