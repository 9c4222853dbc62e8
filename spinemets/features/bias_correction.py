"""N4 correction of the slow change of brightness across an MR image (Tustison 2010), as ITK has it."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

# The field is slow: it is fitted on every fourth voxel along an axis, as far as eight voxels are left.
SHRINK = 4
LEAST_SIZE = 8
ITERATIONS = (50, 50, 30)


def correct_bias(image: sitk.Image) -> sitk.Image:
    """The image divided by its bias field, 32-bit; the field is fitted in the foreground that Otsu's threshold finds.

    An image without foreground and background (all voxels equal) is given back as it is.
    """
    array = sitk.GetArrayViewFromImage(image)
    if array.max() == array.min():
        return image
    real = sitk.Cast(image, sitk.sitkFloat32)
    foreground = sitk.OtsuThreshold(real, 0, 1, 200)
    factors = [max(1, min(SHRINK, n // LEAST_SIZE)) for n in image.GetSize()]
    corrector = sitk.N4BiasFieldCorrectionImageFilter()
    corrector.SetMaximumNumberOfIterations(list(ITERATIONS))
    corrector.Execute(sitk.Shrink(real, factors), sitk.Shrink(foreground, factors))
    field = sitk.Exp(corrector.GetLogBiasFieldAsImage(real))
    corrected = sitk.Divide(real, sitk.Cast(field, sitk.sitkFloat32))
    assert np.isfinite(sitk.GetArrayViewFromImage(corrected)).all()
    return corrected
