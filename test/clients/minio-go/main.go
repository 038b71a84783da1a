// minio-go over what an application does with objects. Prints a line for each step that went right.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

const mib = 1 << 20

var (
	ctx    = context.Background()
	bucket = os.Args[1]
	client = connect()
)

func main() {
	must(client.MakeBucket(ctx, bucket, minio.MakeBucketOptions{}))
	for _, step := range []struct {
		name string
		run  func()
	}{
		{"put and get", putAndGet},
		{"parts and ranges", partsAndRanges},
		{"checksums", checksums},
		{"copies", copies},
		{"listings", listings},
		{"conditional writes", conditionalWrites},
		{"presigned", presigned},
		{"deletes", deletes},
	} {
		step.run()
		fmt.Println(step.name)
	}
}

func connect() *minio.Client {
	endpoint := value(url.Parse(os.Getenv("AWS_ENDPOINT_URL")))
	return value(minio.New(endpoint.Host, &minio.Options{
		Creds:  credentials.NewFileAWSCredentials("", ""),
		Secure: endpoint.Scheme == "https",
		// minio-go sends checksums other than MD5 behind the body alone.
		TrailingHeaders: true,
	}))
}

func must(err error) {
	if err != nil {
		log.Panic(err)
	}
}

func value[T any](v T, err error) T {
	must(err)
	return v
}

func check(right bool, what string) {
	if !right {
		log.Panic(what)
	}
}

func refused(code string, err error) {
	check(err != nil && minio.ToErrorResponse(err).Code == code, fmt.Sprintf("%s was expected, got %v", code, err))
}

func random(size int) []byte {
	b := make([]byte, size)
	rand.New(rand.NewSource(int64(size))).Read(b)
	return b
}

func put(key string, body []byte, options minio.PutObjectOptions) minio.UploadInfo {
	return value(client.PutObject(ctx, bucket, key, bytes.NewReader(body), int64(len(body)), options))
}

func content(key string, options minio.GetObjectOptions) []byte {
	return value(io.ReadAll(value(client.GetObject(ctx, bucket, key, options))))
}

func putAndGet() {
	const key = "dir/ü small+1.txt"
	sent := put(key, []byte("small"), minio.PutObjectOptions{
		ContentType:  "text/plain",
		UserMetadata: map[string]string{"Owner": "ada"},
	})
	check(string(content(key, minio.GetObjectOptions{})) == "small", "content")
	info := value(client.StatObject(ctx, bucket, key, minio.StatObjectOptions{}))
	check(info.ContentType == "text/plain" && info.UserMetadata["Owner"] == "ada", "metadata")
	check(info.Size == 5 && info.ETag == sent.ETag, "size and ETag")
	put("empty", nil, minio.PutObjectOptions{})
	check(len(content("empty", minio.GetObjectOptions{})) == 0, "empty")
}

func partsAndRanges() {
	body := random(20*mib + 3)
	// Above 16 MiB minio-go sends parts; a stream of unknown length it sends in parts too.
	put("parts", body, minio.PutObjectOptions{PartSize: 8 * mib})
	_, err := client.PutObject(ctx, bucket, "stream", io.MultiReader(bytes.NewReader(body)), -1,
		minio.PutObjectOptions{PartSize: 8 * mib})
	must(err)
	for _, key := range []string{"parts", "stream"} {
		check(bytes.Equal(content(key, minio.GetObjectOptions{}), body), key)
	}
	for _, r := range [][2]int64{{0, 0}, {8*mib - 1, 8 * mib}, {65_479, 65_480}, {20 * mib, 20*mib + 2}} {
		options := minio.GetObjectOptions{}
		must(options.SetRange(r[0], r[1]))
		check(bytes.Equal(content("parts", options), body[r[0]:r[1]+1]), fmt.Sprint(r))
	}
	reader := value(client.GetObject(ctx, bucket, "parts", minio.GetObjectOptions{}))
	value(reader.Seek(-3, io.SeekEnd))
	check(bytes.Equal(value(io.ReadAll(reader)), body[20*mib:]), "seek")
}

func checksums() {
	for name, kind := range map[string]minio.ChecksumType{
		"CRC32": minio.ChecksumCRC32, "CRC32C": minio.ChecksumCRC32C, "CRC64NVME": minio.ChecksumCRC64NVME,
		"SHA1": minio.ChecksumSHA1, "SHA256": minio.ChecksumSHA256,
	} {
		put("sum", []byte("checked"), minio.PutObjectOptions{Checksum: kind})
		info := value(client.StatObject(ctx, bucket, "sum", minio.StatObjectOptions{Checksum: true}))
		given := map[string]string{
			"CRC32": info.ChecksumCRC32, "CRC32C": info.ChecksumCRC32C, "CRC64NVME": info.ChecksumCRC64NVME,
			"SHA1": info.ChecksumSHA1, "SHA256": info.ChecksumSHA256,
		}
		check(given[name] != "", name+" is missing")
	}
	put("md5", []byte("checked"), minio.PutObjectOptions{SendContentMd5: true})
}

func copies() {
	from := minio.CopySrcOptions{Bucket: bucket, Object: "dir/ü small+1.txt"}
	value(client.CopyObject(ctx, minio.CopyDestOptions{Bucket: bucket, Object: "copy"}, from))
	check(string(content("copy", minio.GetObjectOptions{})) == "small", "copy")
	value(client.CopyObject(ctx, minio.CopyDestOptions{
		Bucket: bucket, Object: "copy", ReplaceMetadata: true,
		UserMetadata: map[string]string{"Owner": "bob", "Content-Type": "text/csv"},
	}, minio.CopySrcOptions{Bucket: bucket, Object: "copy"}))
	info := value(client.StatObject(ctx, bucket, "copy", minio.StatObjectOptions{}))
	check(info.UserMetadata["Owner"] == "bob" && info.ContentType == "text/csv", "replaced metadata")
	parts := minio.CopySrcOptions{Bucket: bucket, Object: "parts"}
	value(client.ComposeObject(ctx, minio.CopyDestOptions{Bucket: bucket, Object: "composed"}, parts, from))
	whole := append(content("parts", minio.GetObjectOptions{}), "small"...)
	check(bytes.Equal(content("composed", minio.GetObjectOptions{}), whole), "composed")
}

func listings() {
	const many = 1_005
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := worker; i < many; i += 8 {
				put(fmt.Sprintf("many/%05d", i), bytes.Repeat([]byte("x"), i%7), minio.PutObjectOptions{})
			}
		})
	}
	group.Wait()
	for _, v1 := range []bool{false, true} {
		n := 0
		for entry := range client.ListObjects(ctx, bucket, minio.ListObjectsOptions{Prefix: "many/", UseV1: v1}) {
			must(entry.Err)
			check(entry.Key == fmt.Sprintf("many/%05d", n) && entry.Size == int64(n%7), entry.Key)
			n++
		}
		check(n == many, fmt.Sprint(n))
	}
	var folders []string
	for entry := range client.ListObjects(ctx, bucket, minio.ListObjectsOptions{}) {
		if strings.HasSuffix(entry.Key, "/") {
			folders = append(folders, entry.Key)
		}
	}
	check(slices.Equal(folders, []string{"dir/", "many/"}), fmt.Sprint(folders))
}

func conditionalWrites() {
	none, match := minio.PutObjectOptions{}, minio.PutObjectOptions{}
	none.SetMatchETagExcept("*")
	once := put("once", []byte("1"), none)
	_, err := client.PutObject(ctx, bucket, "once", strings.NewReader("2"), 1, none)
	refused("PreconditionFailed", err)
	match.SetMatchETag(once.ETag)
	put("once", []byte("3"), match)
	_, err = client.PutObject(ctx, bucket, "once", strings.NewReader("4"), 1, match)
	refused("PreconditionFailed", err)
	check(string(content("once", minio.GetObjectOptions{})) == "3", "the last that was allowed")
}

func presigned() {
	target := value(client.PresignedPutObject(ctx, bucket, "by url ü", 5*time.Minute))
	request := value(http.NewRequest(http.MethodPut, target.String(), strings.NewReader("sent")))
	answer := value(http.DefaultClient.Do(request))
	check(answer.StatusCode == 200, answer.Status)
	source := value(client.PresignedGetObject(ctx, bucket, "by url ü", 5*time.Minute, nil))
	answer = value(http.Get(source.String()))
	check(string(value(io.ReadAll(answer.Body))) == "sent", "GET by URL")
}

func deletes() {
	must(client.RemoveObject(ctx, bucket, "once", minio.RemoveObjectOptions{}))
	_, err := client.StatObject(ctx, bucket, "once", minio.StatObjectOptions{})
	refused("NoSuchKey", err)
	all := client.ListObjects(ctx, bucket, minio.ListObjectsOptions{Recursive: true})
	for failure := range client.RemoveObjects(ctx, bucket, all, minio.RemoveObjectsOptions{}) {
		must(failure.Err)
	}
	must(client.RemoveBucket(ctx, bucket))
}
