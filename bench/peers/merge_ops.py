"""Times the operations of merging one face with OpenCV and NumPy on whole frames, one thread: what bench/merge.mjs is held against.

    python bench/peers/merge_ops.py [runs]

The same scene sizes, crop (40 % of the height) and settings as bench/merge.mjs: a 256 model, masks at 1024, cubic warps. Public functions only:
warpAffine, resize, erode, GaussianBlur, seamlessClone, medianBlur. Prints CPU milliseconds: median (least ... most).
"""
import sys
import time

import cv2
import numpy as np

cv2.setNumThreads(1)
RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 9
SIDE, MASK = 256, 1024
rng = np.random.default_rng(1)


def crop_matrix(width, height, size):
    side = 0.4 * height
    scale = size / side
    angle = np.deg2rad(7)
    rotation = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    centre = np.array([width / 2, height / 2])
    return np.hstack([rotation, (size / 2 - rotation @ centre)[:, None]])


def oval(size):
    y, x = np.mgrid[0:size, 0:size] / size - 0.5
    return (1 / (1 + np.exp((np.hypot(x / 0.36, y / 0.45) - 1) * 30))).astype(np.float32)


def histogram_match(image, like):
    out = np.empty_like(image)
    for c in range(3):
        _, inverse, counts = np.unique(image[..., c].ravel(), return_inverse=True, return_counts=True)
        values, like_counts = np.unique(like[..., c].ravel(), return_counts=True)
        shares = np.cumsum(counts) / counts.sum()
        like_shares = np.cumsum(like_counts) / like_counts.sum()
        out[..., c] = np.interp(shares, like_shares, values)[inverse].reshape(image.shape[:2])
    return out


def rct(image, like):
    a, b = cv2.cvtColor(image, cv2.COLOR_BGR2LAB), cv2.cvtColor(like, cv2.COLOR_BGR2LAB)
    for c in range(3):
        a[..., c] = (a[..., c] - a[..., c].mean()) * (b[..., c].std() / a[..., c].std()) + b[..., c].mean()
    return cv2.cvtColor(a, cv2.COLOR_LAB2BGR)


def merge(frame, prediction, mask, mode, erode=0, blur=0):
    height, width = frame.shape[:2]
    image = frame.astype(np.float32) / 255
    face_mat, mask_mat = crop_matrix(width, height, SIDE), crop_matrix(width, height, MASK)
    face = np.clip(cv2.warpAffine(image, face_mat, (SIDE, SIDE), flags=cv2.INTER_CUBIC), 0, 1)
    work = cv2.resize(mask * mask, (MASK, MASK), interpolation=cv2.INTER_CUBIC)
    if erode or blur:
        work = np.pad(work, SIDE)
        if erode:
            work = cv2.erode(work, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (erode, erode)))
        edge = SIDE + blur // 2
        work[:edge] = work[-edge:] = work[:, :edge] = work[:, -edge:] = 0
        if blur:
            work = cv2.GaussianBlur(work, (blur | 1, blur | 1), 0)
        work = np.clip(work[SIDE:-SIDE, SIDE:-SIDE], 0, 1)
    inverse = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    alpha = np.clip(cv2.warpAffine(work, mask_mat, (width, height), flags=inverse), 0, 1)
    if mode != "seamless":
        prediction = rct(prediction, face)
    if mode == "hist-match":
        prediction = histogram_match(prediction, face)
    out = np.clip(cv2.warpAffine(prediction, face_mat, (width, height), flags=inverse), 0, 1)
    if mode == "seamless":
        binary = (alpha > 0.1).astype(np.uint8) * 255
        left, top, w, h = cv2.boundingRect(binary)
        out = cv2.seamlessClone((out * 255).astype(np.uint8), frame, binary, (left + w // 2, top + h // 2), cv2.NORMAL_CLONE) / np.float32(255)
    alpha = alpha[..., None]
    return ((image * (1 - alpha) + out * alpha) * 255).astype(np.uint8)


def report(name, work):
    work()
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        work()
        times.append((time.process_time() - start) * 1000)
    times.sort()
    print(f"  {name:28} {times[len(times) // 2]:7.1f}  ({times[0]:.1f} ... {times[-1]:.1f})", flush=True)


print(f"OpenCV {cv2.__version__}, NumPy {np.__version__}, one thread; {RUNS} runs, CPU ms: median (least ... most)")
for width, height in ((1280, 720), (1920, 1080)):
    frame = rng.integers(60, 200, (height, width, 3), dtype=np.uint8)
    frame = cv2.GaussianBlur(frame, (9, 9), 0)
    prediction = cv2.GaussianBlur(rng.random((SIDE, SIDE, 3), dtype=np.float32), (31, 31), 0)
    mask = oval(SIDE)
    _, png = cv2.imencode(".png", frame)
    print(f"\n{width}x{height}")
    report("PNG read", lambda: cv2.imdecode(png, cv2.IMREAD_COLOR))
    for mode in ("overlay", "hist-match", "seamless"):
        report(mode, lambda: merge(frame, prediction, mask, mode))
    report("overlay, erode 10 blur 30", lambda: merge(frame, prediction, mask, "overlay", 10, 30))
    report("seamless, erode 10 blur 30", lambda: merge(frame, prediction, mask, "seamless", 10, 30))
    report("overlay, erode 60 blur 120", lambda: merge(frame, prediction, mask, "overlay", 60, 120))
    report("denoise 100", lambda: [cv2.medianBlur(frame.astype(np.float32), 5) for _ in range(10)])
