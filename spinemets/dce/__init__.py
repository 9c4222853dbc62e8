"""Dynamic contrast-enhanced MRI: from a series of frames to curves, maps and pharmacokinetic parameters.

Times are seconds, from the first frame unless said otherwise; rates 1/min; concentrations mmol/l; volumes fractions of
the tissue's. Enhancement is told relative to the signal before contrast.

* `series`: a dynamic series with its times, checked; `arrival`: when the bolus comes, and a tissue's delay.
* `time_course`: S0 ... Slast of one curve, wash-in, maximum and wash-out (Lang 2019), the type of the curve.
* `hot_spot`: where a lesion enhances most avidly, away from vessels, necrosis and haemorrhage.
* `maps`: the three parameters voxel by voxel; `wanted`: what a recipe measures, and what a user knows of a series.
* `concentration`, `relaxation`: signal to concentration; T1 from several flip angles.
* `input_functions`: concentration in the plasma of the feeding artery: published, measured, or taken from the image.
* `convolution`, `pharmacokinetics`, `exchange`: Tofts, extended Tofts, Patlak and two-compartment exchange, fitted to
  every voxel at once; `rates`: that for a whole series, as maps.
"""
