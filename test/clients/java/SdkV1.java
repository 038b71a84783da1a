import static java.nio.charset.StandardCharsets.UTF_8;

import com.amazonaws.HttpMethod;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.s3.AmazonS3;
import com.amazonaws.services.s3.AmazonS3ClientBuilder;
import com.amazonaws.services.s3.model.AmazonS3Exception;
import com.amazonaws.services.s3.model.CompleteMultipartUploadRequest;
import com.amazonaws.services.s3.model.CopyObjectRequest;
import com.amazonaws.services.s3.model.DeleteObjectsRequest;
import com.amazonaws.services.s3.model.GetObjectRequest;
import com.amazonaws.services.s3.model.InitiateMultipartUploadRequest;
import com.amazonaws.services.s3.model.ListObjectsV2Request;
import com.amazonaws.services.s3.model.ListObjectsV2Result;
import com.amazonaws.services.s3.model.ObjectMetadata;
import com.amazonaws.services.s3.model.PartETag;
import com.amazonaws.services.s3.model.PutObjectRequest;
import com.amazonaws.services.s3.model.UploadPartRequest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/** AWS SDK for Java 1.x. Prints a line for each step that went right. */
public class SdkV1 {
  static final int MIB = 1 << 20;
  static final String BUCKET = System.getProperty("bucket");
  static final AmazonS3 s3 = AmazonS3ClientBuilder.standard()
      .withEndpointConfiguration(new EndpointConfiguration(System.getenv("AWS_ENDPOINT_URL"), "us-east-1"))
      .withPathStyleAccessEnabled(true)
      .build();

  public static void main(String[] arguments) throws Exception {
    s3.createBucket(BUCKET);
    putAndGet();
    partsAndRanges();
    copies();
    listings();
    conditions();
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
    } catch (AmazonS3Exception refusal) {
      check(refusal.getStatusCode() == status, refusal.toString());
      return;
    }
    throw new AssertionError(status + " was expected");
  }

  static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  static byte[] content(GetObjectRequest request) {
    try (InputStream in = s3.getObject(request).getObjectContent()) {
      return in.readAllBytes();
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }

  static byte[] content(String key) {
    return content(new GetObjectRequest(BUCKET, key));
  }

  static void put(String key, byte[] bytes, ObjectMetadata metadata) {
    metadata.setContentLength(bytes.length);
    s3.putObject(BUCKET, key, new ByteArrayInputStream(bytes), metadata);
  }

  static void putAndGet() {
    ObjectMetadata metadata = new ObjectMetadata();
    metadata.setContentType("text/plain");
    metadata.addUserMetadata("owner", "ada");
    // The SDK compares the ETag with the MD5 of what it sent, unless it is told that an ETag is none.
    put("dir/ü small+1.txt", "small".getBytes(UTF_8), metadata);
    check(Arrays.equals(content("dir/ü small+1.txt"), "small".getBytes(UTF_8)), "content");
    ObjectMetadata got = s3.getObjectMetadata(BUCKET, "dir/ü small+1.txt");
    check(got.getContentType().equals("text/plain"), "content type");
    check(got.getUserMetadata().equals(Map.of("owner", "ada")), "metadata");
    s3.putObject(BUCKET, "string", "text");
    check(s3.getObjectAsString(BUCKET, "string").equals("text"), "string");
    byte[] streamed = random(3 * MIB);
    put("stream", streamed, new ObjectMetadata());
    check(Arrays.equals(content("stream"), streamed), "stream");
    done("put and get");
  }

  static void partsAndRanges() {
    byte[] body = random(20 * MIB + 3);
    String id = s3.initiateMultipartUpload(new InitiateMultipartUploadRequest(BUCKET, "parts")).getUploadId();
    List<PartETag> parts = new ArrayList<>();
    for (int at = 0; at < body.length; at += 8 * MIB) {
      byte[] part = Arrays.copyOfRange(body, at, Math.min(body.length, at + 8 * MIB));
      UploadPartRequest request = new UploadPartRequest().withBucketName(BUCKET).withKey("parts").withUploadId(id)
          .withPartNumber(parts.size() + 1).withPartSize(part.length).withInputStream(new ByteArrayInputStream(part));
      parts.add(s3.uploadPart(request).getPartETag());
    }
    s3.completeMultipartUpload(new CompleteMultipartUploadRequest(BUCKET, "parts", id, parts));
    check(Arrays.equals(content("parts"), body), "parts");
    check(s3.getObjectMetadata(BUCKET, "parts").getContentLength() == body.length, "length");
    for (int[] range : new int[][] {{0, 0}, {8 * MIB - 1, 8 * MIB}, {65_479, 65_480}, {20 * MIB, 20 * MIB + 2}}) {
      byte[] got = content(new GetObjectRequest(BUCKET, "parts").withRange(range[0], range[1]));
      check(Arrays.equals(got, Arrays.copyOfRange(body, range[0], range[1] + 1)), "range from " + range[0]);
    }
    done("parts and ranges");
  }

  static void copies() {
    s3.copyObject(BUCKET, "dir/ü small+1.txt", BUCKET, "copy");
    check(Arrays.equals(content("copy"), "small".getBytes(UTF_8)), "copy");
    ObjectMetadata metadata = new ObjectMetadata();
    metadata.setContentType("text/csv");
    metadata.addUserMetadata("owner", "bob");
    s3.copyObject(new CopyObjectRequest(BUCKET, "copy", BUCKET, "copy").withNewObjectMetadata(metadata));
    ObjectMetadata got = s3.getObjectMetadata(BUCKET, "copy");
    check(got.getUserMetadata().equals(Map.of("owner", "bob")), "metadata");
    check(got.getContentType().equals("text/csv"), "content type");
    done("copies");
  }

  static void listings() {
    int many = 1_005;
    IntStream.range(0, many).parallel().forEach(
        i -> put(String.format("many/%05d", i), "x".repeat(i % 7).getBytes(UTF_8), new ObjectMetadata()));
    List<Long> sizes = new ArrayList<>();
    ListObjectsV2Request request = new ListObjectsV2Request().withBucketName(BUCKET).withPrefix("many/");
    ListObjectsV2Result page;
    do {
      page = s3.listObjectsV2(request);
      page.getObjectSummaries().forEach(entry -> sizes.add(entry.getSize()));
      request.setContinuationToken(page.getNextContinuationToken());
    } while (page.isTruncated());
    check(sizes.equals(IntStream.range(0, many).mapToObj(i -> (long) i % 7).toList()), "listing");
    var folders = s3.listObjectsV2(new ListObjectsV2Request().withBucketName(BUCKET).withDelimiter("/"));
    check(folders.getCommonPrefixes().equals(List.of("dir/", "many/")), "folders");
    done("listings");
  }

  static PutObjectRequest oneByte(String key) {
    ObjectMetadata metadata = new ObjectMetadata();
    metadata.setContentLength(1);
    return new PutObjectRequest(BUCKET, key, new ByteArrayInputStream("1".getBytes(UTF_8)), metadata);
  }

  static void conditions() {
    PutObjectRequest once = oneByte("once");
    once.putCustomRequestHeader("If-None-Match", "*");
    s3.putObject(once);
    PutObjectRequest again = oneByte("once");
    again.putCustomRequestHeader("If-None-Match", "*");
    refused(412, () -> s3.putObject(again));
    String etag = s3.getObjectMetadata(BUCKET, "once").getETag();
    // A condition that fails is no object, for this SDK.
    check(s3.getObject(new GetObjectRequest(BUCKET, "once").withNonmatchingETagConstraint(etag)) == null, "not modified");
    check(s3.getObject(new GetObjectRequest(BUCKET, "once").withMatchingETagConstraint("other")) == null, "not matching");
    check(content(new GetObjectRequest(BUCKET, "once").withMatchingETagConstraint(etag)).length == 1, "matching");
    done("conditions");
  }

  static void presigned() throws IOException {
    Date end = new Date(System.currentTimeMillis() + 300_000);
    URL put = s3.generatePresignedUrl(BUCKET, "by url ü", end, HttpMethod.PUT);
    HttpURLConnection connection = (HttpURLConnection) put.openConnection();
    connection.setRequestMethod("PUT");
    connection.setDoOutput(true);
    connection.getOutputStream().write("sent".getBytes(UTF_8));
    check(connection.getResponseCode() == 200, "PUT by URL: " + connection.getResponseCode());
    try (InputStream in = s3.generatePresignedUrl(BUCKET, "by url ü", end).openStream()) {
      check(Arrays.equals(in.readAllBytes(), "sent".getBytes(UTF_8)), "GET by URL");
    }
    done("presigned");
  }

  static void deletes() {
    s3.deleteObject(BUCKET, "once");
    refused(404, () -> content("once"));
    for (;;) {
      var page = s3.listObjectsV2(BUCKET).getObjectSummaries();
      if (page.isEmpty()) break;
      String[] keys = page.stream().map(entry -> entry.getKey()).toArray(String[]::new);
      check(s3.deleteObjects(new DeleteObjectsRequest(BUCKET).withKeys(keys)).getDeletedObjects().size() == keys.length,
          "deleted");
    }
    s3.deleteBucket(BUCKET);
    done("deletes");
  }
}
