"""Widget, logic and parameters of the module SpineMetsSegmenter. `Logic` needs no Qt, `Widget` has no mathematics."""
