"""Times the operations of merging one face with OpenCV and NumPy on whole frames, one thread: what bench/merge.mjs is held against.

The same frame, crop (40 % of the height) and settings as bench/merge.mjs: a 256 model, masks at 1024, cubic warps. Public functions only:
warpAffine, resize, erode, GaussianBlur, seamlessClone, medianBlur, filter2D. That benchmark asks for work by lines on the standard input, the frame's
PNG, the name and the number of runs between tabs; the answer is the milliseconds of the processor of each, nothing for work that is not known here.
"""
import sys
import time

import cv2
import numpy as np

cv2.setNumThreads(1)
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


def denoised(image, power):
    n = power
    while n > 0:
        median = cv2.medianBlur(image, 5)
        share = n % 100 / 100 if n < 100 else 1
        image = median if share == 1 else cv2.addWeighted(image, 1 - share, median, share, 0)
        n -= 10
    return image


def bicubic(image, power):
    height, width = image.shape[:2]
    share = 1 - power / 101
    small = cv2.resize(image, (int(width * share), int(height * share)), interpolation=cv2.INTER_CUBIC)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def motion_kernel(size, angle):
    line = np.zeros((size, size), np.float32)
    line[(size - 1) // 2] = 1
    turn = cv2.getRotationMatrix2D((size / 2 - 0.5, size / 2 - 0.5), angle, 1)
    line = cv2.warpAffine(line, turn, (size, size))
    return line / line.sum()


def merge(frame, prediction, mask, mode, erode=0, blur=0, degrade=None, filtered=None):
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
    seamless = mode.startswith("seamless")
    if not seamless:
        prediction = rct(prediction, face)
    if mode == "hist-match":
        prediction = histogram_match(prediction, face)
    out = np.clip(cv2.warpAffine(prediction, face_mat, (width, height), flags=inverse), 0, 1)
    if seamless:
        binary = (alpha > 0.1).astype(np.uint8) * 255
        left, top, w, h = cv2.boundingRect(binary)
        out = cv2.seamlessClone((out * 255).astype(np.uint8), frame, binary, (left + w // 2, top + h // 2), cv2.NORMAL_CLONE) / np.float32(255)
    alpha = alpha[..., None]
    out = image * (1 - alpha) + out * alpha
    if degrade or filtered or mode not in ("overlay", "hist-match", "seamless"):
        behind = degrade(image) if degrade else image
        face_now = cv2.warpAffine(out, face_mat, (SIDE, SIDE), flags=cv2.INTER_CUBIC)
        if mode == "seamless, rct":
            face_now = rct(face_now, face)
        if mode == "seamless-hist-match":
            face_now = histogram_match(rct(face_now, face), face)
        if filtered:
            face_now = filtered(face_now)
        out = np.clip(behind * (1 - alpha) + cv2.warpAffine(face_now, face_mat, (width, height), flags=inverse) * alpha, 0, 1)
    return (out * 255).astype(np.uint8)


def lines_of(width, height, png):
    """The work of each line, by its name in bench/merge.mjs."""
    frame = cv2.imdecode(png, cv2.IMREAD_COLOR)
    prediction = cv2.GaussianBlur(rng.random((SIDE, SIDE, 3), dtype=np.float32), (31, 31), 0)
    mask = oval(SIDE)
    blurred = motion_kernel(8, 30)

    def filtered(face):
        face = cv2.filter2D(face, -1, blurred)
        return cv2.addWeighted(face, 3, cv2.GaussianBlur(face, (3, 3), 0), -2, 0)

    def merging(mode, *sizes, **steps):
        return lambda: merge(frame, prediction, mask, mode, *sizes, **steps)

    return {
        "PNG read": lambda: cv2.imdecode(png, cv2.IMREAD_COLOR),
        **{mode: merging(mode) for mode in ("overlay", "hist-match", "seamless", "seamless, rct", "seamless-hist-match")},
        "overlay, erode 10 blur 30": merging("overlay", 10, 30),
        "seamless, erode 10 blur 30": merging("seamless", 10, 30),
        "overlay, erode 60 blur 120": merging("overlay", 60, 120),
        "motion 50, sharpen 4": merging("overlay", 10, 30, filtered=filtered),
        "denoise 100": merging("overlay", degrade=lambda image: denoised(image, 100)),
        "bicubic 50": merging("overlay", degrade=lambda image: bicubic(image, 50)),
    }


def main():
    print(f"OpenCV {cv2.__version__}, NumPy {np.__version__}, one thread", flush=True)
    known = {}
    for order in sys.stdin:
        path, name, runs = order.rstrip("\n").split("\t")
        if path not in known:
            png = np.fromfile(path, np.uint8)
            height, width = cv2.imdecode(png, cv2.IMREAD_COLOR).shape[:2]
            known[path] = lines_of(width, height, png)
        work = known[path].get(name)
        times = []
        for _ in range(int(runs) if work else 0):
            start = time.process_time()
            work()
            times.append((time.process_time() - start) * 1000)
        print(" ".join(f"{t:.3f}" for t in times), flush=True)


main()
