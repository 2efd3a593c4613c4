"""MediaPipe's own FaceMesh (Python, `pip install mediapipe==0.10.14`) over the frames of a clip, for bench/extractPeer.mjs to compare with.

python facemesh.py CLIP [max faces] [max frames]   prints one JSON object: frames, frames with a face, faces, frames a second of wall clock and processor
time a frame from the first one on, and processor time of the whole process so far
"""
import json
import sys
import time

import cv2
import mediapipe as mp

clip = sys.argv[1]
most = int(sys.argv[2]) if len(sys.argv) > 2 else 2
last = int(sys.argv[3]) if len(sys.argv) > 3 else 10**9
video = cv2.VideoCapture(clip)
frames = with_face = faces = 0
inside = 0.0
with mp.solutions.face_mesh.FaceMesh(static_image_mode=False, max_num_faces=most, refine_landmarks=True) as mesh:
    started, used = time.perf_counter(), time.process_time()
    while frames < last:
        ok, bgr = video.read()
        if not ok:
            break
        rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
        before = time.perf_counter()
        found = mesh.process(rgb).multi_face_landmarks or []
        inside += time.perf_counter() - before
        frames += 1
        faces += len(found)
        with_face += len(found) > 0
    wall, cpu = time.perf_counter() - started, time.process_time() - used
print(json.dumps({
    "mediapipe": mp.__version__, "frames": frames, "withFace": with_face, "faces": faces,
    "framesPerSecond": round(frames / wall, 2), "meshMsPerFrame": round(1000 * inside / frames, 2), "cpuMsPerFrame": round(1000 * cpu / frames, 2),
    "cpuSeconds": round(time.process_time(), 3),
}))
