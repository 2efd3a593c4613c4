"""
The pictures of this folder with their exact landmarks, out of the rendered clips (CC0-1.0) and scikit-image's astronaut.png:

    python pictures.py <folder of the clips> <astronaut.png>

Python 3.11.7, opencv-python-headless 4.11.0 decodes, Pillow 13.0.0 writes JPEG of quality 90; scikit-image 0.26.0.
"""

import json
import pathlib
import sys

import cv2
from PIL import Image

clips, astronaut = pathlib.Path(sys.argv[1]), sys.argv[2]
here = pathlib.Path(__file__).parent
truth = json.loads((clips / "landmarks.json").read_text())["clips"]
pictures = {
    "frontal": ("src.mp4", 188),
    "left": ("src.mp4", 60),
    "right": ("dst.mp4", 97),
    "tilted": ("dst.mp4", 120),
    "covered": ("variants/occluded.mp4", 24),
    "two": ("variants/two_faces.mp4", 20),
}
about = {}
for name, (clip, frame) in pictures.items():
    video = cv2.VideoCapture(str(clips / clip))
    for _ in range(frame + 1):
        image = video.read()[1]
    Image.fromarray(image[:, :, ::-1]).save(here / f"{name}.jpg", quality=90)
    about[name] = {"clip": clip, "frame": frame}
    if (known := truth.get(pathlib.Path(clip).stem)) is not None:
        about[name] |= {key: known["frames"][frame][key] for key in ("pose", "landmarks")}
Image.open(astronaut).convert("RGB").save(here / "astronaut.jpg", quality=90)
(here / "pictures.json").write_text(json.dumps(about))
