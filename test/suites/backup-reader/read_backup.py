"""Reads a custodian's backup by docs/custody-formats.md alone: usage: read_backup.py BACKUP LOG_KEY [PRIVATE_KEY]

Prints the manifest, and with the recipient's private key (base64url) every line. Shares no code with Treuhand.
"""
import base64
import hashlib
import hmac
import json
import struct
import sys

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

MAGIC = b"treuhand/backup/v1\n"


def base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def split(data):
    """The encapsulated key, the sealed pieces, the bytes that are hashed, the manifest."""
    if not data.startswith(MAGIC):
        sys.exit("this is no backup")
    at = len(MAGIC) + 32
    enc, pieces = data[len(MAGIC):at], []
    while True:
        (length,) = struct.unpack(">I", data[at:at + 4])
        at += 4
        if length == 0:
            return enc, pieces, data[:at], data[at:].decode()
        pieces.append(data[at:at + length])
        at += length


def manifest_of(note, log_key, digest):
    """The body of a statement of kind `backup`, signed by the log (c2sp.org/signed-note)."""
    name, key_id, key = log_key.split("+", 2)
    key = base64.b64decode(key)
    text, signatures = note.rsplit("\n\n", 1)
    text += "\n"
    for line in signatures.splitlines():
        dash, signer, signature = line.split(" ")
        signature = base64.b64decode(signature)
        if dash != "\u2014" or signer != name or signature[:4].hex() != key_id:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature[4:], text.encode())
        except InvalidSignature:
            sys.exit("the manifest is not signed by this log")
        label, origin, body = text.splitlines()
        statement = json.loads(body)
        if label != "treuhand/statement/v1" or statement["kind"] != "backup":
            sys.exit("this is no manifest")
        if statement["body"]["digest"] != digest:
            sys.exit("the backup was altered")
        return origin, statement
    sys.exit("the manifest is not signed by this log")


def opener(private, enc, info):
    """RFC 9180, base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM: opens one piece after the other."""
    def extract(suite, salt, label, ikm):
        return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + ikm, "sha256")

    def expand(suite, secret, label, info, length):
        info = struct.pack(">H", length) + b"HPKE-v1" + suite + label + info
        return HKDFExpand(hashes.SHA256(), length, info).derive(secret)

    raw = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    kem, suite = b"KEM\x00\x20", b"HPKE" + struct.pack(">HHH", 0x20, 1, 2)
    shared = private.exchange(X25519PublicKey.from_public_bytes(enc))
    shared = expand(kem, extract(kem, b"", b"eae_prk", shared), b"shared_secret",
                    enc + private.public_key().public_bytes(*raw), 32)
    context = b"\0" + extract(suite, b"", b"psk_id_hash", b"") + extract(suite, b"", b"info_hash", info)
    secret = extract(suite, shared, b"secret", b"")
    aes = AESGCM(expand(suite, secret, b"key", context, 32))
    base_nonce = int.from_bytes(expand(suite, secret, b"base_nonce", context, 12), "big")

    def open_piece(number, piece, last):
        return aes.decrypt((base_nonce ^ number).to_bytes(12, "big"), piece, b"\1" if last else b"\0")
    return open_piece


def main(path, log_key, private=None):
    with open(path, "rb") as file:
        enc, pieces, hashed, note = split(file.read())
    origin, statement = manifest_of(note, log_key, hashlib.sha256(hashed).hexdigest())
    print(json.dumps({"origin": origin, "made": statement["made"], **statement["body"]}))
    if private is None:
        return
    fields = [b"treuhand/backup/v1", origin.encode()]
    info = b"".join(struct.pack(">H", len(field)) + field for field in fields)
    open_piece = opener(X25519PrivateKey.from_private_bytes(base64url(private)), enc, info)
    try:
        for number, piece in enumerate(pieces):
            sys.stdout.write(open_piece(number, piece, number == len(pieces) - 1).decode())
    except InvalidTag:
        sys.exit("the backup does not open with this key")


main(*sys.argv[1:])
