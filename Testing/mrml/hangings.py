"""Stacks of slices in the planes of the body, as scanners write them, centred on one place in the patient."""

import numpy as np
import SimpleITK as sitk

from spinemets.mrml.volumes import volume_node_from_image

# Columns: directions (LPS) in which columns, rows and slices of the pixels run.
SAGITTAL = np.array([[0, 0, 1], [1, 0, 0], [0, -1, 0]], float)
CORONAL = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], float)
AXIAL = np.eye(3)


def stack(scene, name, axes, size=(64, 80, 9), spacing=(2.0, 2.0, 4.0), centre=(0.0, 0.0, 0.0)):
    """Volume node whose middle is at `centre` (LPS mm)."""
    image = sitk.GetImageFromArray(np.ones(size[::-1], np.float32))
    image.SetSpacing(spacing)
    image.SetDirection(np.asarray(axes).ravel().tolist())
    middle = image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in size])
    image.SetOrigin((np.array(centre) - middle).tolist())
    return volume_node_from_image(image, scene, name)
