"""Problems in the forms that other tools open: one file for each format, one line for each in ``table.FORMATS``.

``table.write_export`` does what all formats share: problems are chosen, divided into halves and described on a card,
and the folder appears whole or not at all. docs/exports.md says what each consumer makes of its folder.
"""

from stepsmith.exports.bundle import Bundle, ExportSettings, LeftOut
from stepsmith.exports.table import FORMATS, FormatName, Written, write_export

__all__ = ["FORMATS", "Bundle", "ExportSettings", "FormatName", "LeftOut", "Written", "write_export"]
