"""The effect SpineMets of the Segment Editor.

`SegmentEditorEffect` is the window's side, and the only file that needs Qt; `LesionTool` is what it does. `Session` is
the lesion that is being found on one series, `Preview` how it is shown before it is accepted, `SeedPoint` where it
grows from, `StrokePath` the stroke under the mouse, `LesionLimits` where it may lie, `Editing` how a mask gets into the
selected segment.
"""
