#!/usr/bin/env python3
"""Makes pytorch_step.json: losses, gradients and ten AdamW steps of two small models, computed by PyTorch in float64.

    python tests/golden/pytorch_step.py > tests/golden/pytorch_step.json

Weights and tokens come from a formula (SplitMix64 over a seed and a counter), so that any program can make the same inputs. The Rust test beside the CPU
executor reads the file; it needs neither Python nor PyTorch.
"""
import json
import math

import torch
import torch.nn.functional as F

WIDTH, CONTEXT, VOCABULARY, ROWS, STEPS = 32, 32, 97, 4, 10
HEADS, KV_HEADS, HEAD_DIM, SWIGLU, GELU = 4, 2, 8, 96, 64
RATE, BETAS, EPSILON, DECAY, CLIP, NORM_EPSILON = 2e-3, (0.9, 0.95), 1e-8, 0.1, 0.5, 1e-5
MASK = (1 << 64) - 1


def mix(seed, index):
    z = (seed * 0x9E3779B97F4A7C15 + (index + 1) * 0xD1B54A32D192ED03) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def uniform(seed, index):
    return (mix(seed, index) >> 11) / float(1 << 53)


def parameters(tied):
    """Name, shape and whether it decays, in the program's order. Number i of parameter p is 0.2 (u - 0.5), for a gain 1 + that."""
    shapes = [("embedding", VOCABULARY, WIDTH)]
    qkv = (HEADS + 2 * KV_HEADS) * HEAD_DIM
    for block, mats in enumerate([
        [("attention.qkv", WIDTH, qkv), ("attention.out", HEADS * HEAD_DIM, WIDTH)],
        [("swiglu.gate_up", WIDTH, 2 * SWIGLU), ("swiglu.down", SWIGLU, WIDTH)],
        [("attention.qkv", WIDTH, qkv), ("attention.out", HEADS * HEAD_DIM, WIDTH)],
        [("gelu.up", WIDTH, GELU), ("gelu.down", GELU, WIDTH)],
    ]):
        shapes.append((f"blocks.{block}.norm", 1, WIDTH))
        shapes += [(f"blocks.{block}.{name}", rows, columns) for name, rows, columns in mats]
    shapes.append(("final.norm", 1, WIDTH))
    if not tied:
        shapes.append(("head", VOCABULARY, WIDTH))
    made = {}
    for p, (name, rows, columns) in enumerate(shapes):
        gain = name.endswith("norm")
        values = [(1.0 if gain else 0.0) + 0.2 * (uniform(1000 + p, i) - 0.5) for i in range(rows * columns)]
        # Rounded to float32 first: what a float32 program starts from.
        tensor = torch.tensor(values, dtype=torch.float32).double()
        made[name] = (tensor if gain else tensor.view(rows, columns)).requires_grad_()
    return made


def rotate(x, cos, sin):
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1)


def loss_of(p, tied, tokens):
    x, target = tokens[:, :-1], tokens[:, 1:]
    half = HEAD_DIM // 2
    frequencies = 10000.0 ** (-2.0 * torch.arange(half, dtype=torch.float64) / HEAD_DIM)
    angles = torch.arange(CONTEXT, dtype=torch.float64)[:, None] * frequencies[None]
    cos, sin = angles.cos(), angles.sin()

    def norm(name, x):
        return F.rms_norm(x, (WIDTH,), p[name], NORM_EPSILON)

    def attention(block, x):
        qkv = norm(f"blocks.{block}.norm", x) @ p[f"blocks.{block}.attention.qkv"]
        q, k, v = qkv.split([HEADS * HEAD_DIM, KV_HEADS * HEAD_DIM, KV_HEADS * HEAD_DIM], dim=-1)
        q = rotate(q.view(ROWS, CONTEXT, HEADS, HEAD_DIM).transpose(1, 2), cos, sin)
        k = rotate(k.view(ROWS, CONTEXT, KV_HEADS, HEAD_DIM).transpose(1, 2), cos, sin)
        v = v.view(ROWS, CONTEXT, KV_HEADS, HEAD_DIM).transpose(1, 2)
        k, v = (t.repeat_interleave(HEADS // KV_HEADS, dim=1) for t in (k, v))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return x + mixed.transpose(1, 2).reshape(ROWS, CONTEXT, -1) @ p[f"blocks.{block}.attention.out"]

    x = p["embedding"][x]
    x = attention(0, x)
    gate, up = (norm("blocks.1.norm", x) @ p["blocks.1.swiglu.gate_up"]).chunk(2, dim=-1)
    x = x + (F.silu(gate) * up) @ p["blocks.1.swiglu.down"]
    x = attention(2, x)
    hidden = F.gelu(norm("blocks.3.norm", x) @ p["blocks.3.gelu.up"], approximate="tanh")
    x = x + hidden @ p["blocks.3.gelu.down"]
    logits = norm("final.norm", x) @ p["embedding" if tied else "head"].T
    return F.cross_entropy(logits.reshape(-1, VOCABULARY), target.reshape(-1))


def sample(tensor):
    """Norm and sixteen numbers of a tensor: those at (7919 j) mod its size."""
    flat = tensor.detach().reshape(-1)
    picked = [flat[(7919 * j) % flat.numel()].item() for j in range(16)]
    return {"norm": flat.norm().item(), "values": [float(f"{v:.10g}") for v in picked]}


def run(tied):
    p = parameters(tied)
    matrices = [t for t in p.values() if t.dim() == 2]
    gains = [t for t in p.values() if t.dim() == 1]
    groups = [{"params": matrices, "weight_decay": DECAY}, {"params": gains, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=RATE, betas=BETAS, eps=EPSILON, foreach=False)
    losses, norms, gradients = [], [], None
    for step in range(STEPS):
        count = ROWS * (CONTEXT + 1)
        tokens = torch.tensor([mix(step, i) % VOCABULARY for i in range(count)]).view(ROWS, CONTEXT + 1)
        optimiser.zero_grad()
        loss = loss_of(p, tied, tokens)
        loss.backward()
        if step == 0:
            gradients = {name: sample(t.grad) for name, t in p.items()}
        norms.append(torch.nn.utils.clip_grad_norm_(list(p.values()), CLIP).item())
        optimiser.step()
        losses.append(loss.item())
        assert math.isfinite(losses[-1])
    return {
        "tied": tied,
        "losses": losses,
        "gradient_norms": norms,
        "gradients": gradients,
        "parameters": {name: sample(t) for name, t in p.items()},
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps({"torch": torch.__version__, "models": [run(tied) for tied in (False, True)]}, indent=1))
