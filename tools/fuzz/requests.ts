/** Requests of every kind that an S3 client sends, unsigned. Octets as latin1. */

const request = (line: string, body = '', ...fields: readonly string[]): string =>
  [
    `${line} HTTP/1.1`,
    'host: localhost',
    ...(body === '' && !line.startsWith('P') ? [] : [`content-length: ${body.length}`]),
    ...fields,
    '',
    body,
  ].join('\r\n')

const tagging = '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>'
const lifecycle =
  '<LifecycleConfiguration><Rule><ID>r</ID><Status>Enabled</Status><Filter><And><Prefix>a</Prefix><Tag><Key>k</Key><Value>v</Value></Tag><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan></And></Filter><Expiration><Days>1</Days></Expiration><NoncurrentVersionExpiration><NoncurrentDays>2</NoncurrentDays><NewerNoncurrentVersions>1</NewerNoncurrentVersions></NoncurrentVersionExpiration><AbortIncompleteMultipartUpload><DaysAfterInitiation>3</DaysAfterInitiation></AbortIncompleteMultipartUpload><Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition></Rule></LifecycleConfiguration>'
const cors =
  '<CORSConfiguration><CORSRule><AllowedOrigin>https://*.example.com</AllowedOrigin><AllowedMethod>GET</AllowedMethod><AllowedHeader>*</AllowedHeader><ExposeHeader>etag</ExposeHeader><MaxAgeSeconds>60</MaxAgeSeconds></CORSRule></CORSConfiguration>'
const website =
  '<WebsiteConfiguration><IndexDocument><Suffix>i.html</Suffix></IndexDocument><ErrorDocument><Key>e</Key></ErrorDocument><RoutingRules><RoutingRule><Condition><KeyPrefixEquals>a</KeyPrefixEquals></Condition><Redirect><HostName>h</HostName><HttpRedirectCode>301</HttpRedirectCode></Redirect></RoutingRule></RoutingRules></WebsiteConfiguration>'
const policy =
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::photos/*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]}'
const lock =
  '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule></ObjectLockConfiguration>'
const acl =
  '<AccessControlPolicy><Owner><ID>o</ID></Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>o</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>'
const form =
  // biome-ignore lint/suspicious/noTemplateCurlyInString: S3's own placeholder
  '--b\r\nContent-Disposition: form-data; name="key"\r\n\r\na/${filename}\r\n--b\r\nContent-Disposition: form-data; name="success_action_status"\r\n\r\n201\r\n--b\r\nContent-Disposition: form-data; name="tagging"\r\n\r\n<Tagging><TagSet/></Tagging>\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nhello\r\n--b--\r\n'

export const REQUESTS: readonly string[] = [
  request('GET /'),
  request('GET /?prefix=p&max-buckets=1&continuation-token=x'),
  request(
    'PUT /photos',
    '<CreateBucketConfiguration><LocationConstraint>us-east-1</LocationConstraint></CreateBucketConfiguration>',
  ),
  request(
    'PUT /new',
    '',
    'x-amz-bucket-object-lock-enabled: true',
    'x-amz-object-ownership: BucketOwnerEnforced',
    'x-amz-acl: private',
  ),
  request('HEAD /photos'),
  request('DELETE /photos'),
  request('GET /photos?location'),
  request(
    'PUT /photos/a',
    'hello, world',
    'content-type: text/plain',
    'x-amz-meta-a: b',
    'content-md5: 5NfxtO0uQtFYmPSyewGdpA==',
    'x-amz-tagging: a=b',
    'cache-control: no-store',
  ),
  `${request('PUT /photos/a', 'hello, world', 'x-amz-checksum-crc32: /3IOTg==', 'x-amz-sdk-checksum-algorithm: CRC32', 'if-none-match: *')}\0\0${request('GET /photos/a?partNumber=1', '', 'range: bytes=0-4', 'x-amz-checksum-mode: ENABLED')}`,
  request(
    'PUT /photos/c',
    'c\r\nhello, world\r\n0\r\nx-amz-checksum-crc32:/3IOTg==\r\n\r\n',
    'x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    'content-encoding: aws-chunked',
    'x-amz-decoded-content-length: 12',
    'x-amz-trailer: x-amz-checksum-crc32',
  ),
  request(
    'PUT /locked/a',
    'hello',
    'x-amz-object-lock-mode: GOVERNANCE',
    'x-amz-object-lock-retain-until-date: 2026-11-25T00:00:00Z',
    'x-amz-object-lock-legal-hold: ON',
    'x-amz-checksum-algorithm: SHA256',
  ),
  request(
    'GET /photos/a?response-content-type=x&versionId=null',
    '',
    'if-match: "x"',
    'if-modified-since: Tue, 24 Nov 2026 08:00:00 GMT',
    'if-range: "x"',
  ),
  request('HEAD /photos/a', '', 'range: bytes=-3', 'if-none-match: "x"'),
  request(
    'GET /photos/a?attributes',
    '',
    'x-amz-object-attributes: ETag,Checksum,ObjectParts,StorageClass,ObjectSize',
    'x-amz-max-parts: 1',
    'x-amz-part-number-marker: 0',
  ),
  request(
    'DELETE /photos/a?versionId=x',
    '',
    'if-match: *',
    'x-amz-if-match-size: 12',
    'x-amz-bypass-governance-retention: true',
  ),
  request(
    'PUT /photos/b',
    '',
    'x-amz-copy-source: /photos/a?versionId=null',
    'x-amz-metadata-directive: REPLACE',
    'x-amz-copy-source-if-match: "x"',
    'x-amz-tagging-directive: REPLACE',
    'x-amz-tagging: c=d',
    'x-amz-checksum-algorithm: SHA1',
  ),
  request(
    'POST /photos?delete',
    '<Delete><Quiet>true</Quiet><Object><Key>a</Key><VersionId>null</VersionId></Object><Object><Key>b</Key><ETag>x</ETag><Size>1</Size></Object></Delete>',
    'content-md5: AAAAAAAAAAAAAAAAAAAAAA==',
  ),
  request(
    'POST /photos?delete',
    '<Delete><Object><Key>zz</Key></Object></Delete>',
    'x-amz-checksum-crc32: qG5v5Q==',
  ),
  request(
    'POST /photos/m?uploads',
    '',
    'x-amz-checksum-algorithm: CRC32C',
    'x-amz-checksum-type: FULL_OBJECT',
    'content-type: a/b',
  ),
  request('PUT /photos/m?partNumber=1&uploadId=x', 'part', 'x-amz-checksum-crc32c: AAAAAA=='),
  request(
    'PUT /photos/m?partNumber=2&uploadId=x',
    '',
    'x-amz-copy-source: photos/a',
    'x-amz-copy-source-range: bytes=0-4',
  ),
  request(
    'POST /photos/m?uploadId=x',
    '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"x"</ETag><ChecksumCRC32C>AAAAAA==</ChecksumCRC32C></Part></CompleteMultipartUpload>',
    'x-amz-mp-object-size: 4',
    'if-none-match: *',
    'x-amz-checksum-type: COMPOSITE',
  ),
  request('DELETE /photos/m?uploadId=x', '', 'x-amz-if-match-initiated-time: Tue, 24 Nov 2026 08:00:00 GMT'),
  request('GET /photos/m?uploadId=x&max-parts=1&part-number-marker=0'),
  request(
    'GET /photos?uploads&prefix=a&delimiter=/&key-marker=k&upload-id-marker=u&max-uploads=1&encoding-type=url',
  ),
  request('GET /photos?prefix=a&delimiter=/&marker=m&max-keys=2&encoding-type=url'),
  request(
    'GET /photos?list-type=2&prefix=&delimiter=/&start-after=a&max-keys=2&continuation-token=t&fetch-owner=true&encoding-type=url',
    '',
    'x-amz-optional-object-attributes: RestoreStatus',
  ),
  request(
    'GET /photos?versions&prefix=a&delimiter=/&key-marker=k&version-id-marker=v&max-keys=2&encoding-type=url',
  ),
  request(
    'PUT /photos?versioning',
    '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
  ),
  request('GET /photos?versioning'),
  request('PUT /photos?tagging', tagging),
  request('GET /photos?tagging'),
  request('DELETE /photos?tagging'),
  request('PUT /photos/a?tagging&versionId=null', tagging),
  request('GET /photos/a?tagging'),
  request('DELETE /photos/a?tagging'),
  `${request('PUT /photos?lifecycle', lifecycle)}\0\0${request('GET /photos?lifecycle')}`,
  request('DELETE /photos?lifecycle'),
  `${request('PUT /photos?cors', cors)}\0\0${request('GET /photos?cors', '', 'origin: https://a.example.com')}\0\0${request('OPTIONS /photos/a', '', 'origin: https://a.example.com', 'access-control-request-method: GET', 'access-control-request-headers: x-a, range')}`,
  request('DELETE /photos?cors'),
  request('PUT /photos?website', website),
  request('PUT /photos?policy', policy),
  request('GET /photos?policyStatus'),
  request('PUT /locked?object-lock', lock),
  request('GET /locked?object-lock'),
  request(
    'PUT /locked/a?retention',
    '<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2026-12-01T00:00:00Z</RetainUntilDate></Retention>',
    'x-amz-bypass-governance-retention: true',
  ),
  request('GET /locked/a?retention'),
  request('PUT /locked/a?legal-hold', '<LegalHold><Status>OFF</Status></LegalHold>'),
  request('GET /locked/a?legal-hold'),
  request('PUT /photos?acl', acl),
  request('PUT /photos/a?acl', '', 'x-amz-acl: public-read'),
  request('GET /photos/a?acl'),
  request(
    'PUT /photos?publicAccessBlock',
    '<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>',
  ),
  request(
    'PUT /photos?ownershipControls',
    '<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>',
  ),
  request('GET /photos?notification'),
  request('POST /photos', form, 'content-type: multipart/form-data; boundary=b'),
  request('GET /photos/a?torrent'),
  request('POST /photos/a?select&select-type=2', '<SelectObjectContentRequest/>'),
  request('GET http://localhost/photos/a'),
  'GET /a%20b HTTP/1.1\r\nhost: photos.s3.example.com\r\n\r\n',
]

/** The lines and the elements of those requests, and what stumbles elsewhere. */
export const REQUEST_WORDS: readonly string[] = [
  ...new Set([
    ...REQUESTS.flatMap(text => text.split('\0\0')).flatMap(text =>
      text
        .split('\r\n')
        .filter(line => line.includes(': '))
        .map(line => `${line}\r\n`),
    ),
    ...REQUESTS.flatMap(text => text.match(/<\/?[A-Za-z]+\/?>/g) ?? []),
    ...REQUESTS.flatMap(text => text.match(/[?&][\w-]+=?/g) ?? []),
  ]),
  '\0\0',
  '/photos/a',
  '/locked/a',
  '%00',
  '__proto__',
  '9999999999',
  '-1',
  '"',
  'x-amz-server-side-encryption-customer-algorithm: AES256\r\n',
  'transfer-encoding: chunked\r\n',
  'expect: 100-continue\r\n',
]
