import type { Static } from 'typebox'
import Type from './type.ts'

/**
 * Every setting of a proxy: its name, type, default and meaning. docs/configuration.md is made from this file.
 * No setting holds a secret; those that need one name a file.
 */

/** Marks a string in the schema as a path. */
export const IS_PATH = 'x-path'
/** Says in words what a string's pattern demands. */
export const FORM = 'x-form'

/** A path; a relative one counts from the folder of the configuration file. */
const Path = (description: string, more: { default?: string } = {}) =>
  Type.String({ description, minLength: 1, [IS_PATH]: true, ...more })

const Tls = Type.Object(
  {
    certificate: Path('PEM file with the certificate and those that link it to its authority.'),
    key: Path("PEM file with the certificate's private key."),
  },
  { description: 'Serves HTTPS instead of HTTP.' },
)

const Listen = Type.Object(
  {
    host: Type.String({
      description: 'Address to listen on. Beyond loopback, set `tls` too.',
      default: '127.0.0.1',
      minLength: 1,
    }),
    port: Type.Integer({
      description: 'Port to listen on; 0 takes a free one.',
      default: 8700,
      minimum: 0,
      maximum: 65535,
    }),
    tls: Type.Optional(Tls),
  },
  { description: 'Where applications reach the proxy.', default: {} },
)

const DirectoryStore = Type.Object(
  {
    kind: Type.Literal('directory'),
    path: Type.Optional(Path('Folder that holds the ciphertext. By default `store` in the data folder.')),
  },
  { description: 'Ciphertext in files of this machine.' },
)

const Limits = Type.Object(
  {
    part: Type.Integer({
      description: 'Bytes that the store takes in one PUT or part.',
      default: 5 * 2 ** 30,
      minimum: 16 * 2 ** 20,
    }),
    object: Type.Integer({
      description: 'Bytes of the largest object.',
      default: 5 * 2 ** 40,
      minimum: 16 * 2 ** 20,
    }),
    copy: Type.Integer({
      description: 'Bytes that the store copies in one request.',
      default: 5 * 2 ** 30,
      minimum: 16 * 2 ** 20,
    }),
  },
  {
    description: "What the store grants, in bytes of ciphertext. The defaults are Amazon S3's.",
    default: {},
  },
)

const S3Store = Type.Object(
  {
    kind: Type.Literal('s3'),
    endpoint: Type.String({
      description: 'Where the store is.',
      pattern: '^https?://[^/?#@]+/?$',
      [FORM]: 'a URL of scheme, host and port, as `https://s3.example.com`',
    }),
    region: Type.String({ description: "The store's region.", default: 'us-east-1', minLength: 1 }),
    credentials: Path('AWS shared credentials file with the key pairs for the store; mode 0600.'),
    profile: Type.String({
      description: 'Profile in that file, used for every access key that names none of its own.',
      default: 'default',
      minLength: 1,
    }),
    addressing: Type.Union([Type.Literal('path'), Type.Literal('virtual-host')], {
      description: 'Where the bucket stands in a URL of the store.',
      default: 'path',
    }),
    ca: Type.Optional(
      Path(
        "PEM file of the authorities that the store's certificate may come from; by default the system's.",
      ),
    ),
    probeBucket: Type.Optional(
      Type.String({
        description:
          'A bucket at the store in which the first start may put, cut short, copy and delete one object, to find out what the store does. Without it a bucket is made for that, and removed.',
        minLength: 3,
      }),
    ),
    acceptShortPuts: Type.Boolean({
      description:
        'Work with a store that makes an object of an upload that was cut short. A client that breaks off then harms the object that was there.',
      default: false,
    }),
    limits: Limits,
  },
  { description: 'Ciphertext in any store that speaks S3.' },
)

const FileRoot = Type.Object(
  {
    kind: Type.Literal('file'),
    file: Type.Optional(
      Path(
        'The root key: 32 bytes, mode 0600, made at the first start. By default `root.key` in the data folder.',
      ),
    ),
  },
  {
    description:
      'The root key lies in a file. Whoever copies it together with the data folder can read everything.',
  },
)

const PassphraseRoot = Type.Object(
  {
    kind: Type.Literal('passphrase'),
    file: Path('File with the passphrase in its first line, mode 0600. At least 12 characters.'),
  },
  { description: 'The root key is wrapped under a passphrase (Argon2id).' },
)

const CustodianKeys = Type.Object(
  {
    kind: Type.Literal('custodian'),
    urls: Type.Array(
      Type.String({ pattern: '^https://[^/?#@]+/?$', [FORM]: 'a URL of https, host and port' }),
      {
        description: 'Where the custodian is, and its standby, as `https://custodian.example.com:8701`.',
        minItems: 1,
      },
    ),
    credentials: Path('Folder with what `treuhand enrol` got: certificate, key and authority.'),
    half: Type.Optional(
      Type.Union(
        [
          Type.Object(
            { kind: Type.Literal('file'), file: Path('The half: 32 bytes in base64, mode 0600.') },
            { description: 'In a file.' },
          ),
          Type.Object(
            {
              kind: Type.Literal('credential'),
              credential: Type.String({
                description: 'Its name, as `LoadCredentialEncrypted=` gives it.',
                pattern: '^[A-Za-z0-9_.-]{1,64}$',
                [FORM]: 'a name of letters, digits and `_.-`',
              }),
            },
            { description: 'In a credential of the systemd unit.' },
          ),
        ],
        {
          description:
            "The customer's half of a split tenant's keys, as `treuhand half new` makes it. With it, keys that take no half are refused.",
        },
      ),
    ),
  },
  {
    description:
      "A custodian in a process of its own, perhaps another party's. It leases group keys to this proxy.",
  },
)

const BucketName = Type.String({ pattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$' })

const Strings = (description: string) => Type.Array(Type.String(), { description })

const Grant = Type.Object({
  buckets: Strings("Names of buckets; `*` stands for all, and at a name's end for any ending."),
  actions: Type.Array(Type.Union([Type.Literal('read'), Type.Literal('list')], { description: '' }), {
    description: 'What is allowed: `read` objects, `list` them.',
  }),
  prefixes: Type.Optional(Strings('Only keys that begin so.')),
  networks: Type.Optional(Strings('Only from these CIDR blocks.')),
})

export const Config = Type.Object({
  listen: Listen,
  data: Path(
    'Data folder: access keys, uploads in progress, wrapped keys. Made where it is missing; mode 0700.',
    {
      default: 'treuhand-data',
    },
  ),
  region: Type.String({
    description: 'Region that applications sign for, and that a bucket answers when asked for its location.',
    default: 'us-east-1',
    pattern: '^[a-z0-9-]{1,64}$',
    [FORM]: 'small letters, digits and `-`',
  }),
  baseDomains: Type.Array(Type.String({ pattern: '^[a-z0-9.-]+$', [FORM]: 'a host name' }), {
    description:
      'Host names in front of which a bucket may stand, as `s3.example.com` for `photos.s3.example.com`. Without any, the bucket stands in the path alone.',
    default: [],
  }),
  buckets: Type.Record(BucketName, BucketName, {
    description:
      'Names of buckets as applications use them, each with the name that the bucket has at the store, as `{"photos": "acme-photos-4711"}`. Others have one name. Objects open under the name that applications used when they wrote them.',
    default: {},
    additionalProperties: false,
    [FORM]: 'an object of bucket names, as `{"photos": "acme-photos-4711"}`',
  }),
  store: Type.Union([DirectoryStore, S3Store], {
    description: 'Where the ciphertext goes.',
    default: { kind: 'directory' },
  }),
  keys: Type.Union([FileRoot, PassphraseRoot, CustodianKeys], {
    description: 'Where keys come from. With `file` and `passphrase` a custodian runs inside this process.',
    default: { kind: 'file' },
  }),
  workers: Type.Integer({
    description: 'Processes that serve requests, best one a core. They share port, data folder and leases.',
    default: 1,
    minimum: 1,
    maximum: 256,
  }),
  aead: Type.Union([Type.Literal('auto'), Type.Literal('node'), Type.Literal('evp')], {
    description:
      '`node`: ciphers of node:crypto. `evp`: OpenSSL called in place, faster, through an interface of Node that is not final. `auto`: the default engine, see aead-engines.md.',
    default: 'auto',
  }),
  anonymous: Type.Array(Grant, {
    description:
      'What senders without a signature may do. Access settings at the store never allow anything.',
    default: [],
  }),
  announceEncryption: Type.Boolean({
    description:
      'Answers carry `x-amz-server-side-encryption: aws:kms`, so that older AWS SDKs do not take an ETag for an MD5.',
    default: true,
  }),
  metrics: Type.Optional(
    Type.Object(
      {
        host: Type.String({
          description: 'Address to listen on. What is told there holds no name of a bucket or object.',
          default: '127.0.0.1',
          minLength: 1,
        }),
        port: Type.Integer({
          description: 'Port to listen on; 0 takes a free one.',
          default: 9464,
          minimum: 0,
          maximum: 65535,
        }),
      },
      { description: 'A listener of its own for `/metrics` (Prometheus) and `/health`. Without it, none.' },
    ),
  ),
  log: Type.Object(
    {
      level: Type.Union(
        [Type.Literal('debug'), Type.Literal('info'), Type.Literal('warn'), Type.Literal('error')],
        { description: 'Events below this level are not written.', default: 'info' },
      ),
    },
    {
      description: 'Events go to standard error, one JSON document a line where that is no terminal.',
      default: {},
    },
  ),
})
export type Config = Static<typeof Config>
