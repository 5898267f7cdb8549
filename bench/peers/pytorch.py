"""The training step in PyTorch on the processor, as fast as its own operations make it.

All weights lie in one tensor, so that both layers are ranked and updated by one call; buffers are
allocated once and results written into them. Each rule can be carried out in several ways, named
in `WAYS`; whoever compares takes the fastest.
"""

import numpy as np
import torch

from bench.peers import Problem

WAYS = {
    "all": ("outer", "addr"),
    "largest": ("topk", "kthvalue"),
    "largest-per-neuron": ("topk", "kthvalue"),
    "fixed-synapses": ("mask", "indices"),
}


class TorchRun:
    """One network in float32. Layers are (neurons, inputs), as in `torch.nn.Linear`."""

    def __init__(self, problem: Problem, way: str, threads: int) -> None:
        self.problem, self.threads = problem, threads
        self.apply = getattr(self, f"_{way}")
        self.inputs, self.labels = torch.from_numpy(problem.inputs), problem.labels.tolist()
        self.flat = _flat(problem.w1, problem.w2)
        self.dw, self.size = torch.empty_like(self.flat), torch.empty_like(self.flat)
        self.keep = torch.empty(len(self.flat), dtype=torch.bool)
        self.w1, self.w2 = self._layers(self.flat)
        self.dw1, self.dw2 = self._layers(self.dw)
        self.w2_units = self.w2[:, :-1].T
        nh, outputs = problem.hidden, len(self.w2)
        self.h, self.slope, self.g = torch.empty(nh), torch.empty(nh), torch.empty(nh)
        self.a, self.o, self.q = torch.ones(nh + 1), torch.empty(outputs), torch.empty(outputs)
        self.activity = self.a[:-1]
        self.targets, self.one, self.leak = torch.eye(outputs), torch.ones(()), torch.tensor(0.1)
        self.value, self.index, self.chosen = _results(problem, outputs, way)
        self.m0, self.m1 = torch.zeros((), dtype=torch.int64), torch.zeros(())
        if way == "mask":
            self.mask = _flat(problem.mask1, problem.mask2).float()
        elif way == "indices":
            self._list_plastic(_flat(problem.mask1, problem.mask2))

    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        """W1 and W2, in NumPy's order."""
        return self.w1.T.numpy(), self.w2.T.numpy()

    def energies(self) -> tuple[float, float]:
        """M0 and M1 so far."""
        return int(self.m0), float(self.m1)

    def advance(self, numbers: np.ndarray) -> None:
        """Train on these images, one a step."""
        torch.set_num_threads(self.threads)
        with torch.inference_mode():
            for number in numbers.tolist():
                x = self.inputs[number]
                self._find_signals(x, self.targets[self.labels[number]])
                self.apply(x)

    def _layers(self, flat: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Both layers as views of one tensor of N numbers."""
        w1, w2 = self.problem.w1, self.problem.w2
        return flat[: w1.size].view(w1.shape[::-1]), flat[w1.size :].view(w2.shape[::-1])

    def _find_signals(self, x: torch.Tensor, target: torch.Tensor) -> None:
        """Forward and backward pass."""
        torch.mv(self.w1, x, out=self.h)
        torch.where(self.h > 0, self.one, self.leak, out=self.slope)
        torch.mul(self.h, self.slope, out=self.activity)
        torch.mv(self.w2, self.a, out=self.o)
        torch.sub(target, self.o, out=self.q)
        self.q.mul_(self.problem.eta)
        torch.mv(self.w2_units, self.q, out=self.g)
        self.g.mul_(self.slope)

    def _form_updates(self, x: torch.Tensor) -> None:
        torch.outer(self.g, x, out=self.dw1)
        torch.outer(self.q, self.a, out=self.dw2)
        torch.abs(self.dw, out=self.size)

    def _outer(self, x: torch.Tensor) -> None:
        self._form_updates(x)
        self._add_dense()

    def _addr(self, x: torch.Tensor) -> None:
        """Rank-1 updates that form no matrix; the energies are products of sums."""
        for w, post, pre in ((self.w1, self.g, x), (self.w2, self.q, self.a)):
            w.addr_(post, pre)
            self.m0 += torch.count_nonzero(post) * torch.count_nonzero(pre)
            self.m1 += post.abs().sum() * pre.abs().sum()

    def _topk(self, x: torch.Tensor) -> None:
        self._form_updates(x)
        if self.problem.rule == "largest":
            out = (self.value[0], self.index[0])
            torch.topk(self.size, self.problem.k, sorted=False, out=out)
            torch.index_select(self.dw, 0, self.index[0], out=self.chosen[0])
            self.flat.index_add_(0, self.index[0], self.chosen[0])
            self._count(self.value[0])
            return
        layers = zip(*map(self._layers, (self.flat, self.dw, self.size)), strict=True)
        buffers = zip(self.value, self.index, self.chosen, strict=True)
        for (w, dw, size), (value, index, chosen) in zip(layers, buffers, strict=True):
            torch.topk(size, index.shape[1], dim=1, sorted=False, out=(value, index))
            torch.gather(dw, 1, index, out=chosen)
            w.scatter_add_(1, index, chosen)
            self._count(value)

    def _kthvalue(self, x: torch.Tensor) -> None:
        self._form_updates(x)
        if self.problem.rule == "largest":
            place = len(self.size) - self.problem.k + 1
            torch.kthvalue(self.size, place, out=(self.value[0], self.index[0]))
            torch.ge(self.size, self.value[0], out=self.keep)
        else:
            layers = map(self._layers, (self.size, self.keep))
            layers = zip(*layers, self.problem.k_fan_in, self.value, self.index, strict=True)
            for size, keep, k, value, index in layers:
                place = size.shape[1] - k + 1
                torch.kthvalue(size, place, dim=1, keepdim=True, out=(value, index))
                torch.ge(size, value, out=keep)
        self.dw.mul_(self.keep)
        self.size.mul_(self.keep)
        self._add_dense()

    def _mask(self, x: torch.Tensor) -> None:
        self._form_updates(x)
        self.dw.mul_(self.mask)
        self.size.mul_(self.mask)
        self._add_dense()

    def _list_plastic(self, mask: torch.Tensor) -> None:
        """For each plastic synapse its place, and those of its two neurons."""
        w1, nh = self.problem.w1, self.problem.hidden
        place = mask.nonzero().squeeze(1)
        first, second = place[place < w1.size], place[place >= w1.size] - w1.size
        self.place, self.plastic = place, torch.empty(len(place))
        self.parts = self.plastic[: len(first)], self.plastic[len(first) :]
        self.post = first // len(w1), second // (nh + 1)
        self.pre = first % len(w1), second % (nh + 1)
        self.factor = torch.empty(len(first)), torch.empty(len(second))

    def _indices(self, x: torch.Tensor) -> None:
        for layer, (post, pre) in enumerate(((self.g, x), (self.q, self.a))):
            torch.index_select(post, 0, self.post[layer], out=self.parts[layer])
            torch.index_select(pre, 0, self.pre[layer], out=self.factor[layer])
            self.parts[layer].mul_(self.factor[layer])
        self.flat.index_add_(0, self.place, self.plastic)
        self._count(self.plastic.abs_())

    def _add_dense(self) -> None:
        self.flat.add_(self.dw)
        self._count(self.size)

    def _count(self, size: torch.Tensor) -> None:
        self.m0 += torch.count_nonzero(size)
        self.m1 += size.sum()


def _flat(first: np.ndarray, second: np.ndarray) -> torch.Tensor:
    """Both layers, transposed, one behind the other."""
    return torch.from_numpy(np.concatenate([first.T.ravel(), second.T.ravel()]))


def _results(problem: Problem, outputs: int, way: str) -> tuple[list[torch.Tensor], ...]:
    """Values, places, and chosen updates of a ranking: for each layer where neurons are ranked."""
    if problem.rule == "largest":
        shapes = [(problem.k,) if way == "topk" else ()]
    elif way == "topk":
        shapes = list(zip((problem.hidden, outputs), problem.k_fan_in, strict=True))
    else:
        shapes = [(problem.hidden, 1), (outputs, 1)]
    places = [torch.empty(shape, dtype=torch.int64) for shape in shapes]
    return [torch.empty(shape) for shape in shapes], places, [torch.empty(s) for s in shapes]
