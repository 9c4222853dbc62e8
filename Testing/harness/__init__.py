"""What the slicer-core wheel lacks of the Slicer application, as small stand-ins, so that module logic runs in tests.

The MRML, logic and file code under test is Slicer's own. `application.start` supplies `slicer.mrmlScene`, `slicer.app`,
`slicer.modules` and the Python modules that come only with the application; `qt` and `ctk` raise when they are used, so
what runs here is proved to need neither.
"""
