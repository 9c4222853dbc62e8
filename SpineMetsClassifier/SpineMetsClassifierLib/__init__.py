"""Widget, logic and parameters of the module SpineMetsClassifier. `Logic` needs no Qt, `Widget` has no mathematics."""
