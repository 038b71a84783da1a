#!/usr/bin/env python3
"""Opens objects that Treuhand sealed, without Treuhand.

Written from docs/object-format.md alone; the section numbers in the comments are that document's. It needs
Python 3.9 or newer and the package `cryptography`, holds one segment in memory, and writes nothing that has
not been verified: the plaintext stands in `OUT.part` until all of it has, and only then becomes `OUT`.

    treuhand_open.py --keys KEYS.json --tenant acme --bucket reports --key a/b.txt \\
        --head HEAD.json --payload PAYLOAD --out OUT [--metadata META.json] [--half HALF]
        [--recipient RECIPIENT --log LOG]

PAYLOAD  the stored object's bytes, downloaded as they are.
HEAD     what the store keeps beside them: the answer of `aws s3api head-object`, or
         {"metadata": {"th1": ..., "th1m": ...}, "contentDisposition": ...}
KEYS     an export of group keys or a deposit, as the custodian signed it (docs/custody-formats.md, section 6),
         or one that was opened already.
RECIPIENT  the private key that the export was sealed to: 32 bytes in base64url.
LOG      verifier key of the custodian's log, by which the export is verified. Without it nobody vouches for
         the keys, and a warning says so; objects that do not open tell the same.
HALF     a file with the customer's half in base64, for a split tenant.
META     gets the application's headers, write time and checksum as JSON. `-` is the standard output.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import struct
import sys
from functools import partial

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

SEGMENT, TAG, PART_HEADER, ROOM = 65_536, 16, 40, 65_520
SUMMARY, TABLE_FRAME, TABLE_ROW = 256, 40, 120
MIN_PART, MAX_PARTS = 5_242_880, 10_000
LABEL = b"treuhand/v1/s1/"
KNOWN_HEADERS = ("content-type", "content-encoding", "content-disposition", "content-language",
                 "cache-control", "expires", "x-amz-website-redirect-location")
ALGORITHMS = {1: "CRC32", 2: "CRC32C", 3: "CRC64NVME", 4: "SHA1", 5: "SHA256",
              6: "SHA512", 7: "MD5", 8: "XXHASH64", 9: "XXHASH3", 10: "XXHASH128"}
TYPES = {1: "FULL_OBJECT", 2: "COMPOSITE"}


class DoesNotOpen(Exception):
    """Anything that is not as the document says (section 9)."""


def must(condition):
    if not condition:
        raise DoesNotOpen


# Section 2: notation

def from_base64url(text):
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise DoesNotOpen from None
    must(base64.urlsafe_b64encode(data).rstrip(b"=").decode() == text)
    return data


def hkdf(ikm, salt, info):
    return HKDF(hashes.SHA256(), 32, salt, info).derive(ikm)


def expand(key, info):
    return hmac.digest(key, info + b"\x01", "sha256")


def xaes_open(key, nonce, sealed, data):
    """XAES-256-GCM, c2sp.org/XAES-256-GCM: steps as numbered there."""
    aes = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    double = int.from_bytes(aes.update(bytes(16)), "big") << 1  # 1, 2
    k1 = (double ^ (0x87 if double >> 128 else 0)) & (1 << 128) - 1
    derived = b"".join(
        aes.update((int.from_bytes(bytes([0, i]) + b"X\0" + nonce[:12], "big") ^ k1).to_bytes(16, "big"))
        for i in (1, 2))  # 3, 4, 5
    return gcm_open(AESGCM(derived), nonce[12:], sealed, data)


def gcm_open(aes, nonce, sealed, data=b""):
    must(len(sealed) >= TAG)
    try:
        return aes.decrypt(nonce, sealed, data)
    except InvalidTag:
        raise DoesNotOpen from None


# Section 4: keys; section 6 of docs/custody-formats.md

def read_keys(options):
    """By id, functions that open one group key each; and whether the customer's half is needed beside it.
    Either a signed export, or JSON:

        {"format": "treuhand-keys/v1", "split": false,
         "keys": [{"id": hex 16 bytes, "tenant": ..., "bucket": ..., "epoch": ..., "key": base64 32 bytes}]}
    """
    with open(options.keys, encoding="utf-8", newline="") as file:
        text = file.read()
    if text.startswith("treuhand-keys/v1\n"):
        return read_sealed_keys(text, options)
    export = json.loads(text)
    if export.get("format") != "treuhand-keys/v1":
        raise SystemExit(f"{options.keys} is no export of the format treuhand-keys/v1")
    keys = {bytes.fromhex(entry["id"]): partial(plain_key, entry) for entry in export["keys"]}
    return keys, bool(export.get("split"))


def plain_key(entry):
    key = base64.b64decode(entry["key"], validate=True)
    if len(key) != 32:
        raise SystemExit(f"the key {entry['id']} has {len(key)} bytes, not 32")
    return key


def read_sealed_keys(text, options):
    if options.recipient is None:
        raise SystemExit("this export is sealed: give the recipient's private key by --recipient")
    body, signatures = text[:text.rindex("\n\n") + 1], text[text.rindex("\n\n") + 2:]
    if options.log is None:
        sys.stderr.write("warning: without --log nobody vouches for this export\n")
    elif not is_signed(body, signatures, options.log):
        raise SystemExit("the export is not signed by the key of this log")
    _, origin, line, _ = body.split("\n")
    export = json.loads(line)
    with open(options.recipient, encoding="ascii") as file:
        private = X25519PrivateKey.from_private_bytes(from_base64url(file.read().strip()))
    if public_bytes(private.public_key()) != from_base64url(export["recipient"]):
        raise SystemExit("the export was sealed to another recipient than the owner of this key")
    keys = {bytes.fromhex(entry["id"]): partial(open_key, private, origin, export, entry)
            for entry in export["keys"]}
    return keys, export["split"]


def is_signed(text, signatures, verifier_key):
    """c2sp.org/signed-note, a key of type 0x01: Ed25519 over the text."""
    name, identity, material = verifier_key.rsplit("+", 2)
    raw = base64.b64decode(material)
    if raw[0] != 1 or hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex() != identity:
        raise SystemExit("--log is no verifier key of a log: name+id+base64")
    found = False
    for line in signatures.removesuffix("\n").split("\n"):
        dash, signer, signature = line.split(" ")
        bytes_ = base64.b64decode(signature, validate=True)
        if dash != "\u2014" or signer != name or bytes_[:4].hex() != identity:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(raw[1:]).verify(bytes_[4:], text.encode())
        except InvalidSignature:
            return False
        found = True
    return found


def open_key(private, origin, export, entry):
    """The 32 bytes of one exported key: HPKE with the key's names as `info`."""
    fields = [b"treuhand/exported-key/v1", origin.encode(), export["tenant"].encode(),
              entry["bucket"].encode(), entry["epoch"].encode(), bytes.fromhex(entry["id"])]
    info = b"".join(struct.pack(">H", len(field)) + field for field in fields)
    key = hpke_open(private, from_base64url(entry["sealed"]), info)
    must(len(key) == 32)
    return key


def public_bytes(key):
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def hpke_open(private, sealed, info):
    """RFC 9180, base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; functions as named there."""
    enc, ciphertext = sealed[:32], sealed[32:]

    def labeled_extract(suite, salt, label, ikm):
        return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + ikm, "sha256")

    def labeled_expand(suite, prk, label, data, length):
        labeled = struct.pack(">H", length) + b"HPKE-v1" + suite + label + data
        return HKDFExpand(hashes.SHA256(), length, labeled).derive(prk)

    try:  # Decap, section 4.1
        shared = private.exchange(X25519PublicKey.from_public_bytes(enc))
    except ValueError:
        raise DoesNotOpen from None
    kem = b"KEM" + struct.pack(">H", 0x0020)
    secret = labeled_expand(kem, labeled_extract(kem, b"", b"eae_prk", shared), b"shared_secret",
                            enc + public_bytes(private.public_key()), 32)
    # KeySchedule, section 5.1, mode_base
    suite = b"HPKE" + struct.pack(">HHH", 0x0020, 0x0001, 0x0002)
    context = b"\0" + labeled_extract(suite, b"", b"psk_id_hash", b"") + labeled_extract(
        suite, b"", b"info_hash", info)
    secret = labeled_extract(suite, secret, b"secret", b"")
    key = labeled_expand(suite, secret, b"key", context, 32)
    nonce = labeled_expand(suite, secret, b"base_nonce", context, 12)
    return gcm_open(AESGCM(key), nonce, ciphertext)


# Section 5: the head

class Envelope:
    def __init__(self, text):
        must(len(text) == 216)
        self.bytes = raw = from_base64url(text)
        must(raw[0] == 1 and raw[1] == 1 and raw[2] in (1, 2))
        self.single = raw[2] == 1
        self.group_key_id, self.nonce, self.wrapped = raw[3:19], raw[19:43], raw[43:91]
        self.commitment, self.header = raw[91:123], raw[123:162]
        must(self.single or self.header == bytes(39))

    def unwrap(self, wrapping_key, tenant, bucket, key):
        names = b"".join(struct.pack(">I", len(name)) + name
                         for name in (text.encode("utf-8") for text in (tenant, bucket, key)))
        dek = xaes_open(wrapping_key, self.nonce, self.wrapped, self.bytes[:19] + names)
        must(hmac.compare_digest(expand(dek, LABEL + b"commitment"), self.commitment))
        return dek


def open_metadata(dek, envelope, sealed):
    plain = xaes_open(expand(dek, LABEL + b"metadata"), sealed[:24], sealed[24:], envelope.bytes)
    head = 18 if envelope.single else 10
    must(len(plain) >= head)
    metadata = {"writtenAt": uint64(plain, 0), "checksum": checksum_kind(plain[8], plain[9])}
    if envelope.single:
        metadata["size"] = uint64(plain, 10)
    metadata["headers"] = read_headers(plain, head)
    return metadata


def read_headers(plain, at):
    headers = []

    def take(length):
        nonlocal at
        at += length
        must(at <= len(plain))
        return plain[at - length:at]

    def take_u16():
        return int.from_bytes(take(2), "big")

    while at < len(plain):
        code = take(1)[0]
        if code > 128:
            name = "x-amz-meta-" + take(code - 128).decode("latin-1")
        elif code == 64:
            name = "x-amz-meta-" + take(take_u16()).decode("latin-1")
        elif code == 65:
            name = take(take_u16()).decode("latin-1")
        else:
            must(1 <= code <= len(KNOWN_HEADERS))
            name = KNOWN_HEADERS[code - 1]
        length = take(1)[0]
        if length >= 128:
            length = (length - 128) * 256 + take(1)[0]
        headers.append([name, take(length).decode("latin-1")])
    return headers


def uint64(data, at):
    (value,) = struct.unpack_from(">Q", data, at)
    must(value < 1 << 53)
    return value


def checksum_kind(algorithm, kind):
    if algorithm == 0 and kind == 0:
        return None
    must(algorithm in ALGORITHMS and kind in TYPES)
    return {"algorithm": ALGORITHMS[algorithm], "type": TYPES[kind]}


# Section 7: lengths

def part_length(size):
    return size + 40 + TAG * -(-(size + 40) // ROOM)


def stored_length(size):
    return 0 if size == 0 else size + 496 + 16 * -(-size // ROOM) + 192 * min(MAX_PARTS - 1, size // MIN_PART)


# Sections 6 and 8: the payload

class Payload:
    """The stored bytes, read from a file that nobody changes meanwhile."""

    def __init__(self, file):
        self.file = file
        self.length = os.fstat(file.fileno()).st_size

    def read(self, start, length):
        must(start >= 0)
        self.file.seek(start)
        data = self.file.read(length)
        must(len(data) == length)
        return data


def open_summary(dek, payload):
    raw = payload.read(payload.length - SUMMARY, SUMMARY)
    plain = xaes_open(expand(dek, LABEL + b"summary"), raw[:24], raw[24:], b"")
    must(plain[46] <= 64 and plain[111] <= 1 and plain[128:] == bytes(88))
    checksum = checksum_kind(plain[44], plain[45])
    if checksum:
        checksum["value"] = base64.b64encode(plain[47:47 + plain[46]]).decode()
    return {"parts": int.from_bytes(plain[:4], "big"), "size": uint64(plain, 4), "tableHash": plain[12:44],
            "checksum": checksum, "md5": plain[112:128] if plain[111] else None}


def open_table(dek, payload, summary):
    count = summary["parts"]
    must(1 <= count <= MAX_PARTS and stored_length(summary["size"]) == payload.length)
    length = TABLE_FRAME + TABLE_ROW * count
    raw = payload.read(payload.length - SUMMARY - length, length)
    must(hmac.compare_digest(hashlib.sha256(raw).digest(), summary["tableHash"]))
    plain = xaes_open(expand(dek, LABEL + b"table"), raw[:24], raw[24:], b"")
    rows = [plain[at:at + TABLE_ROW] for at in range(0, len(plain), TABLE_ROW)]
    must(all(row[51] <= 64 and not any(row[52 + row[51]:]) for row in rows))
    parts = [(int.from_bytes(row[:4], "big"), uint64(row, 4), row[12:51]) for row in rows]
    numbers = [number for number, _, _ in parts]
    must(not any(numbers) or all(a < b for a, b in zip(numbers, numbers[1:])))
    must(sum(size for _, size, _ in parts) == summary["size"])
    return parts


def open_part(dek, payload, start, part):
    """Yields the verified plaintext of each segment."""
    number, size, header = part
    data = LABEL + b"part-number" + struct.pack(">I", number)
    aes = AESGCM(hkdf(expand(dek, LABEL + b"part"), header[:32], data))
    end = start + part_length(size)
    must(payload.read(start, PART_HEADER) == b"\x28" + header)
    for index, at in enumerate(range(start, end, SEGMENT)):
        last = at + SEGMENT >= end
        skip = PART_HEADER if index == 0 else 0
        sealed = payload.read(at + skip, min(SEGMENT, end - at) - skip)
        nonce = header[32:] + struct.pack(">IB", index, last)
        yield gcm_open(aes, nonce, sealed)


def open_payload(dek, envelope, metadata, payload, write):
    """Writes the plaintext and returns what the summary says of it."""
    if envelope.single:
        size = metadata["size"]
        must(stored_length(size) == payload.length)
        if size == 0:
            return {"size": 0, "checksum": None, "md5": None}
        parts, trailer = [(0, size, envelope.header)], SUMMARY
        summary = open_summary(dek, payload)
        must(summary["parts"] == 0 and summary["size"] == size)
    else:
        summary = open_summary(dek, payload)
        parts = open_table(dek, payload, summary)
        trailer = TABLE_FRAME + TABLE_ROW * len(parts) + SUMMARY
    at = 0
    for part in parts:
        for plain in open_part(dek, payload, at, part):
            write(plain)
        at += part_length(part[1])
    end = payload.length - trailer
    must(at <= end)
    while at < end:
        length = min(SEGMENT, end - at)
        must(payload.read(at, length) == bytes(length))
        at += length
    return summary


def read_head(path):
    """The texts th1 and sealed metadata, from either form of HEAD."""
    with open(path, encoding="utf-8") as file:
        head = json.load(file)
    kept = head.get("metadata") or head.get("Metadata") or {}
    if "th1" not in kept:
        raise SystemExit("this object was not sealed by Treuhand: it has no metadata th1")
    overflow = head.get("contentDisposition") or head.get("ContentDisposition") or ""
    return kept["th1"], kept.get("th1m", "") + overflow


def open_object(options):
    th1, sealed_metadata = read_head(options.head)
    envelope = Envelope(th1)
    keys, split = read_keys(options)
    if envelope.group_key_id not in keys:
        raise SystemExit(f"the export holds no group key {envelope.group_key_id.hex()}")
    key = keys[envelope.group_key_id]()
    if split and not options.half:
        raise SystemExit("this tenant is split: without the customer's half (--half) none of its objects opens")
    if options.half:
        with open(options.half, encoding="ascii") as file:
            half = base64.b64decode(file.read().strip(), validate=True)
        key = hkdf(key + half, b"", LABEL + b"split" + envelope.group_key_id)
    dek = envelope.unwrap(key, options.tenant, options.bucket, options.key)
    metadata = open_metadata(dek, envelope, from_base64url(sealed_metadata))
    partial = options.out + ".part"
    try:
        with open(options.payload, "rb") as payload, open(partial, "wb") as out:
            summary = open_payload(dek, envelope, metadata, Payload(payload), out.write)
        os.replace(partial, options.out)
    finally:
        if os.path.exists(partial):
            os.remove(partial)
    checksum = summary["checksum"] or metadata["checksum"]
    return {**metadata, "size": summary["size"], "checksum": checksum,
            "md5": summary["md5"] and base64.b64encode(summary["md5"]).decode()}


def main():
    parser = argparse.ArgumentParser(description="Opens an object that Treuhand sealed.")
    for name in ("keys", "tenant", "bucket", "key", "head", "payload", "out"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("half", "recipient", "log"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--metadata", default="-")
    options = parser.parse_args()
    try:
        metadata = open_object(options)
    except DoesNotOpen:
        sys.exit("the object does not open: it was changed, or sealed under another name or key")
    text = json.dumps(metadata, indent=2) + "\n"
    if options.metadata == "-":
        sys.stdout.write(text)
    else:
        with open(options.metadata, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
