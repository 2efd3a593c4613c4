"""The LIAE train step in PyTorch, the peer of `npm run bench -- train`: same networks, same losses, RMSprop, random data.

usage: torch_liae.py RESOLUTION LETTERS BATCH STEPS [fp32|fp32cl|bf16]
Prints one JSON line: seconds of each step, and the peak memory of the process. PyTorch is a BSD-licensed package of PyPI.
"""
import json
import os
import resource
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


def lrelu(x, slope=0.1):
    return F.leaky_relu(x, slope)


class Down(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 5, 2, 2)

    def forward(self, x):
        return lrelu(self.conv(x))


class Up(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs * 4, 3, 1, 1)

    def forward(self, x):
        return F.pixel_shuffle(lrelu(self.conv(x)), 2)


class Res(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.a = nn.Conv2d(channels, channels, 3, 1, 1)
        self.b = nn.Conv2d(channels, channels, 3, 1, 1)

    def forward(self, x):
        return lrelu(x + self.b(lrelu(self.a(x), 0.2)), 0.2)


class Encoder(nn.Module):
    def __init__(self, e, letters):
        super().__init__()
        self.norm = "u" in letters
        if "t" in letters:
            layers = [Down(3, e), Res(e), Down(e, 2 * e), Down(2 * e, 4 * e), Down(4 * e, 8 * e), Down(8 * e, 8 * e), Res(8 * e)]
        else:
            layers = [Down(3, e), Down(e, 2 * e), Down(2 * e, 4 * e), Down(4 * e, 8 * e)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        x = self.layers(x).flatten(1)
        return x * torch.rsqrt((x * x).mean(1, keepdim=True) + 1e-6) if self.norm else x


class Inter(nn.Module):
    def __init__(self, code, ae, resolution, letters):
        super().__init__()
        self.side, self.out = resolution // (32 if "d" in letters else 16), 2 * ae
        self.dense1 = nn.Linear(code, ae)
        self.dense2 = nn.Linear(ae, self.side * self.side * self.out)
        self.up = nn.Identity() if "t" in letters else Up(self.out, self.out)

    def forward(self, x):
        return self.up(self.dense2(self.dense1(x)).view(-1, self.out, self.side, self.side))


class Decoder(nn.Module):
    def __init__(self, inputs, d, m, letters):
        super().__init__()
        self.double = "d" in letters
        widths = [8, 8, 4, 2] if "t" in letters else [8, 4, 2]
        face, mask = [inputs] + [w * d for w in widths], [inputs] + [w * m for w in widths]
        self.face = nn.Sequential(*[nn.Sequential(Up(a, b), Res(b)) for a, b in zip(face, face[1:])])
        ups = [Up(a, b) for a, b in zip(mask, mask[1:])]
        if self.double:
            ups.append(Up(2 * m, m))
        self.mask = nn.Sequential(*ups)
        self.out = nn.ModuleList([nn.Conv2d(2 * d, 3, 1)] + ([nn.Conv2d(2 * d, 3, 3, 1, 1) for _ in range(3)] if self.double else []))
        self.out_mask = nn.Conv2d(m if self.double else 2 * m, 1, 1)

    def forward(self, z):
        x = self.face(z)
        y = torch.cat([conv(x) for conv in self.out], 1)
        y = F.pixel_shuffle(y, 2) if self.double else y
        return torch.sigmoid(y), torch.sigmoid(self.out_mask(self.mask(z)))


class Liae(nn.Module):
    def __init__(self, resolution, letters, ae=256, e=64, d=64, m=22):
        super().__init__()
        code = (resolution // (32 if "t" in letters else 16)) ** 2 * e * 8
        self.encoder = Encoder(e, letters)
        self.ab, self.b = Inter(code, ae, resolution, letters), Inter(code, ae, resolution, letters)
        self.decoder = Decoder(ae * 4, d, m, letters)

    def forward(self, src, dst):
        ab_src = self.ab(self.encoder(src))
        code = self.encoder(dst)
        return self.decoder(torch.cat([ab_src, ab_src], 1)), self.decoder(torch.cat([self.b(code), self.ab(code)], 1))


def dssim(x, y, size):
    c = torch.arange(size) - (size - 1) / 2
    g = torch.exp(-c * c / (2 * 1.5 * 1.5))
    g = g / g.sum()
    window = (g[:, None] * g[None])[None, None].repeat(3, 1, 1, 1)
    mean = lambda t: F.conv2d(t, window, groups=3)
    mx, my = mean(x), mean(y)
    n0, d0 = 2 * mx * my, mx * mx + my * my
    n1, d1 = 2 * mean(x * y), mean(x * x + y * y)
    return ((1 - ((n0 + 1e-4) / (d0 + 1e-4) * (n1 - n0 + 9e-4) / (d1 - d0 + 9e-4)).mean((2, 3))) / 2).mean()


def loss_of(p, pm, t, tm, em, resolution):
    tt, pp = t * tm, p * tm
    fractions = [11.6] if resolution < 256 else [11.6, 23.2]
    loss = sum(10 / len(fractions) * dssim(tt, pp, int(resolution / f)) for f in fractions)
    return loss + 10 * ((tt - pp) ** 2).mean() + 300 * (t * em - p * em).abs().mean() + 10 * ((tm - pm) ** 2).mean()


def main():
    resolution, letters, batch, steps = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    kind = sys.argv[5] if len(sys.argv) > 5 else "fp32"
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.manual_seed(0)
    net = Liae(resolution, letters)
    a, b, t = torch.rand(batch, 3, resolution, resolution), torch.rand(batch, 3, resolution, resolution), torch.ones(batch, 1, resolution, resolution)
    if kind == "fp32cl":
        net, a, b = net.to(memory_format=torch.channels_last), a.to(memory_format=torch.channels_last), b.to(memory_format=torch.channels_last)
    optimizer = torch.optim.RMSprop(net.parameters(), lr=5e-5)
    seconds = []
    for _ in range(steps):
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=kind == "bf16"):
            (sa, sam), (db, dbm) = net(a, b)
        loss = loss_of(sa.float(), sam.float(), a, t, t, resolution) + loss_of(db.float(), dbm.float(), b, t, t, resolution)
        loss.backward()
        optimizer.step()
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"version": torch.__version__, "seconds": seconds, "peakBytes": peak, "parameters": sum(p.numel() for p in net.parameters())}))


if __name__ == "__main__":
    main()
