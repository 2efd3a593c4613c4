"""
Golden outputs of the face networks, run by MediaPipe's own interpreter with its custom operators.

    python networks.py <node_modules> > networks.json

Python 3.11.7, mediapipe 0.10.14, numpy 1.26.4. The input is a formula, so that no picture is stored: the rough figure of a person (see
picture) with noise, byte i of [h, w, c] plus the five highest bits of i * 2654435761 mod 2^32. Bytes become v / 255, for the detectors
2 v / 255 - 1. Of each output up to 192 values are kept, every `step`th.
"""

import json
import pathlib
import sys
import tempfile

import mediapipe as mp
import numpy as np

GRAPH = """
input_stream: "image"
%(outputs)s
node { calculator: "ImageToTensorCalculator" input_stream: "IMAGE:image" output_stream: "TENSORS:tensor"
  options { [mediapipe.ImageToTensorCalculatorOptions.ext] {
    output_tensor_width: %(side)d output_tensor_height: %(side)d output_tensor_float_range { min: %(low)d max: 1 } } } }
node { calculator: "TfLiteCustomOpResolverCalculator" output_side_packet: "OP_RESOLVER:resolver" }
node { calculator: "InferenceCalculator" input_stream: "TENSORS:tensor" input_side_packet: "OP_RESOLVER:resolver"
  output_stream: "TENSORS:results"
  options { [mediapipe.InferenceCalculatorOptions.ext] { model_path: "%(path)s" delegate { tflite {} } } } }
node { calculator: "SplitTensorVectorCalculator" input_stream: "results" %(parts)s
  options { [mediapipe.SplitVectorCalculatorOptions.ext] { %(ranges)s } } }
%(floats)s
"""


def picture(side):
    at = np.arange(side)
    x, y = np.meshgrid(at * 256 // side - 128, at * 256 // side - 128)
    base = np.full((side, side, 3), (90, 110, 140))
    base[x * x + (y - 130) ** 2 < 10000] = (60, 60, 90)
    base[16 * x * x + 9 * (y + 20) ** 2 < 32400] = (205, 160, 135)
    noise = np.arange(side * side * 3, dtype=np.uint64) * 2654435761 % 2**32 >> 27
    return (base + noise.reshape(base.shape).astype(int)).astype(np.uint8)


def run(path, side, low, count):
    parts = range(count)
    graph = mp.CalculatorGraph(
        graph_config=GRAPH
        % {
            "side": side,
            "low": low,
            "path": path,
            "outputs": "\n".join(f'output_stream: "floats{i}"' for i in parts),
            "parts": " ".join(f'output_stream: "part{i}"' for i in parts),
            "ranges": " ".join(f"ranges {{ begin: {i} end: {i + 1} }}" for i in parts),
            "floats": "\n".join(
                f'node {{ calculator: "TensorsToFloatsCalculator" input_stream: "TENSORS:part{i}" output_stream: "FLOATS:floats{i}" }}'
                for i in parts
            ),
        }
    )
    got = {}
    for i in parts:
        graph.observe_output_stream(f"floats{i}", lambda _, packet, i=i: got.update({i: mp.packet_getter.get_float_list(packet)}))
    graph.start_run()
    frame = mp.packet_creator.create_image_frame(image_format=mp.ImageFormat.SRGB, data=picture(side))
    graph.add_packet_to_input_stream("image", frame.at(0))
    graph.close_all_packet_sources()
    graph.wait_until_done()
    return [np.asarray(got[i]) for i in parts]


packages = pathlib.Path(sys.argv[1]).resolve() / "@mediapipe"
assets = (packages / "face_mesh/face_mesh_solution_packed_assets.data").read_bytes()
with tempfile.NamedTemporaryFile(suffix=".tflite") as mesh:
    mesh.write(assets[:2495952])  # as the package's loader lists it
    mesh.flush()
    attention = ["output_mesh_identity", "output_lips", "output_left_eye", "output_right_eye", "output_left_iris", "output_right_iris"]
    networks = {
        "fullRange": (packages / "face_detection/face_detection_full_range.tflite", 192, -1,
                      ["reshaped_regressor_face_4", "reshaped_classifier_face_4"]),
        "shortRange": (packages / "face_detection/face_detection_short_range.tflite", 128, -1, ["regressors", "classificators"]),
        "attentionMesh": (mesh.name, 192, 0, [*attention, "conv_faceflag"]),
        "person": (packages / "selfie_segmentation/selfie_segmentation.tflite", 256, 0, ["activation_10"]),
    }
    golden = {}
    for name, (path, side, low, outputs) in networks.items():
        golden[name] = {"side": side, "low": low, "outputs": {}}
        for label, values in zip(outputs, run(path, side, low, len(outputs)), strict=True):
            step = max(1, values.size // 192)
            golden[name]["outputs"][label] = {"size": values.size, "step": step, "values": [float(f"{v:.7g}") for v in values[::step][:192]]}
json.dump(golden, sys.stdout)
