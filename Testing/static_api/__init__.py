"""Static check of every name that our code uses of Slicer, CTK, Qt and MRML.

Running our stand-ins for Slicer's widgets cannot show what the real ones lack, so the code is compared with facts about
the real classes: `../shared/api/slicer_qt_api.json` beside the checkout, parsed from Slicer's headers. On a bare clone
a short list of the facts that our code needs takes its place, `facts_in_use.json`, which this package writes.

`python -m Testing.static_api` prints what is wrong; `--write` makes the short list anew.

- `facts`: what the classes have; `vtk_facts`: the same of VTK and MRML classes, asked of the installed wheel;
- `sources`: the files that are checked; `types_of`: what an expression is, followed through assignments, attributes,
  calls, returns and arguments (`containers`, `meanings`: parts of it);
- `rules`: what must hold; `ui_files`: the same for the panels' `.ui` files.
"""
