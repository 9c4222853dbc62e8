"""Studies and cohorts: a DICOM folder or named image files become series with a role, a table becomes cases.

Data flows through the modules in this order:

- `headers`: the attributes of one DICOM file, read in a fraction of a millisecond, and whether the file is whole
- `multiframe`: the frames of an enhanced multi-frame object, as if each were a file of its own
- `stacks`: the slices of one series sorted into stacks of one orientation and contrast, over space and time
- `roles`: what a series is for (t1, t2, fs_t2, ce_t1_sag, ce_t1_cor, ce_t1_ax, dce, ct, or none of these), and why;
  the words that tell it in descriptions are in `vocabulary`
- `dicom`, `named_files`: the series of a DICOM folder, of image files
- `study`: Series and Study
- `pixels`: a series' image, with its geometry
- `scanning`: scan_study; `opening`: open_image
- `cohort`: Case and Cohort, the table of a cohort
"""
