"""The door to 3D Slicer: MRML nodes become SimpleITK images and back. The only room that imports slicer or vtk.

Every conversion goes through a node's IJK-to-RAS matrix (and the transforms above it), never through voxel indices:
Slicer flips volumes with a left-handed direction matrix when it loads them, so that the same patient has other indices
in MRML than in the file. MRML is RAS, the library is LPS, both in millimetres; `affines` is the one place where the
two meet. `volumes`, `sequences`, `segmentations` and `tables` convert one kind of node each, `subject_hierarchy` keeps
the nodes of one case in one folder; `cases` loads a study and knows the volumes by role; `markups` reads points,
`limit_boxes` boxes, `vertebra_labels` levels; `adoption` makes studies of volumes that are there already.
"""
