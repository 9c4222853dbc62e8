"""From an outline of the diseased segment to a three-dimensional lesion mask.

In come an outline on its own (sagittal) grid and an image or dynamic series on another (axial) grid; out comes a
lesion mask on the image's grid, with the seed it grew from and everything that was decided on the way. After Lang
2019, section 2.4.

* `lesion`: `segment_lesion`, which calls the rest in order; `parameters`: every number that it uses.
* `patient_axes`: the image's axes turned to left, back and up, so that flipped or permuted storage changes nothing.
* `search_box`: the outline carried to the image's grid, and the box round it that is searched.
* `scene`: that box with everything that is known of it.
* `channels`: what the box looks like: signal before and after contrast, enhancement, wash-in; which voxels are vessels.
* `affinity`, `normalized_cut`: the pixels of a slice, or the voxels of a box, as a graph, and its partition into
  clusters, for which `pieces`, `merging`, `starts` and `moves` are the steps, `scratch` the memory, and
  `exact_sums` keeps the digits.
* `clusters`: which of the clusters are kept.
* `seeds`, `region_growing`: where the lesion starts, and how far it reaches; `best_region` chooses among `hypotheses`
  of it, `refinement` and `walked_border` place its border; `still_lesion` does all of this for an image without frames.
* `stroke_segmenter`: a lesion from `strokes`, by `appearance` and a `random_walker` in `delineation`, kept within reach
  of its `rings`; `correction` mends a mask near a stroke.
* `overlap`: agreement of two masks.
"""
