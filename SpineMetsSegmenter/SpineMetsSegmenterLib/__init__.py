"""Widget, logic and parameters of the module SpineMetsSegmenter. `Logic` needs no Qt; `Widget` holds no mathematics."""
