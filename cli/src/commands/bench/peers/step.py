"""Times whole training steps of the benchmark's model in PyTorch.

    step.py torch|torch-compile WIDTH LAYERS HEADS HIDDEN VOCABULARY CONTEXT BATCH THREADS STEPS DEVICE

Pre-norm blocks of causal attention with rotary positions and SwiGLU, RMSNorm, no biases, a head of its own; f32 (TF32 off),
gradients clipped to norm 1, fused AdamW. Prints one object in JSON: times of single steps in milliseconds.
"""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional

WARM_UP = 3
EPSILON = 1e-5


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return functional.rms_norm(x, self.gain.shape, self.gain, EPSILON)


def turned(x, cosines, sines):
    low, high = x.chunk(2, dim=-1)
    return torch.cat([low * cosines - high * sines, high * cosines + low * sines], dim=-1)


class Layer(nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.heads = heads
        self.before_attention, self.before_swiglu = Norm(width), Norm(width)
        self.qkv, self.project = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.gate_up, self.down = nn.Linear(width, 2 * hidden, bias=False), nn.Linear(hidden, width, bias=False)

    def forward(self, x, cosines, sines):
        rows, context, width = x.shape
        split = self.qkv(self.before_attention(x)).view(rows, context, 3, self.heads, width // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        query, key = turned(query, cosines, sines), turned(key, cosines, sines)
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.project(mixed.transpose(1, 2).reshape(rows, context, width))
        gate, up = self.gate_up(self.before_swiglu(x)).chunk(2, dim=-1)
        return x + self.down(functional.silu(gate) * up)


class Model(nn.Module):
    def __init__(self, width, layers, heads, hidden, vocabulary, context):
        super().__init__()
        self.table = nn.Embedding(vocabulary, width)
        self.layers = nn.ModuleList(Layer(width, heads, hidden) for _ in range(layers))
        self.norm, self.head = Norm(width), nn.Linear(width, vocabulary, bias=False)
        half = width // heads // 2
        angles = torch.arange(context)[:, None] * 10_000.0 ** (-torch.arange(half) / half)
        self.register_buffer("cosines", angles.cos(), persistent=False)
        self.register_buffer("sines", angles.sin(), persistent=False)

    def forward(self, inputs, targets):
        x = self.table(inputs)
        for layer in self.layers:
            x = layer(x, self.cosines, self.sines)
        logits = self.head(self.norm(x))
        return functional.cross_entropy(logits.flatten(0, 1), targets.flatten())


def main():
    what, *numbers, device = sys.argv[1:]
    width, layers, heads, hidden, vocabulary, context, batch, threads, steps = map(int, numbers)
    torch.manual_seed(0)
    torch.set_num_threads(threads)
    torch.backends.cuda.matmul.allow_tf32 = False
    model = Model(width, layers, heads, hidden, vocabulary, context).to(device)
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1, fused=True)
    forward = torch.compile(model) if what == "torch-compile" else model
    tokens = torch.randint(vocabulary, (batch, context + 1), device=device)
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = forward(tokens[:, :-1], tokens[:, 1:])
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        return float(loss.detach())

    times = []
    for i in range(WARM_UP + steps):
        wait()
        begun = time.perf_counter()
        step()
        wait()
        if i >= WARM_UP:
            times.append(1e3 * (time.perf_counter() - begun))
    count = sum(parameter.numel() for parameter in parameters)
    print(json.dumps({"steps_ms": times, "params_total": count, "version": torch.__version__}))


if __name__ == "__main__":
    main()
