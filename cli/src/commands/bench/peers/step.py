"""Times whole training steps of the benchmark's model in PyTorch.

    step.py PEER WIDTH LAYERS HEADS HIDDEN VOCABULARY CONTEXT BATCH THREADS STEPS REPLICAS PRECISION DEVICE
    step.py PEER check PRECISION DEVICE

PEER is torch (operation by operation), torch-compile or torch-graphs (the whole step recorded once as a CUDA graph). Pre-norm
blocks of causal attention with rotary positions and SwiGLU, RMSNorm, no biases, a head of its own; gradients clipped to norm 1,
fused AdamW. PRECISION is f32 (TF32 off), bf16 (autocast) or f16 (autocast and a gradient scaler); weights and moments are f32.

There are REPLICAS models, each with its own optimiser; a turn is one step of each, one after the other, and then all losses are
read. Prints one object in JSON: times of turns in milliseconds. With check it only says whether it could run.
"""

import json
import math
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


class Replica:
    """A model in training. `step` is one step on its tokens; the loss stays on the device."""

    def __init__(self, model, loss_of, tokens, precision, capturable):
        self.parameters = list(model.parameters())
        self.model, self.loss_of = model, loss_of
        self.inputs, self.targets = tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1, fused=True, capturable=capturable
        )
        self.device, self.precision = tokens.device.type, precision
        self.scaler = torch.amp.GradScaler(self.device) if precision == "f16" else None

    def step(self):
        dtype = torch.float16 if self.precision == "f16" else torch.bfloat16
        with torch.autocast(self.device, dtype=dtype, enabled=self.precision != "f32"):
            loss = self.loss_of(self.model, self.inputs, self.targets)
        if self.scaler:
            self.scaler.scale(loss).backward()
            self.scaler.unscale_(self.optimizer)
        else:
            loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        if self.scaler:
            self.scaler.step(self.optimizer)
            self.scaler.update()
        else:
            self.optimizer.step()
        # Many replicas wait for their turn: none of them keeps its gradients meanwhile.
        self.optimizer.zero_grad(set_to_none=True)
        return loss.detach()


def recorded(replicas):
    """A replay for each replica, which returns its loss. Replays come one after the other, so all share one pool of memory."""
    beside = torch.cuda.Stream()
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):
        for replica in replicas:
            for _ in range(WARM_UP):
                replica.step()
    torch.cuda.current_stream().wait_stream(beside)
    torch.cuda.synchronize()
    pool = torch.cuda.graph_pool_handle()

    def record(replica):
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=pool):
            loss = replica.step()

        def replay():
            graph.replay()
            # The next replay of another replica may write over what the pool holds.
            return loss.clone()

        return replay

    return [record(replica) for replica in replicas]


def refuse(why):
    sys.exit(f"{why} (PyTorch {torch.__version__})")


def check(peer, precision, device):
    if device == "cuda" and not torch.cuda.is_available():
        refuse("this PyTorch finds no CUDA device")
    if peer == "torch-graphs" and device != "cuda":
        refuse("CUDA graphs need a CUDA device")
    if device == "cuda" and precision == "bf16" and not torch.cuda.is_bf16_supported():
        refuse("this CUDA device does not compute in bf16")


def main():
    peer, *rest, precision, device = sys.argv[1:]
    check(peer, precision, device)
    if rest == ["check"]:
        print(json.dumps({"version": torch.__version__}))
        return
    width, layers, heads, hidden, vocabulary, context, batch, threads, steps, replicas = map(int, rest)
    torch.manual_seed(0)
    torch.set_num_threads(threads)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False

    def loss_of(model, inputs, targets):
        return model(inputs, targets)

    # One function for all replicas: compiled once, not once for each.
    if peer == "torch-compile":
        loss_of = torch.compile(loss_of)

    def replica():
        model = Model(width, layers, heads, hidden, vocabulary, context).to(device)
        tokens = torch.randint(vocabulary, (batch, context + 1), device=device)
        return Replica(model, loss_of, tokens, precision, capturable=peer == "torch-graphs")

    models = [replica() for _ in range(replicas)]
    turns = recorded(models) if peer == "torch-graphs" else [model.step for model in models]
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None

    times = []
    for i in range(WARM_UP + steps):
        wait()
        begun = time.perf_counter()
        losses = torch.stack([turn() for turn in turns]).tolist()
        wait()
        if i >= WARM_UP:
            times.append(1e3 * (time.perf_counter() - begun))
    if precision == "f32" and not all(math.isfinite(loss) for loss in losses):
        refuse("a model diverged")
    count = sum(parameter.numel() for parameter in models[0].parameters)
    print(json.dumps({"steps_ms": times, "params_total": count, "version": torch.__version__, "losses": losses}))


if __name__ == "__main__":
    main()
