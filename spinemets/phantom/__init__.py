"""A simulated spine MRI study with known truth: the only patients that this project has.

In comes a seed and a description, out comes a study: images, DICOM files, lesion and vertebra masks, kinetic maps,
label.

* `anatomy` (with `curve`, `background`, `column`, `arch`, `lesion`, `fields`): which tissue lies at a world point, in
  LPS mm.
* `tissues`: proton density, T1, T2, kinetic parameters and CT number of each tissue.
* `signals`: spin-echo, inversion-recovery, spoiled gradient-echo equations, Parker input function, extended Tofts
  model.
* `sampling`: partial volume on any grid; `grids`: the grids of a usual examination.
* `veins`: engorged veins that touch the lesion; `difficulty`: four levels of cases to segment;
  `reader`: what a reader would click and draw on them.
* `acquisition`: from tissues to images: protocol, coil bias field, motion, Rician noise.
* `spine`: `SpinePhantom`, which joins all of these; `dicom`, `study`, `cohort`: written to files.

The equations here are the room's own and are shared with no other room, so that truth never comes from the code under
test. Nothing made here is a patient; everything written says so.
"""
