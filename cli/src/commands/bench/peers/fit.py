"""Fits a law of five parameters to a table with what others have.

    fit.py WHAT FILE STARTS DRAWS

FILE has columns N, D, loss. WHAT is scipy, chinchilla or simple-scaling-laws. Prints one object in JSON: seconds of what
was done, by its parts, and where it came to. The law is E + A / N^alpha + B / D^beta, the objective a sum over rows of
Huber(log prediction - log loss, 1e-3), as far as the peer lets one choose it.
"""

import csv
import itertools
import json
import sys
import tempfile
import time
import warnings

import numpy as np

DELTA = 1e-3


def grid(starts):
    """Points of the published grid (Hoffmann et al. 2022), in an order of their own: log A, log B, log E, alpha, beta."""
    axis = np.arange
    points = list(itertools.product(axis(0, 26, 5), axis(0, 26, 5), axis(-1, 1.1, 0.5), axis(0, 2.1, 0.5), axis(0, 2.1, 0.5)))
    order = np.random.default_rng(0).permutation(len(points))
    return [np.array(points[order[i % len(points)]], dtype=float) for i in range(starts)]


def with_scipy(n, d, loss, starts, draws):
    from scipy.optimize import minimize

    def objective(x, rows):
        log_n, log_d, log_loss = rows
        a, b, e, alpha, beta = x
        terms = np.stack([a - alpha * log_n, b - beta * log_d, np.full_like(log_n, e)])
        largest = terms.max(axis=0)
        predicted = largest + np.log(np.exp(terms - largest).sum(axis=0))
        size = np.abs(predicted - log_loss)
        return np.where(size <= DELTA, 0.5 * size * size, DELTA * (size - 0.5 * DELTA)).sum()

    rows = np.log(n), np.log(d), np.log(loss)
    begun = time.perf_counter()
    fits = [minimize(objective, start, args=(rows,), method="L-BFGS-B") for start in grid(starts)]
    best = min(fits, key=lambda fit: fit.fun if np.isfinite(fit.fun) else np.inf)
    fitted = time.perf_counter()
    random = np.random.default_rng(0)
    for _ in range(draws):
        drawn = random.integers(0, len(n), len(n))
        minimize(objective, best.x, args=(tuple(column[drawn] for column in rows),), method="L-BFGS-B")
    drawn = time.perf_counter()
    a, b, e, alpha, beta = best.x
    return {
        "starts": starts,
        "draws": draws,
        "fit_s": fitted - begun,
        "draws_s": drawn - fitted,
        "objective": float(best.fun),
        "parameters": {"E": np.exp(e), "A": np.exp(a), "B": np.exp(b), "alpha": alpha, "beta": beta},
    }


def with_chinchilla(n, d, loss, starts, draws):
    import pandas
    from chinchilla import Chinchilla
    from chinchilla._metrics import log_huber

    side = 5
    param_grid = {
        "e": np.linspace(-1, 1, side),
        "a": np.linspace(0, 25, side),
        "b": np.linspace(0, 25, side),
        "alpha": np.linspace(0, 2, side),
        "beta": np.linspace(0, 2, side),
    }
    with tempfile.TemporaryDirectory() as folder:
        param_grid = {name: tuple(map(float, values)) for name, values in param_grid.items()}
        loss_fn = lambda y, p: log_huber(y, p, delta=DELTA)
        fitter = Chinchilla(folder, param_grid=param_grid, loss_fn=loss_fn, log_level=50)
        fitter.database.df = pandas.DataFrame({"C": 6 * n * d, "N": n, "D": d, "loss": loss})
        begun = time.perf_counter()
        fitter.fit()
        fitted = time.perf_counter()
    found = {name: float(getattr(fitter, name)) for name in ("E", "A", "B", "alpha", "beta")}
    return {"starts": side**5, "draws": 0, "fit_s": fitted - begun, "draws_s": 0.0, "parameters": found}


def with_simple_scaling_laws(n, d, loss, starts, draws):
    import pandas
    from simple_scaling_laws.api import fit

    table = {"training_run_id": [f"run{i}" for i in range(len(n))], "model_size__n": n, "dataset_size__d": d}
    table = pandas.DataFrame({**table, "test_loss__loss": loss})
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/runs.csv"
        table.to_csv(path, index=False)
        begun = time.perf_counter()
        model = fit(path, n_draws=max(draws, 1))
        fitted = time.perf_counter()
    found = {name: float(value) for name, value in model.params(model.targets[0]).items()}
    return {"draws": max(draws, 1), "fit_s": fitted - begun, "draws_s": 0.0, "parameters": found}


PEERS = {"scipy": with_scipy, "chinchilla": with_chinchilla, "simple-scaling-laws": with_simple_scaling_laws}


def main():
    what, path, starts, draws = sys.argv[1:5]
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    n, d, loss = (np.array([float(row[name]) for row in rows]) for name in ("N", "D", "loss"))
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    print(json.dumps(PEERS[what](n, d, loss, int(starts), int(draws)), default=float))


if __name__ == "__main__":
    main()
