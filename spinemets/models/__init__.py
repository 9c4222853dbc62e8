"""Model packages: read, checked and applied, with numpy alone.

A model package is a zip `NAME.spinemets` of JSON (and, for networks, ONNX or safetensors): never pickle. `package`
reads and writes it and refuses whatever is damaged or hostile; `prediction` turns named features into a probability
with its interval, the contribution and nomogram points of each feature, and a warning or an abstention when the case is
unlike the training cohort; `classification` starts from images and a mask and records where everything came from.
`packages` holds the models that come with SpineMets, `schemas` the JSON schemas of what users and scripts read and
write.
"""
