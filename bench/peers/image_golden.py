"""Golden cases of masks, alignment, pose, colour and warps made by an independent program: OpenCV where it is the rule, numpy where a formula is.

usage: image_golden.py FOLDER FACES [COUNT]     FACES = a folder like test/golden, whose landmarks are the faces that get varied

Writes op_masks, op_align, op_colour and op_warp cases with COUNT (200) random faces and other sizes and seeds, in the layout of test/golden,
for `npm run golden -- FOLDER`. Needs numpy and opencv. OpenCV 5 fills polygons, dilates, blurs, resizes and converts colours as 4.x does
(held against test/golden); its warps differ (exact positions), so positions are rounded to 1/32 here and pictures named *_q32. Its pose solver
differs where it runs out of steps: about one face in 200 is then further off than the limit. idt and sot turn on the last bit of float32 and
are left to the vectors of the reference.
"""
import json
import math
import os
import sys

import cv2
import numpy as np

KINDS = {'F32': np.float32, 'F64': np.float64, 'U8': np.uint8, 'I32': np.int32, 'I64': np.int64}
PADDING = {'half_face': 0.0, 'midfull_face': 0.0675, 'full_face': 0.2109375, 'full_face_no_align': 0.2109375, 'whole_face': 0.40, 'head': 0.70}


def read_tensors(path):
    with open(path, 'rb') as file:
        head = json.loads(file.read(int.from_bytes(file.read(8), 'little')))
        body = file.read()
    return {name: np.frombuffer(body[slice(*entry['data_offsets'])], KINDS[entry['dtype']]).reshape(entry['shape'])
            for name, entry in head.items() if name != '__metadata__'}


def write_case(folder, name, arrays, index):
    names = {np.dtype(kind): key for key, kind in KINDS.items()}
    head, blobs, at = {}, [], 0
    for key in sorted(arrays, key=lambda k: (-arrays[k].dtype.itemsize, k)):
        blob = np.ascontiguousarray(arrays[key]).tobytes()
        head[key] = {'dtype': names[arrays[key].dtype], 'shape': list(arrays[key].shape), 'data_offsets': [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(head).encode()
    text += b' ' * (-len(text) % 8)
    with open(f'{folder}/{name}.safetensors', 'wb') as file:
        file.write(len(text).to_bytes(8, 'little') + text + b''.join(blobs))
    with open(f'{folder}/{name}.json', 'w') as file:
        json.dump(index, file)


def faces_of(folder):
    """Landmarks of all cases there, each moved into the unit square."""
    found = []
    for name in ('op_masks', 'op_align', 'samples'):
        for key, a in read_tensors(f'{folder}/{name}.safetensors').items():
            if key.endswith('/landmarks'):
                low, high = a.min(0), a.max(0)
                found.append((a - low) / (high - low).max())
    return found


def random_face(faces, size, rng, wild):
    """Landmarks in pixels: turned, stretched and shaken, now and then partly outside."""
    at = faces[rng.integers(len(faces))] - 0.5
    turn = rng.uniform(-0.6, 0.6) if wild else rng.uniform(-0.2, 0.2)
    scale = rng.uniform(0.25, 1.1) if wild else rng.uniform(0.5, 0.8)
    c, s = math.cos(turn), math.sin(turn)
    at = (at * [rng.uniform(0.85, 1.15), 1]) @ np.array([[c, s], [-s, c]]) * scale + rng.normal(0, 0.006, at.shape)
    return (at + 0.5 + rng.uniform(-0.15, 0.15, 2) * wild) * size


# ---- masks -------------------------------------------------------------------------------------------------------------------
def expanded(points, mod):
    """Integer landmarks with the brows moved up."""
    p = points.astype(int)
    ml, mr = (p[36] + p[0]) // 2, (p[16] + p[45]) // 2
    ql, qr = (p[36] + ml) // 2, (p[45] + mr) // 2
    for tops, bottoms in ((slice(17, 22), [ql, p[36], p[37], p[38], p[39]]), (slice(22, 27), [p[42], p[43], p[44], p[45], qr])):
        p[tops] = (p[tops] + mod * 0.5 * (p[tops] - np.array(bottoms))).astype(int)
    return p


HULLS = [[*range(9), 17], [*range(8, 17), 26], [17, 18, 19, 8], [24, 25, 26, 8], [*range(19, 25), 8], [*range(17, 22), 27, *range(31, 36), 8],
         [*range(22, 27), 27, *range(31, 36), 8], [*range(27, 31), *range(31, 36)]]


def fill(size, p, groups, kind=np.float32):
    mask = np.zeros((size, size, 1), kind)
    for group in groups:
        cv2.fillConvexPoly(mask, cv2.convexHull(p[group].astype(np.int32)), (1,))
    return mask


def soft(size, p, groups):
    mask = fill(size, p, groups)
    n, k = size // 32, size // 16
    mask = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (n, n)), iterations=1)
    k += 1 - k % 2
    return cv2.GaussianBlur(mask, (k, k), 0).reshape(size, size, 1)


def make_masks(folder, faces, count, rng):
    arrays, items = {}, []
    for i in range(count):
        size = int(rng.choice([48, 64, 80, 96, 100, 128, 131, 160, 192, 200, 256, 300, 512], p=[0.1] * 5 + [0.0625] * 8))
        mod = float(rng.choice([0.5, 1.0, 1.0, 1.5, 2.0, 4.0]))
        points = random_face(faces, size, rng, wild=i % 3 == 0)
        p = expanded(points, mod)
        flat = points.astype(int)
        arrays.update({f'{i}/landmarks': points, f'{i}/expanded': p.astype(np.int32), f'{i}/hull_u8': fill(size, p, HULLS).astype(np.uint8),
                       f'{i}/eyes': soft(size, flat, [list(range(36, 42)), list(range(42, 48))]), f'{i}/mouth': soft(size, flat, [list(range(60, 68))])})
        items.append({'i': i, 'size': size, 'eyebrows_expand_mod': mod, 'sample_type': 'whole_face'})
    write_case(folder, 'op_masks', arrays, {'case': 'masks', 'items': items})


# ---- alignment ---------------------------------------------------------------------------------------------------------------
def umeyama(source, target):
    """Similarity of Umeyama 1991, eqs. 38 to 43, as 2x3."""
    ms, mt = source.mean(0), target.mean(0)
    s, t = source - ms, target - mt
    a = t.T @ s / len(s)
    u, d, vt = np.linalg.svd(a)
    sign = np.array([1, np.sign(np.linalg.det(a)) or 1])
    rotation = u @ np.diag(sign) @ vt
    scale = (d * sign).sum() / (s ** 2).sum(1).mean()
    return np.hstack([scale * rotation, (mt - scale * rotation @ ms)[:, None]])


def apply(m, points):
    return np.asarray(points, float) @ m[:, :2].T + m[:, 2]


def crop_matrix(points, size, kind, mean):
    unit = umeyama(points[[*range(17, 49), 54]], mean)
    back = cv2.invertAffineTransform(unit)
    p0, p1, p2, p3, c = apply(back, [(0, 0), (1, 0), (1, 1), (0, 1), (0.5, 0.5)])
    tb, bt = (p2 - p0) / np.linalg.norm(p2 - p0), (p1 - p3) / np.linalg.norm(p1 - p3)
    half = np.linalg.norm(p0 - p2) * (PADDING[kind] * math.sqrt(2) + 0.5)
    if kind == 'whole_face':
        c = c + 0.07 * (p0 - p3)
    if kind == 'head':
        x = apply(unit, points)[:, 0]
        yaw = np.mean([(x[16 - i] - x[27 + i]) - (x[27 + i] - x[i]) for i in range(3)])
        yaw *= abs(math.tanh(2 * yaw))
        c = c - (p0 - p1) * yaw / 2 + 0.5 * (p0 - p3)
    if kind.endswith('no_align'):
        side = half * math.sqrt(2) / 2
        corners = [c + [-side, -side], c + [side, -side], c + [side, side]]
    else:
        corners = [c - tb * half, c + bt * half, c + tb * half]
    return cv2.getAffineTransform(np.float32(corners), np.float32([(0, 0), (size, 0), (size, size)]))


def pose(points, size, model):
    camera = np.array([[size, 0, size / 2], [0, size, size / 2], [0, 0, 1]], float)
    _, vector, _ = cv2.solvePnP(model, points[[*range(27), *range(30, 36)]].astype(np.float32), camera, np.zeros((4, 1)))
    r, _ = cv2.Rodrigues(vector)
    sy = math.hypot(r[0, 0], r[1, 0])
    angles = [math.atan2(r[2, 1], r[2, 2]), math.atan2(-r[2, 0], sy), math.atan2(r[1, 0], r[0, 0])]
    x, y, z = np.clip(angles, -math.pi / 2, math.pi / 2)
    return np.array([-x, y, z])


def make_align(folder, faces, count, rng, constants):
    mean, model = np.array(constants['mean33'], float), np.array(constants['model3d_33'], np.float32)
    side = 256
    image = rng.integers(0, 256, (96, 96, 3), dtype=np.uint8)
    real = np.float32(image) / 255
    arrays, items = {'image_u8': image}, []
    for i in range(count):
        points = random_face(faces, side, rng, wild=i % 2 == 1)
        size = int(rng.choice([64, 100, 224, 512]))
        arrays[f'{i}/landmarks'] = points
        for kind in PADDING:
            arrays[f'{i}/mat/{kind}'] = crop_matrix(points, size, kind, mean)
        arrays[f'{i}/pitch_yaw_roll'] = pose(points, side, model)
        items.append({'i': i, 'size': size})
    # what scales by other factors, both ways
    for name, flag in (('cubic', cv2.INTER_CUBIC), ('linear', cv2.INTER_LINEAR)):
        arrays[f'resize_{name}'] = cv2.resize(real, (67, 131), interpolation=flag)
    write_case(folder, 'op_align', arrays, {'case': 'align', 'sample_size': side, 'items': items})


# ---- colour ------------------------------------------------------------------------------------------------------------------
def root(c, power):
    values, vectors = np.linalg.eigh(c)
    return vectors @ np.diag(np.maximum(values, 2.2e-16) ** power) @ vectors.T


def lct(x, y):
    def of(v):
        mu = v.mean(0)
        d = v - mu
        return mu, root(d.T @ d / len(v) + 1e-5 * np.eye(3), 0.5)
    (mx, qx), (my, qy) = of(x), of(y)
    return np.clip((qy @ np.linalg.inv(qx) @ (x - mx).T).T + my, 0, 1)


def mkl(x, y):
    cx, cy = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    half, inverse = root(cx, 0.5), root(cx, -0.5)
    return np.clip((x - x.mean(0)) @ (inverse @ root(half @ cy @ half, 0.5) @ inverse) + y.mean(0), 0, 1)


def rct(x, y):
    a, b = cv2.cvtColor(x, cv2.COLOR_BGR2LAB), cv2.cvtColor(y, cv2.COLOR_BGR2LAB)
    mean = lambda v: v.reshape(-1, 3).mean(0, dtype=np.float64)
    std = lambda v: v.reshape(-1, 3).std(0, dtype=np.float64)
    out = ((a - mean(a)) * std(b) / std(a) + mean(b)).astype(np.float32)
    out = np.clip(out, [0, -127, -127], [100, 127, 127]).astype(np.float32)
    return np.clip(cv2.cvtColor(out, cv2.COLOR_LAB2BGR), 0, 1)


def make_colour(folder, rng):
    arrays, items = {}, []
    for i, (h, w) in enumerate([(48, 48), (33, 41), (64, 20), (96, 96)]):
        def picture():
            y, x = np.mgrid[0:h, 0:w] / max(h, w)
            waves = [0.5 + 0.3 * np.sin(rng.uniform(2, 9) * x + rng.uniform(2, 9) * y + rng.uniform(0, 6)) * rng.uniform(0.3, 1) for _ in range(3)]
            return np.clip(np.rint((np.stack(waves, -1) + rng.normal(0, 0.03, (h, w, 3))) * 255), 0, 255).astype(np.uint8)
        s8, t8 = picture(), picture()
        s, t = np.float32(s8) / np.float32(255), np.float32(t8) / np.float32(255)
        flat, like = s.reshape(-1, 3).astype(np.float64), t.reshape(-1, 3).astype(np.float64)
        shaped = lambda v: v.reshape(h, w, 3).astype(np.float32)
        arrays.update({f'{i}/src_u8': s8, f'{i}/trg_u8': t8, f'{i}/rct': shaped(rct(s, t)), f'{i}/lct': shaped(lct(flat, like)), f'{i}/mkl': shaped(mkl(flat, like)),
                       f'{i}/src_lab': cv2.cvtColor(s, cv2.COLOR_BGR2LAB), f'{i}/src_hsv': cv2.cvtColor(s, cv2.COLOR_BGR2HSV)})
        items.append({'i': i})
    write_case(folder, 'op_colour', arrays, {'case': 'colour_transfer', 'layout': 'HWC BGR', 'items': items})


# ---- warps -------------------------------------------------------------------------------------------------------------------
def cubic(f):
    a = -0.75
    far = lambda d: ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
    near = lambda d: ((a + 2) * d - (a + 3)) * d * d + 1
    return np.stack([far(f + 1), near(f), near(1 - f), far(2 - f)], -1)


def sample(image, x, y, filter_, border):
    """x, y: integer positions in 1/32 pixel."""
    h, w = image.shape[:2]
    weights, first = (cubic, -1) if filter_ == 'cubic' else (lambda f: np.stack([1 - f, f], -1), 0)
    wx, wy = weights((x & 31) / 32), weights((y & 31) / 32)
    out = np.zeros((*x.shape, image.shape[2]))
    for i in range(wy.shape[-1]):
        for j in range(wx.shape[-1]):
            r, c = (y >> 5) + first + i, (x >> 5) + first + j
            tap = image[np.clip(r, 0, h - 1), np.clip(c, 0, w - 1)].astype(np.float64)
            if border == 'zero':
                tap = tap * ((r >= 0) & (r < h) & (c >= 0) & (c < w))[..., None]
            out += tap * (wy[..., i] * wx[..., j])[..., None]
    return out.astype(np.float32)


def affine_positions(m, res):
    inverse = cv2.invertAffineTransform(m)
    x = np.arange(res, dtype=np.float64)
    along = np.rint(inverse[:, 0][:, None] * x * 1024).astype(np.int64)
    down = np.rint((inverse[:, 1][:, None] * x + inverse[:, 2][:, None]) * 1024).astype(np.int64) + 16
    return ((down[0][:, None] + along[0][None]) >> 5), ((down[1][:, None] + along[1][None]) >> 5)


def make_warp(folder, rng, name, res):
    image = rng.integers(0, 256, (res, res, 3), dtype=np.uint8)
    mask = (cv2.GaussianBlur(rng.uniform(0, 1, (res, res)), (9, 9), 0) * 255).astype(np.uint8)[..., None]
    arrays, items = {'image_u8': image, 'mask_u8': mask}, []
    real, soft_mask = np.float32(image) / np.float32(255), np.float32(mask) / np.float32(255)
    for i in range(9):
        cell = res // [2, 4, 8][i % 3]
        n = res // cell + 1
        r1, r2 = (np.clip(rng.normal(0, 0.4, (n - 2, n - 2)), -1, 1).astype(np.float32) for _ in range(2))
        grid = np.broadcast_to(np.arange(n) * float(cell), (n, n)).copy()
        grid[1:-1, 1:-1] += 0.24 * cell * (r1.astype(np.float64) + r2.T.astype(np.float64))
        full = cv2.resize(grid, (res + cell, res + cell))
        mapx = full[cell // 2:cell // 2 + res, cell // 2:cell // 2 + res].astype(np.float32)
        item = {'i': i, 'cell': cell, 'flip': bool(rng.integers(2)), 'rotation': rng.uniform(-10, 10), 'scale': rng.uniform(1 / 1.15, 1.15),
                'tx': rng.uniform(-0.05, 0.05), 'ty': rng.uniform(-0.05, 0.05)}
        m = cv2.getRotationMatrix2D((res // 2, res // 2), item['rotation'], item['scale'])
        m[:, 2] += (item['tx'] * res, item['ty'] * res)
        bent = np.rint(mapx.astype(np.float64) * 32).astype(np.int64)
        remapped = sample(real, bent, bent.T, 'cubic', 'zero')
        x, y = affine_positions(m, res)
        turn = (lambda v: v[:, ::-1]) if item['flip'] else (lambda v: v)
        arrays.update({f'{i}/r1': r1, f'{i}/r2': r2, f'{i}/mapx': mapx, f'{i}/rmat': m, f'{i}/remap_cubic_q32': remapped,
                       f'{i}/warped_q32': np.clip(turn(sample(remapped, x, y, 'cubic', 'replicate')), -9, 9),
                       f'{i}/target_q32': turn(sample(real, x, y, 'cubic', 'replicate')), f'{i}/mask_q32': turn(sample(soft_mask, x, y, 'linear', 'zero'))})
        items.append(item)
    write_case(folder, name, arrays, {'case': 'warp', 'res': res, 'layout': 'HWC', 'items': items})


def main(args):
    if not 2 <= len(args) <= 3:
        sys.exit(__doc__)
    folder, source = args[:2]
    count = int(args[2]) if len(args) > 2 else 200
    os.makedirs(folder, exist_ok=True)
    faces, rng = faces_of(source), np.random.default_rng(77)
    make_masks(folder, faces, count, rng)
    make_align(folder, faces, count, rng, json.load(open(f'{source}/face_constants.json')))
    make_colour(folder, rng)
    for res in (64, 96, 112, 256):
        make_warp(folder, rng, f'op_warp{res}', res)


if __name__ == '__main__':
    main(sys.argv[1:])
