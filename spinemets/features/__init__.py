"""Image and mask in, named features out: the 107 features of pyradiomics 3.0.1, with its definitions and its numbers.

`extraction` is the door. `preparation` normalises, resamples and crops; `discretization` gives grey levels; `kernels`
counts the texture matrices (compiled with numba where it is installed, with numpy where it is not: the same counts);
each family of features (`shape`, `first_order`, `glcm`, `gldm`, `glrlm`, `glszm`, `ngtdm`) is a module of formulas on
those counts. `surface_mesh` and `diameters` hold the geometry behind `shape`.
"""
