"""Golden cases made by an independent program: the networks, losses and optimizers written a second time, in PyTorch, from the rules in docs/ alone.

usage: torch_golden.py verify FOLDER [--double] [--only TEXT]     recomputes the model and operation cases of FOLDER, prints how near it comes
       torch_golden.py make FOLDER [--double] [--only TEXT] [--list]   writes cases of other seeds, sizes, options and architectures

`verify test/golden` comes first: it shows that this program agrees with the reference. What `make` writes then has the
layout of test/golden (see its README), for `npm run golden -- FOLDER [--lowering fast]`. Both take float32 unless --double:
in float64 the numbers are the truth to which float32 programs are near. Prefer it for `make`: a unit within a float32's rounding of a
kink turns whole gradients, and then float32 references (this one too) are out of the limits by themselves, as `verify FOLDER --double` tells;
the wide nets (m_wide, m_lent_*) stay at that border after three steps even so. Needs numpy and torch, nothing of this repository.
Tensors are [n, c, h, w] here; files hold them as [n, h, w, c]. Weights keep the names and layouts of the files.
"""
import json
import math
import os
import sys
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(1)
EPS_OPT, LR = 1e-6, 5e-5
DTYPE = torch.float32
KINDS = {'F32': np.float32, 'F64': np.float64, 'U8': np.uint8, 'I32': np.int32, 'I64': np.int64, 'BOOL': np.bool_}


# ---- files -------------------------------------------------------------------------------------------------------------------
def read_tensors(path):
    with open(path, 'rb') as file:
        head = json.loads(file.read(int.from_bytes(file.read(8), 'little')))
        body = file.read()
    return {name: np.frombuffer(body[slice(*entry['data_offsets'])], KINDS[entry['dtype']]).reshape(entry['shape'])
            for name, entry in head.items() if name != '__metadata__'}


def write_tensors(path, arrays):
    names = {np.dtype(kind): name for name, kind in KINDS.items()}
    head, blobs, at = {}, [], 0
    for name in sorted(arrays, key=lambda key: (-arrays[key].dtype.itemsize, key)):  # wide types first keeps them aligned
        blob = np.ascontiguousarray(arrays[name]).tobytes()
        head[name] = {'dtype': names[arrays[name].dtype], 'shape': list(arrays[name].shape), 'data_offsets': [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps(head).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as file:
        file.write(len(text).to_bytes(8, 'little') + text + b''.join(blobs))


def from_nhwc(a):
    """uint8 arrays mean float32(u8) / float32(255)."""
    a = np.float32(a) / np.float32(255) if a.dtype == np.uint8 else np.array(a)
    return torch.tensor(a).to(DTYPE).permute(0, 3, 1, 2).contiguous()


def to_nhwc(x):
    return x.detach().permute(0, 2, 3, 1).contiguous().to(torch.float32).numpy()


# ---- blocks ------------------------------------------------------------------------------------------------------------------
class Net:
    """The networks of one configuration, over a table of weights."""

    def __init__(self, o):
        kind, _, letters = o['archi'].partition('-')
        self.liae = kind == 'liae'
        self.u, self.d, self.t, self.c = (letter in letters for letter in 'udtc')
        self.res, self.ae, self.e = o['resolution'], o['ae_dims'], o['e_dims']
        self.dd, self.md = o['d_dims'], o['d_mask_dims']
        self.r0 = self.res // (32 if self.d else 16)
        self.side = self.r0 * (1 if self.t else 2)
        self.gan = patch_strides(o['gan_patch_size']) if o.get('gan_patch_size') else []
        self.gan_dims = o.get('gan_dims', 16)

    def act(self, x, slope):
        return x * torch.cos(x) if self.c else F.leaky_relu(x, slope)

    def conv(self, w, name, x, stride=1):
        k = w[name + '/weight'].permute(3, 2, 0, 1)
        return F.conv2d(x, k, w[name + '/bias'], stride, k.shape[-1] // 2)

    def dense(self, w, name, x):
        return x @ w[name + '/weight'] + w[name + '/bias']

    def down(self, w, name, x):
        return self.act(self.conv(w, name + '/conv1', x, 2), 0.1)

    def up(self, w, name, x):
        return depth_to_space(self.act(self.conv(w, name + '/conv1', x), 0.1))

    def residual(self, w, name, x):
        y = self.act(self.conv(w, name + '/conv1', x), 0.2)
        return self.act(x + self.conv(w, name + '/conv2', y), 0.2)

    def encoder(self, w, x):
        if self.t:
            x = self.residual(w, 'encoder/res1', self.down(w, 'encoder/down1', x))
            for i in (2, 3, 4, 5):
                x = self.down(w, f'encoder/down{i}', x)
            x = self.residual(w, 'encoder/res5', x)
        else:
            for i in range(4):
                x = self.down(w, f'encoder/down1/downs_{i}', x)
        x = x.flatten(1)
        return pixel_norm(x) if self.u else x

    def inter(self, w, name, code):
        x = self.dense(w, name + '/dense2', self.dense(w, name + '/dense1', code))
        x = x.reshape(x.shape[0], -1, self.r0, self.r0)
        return x if self.t else self.up(w, name + '/upscale1', x)

    def decoder(self, w, name, z):
        stages = 4 if self.t else 3
        x = m = z
        for i in range(stages):
            x = self.residual(w, f'{name}/res{i}', self.up(w, f'{name}/upscale{i}', x))
        for i in range(stages + self.d):
            m = self.up(w, f'{name}/upscalem{i}', m)
        heads = ['out_conv', 'out_conv1', 'out_conv2', 'out_conv3'] if self.d else ['out_conv']
        x = torch.cat([self.conv(w, f'{name}/{head}', x) for head in heads], 1)
        face = torch.sigmoid(depth_to_space(x) if self.d else x)
        return face, torch.sigmoid(self.conv(w, f'{name}/out_convm', m))

    def codes(self, w, src, dst):
        """Decoder inputs of src, dst and the swap, and what lies between."""
        es, ed = self.encoder(w, src), self.encoder(w, dst)
        mid = {'encoder_1': es, 'encoder_2': ed}
        if self.liae:
            ab_s, ab_d, b_d = self.inter(w, 'inter_AB', es), self.inter(w, 'inter_AB', ed), self.inter(w, 'inter_B', ed)
            mid.update(inter_AB_1=ab_s, inter_AB_2=ab_d, inter_B_1=b_d)
            return torch.cat([ab_s, ab_s], 1), torch.cat([b_d, ab_d], 1), torch.cat([ab_d, ab_d], 1), mid
        cs, cd = self.inter(w, 'inter', es), self.inter(w, 'inter', ed)
        mid.update(inter_1=cs, inter_2=cd)
        return cs, cd, cd, mid

    def predict(self, w, src, dst):
        cs, cd, cx, mid = self.codes(w, src, dst)
        of_src, of_dst = ('decoder', 'decoder') if self.liae else ('decoder_src', 'decoder_dst')
        p = {}
        p['src_src'], p['src_srcm'] = self.decoder(w, of_src, cs)
        p['dst_dst'], p['dst_dstm'] = self.decoder(w, of_dst, cd)
        p['src_dst'], p['src_dstm'] = self.decoder(w, of_src, cx)
        again = lambda: self.decoder(w, of_src, cx.detach())[0]
        return p, mid, again, (cs, cd)

    # discriminators
    def widths(self):
        return [self.gan_dims] + [min(self.gan_dims * 2 ** (i + 1), 512) for i in range(len(self.gan))]

    def patches(self, w, x):
        lrelu = lambda v: F.leaky_relu(v, 0.2)
        x = lrelu(self.conv(w, 'D_src/in_conv', x))
        kept = []
        for i, stride in enumerate(self.gan):
            kept.append(x)
            x = lrelu(self.conv(w, f'D_src/convs_{i}', x, stride))
        center = self.conv(w, 'D_src/center_out', x)
        x = lrelu(self.conv(w, 'D_src/center_conv', x))
        for j, i in enumerate(reversed(range(len(self.gan)))):
            k, b = w[f'D_src/upconvs_{j}/weight'].permute(3, 2, 0, 1), w[f'D_src/upconvs_{j}/bias']
            if self.gan[i] == 2:
                x = F.conv_transpose2d(x, k, b, 2, 0)[:, :, :-1, :-1]
            else:
                x = F.conv_transpose2d(x, k, b, 1, 1)
            x = torch.cat([kept[i], lrelu(x)], 1)
        return center, self.conv(w, 'D_src/out_conv', x)

    def judge_code(self, w, x):
        for i in range(1 + self.side // 8):
            x = F.leaky_relu(self.conv(w, f'dis/convs_{i}', x, 2), 0.1)
        return self.conv(w, 'dis/out_conv', x)

    # variables, in definition order
    def shapes(self, gan, true_face):
        out = {}

        def add(name, *shape):
            out[name + '/weight'], out[name + '/bias'] = shape, (shape[-1],)

        e, d, m = self.e, self.dd, self.md
        if self.t:
            widths = [e, 2 * e, 4 * e, 8 * e, 8 * e]
            chans = [3] + widths
            for i in range(5):
                add(f'encoder/down{i + 1}/conv1', 5, 5, chans[i], chans[i + 1])
                if i == 0:
                    [add(f'encoder/res1/conv{j}', 3, 3, e, e) for j in (1, 2)]
            [add(f'encoder/res5/conv{j}', 3, 3, 8 * e, 8 * e) for j in (1, 2)]
            code = 8 * e * (self.res // 32) ** 2
        else:
            chans = [3, e, 2 * e, 4 * e, 8 * e]
            for i in range(4):
                add(f'encoder/down1/downs_{i}/conv1', 5, 5, chans[i], chans[i + 1])
            code = 8 * e * (self.res // 16) ** 2
        o = 2 * self.ae if self.liae else self.ae
        for name in ('inter_AB', 'inter_B') if self.liae else ('inter',):
            add(name + '/dense1', code, self.ae)
            add(name + '/dense2', self.ae, self.r0 ** 2 * o)
            if not self.t:
                add(name + '/upscale1/conv1', 3, 3, o, 4 * o)
        z = 4 * self.ae if self.liae else self.ae
        factors = [8, 8, 4, 2] if self.t else [8, 4, 2]
        for name in ('decoder',) if self.liae else ('decoder_src', 'decoder_dst'):
            for i, f in enumerate(factors):
                add(f'{name}/upscale{i}/conv1', 3, 3, z if i == 0 else factors[i - 1] * d, 4 * f * d)
            for i, f in enumerate(factors):
                [add(f'{name}/res{i}/conv{j}', 3, 3, f * d, f * d) for j in (1, 2)]
            for i, f in enumerate(factors):
                add(f'{name}/upscalem{i}/conv1', 3, 3, z if i == 0 else factors[i - 1] * m, 4 * f * m)
            add(f'{name}/out_conv', 1, 1, 2 * d, 3)
            if self.d:
                [add(f'{name}/out_conv{j}', 3, 3, 2 * d, 3) for j in (1, 2, 3)]
                add(f'{name}/upscalem{len(factors)}/conv1', 3, 3, 2 * m, 4 * m)
            add(f'{name}/out_convm', 1, 1, m if self.d else 2 * m, 1)
        if gan:
            g = self.widths()
            n = len(self.gan)
            for i in range(n):
                add(f'D_src/convs_{i}', 3, 3, g[i], g[i + 1])
            for j, i in enumerate(reversed(range(n))):
                out[f'D_src/upconvs_{j}/weight'] = (3, 3, g[i], g[n] if j == 0 else 2 * g[i + 1])
                out[f'D_src/upconvs_{j}/bias'] = (g[i],)
            add('D_src/in_conv', 1, 1, 3, g[0])
            add('D_src/out_conv', 1, 1, 2 * g[0], 1)
            add('D_src/center_out', 1, 1, g[n], 1)
            add('D_src/center_conv', 1, 1, g[n], g[n])
        if true_face:
            before = self.ae
            for i in range(1 + self.side // 8):
                k, width = (4 if i == 0 else 3), 256 * min(2 ** i, 8)
                add(f'dis/convs_{i}', k, k, before, width)
                before = width
            add('dis/out_conv', 1, 1, before, 1)
        return out


def depth_to_space(x):
    """DCR: out[n, o, 2y+i, 2x+j] = in[n, (2i+j)·oc + o, y, x]."""
    n, c, h, w = x.shape
    return x.reshape(n, 2, 2, c // 4, h, w).permute(0, 3, 4, 1, 5, 2).reshape(n, c // 4, 2 * h, 2 * w)


def pixel_norm(v):
    return v * torch.rsqrt((v * v).mean(1, keepdim=True) + 1e-6)


@lru_cache(None)
def patch_fields():
    """Receptive field -> strides: fewer layers first, then the larger sum of strides, then the one found first."""
    best = {}
    for n in range(1, 10):
        for val in range(2 ** (n - 1) - 1, -1, -1):
            strides = [2] + [2 if val >> j & 1 else 1 for j in range(n - 1)]
            field, reach = 3, 2
            for stride in strides[1:]:
                field, reach = field + 2 * reach, reach * stride
            known = best.get(field)
            if known is None or (len(strides) == len(known) and sum(strides) > sum(known)):
                best[field] = strides
    return best


def patch_strides(size):
    return patch_fields()[min(patch_fields(), key=lambda field: (abs(field - size), field))]


# ---- losses ------------------------------------------------------------------------------------------------------------------
def depthwise(x, kernel, padding):
    c = x.shape[1]
    return F.conv2d(x, kernel.to(x.dtype).expand(c, 1, *kernel.shape), None, 1, padding, 1, c)


def blur(x, sigma):
    k = max(3, int(4 * sigma))
    k += 1 - k % 2
    taps = np.exp(-(np.arange(k) - k // 2) ** 2 / (2.0 * sigma ** 2))
    kernel = np.outer(taps, taps).astype(np.float32)
    return depthwise(x, torch.tensor(kernel / kernel.sum()), k // 2)


def dssim(a, b, size):
    """-> (n, c)."""
    at = np.arange(size) - (size - 1) / 2
    taps = np.exp(-at ** 2 / (2 * 1.5 ** 2))
    kernel = np.outer(taps, taps)
    kernel = torch.tensor(kernel / kernel.sum())
    mean = lambda v: depthwise(v, kernel, 0)
    ma, mb = mean(a), mean(b)
    n0, d0 = 2 * ma * mb, ma ** 2 + mb ** 2
    n1, d1 = 2 * mean(a * b), mean(a * a + b * b)
    ssim = (n0 + 1e-4) / (d0 + 1e-4) * (n1 - n0 + 9e-4) / (d1 - d0 + 9e-4)
    return (1 - ssim.mean((2, 3))) / 2


def style(a, b, sigma, weight):
    if sigma > 0:
        a, b = blur(a, sigma), blur(b, sigma)
    moments = lambda v: (v.mean((2, 3)), torch.sqrt(v.var((2, 3), unbiased=False) + 1e-5))
    (ma, sa), (mb, sb) = moments(a), moments(b)
    return (((ma - mb) ** 2).sum(1) + ((sa - sb) ** 2).sum(1)) * weight / a.shape[1]


def bce(label, logit):
    loss = torch.clamp(logit, min=0) - logit * label + torch.log1p(torch.exp(-logit.abs()))
    return loss.flatten(1).mean(1)


def variation(x, axes=(2, 3)):
    """Of [n, c, h, w] along two axes, summed."""
    return sum((x.diff(dim=axis) ** 2).flatten(1).sum(1) for axis in axes)


def per_sample(x):
    return x.flatten(1).mean(1)


class Step:
    """Everything that one iteration computes, for one configuration and batch."""

    def __init__(self, options, inputs):
        o = self.o = options
        self.net = Net(o)
        self.res = o['resolution']
        self.x = {name: from_nhwc(a) for name, a in inputs.items()}
        off = o.get('pretrain', False)
        self.gan = 0.0 if off else o.get('gan_power', 0.0)
        self.face = 0.0 if off else o.get('face_style_power', 0.0) / 100
        self.back = 0.0 if off else o.get('bg_style_power', 0.0) / 100
        self.truth = 0.0 if self.net.liae else o.get('true_face_power', 0.0)
        self.frozen = 'inter_AB/' if self.net.liae and (off or not o.get('random_warp', True)) else None
        self.masked = o.get('masked_training', True)
        x = self.x
        soft = lambda m: 2 * torch.clamp(blur(m, max(1, self.res // 32)), 0, 0.5)
        self.soft = {'src': soft(x['target_srcm']), 'dst': soft(x['target_dstm'])}
        self.target = {side: x[f'target_{side}'] for side in ('src', 'dst')}
        if o.get('blur_out_mask', False):
            self.target = {side: self.blurred_out(side) for side in ('src', 'dst')}

    def blurred_out(self, side):
        t, m = self.target[side], self.x[f'target_{side}m']
        sigma, a = self.res / 128, 1 - m
        x, y = blur(t * a, sigma), 1 - blur(m, sigma)
        y = torch.where(y == 0, torch.ones_like(y), y)
        return t * m + (x / y) * a

    def limit(self, picture, side):
        return picture * self.soft[side] if self.masked else picture

    def losses(self, w):
        """-> (G per sample, {side: {term: per sample}}, predictions, between, total variation)."""
        p, mid, again, codes = self.net.predict(w, self.x['warped_src'], self.x['warped_dst'])
        f1, f2 = int(self.res / 11.6), int(self.res / 23.2)
        terms = {}
        for side in ('src', 'dst'):
            t, q = self.target[side], p[f'{side}_{side}']
            tm, qm = self.limit(t, side), self.limit(q, side)
            one = terms[side] = {}
            if self.res < 256:
                one['dssim'] = 10 * dssim(tm, qm, f1).mean(1)
            else:
                one['dssim'] = 5 * dssim(tm, qm, f1).mean(1) + 5 * dssim(tm, qm, f2).mean(1)
            one['mse'] = 10 * per_sample((tm - qm) ** 2)
            em = self.x[f'target_{side}m_em']
            on = self.o.get('eyes_mouth_prio', False)
            one['eyes_mouth'] = 300 * per_sample((t * em - q * em).abs()) if on else torch.zeros_like(one['mse'])
            one['mask'] = 10 * per_sample((self.x[f'target_{side}m'] - p[f'{side}_{side}m']) ** 2)
        if self.face:
            a = again() * p['src_dstm'].detach()
            b = (p['dst_dst'] * p['dst_dstm']).detach()
            terms['src']['face_style'] = style(a, b, self.res // 8, 10000 * self.face)
        if self.back:
            outside = 1 - self.soft['src']
            a, b = p['src_dst'] * outside, self.target['dst'] * outside
            terms['src']['bg_style'] = 10 * self.back * (dssim(a, b, f1).mean(1) + per_sample((a - b) ** 2))
        for one in terms.values():
            one['total'] = sum(one.values())
        total = terms['src']['total'] + terms['dst']['total']
        tv = variation(p['src_src'])
        if self.gan:
            c, r = self.net.patches(w, self.limit(p['src_src'], 'src'))
            total = total + self.gan * (bce(1, c) + bce(1, r))
            if self.masked:
                anti = 1 - self.soft['src']
                total = total + 1e-6 * tv + 0.02 * per_sample(((p['src_src'] - self.target['src']) * anti) ** 2)
        if self.truth:
            total = total + self.truth * bce(1, self.net.judge_code(w, codes[0]))
        return total, terms, p, mid, tv

    def patch_loss(self, w):
        with torch.no_grad():
            made = self.net.predict(w, self.x['warped_src'], self.x['warped_dst'])[0]['src_src']
        d = self.net.patches(w, self.limit(made, 'src'))
        r = self.net.patches(w, self.limit(self.target['src'], 'src'))
        return sum(0.5 * (bce(1, real) + bce(0, fake)) for real, fake in zip(r, d)), d, r

    def code_loss(self, w):
        with torch.no_grad():
            cs, cd = self.net.predict(w, self.x['warped_src'], self.x['warped_dst'])[3]
        return 0.5 * (bce(1, self.net.judge_code(w, cd)) + bce(0, self.net.judge_code(w, cs)))

    def variables(self):
        return list(self.net.shapes(self.gan != 0, self.truth != 0))

    def trained(self):
        own = [v for v in self.variables() if not v.startswith(('D_src/', 'dis/'))]
        return [v for v in own if self.frozen is None or not v.startswith(self.frozen)]

    def slopes(self, loss, w, names):
        found = torch.autograd.grad(loss.sum(), [w[name] for name in names], allow_unused=True)
        return {name: torch.zeros_like(w[name]) if g is None else g for name, g in zip(names, found)}


def norm(tensors):
    return math.sqrt(sum(float((t.double() ** 2).sum()) for t in tensors))


class Optimizer:
    """Both rules, from zero state; one of these per loss."""

    def __init__(self, kind, names, w, clip):
        self.kind, self.names, self.clip = kind, names, clip
        self.state = {name: [torch.zeros_like(w[name]) for _ in range(2 if kind == 'adabelief' else 1)] for name in names}

    def step(self, w, g, lr=LR, keep=None):
        scale = 1.0
        if self.clip:
            size = torch.sqrt(sum((g[name] ** 2).sum() for name in self.names))
            scale = self.clip / size if size >= self.clip else 1.0
        for name in self.names:
            s, slope = self.state[name], g[name] * scale
            if self.kind == 'adabelief':
                s[0] = 0.9 * s[0] + 0.1 * slope
                s[1] = 0.999 * s[1] + 0.001 * (slope - s[0]) ** 2
                move = lr * s[0] / (torch.sqrt(s[1]) + EPS_OPT)
            else:
                s[0] = 0.9 * s[0] + 0.1 * slope ** 2
                move = lr * slope / (torch.sqrt(s[0]) + EPS_OPT)
            w[name] = w[name] - (move if keep is None else move * keep[name])


def live(w):
    return {name: v.detach().clone().requires_grad_(True) for name, v in w.items()}


def run_model(options, weights, inputs, optimizers, steps=3):
    """Everything that a model case stores, as tensors."""
    step = Step(options, inputs)
    w = live({name: torch.tensor(np.array(a)).to(DTYPE) for name, a in weights.items()})
    total, terms, p, mid, tv = step.losses(w)
    trained = step.trained()
    out = {'trained': trained, 'terms': terms, 'G_loss': total, 'p': p, 'mid': mid, 'soft': step.soft, 'target': step.target}
    grads = step.slopes(total, w, trained)
    out['norm'] = norm(grads.values())
    if step.gan:
        out['D_loss'], out['d'], out['r'] = step.patch_loss(w)
        out['tv'] = tv
        grads.update(step.slopes(out['D_loss'], w, [v for v in step.variables() if v.startswith('D_src/')]))
    if step.truth:
        out['D_code_loss'] = step.code_loss(w)
        grads.update(step.slopes(out['D_code_loss'], w, [v for v in step.variables() if v.startswith('dis/')]))
    out['grads'], out['after'] = grads, {}
    clip = 1.0 if options.get('clipgrad', False) else None
    for kind in optimizers:
        now = live(w)
        groups = [('G', trained)] + [(prefix, [v for v in step.variables() if v.startswith(prefix)]) for prefix in ('dis/', 'D_src/')]
        rules = {key: Optimizer(kind, names, now, clip) for key, names in groups if names}
        seen = {'src_loss': [], 'dst_loss': [], 'weights': []}
        for _ in range(steps):
            total, terms = step.losses(now)[:2]
            for side in ('src', 'dst'):
                seen[f'{side}_loss'].append(terms[side]['total'].detach())
            for key, rule in rules.items():
                loss = total if key == 'G' else step.code_loss(now) if key == 'dis/' else step.patch_loss(now)[0]
                g = step.slopes(loss, now, rule.names)
                with torch.no_grad():
                    rule.step(now, g)
                now = live(now)
            seen['weights'].append(dict(now))
        out['after'][kind] = seen
    out['w'] = w
    return out


# ---- model cases -------------------------------------------------------------------------------------------------------------
def rounded(x):
    return float(f'{float(x):.8g}')


def numbers(x):
    return [float(v) for v in x.detach().reshape(-1)]


def summary(x, idx=None):
    flat = x.detach().double().reshape(-1)
    out = {'shape': list(x.shape), 'sum': rounded(flat.sum()), 'l2': rounded(torch.sqrt((flat ** 2).sum()))}
    if idx is not None:
        out['idx'], out['val'] = [int(i) for i in idx], [rounded(flat[i]) for i in idx]
    return out


def draw_weights(shapes, rng, gain):
    out = {}
    for name, shape in shapes.items():
        if name.endswith('/bias'):
            out[name] = rng.normal(0, 0.07, shape).astype(np.float32)
            continue
        area = shape[0] * shape[1] if len(shape) == 4 else 1
        bound = gain * math.sqrt(6 / (area * (shape[-1] + shape[-2])))
        out[name] = rng.uniform(-bound, bound, shape).astype(np.float32)
    return out


def draw_inputs(res, n, rng):
    """Smooth pictures with noise, soft masks of different sizes, and eyes and mouth."""
    y, x = np.mgrid[0:res, 0:res] / res
    out = {}
    for side in ('src', 'dst'):
        warped, target, mask, em = [], [], [], []
        for _ in range(n):
            waves = sum(rng.normal(0, 0.12, 3) * np.sin(rng.uniform(2, 14) * x + rng.uniform(2, 14) * y + rng.uniform(0, 6))[..., None]
                        for _ in range(6))
            face = 0.5 + waves + rng.normal(0, 0.02, (res, res, 3))
            cy, cx, a, b = rng.uniform(0.4, 0.6, 2).tolist() + rng.uniform(0.22, 0.45, 2).tolist()
            r = np.sqrt(((y - cy) / a) ** 2 + ((x - cx) / b) ** 2)
            inside = np.clip((1 - r) * res / 6 + 0.5, 0, 1)
            spots = np.zeros((res, res))
            for dy, dx, s in ((-0.15, -0.12, 0.05), (-0.15, 0.12, 0.05), (0.2, 0, 0.07)):
                spots = np.maximum(spots, np.exp(-((y - cy - dy) ** 2 + (x - cx - dx) ** 2) / (2 * s * s)))
            target.append(face)
            warped.append(np.roll(face, (2, -1), (0, 1)) + rng.normal(0, 0.02, face.shape))
            mask.append(inside[..., None])
            em.append((spots * (inside > 0) / spots.max())[..., None])
        for name, arrays in ((f'warped_{side}', warped), (f'target_{side}', target), (f'target_{side}m', mask), (f'target_{side}m_em', em)):
            out[name] = np.clip(np.rint(np.stack(arrays) * 255), 0, 255).astype(np.uint8)
    return out


DEFAULTS = {'autobackup_hour': 0, 'write_preview_history': False, 'target_iter': 0, 'random_src_flip': False, 'random_dst_flip': True,
            'face_type': 'f', 'models_opt_on_gpu': True, 'masked_training': True, 'eyes_mouth_prio': True, 'uniform_yaw': False,
            'blur_out_mask': False, 'adabelief': True, 'lr_dropout': 'n', 'random_warp': True, 'random_hsv_power': 0.0,
            'true_face_power': 0.0, 'face_style_power': 0.0, 'bg_style_power': 0.0, 'ct_mode': 'none', 'clipgrad': False, 'pretrain': False,
            'gan_power': 0.0, 'gan_dims': 16}

# name: archi, resolution, batch, ae, e, d, mask; then options and how to store the case
CASES = {
    'm_liae-ut': ('liae-ut', 96, 2, 5, 2, 2, 2, {}),
    'm_liae-dt': ('liae-dt', 64, 3, 7, 2, 3, 1, {}),
    'm_df-udt': ('df-udt', 96, 1, 9, 2, 2, 2, {'full': True}),
    'm_df-udt_trueface': ('df-udt', 128, 2, 6, 2, 2, 2, {'true_face_power': 0.2}),
    'm_liae-c': ('liae-c', 80, 1, 5, 2, 2, 2, {'full': True}),
    'm_liae-cd': ('liae-cd', 96, 2, 3, 2, 2, 2, {'stride': 3}),
    'm_df': ('df', 80, 3, 5, 3, 2, 1, {'full': True}),
    'm_df_trueface': ('df', 64, 2, 11, 2, 2, 2, {'true_face_power': 1.0, 'full': True}),
    'm_df-t_trueface': ('df-t', 64, 1, 5, 2, 2, 2, {'true_face_power': 0.01, 'clipgrad': True, 'adabelief': False}),
    'm_df-tcu': ('df-tcu', 96, 1, 5, 2, 2, 2, {'stride': 2}),
    'm_liae-d_r160': ('liae-d', 160, 1, 6, 2, 2, 2, {'full': True, 'stride': 5}),
    'm_liae-ud_r224': ('liae-ud', 224, 1, 4, 2, 2, 2, {'full': True, 'stride': 8}),
    'm_liae_r112': ('liae', 112, 1, 3, 2, 2, 2, {'full': True, 'eyes_mouth_prio': False}),
    'm_liae-u_r80_one': ('liae-u', 80, 1, 32, 4, 4, 2, {'full': True}),
    'm_df-ud_r192': ('df-ud', 192, 1, 5, 2, 2, 2, {'stride': 6, 'batch_size': 8}),
    'm_liae-udt_r256': ('liae-udt', 256, 1, 4, 2, 2, 2, {'stride': 16, 'bg_style_power': 10.0, 'face_style_power': 2.0}),
    'm_df_r320': ('df', 320, 1, 3, 2, 2, 2, {'stride': 4}),
    'm_gan16': ('liae-ud', 96, 2, 5, 3, 2, 2, {'gan_power': 0.5, 'gan_patch_size': 12, 'gan_dims': 3, 'full': True}),
    'm_gan12_nowarp': ('liae-ud', 64, 1, 5, 3, 2, 2, {'gan_power': 0.1, 'gan_patch_size': 30, 'gan_dims': 5, 'random_warp': False}),
    'm_gan3_unmasked': ('df-u', 64, 3, 5, 2, 2, 2, {'gan_power': 1.0, 'gan_patch_size': 3, 'gan_dims': 4, 'masked_training': False}),
    'm_gan_blurout': ('liae-d', 128, 1, 5, 2, 2, 2, {'gan_power': 0.1, 'gan_patch_size': 16, 'gan_dims': 6, 'blur_out_mask': True, 'stride': 4}),
    'm_gan_clip_trueface': ('df-d', 64, 2, 5, 2, 2, 2, {'gan_power': 0.2, 'gan_patch_size': 20, 'gan_dims': 4, 'clipgrad': True, 'true_face_power': 0.1}),
    'm_style_clip': ('liae-udt', 64, 2, 5, 2, 2, 2, {'face_style_power': 10.0, 'bg_style_power': 1.0, 'clipgrad': True}),
    'm_style_df': ('df-ud', 64, 2, 5, 2, 2, 2, {'face_style_power': 0.5, 'full': True}),
    'm_bg_unmasked_blurout': ('liae', 64, 3, 5, 2, 2, 2, {'bg_style_power': 20.0, 'masked_training': False, 'blur_out_mask': True}),
    'm_pretrain': ('liae-ud', 64, 2, 5, 2, 2, 2, {'pretrain': True, 'gan_power': 0.1, 'gan_patch_size': 8, 'face_style_power': 5.0, 'full': True}),
    'm_wide': ('liae-ud', 64, 2, 33, 16, 16, 6, {'full': True}),
    'm_wide_t': ('liae-t', 96, 1, 17, 8, 10, 4, {'full': True, 'eyes_mouth_prio': False}),
    'm_lent_nowarp': ('liae-ud', 64, 2, 33, 16, 16, 6, {'of': 'm_wide', 'random_warp': False, 'bg_style_power': 3.0}),
    'm_lent_gan': ('liae-ud', 64, 2, 33, 16, 16, 6, {'of': 'm_wide', 'gan_power': 0.1, 'gan_patch_size': 10, 'gan_dims': 8, 'clipgrad': True}),
}
STORAGE = ('full', 'stride', 'of', 'batch_size')


def make_model(folder, name, seed):
    archi, res, n, ae, e, d, m, extra = CASES[name]
    rng = np.random.default_rng(seed)
    options = {**DEFAULTS, 'batch_size': n, 'resolution': res, 'archi': archi, 'ae_dims': ae, 'e_dims': e, 'd_dims': d, 'd_mask_dims': m,
               'gan_patch_size': res // 8, **{key: value for key, value in extra.items() if key not in STORAGE}}
    full, stride, other = (extra.get(key) for key in ('full', 'stride', 'of'))
    step_net = Net(options)
    on = not options['pretrain']
    shapes = step_net.shapes(on and options['gan_power'] != 0, not step_net.liae and options['true_face_power'] != 0)
    lent, inputs_name = {}, f'inputs_{name[2:]}.safetensors'
    if other:
        inputs_name = f'inputs_{other[2:]}.safetensors'
        lent = {key[2:]: a for key, a in read_tensors(f'{folder}/{other}.safetensors').items() if key.startswith('w/')}
        inputs = read_tensors(f'{folder}/{inputs_name}')
    else:
        inputs = draw_inputs(res, n, rng)
        write_tensors(f'{folder}/{inputs_name}', inputs)
    weights = {**draw_weights(shapes, rng, rng.uniform(1, 1.4)), **lent}
    kinds = ['adabelief', 'rmsprop'] if options['adabelief'] else ['rmsprop']
    out = run_model(options, weights, inputs, kinds)

    arrays = {f'w/{key}': weights[key] for key in shapes if key not in lent}
    if not other:
        for key, x in out['p'].items():
            picture = to_nhwc(x)[:1]
            arrays[f'out/pred_{key}' + (f'_every{stride}' if stride else '')] = picture[:, ::stride, ::stride] if stride else picture
        if not stride:
            for key, x in out['mid'].items():
                arrays[f'mid/{key}'] = to_nhwc(x) if x.ndim == 4 else x.detach().to(torch.float32).numpy()
            for side, x in out['soft'].items():
                arrays[f'mask_blur/{side}'] = to_nhwc(x)[:1]
    if options['blur_out_mask']:
        for side, x in out['target'].items():
            arrays[f'blurred_out/target_{side}'] = to_nhwc(x)[:1]
    if 'd' in out:
        for what, maps in (('pred', out['d']), ('target', out['r'])):
            arrays[f'D/{what}_center'], arrays[f'D/{what}_out'] = to_nhwc(maps[0]), to_nhwc(maps[1])
    losses = {side: {term: numbers(x) for term, x in one.items()} for side, one in out['terms'].items()}
    losses['G_loss'] = numbers(out['G_loss'])
    for key, label in (('D_loss', 'D_loss'), ('D_code_loss', 'D_code_loss'), ('tv', 'total_variation')):
        if key in out:
            losses[label] = numbers(out[key])
    pick = lambda x, k: sorted(rng.choice(x.numel(), min(k, x.numel()), replace=False))
    after = {}
    for kind, seen in out['after'].items():
        entry = after[kind] = {side: [numbers(x) for x in seen[side]] for side in ('src_loss', 'dst_loss')}
        for t in (1, 3):
            entry[str(t)] = {}
            for key in shapes:
                now, start = seen['weights'][t - 1][key], out['w'][key]
                line = entry[str(t)][key] = summary(now, pick(now, 8) if t == 3 else None)
                line['delta_l2'] = norm([now.detach().double() - start.detach().double()])
                if full and t == 3:
                    arrays[f'{kind}.3/{key}'] = now.detach().to(torch.float32).numpy()
    if full:
        arrays.update({f'g/{key}': g.detach().to(torch.float32).numpy() for key, g in out['grads'].items()})
    index = {'case': name, 'what': 'made by bench/peers/torch_golden.py', 'options': options, 'layout': 'NHWC', 'inputs': inputs_name,
             'tensors': f'{name}.safetensors' if arrays else None, 'losses': losses, 'after': after, 'grad_global_norm': out['norm'],
             'trained': out['trained'], 'grads': {key: summary(g, pick(g, 16)) for key, g in out['grads'].items()}}
    if other:
        index['weights_of'] = other
    if arrays:
        write_tensors(f'{folder}/{name}.safetensors', arrays)
    with open(f'{folder}/{name}.json', 'w') as file:
        json.dump(index, file)


# ---- verification ------------------------------------------------------------------------------------------------------------
class Report:
    """The largest error of each kind, in units of what test/golden/README.md allows."""

    def __init__(self):
        self.worst = {}

    def add(self, kind, actual, expected, allowed_abs, allowed_rel, label=''):
        actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
        if actual.shape != expected.shape:
            actual = actual.reshape(expected.shape)
        limit = allowed_abs + allowed_rel * np.abs(expected)
        part = np.abs(actual - expected) / np.maximum(limit, 1e-300)
        worst = float(part.max()) if part.size else 0.0
        if not worst <= self.worst.get(kind, (-1, ''))[0]:
            self.worst[kind] = (worst, label)

    def show(self, name):
        ok = all(part <= 1 for part, _ in self.worst.values())
        parts = ', '.join(f'{kind} {part:.2g}' + (f' ({label})' if part > 1 else '') for kind, (part, label) in self.worst.items())
        print(f"{'ok  ' if ok else 'FAIL'} {name}: {parts}")
        return ok


def verify_model(folder, name):
    index = json.load(open(f'{folder}/{name}.json'))
    own = read_tensors(f'{folder}/{name}.safetensors') if os.path.exists(f'{folder}/{name}.safetensors') else {}
    other = read_tensors(f"{folder}/{index['weights_of']}.safetensors") if index.get('weights_of') else {}
    arrays = {**{key: a for key, a in other.items() if key.startswith(('w/', 'out/', 'mid/', 'mask_blur/'))}, **own}
    weights = {key[2:]: a for key, a in arrays.items() if key.startswith('w/')}
    options = index['options']
    shapes = Step(options, read_tensors(f"{folder}/{index['inputs']}")).variables()
    unknown = set(shapes) ^ set(weights)
    if unknown:
        raise SystemExit(f'{name}: variables differ: {sorted(unknown)}')
    out = run_model(options, weights, read_tensors(f"{folder}/{index['inputs']}"), list(index['after']))
    r = Report()
    pictures = {f'out/pred_{key}': x for key, x in out['p'].items()}
    pictures.update({f'mid/{key}': x for key, x in out['mid'].items()})
    pictures.update({f'mask_blur/{side}': x for side, x in out['soft'].items()})
    pictures.update({f'blurred_out/target_{side}': x for side, x in out['target'].items()})
    if 'd' in out:
        for what, maps in (('pred', out['d']), ('target', out['r'])):
            pictures.update({f'D/{what}_center': maps[0], f'D/{what}_out': maps[1]})
    for key, a in arrays.items():
        base, _, every = key.partition('_every')
        if base not in pictures:
            continue
        x = pictures[base]
        x = to_nhwc(x)[:a.shape[0]] if x.ndim == 4 else x.detach().numpy()
        r.add('predictions', x[:, ::int(every), ::int(every)] if every else x, a, 2e-6, 1e-5, key)
    for side in ('src', 'dst'):
        for term, values in index['losses'][side].items():
            r.add('losses', numbers(out['terms'][side][term]), values, 1e-7, 2e-3 if term == 'face_style' else 3e-5, f'{side}/{term}')
    for key, mine in (('G_loss', 'G_loss'), ('D_loss', 'D_loss'), ('D_code_loss', 'D_code_loss'), ('total_variation', 'tv')):
        if key in index['losses']:
            r.add('losses', numbers(out[mine]), index['losses'][key], 1e-7, 3e-5, key)
    if index['trained'] != out['trained']:
        raise SystemExit(f"{name}: trained {out['trained']}, expected {index['trained']}")
    r.add('norm', [out['norm']], [index['grad_global_norm']], 0, 3e-4)
    for key, line in index['grads'].items():
        g = out['grads'][key].detach().double().reshape(-1)
        r.add('gradient l2', [norm([g])], [line['l2']], 1e-12, 3e-4, key)
        limit = 1e-3 * line['l2'] / math.sqrt(g.numel()) + 1e-6
        r.add('gradients', g[line['idx']].numpy(), line['val'], limit, 0, key)
        if f'g/{key}' in arrays:
            r.add('gradients', g.numpy(), arrays[f'g/{key}'].reshape(-1), limit, 0, key)
    for kind, entry in index['after'].items():
        seen = out['after'][kind]
        for side in ('src_loss', 'dst_loss'):
            r.add('losses of steps', [numbers(x) for x in seen[side]], entry[side], 1e-7, 3e-5, side)
        for t in ('1', '3'):
            for key, line in entry[t].items():
                now = seen['weights'][int(t) - 1][key].detach().double()
                r.add('moves', [norm([now - out['w'][key].detach().double()])], [line['delta_l2']], 1e-12, 1e-3, f'{kind} {t} {key}')
    return r.show(name)


# ---- operations --------------------------------------------------------------------------------------------------------------
def nhwc_leaf(a):
    return from_nhwc(a).requires_grad_(True)


def dssim_item(a, b, size):
    x, y = from_nhwc(a), nhwc_leaf(b)
    loss = dssim(x, y, size)
    return loss, torch.autograd.grad(loss.sum(), y)[0]


def style_item(a, b, sigma, weight):
    x, y = nhwc_leaf(a), from_nhwc(b)
    loss = style(x, y, sigma, weight)
    return {'blur_a': to_nhwc(blur(x, sigma)), 'style': loss.detach(), 'style_grad_a': to_nhwc(torch.autograd.grad(loss.sum(), x)[0]),
            'style_noblur': style(x, y, 0, weight).detach(), 'tv_nhwc': variation(x).detach(), 'tv_nchw': variation(x, (1, 2)).detach()}


def f32(x):
    return x.detach().to(torch.float32).numpy() if isinstance(x, torch.Tensor) else np.asarray(x, np.float32)


def pair(rng, shape, mode):
    a = rng.uniform(0, 1, shape)
    if mode == 'blur':
        a = np.cumsum(rng.normal(0, 0.05, shape), 1) + 0.5
    b = {'noise': rng.uniform(0, 1, shape), 'flat': np.full(shape, 0.25), 'same': a}.get(mode, a + rng.normal(0, 0.1, shape))
    a = np.full(shape, 0.75) if mode == 'flat' else a
    return np.clip(a, 0, 1).astype(np.float32), np.clip(b, 0, 1).astype(np.float32)


def make_dssim(folder, rng):
    arrays, items = {}, []
    wanted = [((1, 13, 17, 3), 13, 'close'), ((3, 21, 21, 3), 2, 'noise'), ((2, 30, 33, 3), 19, 'blur'), ((1, 50, 44, 3), 44, 'close'),
              ((1, 12, 12, 3), 3, 'flat'), ((1, 12, 12, 1), 4, 'noise'), ((2, 14, 15, 3), 7, 'same'), ((5, 9, 11, 3), 9, 'noise'), ((1, 64, 64, 3), 27, 'noise')]
    for i, (shape, size, mode) in enumerate(wanted):
        a, b = pair(rng, shape, mode)
        loss, slope = dssim_item(a, b, size)
        arrays.update({f'{i}/a': a, f'{i}/b': b, f'{i}/dssim': f32(loss), f'{i}/grad_b': to_nhwc(slope)})
        items.append({'i': i, 'shape': list(shape), 'filter_size': size, 'mode': mode})
    return arrays, {'case': 'dssim', 'layout': 'NHWC', 'items': items}


def make_blur_style(folder, rng):
    arrays, items = {}, []
    wanted = [((1, 40, 40, 3), 10, 30.0), ((3, 16, 16, 3), 0.75, 1.0), ((2, 20, 12, 3), 3, 200.0), ((1, 24, 24, 3), 16, 7.0), ((1, 48, 48, 3), 2.5, 10.0)]
    for i, (shape, sigma, weight) in enumerate(wanted):
        a, b = pair(rng, shape, 'noise' if i % 2 else 'blur')
        found = style_item(a, b, sigma, weight)
        arrays.update({f'{i}/a': a, f'{i}/b': b, **{f'{i}/{key}': f32(x) for key, x in found.items()}})
        items.append({'i': i, 'shape': list(shape), 'sigma': sigma, 'weight': weight})
    return arrays, {'case': 'blur_style', 'layout': 'NHWC', 'items': items}


def spatial_item(x):
    x = torch.tensor(np.array(x)).to(DTYPE)
    y = depth_to_space(x)
    return f32(y), to_nhwc(y), f32(x.flatten(1)), f32(pixel_norm(x.flatten(1)))


def make_spatial(folder, rng):
    arrays, items = {}, []
    for i, shape in enumerate([(1, 4, 1, 1), (3, 20, 2, 7), (2, 28, 9, 5), (5, 8, 3, 3)]):
        x = rng.normal(0, 1, shape).astype(np.float32)
        for key, y in zip((f'd2s_{i}/y_nchw', f'd2s_{i}/y_nhwc', f'flatten_{i}/y', f'pixelnorm_{i}/y'), spatial_item(x)):
            arrays[key] = y
        arrays[f'd2s_{i}/x_nchw'] = x
        items.append({'i': i, 'shape': list(shape)})
    return arrays, {'case': 'spatial', 'items': items}


def optimizer_item(item, given, variables, steps):
    """given(key) -> array. Yields (key, array) of all results."""
    w = {v: torch.tensor(given(f'w0/{v}')).to(DTYPE) for v in variables}
    rule = Optimizer(item['cls'].lower(), variables, w, item.get('clipnorm'))
    for t in range(1, steps + 1):
        lr, keep = item['lr'], None
        if 'lr_cos' in item:
            lr *= (math.cos((item['start_counter'] + t) * 2 * 3.1415926535 / item['lr_cos']) + 1) / 2
        if 'lr_dropout' in item:
            keep = {v: torch.tensor(given(f'mask{t}/{v}')).to(DTYPE) for v in variables}
        rule.step(w, {v: torch.tensor(given(f'g{t}/{v}')).to(DTYPE) for v in variables}, lr, keep)
        for v in variables:
            yield f'w{t}/{v}', f32(w[v])
    for v in variables:
        for slot, x in zip(('ms', 'vs') if rule.kind == 'adabelief' else ('acc',), rule.state[v]):
            yield f'state/o/{slot}_n/{v}_0:0', f32(x)
    yield 'state/o/iters:0', np.array([item['start_counter'] + steps], np.int64)


def make_optimizers(folder, rng):
    steps, shapes = 5, {'k': (2, 3, 4, 5), 'x': (1,), 'y': (9, 2)}
    items = []
    for cls in ('RMSprop', 'AdaBelief'):
        low = cls.lower()
        items += [{'name': low, 'cls': cls, 'lr': 5e-5, 'start_counter': 7}, {'name': f'{low}_tiny', 'cls': cls, 'lr': 1e-4, 'start_counter': 0},
                  {'name': f'{low}_clip', 'cls': cls, 'lr': 5e-5, 'start_counter': 0, 'clipnorm': 1.0},
                  {'name': f'{low}_cos', 'cls': cls, 'lr': 5e-5, 'start_counter': 497, 'lr_dropout': 0.3, 'lr_cos': 500, 'clipnorm': 1.0},
                  {'name': f'{low}_half', 'cls': cls, 'lr': 5e-5, 'start_counter': 249, 'lr_dropout': 0.3, 'lr_cos': 500}]
    arrays = {}
    for item in items:
        size = 1e-5 if item['name'].endswith('tiny') else 0.4
        local = {}
        for v, shape in shapes.items():
            local[f'w0/{v}'] = rng.normal(0, 0.3, shape).astype(np.float32)
            for t in range(1, steps + 1):
                factor = 0 if t == 4 else 3 if t == 2 else 1
                local[f'g{t}/{v}'] = (rng.normal(0, size, shape) * factor).astype(np.float32)
                if 'lr_dropout' in item:
                    local[f'mask{t}/{v}'] = (rng.uniform(0, 1, shape) < 0.3).astype(np.float32)
        local.update(optimizer_item(item, lambda key: local[key], list(shapes), steps))
        arrays.update({f"{item['name']}/{key}": a for key, a in local.items()})
    return arrays, {'case': 'optimizers', 'steps': steps, 'variables': list(shapes), 'items': items}


OPERATIONS = {'op_dssim': make_dssim, 'op_blur_style': make_blur_style, 'op_spatial': make_spatial, 'op_optimizers': make_optimizers}


def verify_operation(folder, name):
    index, a = json.load(open(f'{folder}/{name}.json')), read_tensors(f'{folder}/{name}.safetensors')
    r = Report()
    for item in index['items']:
        i = item.get('i')
        if name == 'op_dssim':
            loss, slope = dssim_item(a[f'{i}/a'], a[f'{i}/b'], item['filter_size'])
            r.add('dssim', f32(loss), a[f'{i}/dssim'], 3e-6, 0)
            r.add('gradient', to_nhwc(slope), a[f'{i}/grad_b'], 5e-6, 0)
        elif name == 'op_blur_style':
            for key, x in style_item(a[f'{i}/a'], a[f'{i}/b'], item['sigma'], item['weight']).items():
                r.add(key, f32(x), a[f'{i}/{key}'], *((1e-6, 2e-3) if 'style' in key else (2e-6, 1e-5)))
        elif name == 'op_spatial':
            for key, y in zip((f'd2s_{i}/y_nchw', f'd2s_{i}/y_nhwc', f'flatten_{i}/y', f'pixelnorm_{i}/y'), spatial_item(a[f'd2s_{i}/x_nchw'])):
                r.add(key[:key.index('_')], y, a[key], 1e-6, 1e-6)
        else:
            for key, x in optimizer_item(item, lambda key: np.array(a[f"{item['name']}/{key}"]), index['variables'], index['steps']):
                r.add(key.split('/')[0][:1], x, a[f"{item['name']}/{key}"], 1e-6, 1e-6, f"{item['name']}/{key}")
    return r.show(name)


def main(args):
    global DTYPE
    flags = [arg for arg in args if arg.startswith('--')]
    only = args[args.index('--only') + 1] if '--only' in args else ''
    words = [arg for arg in args if not arg.startswith('--') and arg != only]
    if '--double' in flags:
        DTYPE = torch.float64
    if words[:1] == ['make'] and '--list' in flags:
        print('\n'.join([*CASES, *OPERATIONS]))
    elif words[:1] == ['verify'] and len(words) == 2:
        folder, good = words[1], True
        for name in sorted(file[:-5] for file in os.listdir(folder) if file.endswith('.json') and only in file):
            if name.startswith('m_'):
                good = verify_model(folder, name) and good
            elif name in OPERATIONS:
                good = verify_operation(folder, name) and good
        layers = f'{folder}/gan_layers.json'
        if os.path.exists(layers):
            table = json.load(open(layers))['layers']
            same = all(patch_strides(int(size)) == line['strides'] for size, line in table.items())
            print('ok   gan_layers' if same else 'FAIL gan_layers')
            good = good and same
        sys.exit(0 if good else 1)
    elif words[:1] == ['make'] and len(words) == 2:
        os.makedirs(words[1], exist_ok=True)
        for seed, name in enumerate(CASES):
            if only in name:
                make_model(words[1], name, 1000 + seed)
        for seed, (name, make) in enumerate(OPERATIONS.items()):
            if only in name:
                arrays, index = make(words[1], np.random.default_rng(2000 + seed))
                write_tensors(f'{words[1]}/{name}.safetensors', arrays)
                with open(f'{words[1]}/{name}.json', 'w') as file:
                    json.dump(index, file)
    else:
        sys.exit(__doc__)


if __name__ == '__main__':
    main(sys.argv[1:])
