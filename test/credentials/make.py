"""Makes the files of this folder with c2pa-python 0.38.1 (c2pa-rs 0.91.3) and OpenSSL: the word of another implementation, with keys made
for this and thrown away. Arguments: a JPEG, a PNG and an MP4 to start from."""
import json
import pathlib
import subprocess
import sys
import tempfile

import c2pa

here = pathlib.Path(__file__).parent
leaf_extensions = """basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=emailProtection
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
"""


def openssl(*args, cwd):
    subprocess.run(["openssl", *args], cwd=cwd, check=True, capture_output=True)


def signer(folder, algorithm, *key_options):
    """A root, a certificate issued by it for a hundred years, and its key."""
    (folder / "leaf.ext").write_text(leaf_extensions)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
            "-days", "36500", "-subj", "/O=Some Authority/CN=test root", cwd=folder)
    openssl("genpkey", *key_options, "-out", "key.pem", cwd=folder)
    openssl("req", "-new", "-key", "key.pem", "-subj", "/O=Some Studio/CN=test signer", "-out", "leaf.csr", cwd=folder)
    openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "36500",
            "-extfile", "leaf.ext", "-out", "leaf.pem", cwd=folder)
    chain = (folder / "leaf.pem").read_bytes() + (folder / "ca.pem").read_bytes()
    return c2pa.Signer.from_info(c2pa.C2paSignerInfo(algorithm, chain, (folder / "key.pem").read_bytes(), None))


def sign(source, target, media, algorithm, *key_options):
    with tempfile.TemporaryDirectory() as folder:
        created = {"action": "c2pa.created", "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"}
        builder = c2pa.Builder({
            "title": target,
            "claim_generator_info": [{"name": "other tool", "version": "1"}],
            "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}],
        })
        with open(source, "rb") as read, open(here / target, "w+b") as write:
            builder.sign(signer(pathlib.Path(folder), algorithm, *key_options), media, read, write)
        print(target, json.loads(c2pa.Reader(str(here / target)).json())["validation_state"])


jpeg, png, mp4 = sys.argv[1:]
sign(jpeg, "foreign.jpg", "image/jpeg", b"es384", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384")
sign(png, "foreign.png", "image/png", b"ps256", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
sign(mp4, "foreign.mp4", "video/mp4", b"ed25519", "-algorithm", "ED25519")
