"""Time of the statistics beside their peers: R's packages where R is installed, and scikit-learn.

    python Testing/benchmarks/bench_statistics.py [--only lasso calibration importance icc] [--rounds 3]

Times are of CPU on one thread, the peers' of the same run; absolute ones mean nothing on a shared machine, ratios of
one run do. Peers that would take minutes are timed on a part, which is said.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np  # noqa: E402

from spinemets.statistics.agreement import icc  # noqa: E402
from spinemets.statistics.forest_importance import forest_importance  # noqa: E402
from spinemets.statistics.lasso import cross_validated_lasso  # noqa: E402
from spinemets.statistics.optimism import bootstrap_validation  # noqa: E402

REFERENCE = Path(__file__).parents[1] / "statistics" / "reference"
# Of the peer's 11 fits to 100 penalties and of its 99 x 5 permutations, so many are timed.
PEER_PENALTIES = 10
PEER_VARIABLES = 5

GLMNET = """
suppressMessages(library(glmnet)); d <- as.matrix(read.csv("x.csv", header = FALSE)); y <- scan("y.csv", quiet = TRUE)
f <- scan("folds.csv", quiet = TRUE)
u <- system.time(cv.glmnet(d, y, family = "binomial", foldid = f))
t <- system.time(m <- cv.glmnet(d, y, family = "binomial", foldid = f, thresh = 1e-12))
cat("RESULT", u[["user.self"]] + u[["sys.self"]], t[["user.self"]] + t[["sys.self"]], m$lambda.min, m$lambda.1se,
    paste(which(as.matrix(coef(m, s = "lambda.min"))[-1, 1] != 0), collapse = ","), "\\n")
"""
RMS = """
suppressMessages(library(rms)); d <- read.csv("x.csv"); dd <- datadist(d); options(datadist = "dd"); set.seed(1)
f <- lrm(y ~ age + signal + bound + rad, data = d, x = TRUE, y = TRUE)
t <- system.time(k <- calibrate(f, B = 1000, pr = FALSE))
v <- system.time(validate(f, B = 1000, pr = FALSE))
cat("RESULT", t[["user.self"]] + t[["sys.self"]], v[["user.self"]] + v[["sys.self"]], "\\n")
"""


def seconds(work: Callable[[], object]) -> float:
    """CPU time of this process."""
    start = time.process_time()
    work()
    return time.process_time() - start


def r_says(script: str, files: dict[str, str]) -> list[str] | None:
    """What R prints after RESULT; None where R or the package is missing."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (files | {"script.R": script}).items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        done = subprocess.run(["Rscript", "script.R"], cwd=folder, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT")]
    return lines[-1].split()[1:] if lines else None


def radiomics(cases: int, features: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels and features in correlated families, a few of which tell the classes apart."""
    rng = np.random.default_rng(seed)
    causes = rng.normal(size=(cases, 40))
    values = 0.5 * causes @ rng.normal(size=(40, features)) + rng.normal(size=(cases, features))
    return (causes[:, 0] + causes[:, 1] + rng.normal(size=cases) > 0).astype(int), values


def lasso(rounds: int) -> None:
    """98 patients, 2818 features, 10 folds, 100 penalties.

    Ours meets the optimality conditions to 1e-8, liblinear with a tolerance of 1e-8 to 5e-8, glmnet as it comes to
    3e-7, which may leave a variable in that does not belong there; its choice is compared at a threshold of 1e-12.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    y, x = radiomics(98, 2818)
    folds = np.random.default_rng(1).permutation(np.arange(98) % 10) + 1
    found = cross_validated_lasso(y, x, folds)
    texts = {"y.csv": "\n".join(map(str, y)), "folds.csv": "\n".join(map(str, folds))}
    texts["x.csv"] = "\n".join(",".join(map(repr, row)) for row in x.tolist())
    scaled = (x - x.mean(axis=0)) / x.std(axis=0)

    def peer() -> None:
        for penalty in found.path.penalties[:: len(found.path.penalties) // PEER_PENALTIES]:
            model = LogisticRegression(
                C=1 / (len(y) * penalty), l1_ratio=1, solver="liblinear", tol=1e-8, max_iter=100_000
            )
            model.fit(scaled, y)

    ours, liblinear, glmnet, said = [], [], [], None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", FutureWarning)
        for _ in range(rounds):
            ours.append(seconds(lambda: cross_validated_lasso(y, x, folds)))
            liblinear.append(seconds(peer) * 11 * 100 / PEER_PENALTIES)
            said = r_says(GLMNET, texts)
            glmnet += [[float(each) for each in said[:2]]] if said else []
    own = statistics.median(ours)
    print(f"LASSO, 10 folds x 100 penalties on 98 x 2818: {own:.2f} s")
    ratio = statistics.median(liblinear) / own
    print(f"  liblinear {statistics.median(liblinear):.0f} s by a tenth of one path: {ratio:.0f} times faster")
    if said is None:
        print("  glmnet: R is not installed")
        return
    chosen = ",".join(str(k + 1) for k in np.flatnonzero(found.path.coefficients[found.minimum]))
    alike = np.isclose([found.lambda_min, found.lambda_1se], [float(each) for each in said[2:4]], rtol=1e-5).all()
    told = "the same" if alike and chosen == said[4] else "OTHER"
    usual, exact = np.median(glmnet, axis=0)
    print(f"  glmnet {usual:.2f} s as it comes: {usual / own:.1f} times faster; {exact:.2f} s at 1e-12: "
          f"{exact / own:.1f} times faster, {told} penalties and variables")  # fmt: skip


def calibration(rounds: int) -> None:
    """1000 samples of 98 patients and 4 variables, measures and curve in one."""
    rows = np.genfromtxt(REFERENCE / "logistic.csv", delimiter=",", names=True)
    x = np.column_stack([rows[name] for name in ("age", "signal", "bound", "rad")])
    ours, curve, measures = [], [], []
    for _ in range(rounds):
        ours.append(seconds(lambda: bootstrap_validation(rows["y"], x, repetitions=1000)))
        said = r_says(RMS, {"x.csv": (REFERENCE / "logistic.csv").read_text(encoding="utf-8")})
        if said:
            curve.append(float(said[0]))
            measures.append(float(said[1]))
    own = statistics.median(ours)
    print(f"calibration curve and measures, 1000 samples of 98 x 4: {own:.2f} s")
    if curve:
        print(f"  rms calibrate {statistics.median(curve):.2f} s, validate {statistics.median(measures):.2f} s: "
              f"{statistics.median(curve) / own:.1f} times faster than calibrate alone")  # fmt: skip
    else:
        print("  rms: R is not installed")


def importance(rounds: int) -> None:
    """500 trees on 61 patients and 99 features."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.inspection import permutation_importance

    y, x = radiomics(61, 99)
    forest = RandomForestClassifier(500, random_state=0).fit(x, y)
    part = np.arange(PEER_VARIABLES)
    ours, peer = [], []
    for _ in range(rounds):
        ours.append(seconds(lambda: forest_importance(y, x)))

        def some() -> None:
            from sklearn.base import BaseEstimator, ClassifierMixin

            class Part(ClassifierMixin, BaseEstimator):
                """The forest as a function of a few variables, so that only these are permuted."""

                classes_ = forest.classes_

                def fit(self, _x: np.ndarray, _y: np.ndarray) -> Part:
                    return self

                def predict(self, values: np.ndarray) -> np.ndarray:
                    whole = x.copy()
                    whole[:, part] = values
                    return forest.predict(whole)

            permutation_importance(Part(), x[:, part], y, n_repeats=5)

        peer.append(seconds(some) * x.shape[1] / PEER_VARIABLES)
    own, other = statistics.median(ours), statistics.median(peer)
    print(f"forest importance, 500 trees on 61 x 99: {own:.2f} s with the growing of the forest")
    print(f"  permutation_importance of a grown forest {other:.1f} s by {PEER_VARIABLES} variables: "
          f"{other / own:.0f} times faster")  # fmt: skip


def agreement(rounds: int) -> None:
    """ICC(2,1) of 5000 features, 30 patients, 2 readers."""
    rng = np.random.default_rng(0)
    ratings = rng.normal(size=(30, 1, 5000)) + rng.normal(size=(30, 2, 5000))
    together = statistics.median(seconds(lambda: icc(ratings)) for _ in range(rounds))
    alone = statistics.median(seconds(lambda: [icc(ratings[..., k]) for k in range(500)]) * 10 for _ in range(rounds))
    print(f"ICC of 5000 features: {together * 1e3:.0f} ms at once, {alone / together:.0f} times faster than one by one")


WORK = {"lasso": lasso, "calibration": calibration, "importance": importance, "icc": agreement}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=WORK, default=list(WORK))
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    for name in asked.only:
        WORK[name](asked.rounds)


if __name__ == "__main__":
    main()
