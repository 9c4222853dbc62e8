"""Image and mask in, named features out: those of pyradiomics 3.0.1, with its definitions and its numbers.

`extraction` is the door. `settings` says what is measured and how, `parameter_file` reads it from YAML. `preparation`
normalises, resamples and crops; `image_types` derives images (`wavelets`, `local_binary_patterns`); `discretization`
gives grey levels; `kernels` counts the texture matrices (compiled with numba where it is installed, with numpy where it
is not: the same counts); each family of features (`shape`, `shape_2d`, `first_order`, `glcm`, `gldm`, `glrlm`, `glszm`,
`ngtdm`) is a module of formulas on those counts, and `families` puts them together. `surface_mesh` and `diameters` hold
the geometry behind `shape`. `ibsi` has what that initiative does otherwise; `lang_2019` has that paper's own 33;
`dynamic` measures a dynamic series: its hot spot, and the features of its maps. `cohorts` measures many cases,
`runners` says where, and `processes` how workers on this machine begin.
"""
