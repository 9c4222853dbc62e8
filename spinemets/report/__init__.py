"""Results for people to read: one self-contained HTML page, no network and no script.

`page` writes it; `identity` says whose study it is; `views` cuts the three planes through the lesion out of any image,
oblique or left-handed, on a grid along the patient's axes; `contours` follows the border of the mask; `figures` draws
SVG; `sections` builds the parts of the page; `wording` puts features, roles and numbers into words. Text that came from
outside is escaped where it enters HTML.

`validation_page` writes the report of a validation: `validation_performance`, `validation_features`,
`validation_nomogram` and `validation_flow` draw its figures on the sheets of `validation_canvas` (matplotlib, imported
where it is used), from the `validation_estimates`; `validation_checklists` says what the run answers of CLEAR, METRICS
and TRIPOD+AI.
"""
