"""Tables that programs read: one frozen value in, CSV (RFC 4180) in UTF-8 out, the same bytes for the same value."""

import csv
import io

from labels.values import ExportTable


def render_export_table(value: ExportTable) -> bytes:
    """The devices of a load, one a row; a byte order mark tells spreadsheets that it is UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(value.header)
    writer.writerows(value.rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()
