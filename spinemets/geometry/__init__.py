"""Images and masks in world space: reading and writing, grids and their checks, masks carried between planes, sizes.

Coordinates are LPS millimetres (SimpleITK's), x to the patient's left, y to the back, z to the head. An image is a
`SimpleITK.Image`; arrays taken from one are indexed [z, y, x], that is [k, j, i] of the voxel index (i, j, k).

- `files`: read_image, read_mask, write_image
- `nifti`: what SimpleITK lets pass in a NIfTI file: truncation, sheared axes
- `metaimage`: .mha files cut short
- `segmentation_objects`: masks out of DICOM segmentation objects
- `grids`: affines, planes, checks of grid, overlap and frame of reference, cropping, frames
- `carrying`: carry_mask, carry_array
- `resampling`: resample_to_grid, resample_to_spacing
- `sizes`: volume, diameter, extent
"""
