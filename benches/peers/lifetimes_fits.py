"""Fits lifetimes' BG/NBD and Pareto/NBD to rows of `x t_x T customers` from standard input, as
`cargo bench --bench value` does, and prints model, processor seconds and log-likelihood, one model a line."""

import sys
import time
import warnings

import lifetimes
import numpy

warnings.filterwarnings("ignore")

rows = numpy.loadtxt(sys.stdin)
x, last, now, customers = rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3]
for name, fitter in [
    ("BG/NBD", lifetimes.BetaGeoFitter(penalizer_coef=0.0)),
    ("Pareto/NBD", lifetimes.ParetoNBDFitter(penalizer_coef=0.0)),
]:
    begin = time.process_time()
    try:
        fitter.fit(x, last, now, weights=customers)
    except Exception as error:  # What does not converge is told, not left out.
        print(f"{name},{time.process_time() - begin:.4f},{type(error).__name__}")
        continue
    seconds = time.process_time() - begin
    # Taken again in weeks: the fit scales time, which moves the likelihood.
    parameters = numpy.asarray(fitter.params_)
    if name == "BG/NBD":
        logarithms = numpy.log(parameters)
        mean = fitter._negative_log_likelihood(logarithms, x, last, now, customers, 0.0)
        log_likelihood = -mean * customers.sum()
    else:
        of_rows = fitter._conditional_log_likelihood(parameters, x, last, now)
        log_likelihood = (customers * of_rows).sum()
    print(f"{name},{seconds:.4f},{log_likelihood:.2f}")
