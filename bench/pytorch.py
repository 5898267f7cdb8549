"""The training step in PyTorch on the processor, as fast as its own operations make it.

All weights lie in one tensor, so that both layers are ranked and updated by one call; all buffers
are allocated once. Each rule can be carried out in two ways, named in `VARIANTS`.
"""

import numpy as np
import torch

from bench.problem import Problem

VARIANTS = {
    "all": ("outer", "addr"),
    "largest": ("topk", "kthvalue"),
    "largest-per-neuron": ("topk", "kthvalue"),
    "fixed-synapses": ("mask", "indices"),
}


class TorchRun:
    """One network in float32. Layers are (neurons, inputs), as in `torch.nn.Linear`."""

    def __init__(self, problem: Problem, variant: str, threads: int) -> None:
        self.problem, self.variant, self.threads = problem, variant, threads
        self.inputs, self.labels = torch.from_numpy(problem.inputs), problem.labels.tolist()
        self.flat = _flat(problem.w1, problem.w2)
        self.dw, self.size = torch.empty_like(self.flat), torch.empty_like(self.flat)
        self.w1, self.w2 = self._layers(self.flat)
        self.w2_units = self.w2[:, :-1].T
        nh, outputs = problem.hidden, len(self.w2)
        self.h, self.slope, self.g = torch.empty(nh), torch.empty(nh), torch.empty(nh)
        self.a, self.o, self.q = torch.ones(nh + 1), torch.empty(outputs), torch.empty(outputs)
        self.targets, self.one, self.leak = torch.eye(outputs), torch.ones(()), torch.tensor(0.1)
        self.m0, self.m1 = torch.zeros((), dtype=torch.int64), torch.zeros(())
        if variant == "mask":
            self.mask = _flat(problem.mask1, problem.mask2)
        elif variant == "indices":
            self._list_plastic(_flat(problem.mask1, problem.mask2))

    def advance(self, numbers: np.ndarray) -> None:
        """Train on these images, one a step."""
        torch.set_num_threads(self.threads)
        update = getattr(self, f"_{self.variant}")
        with torch.inference_mode():
            for number in numbers.tolist():
                x = self._signals(number)
                update(x)

    def _layers(self, flat: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Both layers as views of one tensor of N numbers."""
        w1, w2 = self.problem.w1, self.problem.w2
        return flat[: w1.size].view(w1.shape[::-1]), flat[w1.size :].view(w2.shape[::-1])

    def _signals(self, number: int) -> torch.Tensor:
        """Forward and backward pass of an image, whose x is returned."""
        x, eta = self.inputs[number], self.problem.eta
        torch.mv(self.w1, x, out=self.h)
        torch.where(self.h > 0, self.one, self.leak, out=self.slope)
        torch.mul(self.h, self.slope, out=self.a[:-1])
        torch.mv(self.w2, self.a, out=self.o)
        torch.sub(self.targets[self.labels[number]], self.o, out=self.q)
        self.q.mul_(eta)
        torch.mv(self.w2_units, self.q, out=self.g)
        self.g.mul_(self.slope)
        return x

    def _form_updates(self, x: torch.Tensor) -> None:
        dw1, dw2 = self._layers(self.dw)
        torch.outer(self.g, x, out=dw1)
        torch.outer(self.q, self.a, out=dw2)
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
            chosen, index = torch.topk(self.size, self.problem.k, sorted=False)
            self.flat.index_add_(0, index, self.dw[index])
            self._count(chosen)
            return
        layers = (self._layers(tensor) for tensor in (self.flat, self.dw, self.size))
        for w, dw, size, k in zip(*layers, self.problem.k_fan_in, strict=True):
            chosen, index = torch.topk(size, k, dim=1, sorted=False)
            w.scatter_add_(1, index, dw.gather(1, index))
            self._count(chosen)

    def _kthvalue(self, x: torch.Tensor) -> None:
        self._form_updates(x)
        if self.problem.rule == "largest":
            threshold = torch.kthvalue(self.size, len(self.size) - self.problem.k + 1).values
            keep = self.size >= threshold
            self.dw.mul_(keep)
            self.size.mul_(keep)
        else:
            layers = (self._layers(tensor) for tensor in (self.dw, self.size))
            for dw, size, k in zip(*layers, self.problem.k_fan_in, strict=True):
                place = size.shape[1] - k + 1
                keep = size >= torch.kthvalue(size, place, dim=1, keepdim=True).values
                dw.mul_(keep)
                size.mul_(keep)
        self._add_dense()

    def _mask(self, x: torch.Tensor) -> None:
        self._form_updates(x)
        self.dw.mul_(self.mask)
        self.size.mul_(self.mask)
        self._add_dense()

    def _list_plastic(self, mask: torch.Tensor) -> None:
        """For each plastic synapse its place, and those of its two neurons."""
        self.index = mask.nonzero().squeeze(1)
        split = int(mask[: self.problem.w1.size].count_nonzero())
        n_in, nh = len(self.problem.w1), self.problem.hidden
        first, second = self.index[:split], self.index[split:] - self.problem.w1.size
        self.post1, self.pre1 = first // n_in, first % n_in
        self.post2, self.pre2 = second // (nh + 1), second % (nh + 1)

    def _indices(self, x: torch.Tensor) -> None:
        first = self.g[self.post1].mul_(x[self.pre1])
        second = self.q[self.post2].mul_(self.a[self.pre2])
        dw = torch.cat((first, second))
        self.flat.index_add_(0, self.index, dw)
        self._count(dw.abs_())

    def _add_dense(self) -> None:
        self.flat.add_(self.dw)
        self._count(self.size)

    def _count(self, size: torch.Tensor) -> None:
        self.m0 += torch.count_nonzero(size)
        self.m1 += size.sum()


def _flat(first: np.ndarray, second: np.ndarray) -> torch.Tensor:
    """Both layers, transposed, one behind the other."""
    return torch.from_numpy(np.concatenate([first.T.ravel(), second.T.ravel()]))
