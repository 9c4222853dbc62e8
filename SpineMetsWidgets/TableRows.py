"""Tables as high as their content, so that a panel of several needs little scrolling."""

ROW_HEIGHT = 26


def prepareRows(table) -> None:
    """Rows of one height, without numbers."""
    table.verticalHeader().hide()
    table.verticalHeader().setMinimumSectionSize(ROW_HEIGHT)
    table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
    table.horizontalHeader().setFixedHeight(ROW_HEIGHT)
    table.horizontalHeader().setHighlightSections(False)


def fitHeight(table, fewest: int, most: int) -> None:
    """Show all rows, within limits; beyond them the table scrolls."""
    rows = min(max(table.rowCount, fewest), most)
    table.setFixedHeight((rows + 1) * ROW_HEIGHT + 2 * table.frameWidth)
