#!/usr/bin/env python3
"""Says what Python's own pickle module and NumPy find in files: one line of JSON for each file named.

An independent reader for what liae writes (needs only the standard library and NumPy). Files may be pickles, JPEG
files with face data in APP15, or faceset.pak. Every value is described with its exact type, floats and arrays by their bits.
"""
import enum, hashlib, io, json, pickle, pickletools, struct, sys, warnings

import numpy as np

warnings.simplefilter("ignore", DeprecationWarning)


class SampleType(enum.IntEnum):
    IMAGE = 0
    FACE = 1
    FACE_PERSON = 2
    FACE_TEMPORAL_SORTED = 3


class FaceType(enum.IntEnum):
    HALF = 0
    MID_FULL = 1
    FULL = 2
    FULL_NO_ALIGN = 3
    WHOLE_FACE = 4
    HEAD = 10
    HEAD_NO_ALIGN = 20
    MARK_ONLY = 100


class Unpickler(pickle.Unpickler):
    """The enums of DeepFaceLab are replaced by those above; everything else is the real thing."""

    def find_class(self, module, name):
        stand_in = {("samplelib.Sample", "SampleType"): SampleType, ("facelib.FaceType", "FaceType"): FaceType}
        return stand_in.get((module, name)) or super().find_class(module, name)


def describe(v):
    if v is None or isinstance(v, bool):
        return v
    if isinstance(v, enum.Enum):
        return {"enum": type(v).__name__, "value": int(v)}
    if isinstance(v, np.ndarray):
        data = hashlib.sha256(np.ascontiguousarray(v).tobytes()).hexdigest()
        return {"ndarray": v.dtype.name, "shape": list(v.shape), "sha256": data}
    if isinstance(v, np.generic):
        return {"scalar": v.dtype.name, "bits": v.tobytes().hex()}
    if type(v) is int:
        return {"int": str(v)}
    if type(v) is float:
        return {"float": struct.pack(">d", v).hex()}
    if type(v) is str:
        return {"str": v.encode("utf-8", "surrogatepass").hex()}
    if type(v) in (bytes, bytearray):
        return {type(v).__name__: bytes(v).hex()}
    if type(v) in (list, tuple):
        return {type(v).__name__: [describe(x) for x in v]}
    if isinstance(v, dict):
        return {type(v).__name__: [[describe(k), describe(x)] for k, x in v.items()]}
    return {"other": repr(v)}


def app15(data):
    at = 2
    while at + 4 <= len(data):
        marker, length = struct.unpack(">HH", data[at : at + 4])
        if marker == 0xFFEF:
            return data[at + 4 : at + 2 + length]
        if marker == 0xFFDA:
            break
        at += 2 + length
    return None


def read(path):
    data = open(path, "rb").read()
    if data[:2] == b"\xff\xd8":
        data = app15(data)
        if data is None:
            return {"pickle": None}
    found = {}
    if path.endswith(".pak"):
        version, length = struct.unpack("<QQ", data[:16])
        body = data[16 : 16 + length]
        n = len(Unpickler(io.BytesIO(body)).load())
        table = 16 + length
        offsets = struct.unpack(f"<{n + 1}Q", data[table : table + 8 * (n + 1)])
        start = table + 8 * (n + 1)
        ends = [start + o for o in offsets[1:n]] + [len(data)]
        files = [data[start + o : e] for o, e in zip(offsets, ends)]
        found = {"version": version, "offsets": list(offsets), "files": [hashlib.sha256(f).hexdigest() for f in files]}
        data = body
    found["protocol"] = max(op.proto for op, _, _ in pickletools.genops(data))
    found["pickle"] = describe(Unpickler(io.BytesIO(data)).load())
    return found


for name in sys.argv[1:]:
    print(json.dumps(read(name)))
